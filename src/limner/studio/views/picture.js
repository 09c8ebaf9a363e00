// One picture: seen whole or pixel by pixel, what is known of it, and what can be done with it.

import { ask, getJson } from "../api.js";
import { Thumbnails, toThumbnailPath } from "../blobs.js";
import { makeCodeTabs } from "../code-tabs.js";
import { make, show } from "../dom.js";
import { findNeighbours, PICTURES, trail } from "../feed.js";
import { readFilters, writeFilters } from "../filters.js";
import { confirmDelete, makeFacts, makeStrip } from "../picture-facts.js";
import { makeCopyButton, nameFile, saveFile } from "../saving.js";
import { Stage } from "../stage.js";
import { findLanguage, register, say, sayError } from "../words.js";
import words from "../words/gallery.js";

register(words);

const ID = /^img_[0-9a-f]{32}$/;
const TITLE_CHARACTERS = 60;

class PictureView {
  constructor(root, id, filters) {
    Object.assign(this, { filters, url: null, stage: null, picture: null, dialog: null, neighbours: null, wish: null });
    this.end = writeFilters(filters);
    this.gallery = `#/gallery${this.end}`;
    this.controller = new AbortController();
    this.thumbnails = new Thumbnails();
    this.newer = this.makeStep("newer", "←");
    this.older = this.makeStep("older", "→");
    this.told = make("p", { class: "unseen", role: "status" });
    this.body = make("div", { class: "picture-body" });
    show(root, make("div", { class: "picture" },
      make("div", { class: "picture-head" }, make("a", { class: "button plain", href: this.gallery }, "‹ ", say("nav.gallery")), make("div", { class: "row" }, this.newer, this.older)),
      this.told, this.body));
    this.followKey = (event) => this.follow(event);
    addEventListener("keydown", this.followKey);
    scrollTo(0, 0);
    this.open(id);
  }

  close() {
    removeEventListener("keydown", this.followKey);
    this.dialog?.close();
    this.letGo();
    this.thumbnails.close();
    if (!location.hash.startsWith("#/gallery")) trail.feed = null; // elsewhere meanwhile: the wall begins anew
  }

  letGo() {
    this.controller.abort();
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = null;
  }

  makeStep(name, sign) {
    return make("button", { type: "button", class: "plain step", disabled: true, "aria-label": say(`picture.${name}`), title: say(`picture.${name}`), onclick: () => this.step(name) }, sign);
  }

  /** Go to the picture beside; the address follows, and going back leads to the gallery all the same. */
  step(name) {
    this.wish = this.neighbours ? null : name; // not known yet: as soon as it is
    const id = this.neighbours?.[name];
    if (!id) return;
    history.replaceState(null, "", `#/picture/${id}${this.end}`);
    this.open(id);
  }

  async open(id) {
    this.letGo();
    this.controller = new AbortController();
    const { signal } = this.controller;
    Object.assign(this, { picture: null, stage: null, neighbours: null });
    trail.pictureId = id;
    if (!ID.test(id)) return this.showGone();
    this.body.setAttribute("aria-busy", "true");
    if (!this.body.firstChild) show(this.body, make("div", { class: "easel waiting" }));
    try {
      this.picture = await getJson(`${PICTURES}/${id}`, {}, { signal });
    } catch (error) {
      return this.showTrouble(error, id);
    } finally {
      this.body.removeAttribute("aria-busy");
    }
    const isHeld = this.body.contains(document.activeElement);
    this.showPicture(this.picture);
    if (isHeld) this.title.focus({ preventScroll: true }); // what had the focus is gone
    this.loadPreview(this.picture, signal);
    this.loadNeighbours(id, signal);
    await this.loadBytes(this.picture, signal);
  }

  showGone() {
    document.title = `${say("picture.gone")} · Limner`;
    show(this.body, make("section", { class: "empty" }, make("h1", {}, say("picture.gone")), make("p", { class: "hint" }, say("picture.goneHint")), make("a", { class: "button main", href: "#/gallery" }, say("picture.toGallery"))));
  }

  showTrouble(error, id) {
    if (error.name === "AbortError") return;
    if (error.status === 404) return this.showGone();
    show(this.body, make("section", { class: "empty" }, make("p", { class: "trouble", role: "alert", lang: findLanguage(error) }, sayError(error)), make("button", { type: "button", onclick: () => this.open(id) }, say("common.retry"))));
  }

  showPicture(picture) {
    const words = picture.prompt ?? say("gallery.wordless");
    document.title = `${[...words].slice(0, TITLE_CHARACTERS).join("")} · Limner`;
    show(this.told, words);
    this.title = make("h1", { class: "unseen", tabindex: "-1" }, say("picture.title"));
    const zoom = make("button", { type: "button", "aria-pressed": "false", disabled: true, onclick: () => this.stage?.toggle() }, say("picture.actual"));
    const download = make("button", { type: "button", disabled: true, onclick: () => { if (this.url) saveFile(this.url, nameFile(picture)); } }, say("picture.download"));
    Object.assign(this, { zoom, download });
    this.stage = new Stage(picture, (isActual) => {
      zoom.setAttribute("aria-pressed", String(isActual));
      show(zoom, say(isActual ? "picture.fit" : "picture.actual"));
      if (!isActual) zoom.focus({ preventScroll: true }); // the stage cannot hold it any more
    });
    const siblings = picture.picture_ids.length > 1 ? this.makeSiblings(picture) : null;
    show(this.body,
      make("div", { class: "picture-main" }, this.title, this.stage.element, make("p", { class: "hint keys-hint" }, say("picture.keys"))),
      make("div", { class: "picture-side" },
        make("div", { class: "row" },
          make("a", { class: "button main", href: `#/draw/edit/${picture.id}` }, say("picture.edit")),
          zoom, download,
          makeCopyButton(say("picture.link"), () => picture.url, { "aria-describedby": "link-hint" }),
          make("button", { type: "button", class: "danger", onclick: () => this.askToDelete() }, say("picture.delete")),
          make("p", { id: "link-hint", class: "hint" }, say("picture.linkHint"))),
        make("section", { "aria-labelledby": "prompt-title" }, make("h2", { id: "prompt-title" }, say("picture.prompt")), make("p", { class: "prompt", dir: "auto", tabindex: "0" }, picture.prompt ?? say("picture.wordless"))),
        makeFacts(picture),
        siblings,
        makeCodeTabs(picture)));
  }

  makeSiblings(picture) {
    const strip = makeStrip(picture.picture_ids, this.thumbnails, (id, index) =>
      make("a", { class: "strip-item", href: `#/picture/${id}${this.end}`, "aria-label": say("picture.sibling", { number: index + 1 }), "aria-current": id === picture.id ? "true" : null }));
    return make("section", { "aria-labelledby": "siblings-title" }, make("h2", { id: "siblings-title" }, say("picture.siblings")), strip);
  }

  loadPreview(picture, signal) {
    const { stage } = this;
    this.thumbnails.want(toThumbnailPath(picture.id, 512), (canvas) => { if (!signal.aborted) stage.setPreview(canvas); });
  }

  async loadNeighbours(id, signal) {
    try {
      this.neighbours = await findNeighbours(id, this.filters, signal);
    } catch {
      return; // the picture is here all the same
    }
    const held = document.activeElement;
    this.newer.disabled = !this.neighbours.newer;
    this.older.disabled = !this.neighbours.older;
    if (held.disabled) ([this.newer, this.older].find((button) => !button.disabled) ?? this.title).focus(); // it was the last one
    if (this.wish) this.step(this.wish);
  }

  async loadBytes(picture, signal) {
    const { stage, zoom, download } = this;
    try {
      const answer = await ask(`${PICTURES}/${picture.id}/content`, { signal });
      const blob = await answer.blob();
      if (signal.aborted) return;
      this.url = URL.createObjectURL(blob);
    } catch (error) {
      if (error.name !== "AbortError" && !signal.aborted) stage.showTrouble(say("picture.notLoaded", { reason: "" }), make("span", { lang: findLanguage(error) }, sayError(error)));
      return;
    }
    download.disabled = false;
    const isShown = await stage.setPicture(this.url);
    if (signal.aborted) return;
    zoom.disabled = !isShown;
    if (!isShown) stage.showTrouble(say("picture.notShown"));
  }

  askToDelete() {
    if (!this.picture || document.querySelector("dialog[open]")) return;
    const place = trail.feed?.pictures.findIndex(({ id }) => this.picture.picture_ids.includes(id)) ?? 0;
    this.dialog = confirmDelete(this.picture, this.thumbnails, (ids) => {
      Object.assign(trail, { deleted: ids.length, place });
      location.replace(this.gallery);
    });
  }

  follow(event) {
    const isElsewhere = event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey;
    if (isElsewhere || document.querySelector("dialog[open]") || event.target.closest?.("input, select, textarea, pre")) return;
    const isPanning = this.stage?.isActual && this.stage.element.contains(event.target);
    if (event.key === "ArrowLeft" && !isPanning) this.step("newer");
    else if (event.key === "ArrowRight" && !isPanning) this.step("older");
    else if (event.key === "z" || event.key === "Z") this.stage?.toggle();
    else if (event.key === "Delete") this.askToDelete();
    else if (event.key === "Escape") this.leave();
    else return;
    event.preventDefault();
  }

  leave() {
    if (this.stage?.isActual) this.stage.toggle();
    else location.hash = this.gallery;
  }
}

/** Show a picture; `rest` is its id, and the filters of the gallery it was found in. */
export function open(root, { rest }) {
  const view = new PictureView(root, rest[0] ?? "", readFilters(rest.slice(1)));
  return () => view.close();
}
