// The wall of thumbnails. Only what is near the view is in the document, however many pictures hang there.

import { clearCanvas, toThumbnailPath } from "./blobs.js";
import { make, show, style } from "./dom.js";
import { findNext, findRow, findRowOf, GAP, layRows, measure } from "./wall-layout.js";
import { say } from "./words.js";

const BEYOND = 0.25; // of the view, above and below it
const LARGE_FROM = 512; // device pixels from which the larger thumbnail is worth its bytes and its memory
const SHOWN_CHARACTERS = 160;

/** Pictures of a feed in rows; `toAddress` says where one leads, `reach` is called near the end of what is known. */
export class Wall {
  constructor({ feed, thumbnails, toAddress, reach }) {
    Object.assign(this, { feed, thumbnails, toAddress, reach, rows: [], tiles: new Map(), active: 0, width: 0, frame: 0 });
    this.element = make("ul", { class: "wall", role: "list", "aria-label": say("gallery.wall"), onkeydown: (event) => this.move(event), onfocusin: (event) => this.noteFocus(event) });
    this.schedule = () => { this.frame ||= requestAnimationFrame(() => { this.frame = 0; this.update(); }); };
    this.observer = new ResizeObserver(() => this.resize());
  }

  /** Begin to watch the view; the wall has to be in the document. */
  start() {
    addEventListener("scroll", this.schedule, { passive: true });
    addEventListener("resize", this.schedule);
    this.observer.observe(this.element);
    this.resize();
  }

  close() {
    removeEventListener("scroll", this.schedule);
    removeEventListener("resize", this.schedule);
    this.observer.disconnect();
    cancelAnimationFrame(this.frame);
    for (const index of [...this.tiles.keys()]) this.takeDown(index);
  }

  /** Hang what the feed has got meanwhile. */
  grow() {
    layRows(this.rows, this.feed.pictures, this.width, !this.feed.hasMore);
    style(this.element, { height: `${measure(this.rows)}px` });
    this.update();
  }

  /** Hang everything anew, the picture at the top of the view staying there. */
  resize() {
    const width = this.element.clientWidth;
    if (!width || width === this.width) return;
    const top = -this.element.getBoundingClientRect().top;
    const held = top > 0 ? this.rows[findRow(this.rows, top)] : null;
    const offset = held ? top - held.top : 0;
    this.width = width;
    this.rows = [];
    for (const index of [...this.tiles.keys()]) this.takeDown(index);
    this.grow();
    if (!held || !this.rows.length) return;
    const row = this.rows[findRowOf(this.rows, held.first)];
    scrollBy(0, row.top + offset + this.element.getBoundingClientRect().top);
  }

  /** Have in the document what is near the view, and nothing else but the picture that has the focus. */
  update() {
    const top = -this.element.getBoundingClientRect().top;
    const view = innerHeight;
    const wanted = new Set();
    for (let number = findRow(this.rows, top - view * BEYOND); this.rows[number]?.top < top + view * (1 + BEYOND); number++) {
      for (let index = this.rows[number].first; index < this.rows[number].end; index++) wanted.add(index);
    }
    for (const [index, tile] of [...this.tiles]) {
      if (!wanted.has(index) && !tile.element.contains(document.activeElement)) this.takeDown(index);
    }
    this.hang([...new Set([...this.tiles.keys(), ...wanted])].sort((one, other) => one - other));
    this.markActive();
    if (this.feed.hasMore && measure(this.rows) - top < view * 3) this.reach();
  }

  hang(indexes) {
    let next = this.element.firstChild;
    for (const index of indexes) {
      if (!this.tiles.has(index)) this.element.insertBefore(this.makeTile(index), next);
      else next = next.nextSibling;
    }
  }

  makeTile(index) {
    const picture = this.feed.pictures[index];
    const row = this.rows[findRowOf(this.rows, index)];
    const place = row.places[index - row.first];
    const words = (picture.prompt ?? "").slice(0, SHOWN_CHARACTERS);
    const link = make("a", { href: this.toAddress(picture), tabindex: "-1", "aria-label": words || say("gallery.wordless"), "data-index": index, draggable: "false" },
      words ? make("span", { class: "tile-words", "aria-hidden": "true", dir: "auto" }, words) : null);
    const element = make("li", { class: "tile", "aria-posinset": index + 1, "aria-setsize": this.feed.hasMore ? -1 : this.feed.pictures.length }, link);
    style(element, { left: `${place.left}px`, top: `${row.top}px`, width: `${place.width}px`, height: `${row.height}px` });
    const longest = Math.max(place.width, row.height) * devicePixelRatio;
    const path = toThumbnailPath(picture.id, longest > LARGE_FROM ? 512 : 256);
    this.tiles.set(index, { element, link, path });
    this.thumbnails.want(path, (canvas) => {
      if (canvas) link.prepend(canvas);
      element.classList.add(canvas ? "seen" : "missing");
    });
    return element;
  }

  takeDown(index) {
    const { element, path } = this.tiles.get(index);
    this.tiles.delete(index);
    element.remove();
    clearCanvas(element.querySelector("canvas"));
    this.thumbnails.drop(path);
  }

  noteFocus(event) {
    const index = Number(event.target.closest("a")?.dataset.index ?? this.active);
    if (index === this.active) return;
    this.active = index;
    this.markActive();
  }

  /** One picture can be reached by the tab key: that which was chosen last, else the first in view. */
  markActive() {
    const chosen = this.tiles.has(this.active) ? this.active : [...this.tiles.keys()].reduce((one, other) => Math.min(one, other), Infinity);
    for (const [index, { link }] of this.tiles) link.setAttribute("tabindex", index === chosen ? "0" : "-1");
  }

  move(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || !this.rows.length) return;
    const next = findNext(this.rows, this.active, event.key);
    if (next === null) return;
    event.preventDefault();
    this.focus(next);
  }

  /** Show a picture and give it the focus. */
  focus(index) {
    if (index >= (this.rows.at(-1)?.end ?? 0)) return;
    const row = this.rows[findRowOf(this.rows, index)];
    const top = this.element.getBoundingClientRect().top + row.top;
    const bar = (document.querySelector("header.bar")?.offsetHeight ?? 0) + GAP; // it covers the top of the view
    if (top < bar) scrollBy(0, top - bar);
    else if (top + row.height > innerHeight) scrollBy(0, top + row.height - innerHeight + 16);
    this.active = index;
    this.update();
    this.tiles.get(index)?.link.focus({ preventScroll: true });
    this.update(); // what had the focus before may go now
  }

  /** Take all down: there is something else to show. */
  clear() {
    for (const index of [...this.tiles.keys()]) this.takeDown(index);
    this.rows = [];
    this.active = 0;
    show(this.element);
    style(this.element, { height: "0px" });
  }
}
