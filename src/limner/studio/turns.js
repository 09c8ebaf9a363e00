// Shows the thread: turns one under the other, each with what was said, what came of it, and the branches beside it.

import { make, show, style } from "./dom.js";
import { loadPicture, loadThumbnail } from "./pictures.js";
import { makeProgress } from "./progress.js";
import { getInputs, getPart, getTurn, listSiblings, markGone, removeTurn, setPart, showBranch } from "./thread.js";
import { makeNothing, makeTrouble } from "./trouble.js";
import { say, sayDollars, sayError, sayNumber, shorten } from "./words.js";

const LONG = { characters: 480, lines: 8 };

const kindOf = (turn) => {
  if (turn.state === "running" || turn.state === "lost") return "progress";
  if (turn.state === "failed") return "trouble";
  return turn.pictures.length ? "pictures" : "nothing";
};

function beforeOf(turn) {
  const before = turn.parent && getTurn(turn.parent.turn)?.pictures[turn.parent.picture];
  return before && !before.isGone ? before : null;
}

const sayGone = () => make("p", { class: "hint" }, say("draw.gone"));

/** Put a picture into its place; if it cannot be had, say so there. */
function fetchInto(frame, picture, prompt, isLarge) {
  if (picture.isGone) return show(frame, sayGone());
  const image = make("img", { alt: shorten(prompt), width: picture.width, height: picture.height, decoding: "async" });
  const load = isLarge ? loadPicture(picture.id) : loadThumbnail(picture.id, 512);
  frame.classList.add("draw-skeleton");
  const again = () => {
    removeEventListener("online", again);
    if (frame.isConnected) fetchInto(show(frame), picture, prompt, isLarge);
  };
  load.then((url) => { image.src = url; show(frame, image); }, (error) => {
    if (error.status === 404) {
      show(frame, sayGone());
      return markGone([picture.id]);
    }
    addEventListener("online", again, { once: true });
    show(frame, make("p", { class: "hint" }, sayError(error)), make("button", { type: "button", onclick: again }, say("common.retry")));
  }).finally(() => frame.classList.remove("draw-skeleton"));
}

function compareWith(picture) {
  const first = getPart("compared");
  if (!first) return setPart("compared", picture.id);
  setPart("compared", null);
  if (first !== picture.id) location.hash = `#/compare/${first}/${picture.id}`;
}

function makeActions(turn, index, { edit }) {
  const picture = turn.pictures[index];
  if (picture.isGone) return null;
  const before = beforeOf(turn);
  const compared = getPart("compared");
  return make("div", { class: "row" },
    make("button", { type: "button", class: "edit", onclick: () => edit({ turn: turn.id, picture: index }) }, say("draw.edit")),
    before ? make("a", { class: "button", href: `#/compare/${before.id}/${picture.id}` }, say("draw.compare.before")) : null,
    make("button", { type: "button", "aria-pressed": String(compared === picture.id), onclick: () => compareWith(picture) },
      say(compared && compared !== picture.id ? "draw.compare.this" : "draw.compare")),
    make("a", { class: "button", href: `#/picture/${picture.id}` }, say("draw.open")));
}

function makeFigure(turn, index, isLarge) {
  const picture = turn.pictures[index];
  const frame = style(make("div", { class: "draw-frame" }), { "--ratio": String((picture.width || 1) / (picture.height || 1)) });
  fetchInto(frame, picture, turn.prompt, isLarge && turn.pictures.length < 3);
  const actions = make("div");
  const element = make("figure", { "data-picture": picture.id }, frame,
    make("figcaption", {}, make("span", { class: "hint" }, picture.width ? `${picture.width} × ${picture.height}` : ""), actions));
  return { element, frame, actions, index, shown: "" };
}

function makePictures(turn, views) {
  const facts = [turn.cost === null ? null : say("draw.cost", { cost: sayDollars(turn.cost) }), turn.endedAt ? say("draw.took", { seconds: sayNumber(Math.max(1, Math.round((turn.endedAt - turn.startedAt) / 100)) / 10) }) : null];
  const isLast = getPart("here") === turn.id;
  const figures = turn.pictures.map((_, index) => makeFigure(turn, index, isLast));
  const update = () => figures.forEach((each) => {
    const target = getPart("target");
    each.element.classList.toggle("aimed", target?.turn === turn.id && target.picture === each.index);
    const picture = turn.pictures[each.index];
    const compared = getPart("compared");
    const shown = [compared === picture.id, Boolean(compared), picture.isGone, beforeOf(turn)?.id].join();
    if (shown === each.shown) return; // a button that is pressed just now must stay
    if (picture.isGone) show(each.frame, sayGone());
    each.shown = shown;
    const focused = [...each.actions.querySelectorAll("button, a")].indexOf(document.activeElement);
    show(each.actions, makeActions(turn, each.index, views));
    if (focused >= 0) each.actions.querySelectorAll("button, a")[focused]?.focus();
  });
  update();
  const element = make("div", { class: "draw-shown" },
    make("div", { class: turn.pictures.length > 1 ? "figures many" : "figures" }, figures.map((each) => each.element)),
    turn.text ? make("p", { class: "hint", dir: "auto" }, turn.text) : null,
    make("p", { class: "hint" }, facts.filter(Boolean).join(" · ")),
    turn.notices.length ? make("ul", { class: "notices hint" }, turn.notices.map((notice) => make("li", {}, notice.message))) : null);
  return { element, update, close: () => {} };
}

function makeBody(turn, kind, views) {
  const change = () => views.change({ prompt: turn.prompt, settings: turn.settings, files: getInputs(turn), parent: turn.parent });
  const remove = () => { removeTurn(turn); views.leave(); };
  if (kind === "progress") return makeProgress(turn);
  if (kind === "pictures") return makePictures(turn, views);
  if (kind === "trouble") return { update: () => {}, ...makeTrouble(turn, { change, remove }) };
  return { element: makeNothing(turn, { change, remove }), update: () => {}, close: () => {} };
}

/** The strip of branches: every turn that grew from the same one, the shown one marked. */
function makeBranches(turn) {
  const siblings = listSiblings(turn);
  if (siblings.length < 2) return null;
  return make("nav", { class: "branches", "aria-label": say(turn.parent ? "draw.branches" : "draw.beginnings") },
    make("span", { class: "hint" }, say("draw.branch", { index: sayNumber(siblings.indexOf(turn) + 1), count: sayNumber(siblings.length) })),
    siblings.map((each) => {
      const picture = each.pictures.find(({ isGone }) => !isGone);
      const image = picture ? make("img", { alt: "", width: 40, height: 40 }) : make("span", { class: "blank", "aria-hidden": "true" });
      if (picture) loadThumbnail(picture.id).then((url) => { image.src = url; }, () => {});
      const words = shorten(each.prompt);
      return make("button", { type: "button", title: words, "aria-label": words, "aria-current": each === turn ? "true" : null,
        onclick: () => { showBranch(each); document.querySelector(`[data-turn="${each.id}"] [aria-current]`)?.focus(); } }, image);
    }));
}

function saySettings({ model, ratio, size, count }) {
  return [model, ratio || say("draw.ratio.short"), size, count > 1 ? `× ${sayNumber(count)}` : ""].filter(Boolean).join(" · ");
}

/** What was asked for; of a long prompt its beginning, until all of it is wanted. */
function makeSaid(turn) {
  const isLong = turn.prompt.length > LONG.characters || turn.prompt.split("\n").length > LONG.lines;
  const words = make("p", { class: "draw-prompt", dir: "auto" }, turn.prompt);
  const more = isLong && make("button", { type: "button", class: "plain", onclick: () => unfold(words.classList.contains("folded")) });
  function unfold(isOpen) {
    words.classList.toggle("folded", !isOpen);
    more.setAttribute("aria-expanded", String(isOpen));
    show(more, say(isOpen ? "draw.prompt.less" : "draw.prompt.all"));
  }
  if (isLong) unfold(false);
  return make("div", { class: "draw-said", dir: "auto" }, words, more,
    make("p", { class: "hint" }, turn.settings ? saySettings(turn.settings) : "", turn.inputs ? ` · ${say("draw.inputs.count", { count: sayNumber(turn.inputs) })}` : ""));
}

/** Return `{ element, update, close }` of one turn; `views` are `edit(target)`, `change(fields)` and `leave()`. */
export function makeTurn(turn, views) {
  const strip = make("div");
  const element = make("li", { class: "turn", "data-turn": turn.id, tabindex: "-1" }, strip, makeSaid(turn));
  let body = null;
  let shown = "";
  let branches = "";

  function update() {
    const kind = `${kindOf(turn)} ${turn.state === "failed" ? turn.error.at : ""}`;
    if (kind === shown) body.update();
    else {
      const hadFocus = body?.element.contains(document.activeElement);
      body?.close();
      const next = makeBody(turn, kindOf(turn), views);
      if (body) body.element.replaceWith(next.element);
      else element.append(next.element);
      [body, shown] = [next, kind];
      if (hadFocus) element.focus({ preventScroll: true });
    }
    element.dataset.state = turn.state;
    const siblings = listSiblings(turn).map((each) => `${each.id}${each.pictures.filter(({ isGone }) => !isGone).length}`).join();
    if (siblings !== branches) show(strip, makeBranches(turn));
    branches = siblings;
  }

  update();
  return { element, update, close: () => body.close() };
}
