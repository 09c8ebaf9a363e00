// The view that draws: the thread on the wall, and beside it where the next picture is asked for.

import { ApiError, getJson } from "../api.js";
import { buy, follow } from "../buying.js";
import { makeComposer } from "../composer.js";
import { make, show } from "../dom.js";
import { loadModels } from "../models.js";
import { releasePictures } from "../pictures.js";
import { sayStage } from "../progress.js";
import { getKey } from "../session.js";
import { addTurn, clearThread, getPart, listPath, listTurns, openThread, setPart, watchThread } from "../thread.js";
import { makeTurn } from "../turns.js";
import { register, say, sayError } from "../words.js";
import words from "../words/draw.js";

register(words);

const EXAMPLES = ["fox", "city", "label"];

/** What a first visit sees: what this is, and prompts to press. */
function makeInvitation(emulator, press) {
  return make("section", { class: "invitation" },
    make("h1", {}, say("draw.welcome")),
    make("p", { class: "lead" }, say("draw.welcome.lead")),
    emulator ? make("p", { class: "draw-note" }, say("draw.welcome.emulator")) : null,
    make("h2", {}, say(emulator ? "draw.examples.now" : "draw.examples")),
    make("div", { class: "examples" }, EXAMPLES.map((name) =>
      make("button", { type: "button", class: "card", onclick: () => press(say(`draw.example.${name}`)) },
        make("span", { class: `swatch ${name}`, "aria-hidden": "true" }), make("span", {}, say(`draw.example.${name}`))))));
}

/** Begin a thread with a picture that exists, such as one of the gallery; its changes are drawn as it was, until that is changed. */
async function adopt(id) {
  const key = getKey();
  const found = await getJson(`/v1/limner/pictures/${encodeURIComponent(id)}`);
  if (key !== getKey()) return; // somebody else by now
  const turn = addTurn({
    state: "done", prompt: found.prompt || say("draw.adopted"), cost: found.cost_usd, generationId: found.generation_id, startedAt: found.created * 1000,
    settings: { model: found.upstream_model, ratio: found.aspect_ratio ?? "", size: found.image_size, count: 1 },
    pictures: [{ id: found.id, url: found.url, width: found.width, height: found.height, type: found.mime_type, bytes: found.bytes }],
  });
  setPart("target", { turn: turn.id, picture: 0 });
  setPart("settings", turn.settings, { isQuiet: true });
}

/** The list of turns; kept as it is as far as the path is the same. */
function makeThread(views) {
  const shown = new Map();
  const list = make("ol", { class: "turns", "aria-label": say("draw.thread") });

  function refresh() {
    const path = listPath();
    const ids = path.map((turn) => turn.id);
    for (const [id, each] of shown) if (!ids.includes(id)) { each.close(); each.element.remove(); shown.delete(id); }
    for (const turn of path) {
      if (shown.has(turn.id)) shown.get(turn.id).update();
      else shown.set(turn.id, makeTurn(turn, views));
      const { element } = shown.get(turn.id);
      if (list.children[ids.indexOf(turn.id)] !== element) list.insertBefore(element, list.children[ids.indexOf(turn.id)] ?? null);
    }
  }

  return { list, refresh, find: (id) => shown.get(id)?.element, close: () => shown.forEach((each) => each.close()) };
}

/** The region that a screen reader hears: every step once, and how it ended. */
function makeAnnouncer() {
  const region = make("p", { class: "unseen", role: "status", id: "heard" });
  let heard = "";
  return { region, tell(turn) {
    const said = turn && `${turn.id} ${turn.state} ${turn.stage}`;
    if (!said || said === heard) return;
    heard = said;
    const ended = { done: say(turn.pictures.length ? "draw.ended.done" : "draw.declined"), cancelled: say("draw.cancelled"), failed: turn.error ? sayError(turn.error) : "" };
    show(region, ended[turn.state] ?? sayStage(turn));
  } };
}

function scrollTo(element) {
  element?.scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth", block: "start" });
}

class DrawView {
  constructor(root, { self, emulator }) {
    Object.assign(this, { root, owner: self.owner ?? self.id ?? self.name, emulator, composer: null, isOpen: true });
    this.wasReadBack = openThread(this.owner);
    this.wall = make("div");
    this.side = make("div", { class: "draw-side" }, make("div", { class: "composer card draw-skeleton" }));
    this.announcer = makeAnnouncer();
    this.thread = makeThread({
      edit: (target) => { setPart("target", target); this.composer?.focus(); },
      leave: () => this.composer?.focus(),
      change: (fields) => { setPart("target", fields.parent); this.composer?.fill(fields); },
    });
    show(root, make("div", { class: "studio-draw" }, this.wall, this.side, this.announcer.region));
    this.unwatch = watchThread((turn) => this.refresh(turn));
  }

  refresh(turn = null) {
    const isEmpty = !listTurns().length;
    if (isEmpty !== this.isEmpty) this.furnish(isEmpty);
    this.isEmpty = isEmpty;
    this.thread.refresh();
    this.composer?.refresh();
    this.announcer.tell(turn);
    if (turn?.endedAt && turn.endedAt !== this.endedAt) {
      this.endedAt = turn.endedAt;
      this.loadLeft();
    }
    if (turn?.state === "done" && turn.id === getPart("here") && turn.id === this.awaited) {
      this.awaited = null;
      scrollTo(this.thread.find(turn.id));
    }
    const compared = getPart("compared");
    if (this.choosing) this.choosing.hidden = !compared;
  }

  furnish(isEmpty) {
    if (isEmpty) return show(this.wall, makeInvitation(this.emulator, (prompt) => this.press(prompt)));
    this.choosing = make("p", { class: "draw-note", hidden: true }, say("draw.compare.choose"), " ",
      make("button", { type: "button", class: "plain", onclick: () => { setPart("compared", null); this.composer?.focus(); } }, say("common.cancel")));
    show(this.wall, make("div", { class: "head draw-head" }, make("h1", {}, say("draw.thread")),
      make("button", { type: "button", onclick: () => { clearThread(); this.composer?.focus(); } }, say("draw.new"))), this.choosing, this.thread.list);
  }

  press(prompt) {
    this.composer?.fill({ prompt });
    if (this.emulator) this.composer?.submit();
  }

  /** Say beside the price what the key may still spend. */
  async loadLeft() {
    try {
      const { left_usd: left } = await getJson("/v1/limner/keys/self");
      if (this.isOpen) this.composer?.setLeft(left ?? null);
    } catch {
      // then the gateway says it when it is asked
    }
  }

  async furnishComposer() {
    try {
      const models = await loadModels();
      if (!this.isOpen) return;
      if (!models.length) throw new ApiError(0, { message: say("draw.models.none"), code: "" });
      this.composer = makeComposer(models, { emulator: this.emulator, drawn: (order) => this.draw(order) });
      show(this.side, this.composer.element);
      this.loadLeft();
      if (matchMedia("(min-width: 960px)").matches) this.composer.focus();
    } catch (error) {
      if (this.isOpen) show(this.side, make("div", { class: "card" }, make("p", { class: "trouble", role: "alert" }, sayError(error)),
        make("button", { type: "button", onclick: () => this.furnishComposer() }, say("common.retry"))));
    }
  }

  draw({ prompt, settings, files, parent }) {
    const turn = addTurn({ prompt, settings, parent }, files);
    if (!parent) setPart("target", null);
    this.awaited = turn.id;
    buy(turn);
    scrollTo(this.thread.find(turn.id));
  }

  async start(pictureId) {
    this.refresh();
    if (this.wasReadBack) for (const turn of listTurns()) if (turn.state === "running" || turn.state === "lost") follow(turn);
    if (pictureId) {
      history.replaceState(null, "", "#/draw");
      await adopt(pictureId).catch((error) => { if (this.isOpen) this.wall.prepend(make("p", { class: "trouble", role: "alert" }, sayError(error))); });
    }
    if (this.isOpen) await this.furnishComposer();
    scrollTo(this.thread.find(getPart("here")));
  }

  close() {
    this.isOpen = false;
    this.unwatch();
    this.thread.close();
    this.composer?.close();
    releasePictures();
  }
}

/** Open the view; `#/draw/edit/img_…` begins a thread with that picture. Returns what closes it. */
export function open(root, { rest, self, emulator }) {
  const view = new DrawView(root, { self, emulator });
  view.start(rest.at(-1));
  return () => view.close();
}
