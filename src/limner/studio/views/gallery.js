// The gallery: all pictures of the key as a wall, searched and narrowed; its address says how.

import { Thumbnails } from "../blobs.js";
import { draw, make, show } from "../dom.js";
import { Feed, leaveTrail, takeTrail, trail } from "../feed.js";
import { loadChoices, makeFilters, readFilters, writeFilters } from "../filters.js";
import { Wall } from "../wall.js";
import { findLanguage, register, say, sayError, sayNumber } from "../words.js";
import words from "../words/gallery.js";

register(words);
history.scrollRestoration = "manual"; // the wall finds its own place again

const WAITING = 15; // places shown before the first pictures are known

/** Return an empty frame on a wall, for where there is nothing to see. */
function drawFrame() {
  return draw("svg", { viewBox: "0 0 96 72", class: "empty-frame", "aria-hidden": "true" },
    draw("path", { d: "M48 4 30 18h36z" }), draw("rect", { x: 12, y: 18, width: 72, height: 48, rx: 3 }), draw("rect", { x: 20, y: 26, width: 56, height: 32, rx: 1 }));
}

function makeEmpty(title, text, action) {
  return make("section", { class: "empty" }, drawFrame(), make("h2", {}, title), make("p", { class: "hint" }, text), action);
}

function makeSkeleton() {
  return make("div", { class: "wall-skeleton", "aria-hidden": "true" }, Array.from({ length: WAITING }, (_, index) => make("span", { class: `shape-${index % 5}` })));
}

class Gallery {
  constructor(root, filters) {
    this.thumbnails = new Thumbnails();
    this.isTyping = false;
    this.filters = filters;
    const { deleted, place } = trail;
    this.goal = deleted ? { deleted, place } : null;
    trail.deleted = 0;
    this.controller = new AbortController();
    this.form = makeFilters(filters, (changed, isTyping) => this.change(changed, isTyping));
    this.count = make("p", { class: "hint count", role: "status" });
    this.place = make("div", { class: "wall-place" });
    this.foot = make("div", { class: "wall-foot" });
    show(root, make("div", { class: "gallery" }, make("div", { class: "gallery-head" }, make("h1", {}, say("nav.gallery")), this.count), this.form.element, this.place, this.foot));
    this.seekKey = (event) => this.seek(event);
    addEventListener("keydown", this.seekKey);
    loadChoices(this.controller.signal).then((choices) => this.form.offer(choices)).catch(() => {}); // the rest works without
    const left = takeTrail(filters);
    if (left) this.resume(left);
    else this.begin();
  }

  close() {
    removeEventListener("keydown", this.seekKey);
    this.controller.abort();
    this.form.close();
    leaveTrail(this.feed, scrollY);
    this.feed.close();
    this.wall?.close();
    this.thumbnails.close();
  }

  /** Other filters: another address, so that going back undoes them; a search that is still being typed is one step. */
  change(filters, isTyping) {
    const address = `#/gallery${writeFilters(filters)}`;
    if (isTyping && this.isTyping) history.replaceState(null, "", address);
    else history.pushState(null, "", address);
    this.isTyping = isTyping;
    Object.assign(this, { filters, goal: null });
    this.feed.close();
    this.begin();
  }

  begin() {
    this.hang(new Feed(this.filters));
    show(this.place, makeSkeleton());
    show(this.count);
    scrollTo(0, 0);
    this.load();
  }

  resume(left) {
    const feed = new Feed(left.filters);
    Object.assign(feed, { pictures: left.pictures, hasMore: left.hasMore });
    this.hang(feed);
    const { goal } = this;
    this.goal = null;
    this.showPictures();
    scrollTo(0, trail.scrollY);
    const place = feed.pictures.findIndex((picture) => picture.id === trail.pictureId);
    this.goal = goal ?? (place < 0 ? null : { place });
    this.settle();
    trail.pictureId = null;
    feed.hasNewer().then((isSo) => { if (isSo && this.feed === feed) this.offerNewer(); }).catch(() => {});
  }

  offerNewer() {
    this.place.prepend(make("button", { type: "button", class: "newer", onclick: () => { this.begin(); this.goal = { place: 0 }; } }, say("gallery.newer")));
  }

  hang(feed) {
    this.wall?.close();
    this.feed = feed;
    this.wall = new Wall({
      feed,
      thumbnails: this.thumbnails,
      toAddress: (picture) => `#/picture/${picture.id}${writeFilters(this.filters)}`,
      reach: () => this.load(),
    });
  }

  async load() {
    const { feed } = this;
    if (feed.loading || feed.failed) return;
    show(this.foot, feed.pictures.length ? make("p", { class: "hint loading" }, say("common.loading")) : null);
    try {
      await feed.more();
    } catch (error) {
      if (this.feed === feed && error.name !== "AbortError") this.showError(error);
      return;
    }
    if (this.feed === feed) this.showPictures();
  }

  showError(error) {
    const { feed } = this;
    feed.failed = true;
    const retry = make("button", { type: "button", onclick: () => { feed.failed = false; this.goal ??= { place: feed.pictures.length - 1 }; if (!feed.pictures.length) show(this.place, makeSkeleton()); this.load(); } }, say("common.retry"));
    if (!feed.pictures.length) show(this.place);
    show(this.foot, make("p", { class: "trouble", role: "alert", lang: findLanguage(error) }, sayError(error)), retry);
    if (this.goal) retry.focus();
  }

  showPictures() {
    const { feed, wall } = this;
    show(this.foot);
    if (!feed.pictures.length) return this.showNothing();
    if (!wall.element.isConnected) {
      show(this.place, wall.element);
      wall.start();
    } else wall.grow();
    const count = sayNumber(feed.pictures.length);
    const name = feed.hasMore ? "gallery.countMore" : feed.pictures.length === 1 ? "gallery.countOne" : "gallery.count";
    show(this.count, say(name, { count }));
    this.settle();
  }

  /** What had the focus is gone: have it where that was, and say what was deleted. */
  settle() {
    const { goal, feed } = this;
    if (!goal) return;
    this.goal = null;
    if (goal.deleted) show(this.count, say("gallery.deleted", { count: goal.deleted }));
    if (feed.pictures.length) this.wall.focus(Math.max(0, Math.min(goal.place, feed.pictures.length - 1)));
    else this.place.querySelector("a, button").focus();
  }

  showNothing() {
    const isNarrowed = Object.keys(this.filters).length > 0;
    this.form.element.hidden = !isNarrowed;
    show(this.count, say("gallery.count", { count: 0 }));
    show(this.place, isNarrowed
      ? makeEmpty(say("gallery.nothing"), say("gallery.nothingHint"), make("button", { type: "button", onclick: () => this.form.clear() }, say("gallery.clear")))
      : makeEmpty(say("gallery.empty"), say("gallery.emptyHint"), make("a", { class: "button main", href: "#/draw" }, say("gallery.draw"))));
    this.settle();
  }

  seek(event) {
    const isText = event.target.closest?.("input, select, textarea");
    if (event.key !== "/" || isText || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.form.search.focus();
  }
}

/** Show the gallery; `rest` are its filters. */
export function open(root, { rest }) {
  const gallery = new Gallery(root, readFilters(rest));
  return () => gallery.close();
}
