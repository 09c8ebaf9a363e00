// Keys, for admins: who may call, with which limits, and what is left to them.

import { ask, getJson } from "../api.js";
import { makeBudget } from "../budget.js";
import { make, show } from "../dom.js";
import { openKeyForm } from "../key-form.js";
import { openImport } from "../key-import.js";
import { showSecret } from "../secrets.js";
import { confirmFirst, makeEnd, openSheet } from "../sheet.js";
import { findLanguage, register, say, sayError, sayNumber, sayTime } from "../words.js";
import words from "../words/keys.js";
import shared from "../words/usage.js";

const KEYS = "/v1/limner/keys";
const STATES = ["active", "expired", "revoked"];
const OVERLAPS = ["24h", "1h", "7d", "0"];
const PAGE = 25;
const TYPING_MS = 250;

register(shared);
register(words);

const send = async (path, json, method = "POST") => (await ask(path, { method, json })).json();

function stateOf(key) {
  if (key.revoked_at !== null) return "revoked";
  return key.expires_at !== null && key.expires_at * 1000 <= Date.now() ? "expired" : "active";
}

function makeBadges(key, self) {
  const state = stateOf(key);
  return [
    key.id === self.id && make("span", { class: "badge" }, say("keys.this")),
    key.is_admin && make("span", { class: "badge" }, say("keys.admin")),
    state !== "active" && make("span", { class: "badge warn" }, say(`keys.state.${state}`)),
  ];
}

function sayLimits(key) {
  return [
    key.requests_per_minute !== null && say("keys.requests", { count: sayNumber(key.requests_per_minute) }),
    key.images_per_minute !== null && say("keys.images", { count: sayNumber(key.images_per_minute) }),
    key.models !== null && (key.models.length > 2 ? say("keys.models", { count: key.models.length }) : key.models.join(", ")),
    key.image_output !== null && say(`key.output.${key.image_output}`),
  ].filter(Boolean).join(" · ") || (key.budget_usd === null && say("keys.noLimits"));
}

function sayDates(key) {
  return [
    key.created_at > 0 && say("keys.made", { time: sayTime(key.created_at) }),
    key.expires_at !== null && say("keys.expires", { time: sayTime(key.expires_at) }),
    key.revoked_at !== null && say("keys.revoked", { time: sayTime(key.revoked_at) }),
    key.previous_secret_ends_at !== null && say("keys.previous", { time: sayTime(key.previous_secret_ends_at) }),
    key.owner !== key.id && say("keys.owner", { owner: key.owner }),
  ].filter(Boolean).join(" · ");
}

function makeRow(key, { self, actions }) {
  const act = (name, kind) => make("button", { type: "button", class: kind, "aria-label": say(`keys.${name}.of`, { name: key.name }), onclick: () => actions[name](key) }, say(`keys.${name}`));
  const limits = sayLimits(key);
  return make("li", { class: "card key", "data-id": key.id, tabindex: "-1" },
    make("div", { class: "what" },
      make("h2", {}, make("bdi", {}, key.name), " ", makeBadges(key, self)),
      limits && make("p", {}, limits),
      make("p", { class: "hint" }, sayDates(key))),
    make("div", {}, makeBudget(key)),
    key.revoked_at === null && make("div", { class: "row" }, act("edit"), act("rotate"), act("revoke", "danger")));
}

function openRotation(key, rotated) {
  let close = () => {};
  const overlap = make("select", { id: "overlap", autofocus: true }, OVERLAPS.map((each) => make("option", { value: each }, say(`rotate.${each}`))));
  const { end, run } = makeEnd({ label: say("keys.rotate"), close: () => close(), act: async () => {
    const made = await send(`${KEYS}/${key.id}/rotate`, { overlap: overlap.value });
    close();
    rotated(made);
  } });
  close = openSheet(say("rotate.title", { name: key.name }), make("form", { onsubmit: (event) => { event.preventDefault(); run(); } },
    make("p", {}, say("rotate.words")),
    make("div", { class: "field" }, make("label", { for: "overlap" }, say("rotate.overlap")), overlap),
    end));
}

/** Return what may be done to keys; `changed` gets the key as it is then, and what to say of it. */
function makeActions({ self, changed, withModels }) {
  return {
    create: (models) => openKeyForm({ models, save: async (values) => {
      const made = await send(KEYS, values);
      changed(made, say("keys.created", { name: made.name }));
      setTimeout(() => showSecret(made.name, made.key, say("secret.words")));
    } }),
    edit: (key) => withModels((models) => openKeyForm({ key, models, save: async (changes) => {
      const made = await send(`${KEYS}/${key.id}`, changes, "PATCH");
      changed(made, say("keys.changed", { name: made.name }));
    } })),
    rotate: (key) => openRotation(key, (made) => {
      changed(made, say("keys.rotated", { name: made.name }));
      showSecret(made.name, made.key, made.previous_secret_ends_at === null ? say("secret.alone") : say("secret.both", { time: sayTime(made.previous_secret_ends_at) }));
    }),
    revoke: (key) => confirmFirst({
      title: say("revoke.title", { name: key.name }),
      lines: [say("revoke.words"), key.id === self.id && say("revoke.self")],
      label: say("keys.revoke"),
      act: async () => {
        await send(`${KEYS}/${key.id}`, undefined, "DELETE");
        changed(null, say("keys.wasRevoked", { name: key.name }));
      },
    }),
  };
}

/** Return the models there are, each by its own name. */
async function listModels() {
  try {
    const { data } = await getJson("/v1/models");
    return data.filter((each) => (each.limner?.model ?? each.id) === each.id).map((each) => each.id);
  } catch {
    return []; // then keys are not limited to models here
  }
}

function makeSearch(state, search) {
  let timer = 0;
  return make("div", { class: "search", role: "search" },
    make("input", { type: "search", "aria-label": say("keys.search"), placeholder: say("keys.search"), oninput: (event) => {
      clearTimeout(timer);
      timer = setTimeout(() => search({ text: event.target.value.trim() }), TYPING_MS);
    } }),
    make("select", { "aria-label": say("keys.state"), onchange: (event) => search({ of: event.target.value }) },
      [["", say("keys.state.usual")], ...STATES.map((each) => [each, say(`keys.state.${each}`)])].map(([value, text]) => make("option", { value, selected: value === state.of }, text))));
}

function makeHead({ create, imported }) {
  return make("div", { class: "head" },
    make("div", {}, make("h1", {}, say("keys.title")), make("p", { class: "hint" }, say("keys.words"))),
    make("div", { class: "tools-of-view" },
      make("button", { type: "button", onclick: () => openImport({ imported }) }, say("keys.import")),
      make("button", { type: "button", class: "main", onclick: create }, say("keys.new"))));
}

/** Show keys. Returns what closes it. */
export function open(root, { self }) {
  if (!self.is_admin) {
    show(root, make("section", { class: "keys" }, make("h1", {}, say("keys.title")), make("p", { class: "card empty" }, say("keys.notYours"))));
    return () => {};
  }
  const left = new AbortController();
  const state = { text: "", of: "", last: null, fresh: null };
  const list = make("ul", { class: "key-list", "aria-busy": "true" }, make("li", { class: "skeleton tall" }));
  const status = make("p", { class: "hint", role: "status" });
  const more = make("button", { type: "button", hidden: true, onclick: () => load(true) }, say("common.more"));
  let turn = 0;

  const changed = (key, told) => {
    Object.assign(state, { fresh: key, isChanged: true });
    show(status, told);
    load(false);
  };
  const withModels = async (goOn) => {
    const models = await listModels();
    if (!left.signal.aborted) goOn(models);
  };
  const actions = makeActions({ self, changed, withModels });
  const search = (change) => {
    Object.assign(state, change, { fresh: null });
    load(false);
  };

  /** Rows were made anew: the focus goes to the same button of the same key, else to what stands there now. */
  function settle() {
    if (!state.isChanged || list.getAttribute("aria-busy") === "true" || document.querySelector("dialog[open]")) return;
    state.isChanged = false;
    if (document.activeElement !== document.body) return;
    (list.querySelector(`[aria-label="${CSS.escape(state.label)}"]`) ?? list.children[state.place] ?? list.lastChild).focus();
  }

  async function load(isMore) {
    const asked = ++turn;
    list.setAttribute("aria-busy", "true");
    try {
      const page = await getJson(KEYS, { search: state.text, state: state.of, limit: PAGE, after: isMore ? state.last : null }, { signal: left.signal });
      if (asked !== turn) return;
      state.last = page.last_id;
      const isThere = !state.fresh || isMore || page.data.some(({ id }) => id === state.fresh.id);
      const rows = [...(isThere ? [] : [state.fresh]), ...page.data].map((key) => makeRow(key, { self, actions }));
      if (isMore) list.append(...rows);
      else show(list, rows.length ? rows : make("li", { class: "card empty", tabindex: "-1" }, say(state.text || state.of ? "keys.none" : "keys.empty")));
      more.hidden = !page.has_more;
      if (isMore && more.hidden) rows[0]?.focus();
      list.setAttribute("aria-busy", "false");
      settle();
    } catch (error) {
      if (error.name === "AbortError" || asked !== turn) return;
      show(list, make("li", { class: "card trouble", role: "alert" }, make("span", { lang: findLanguage(error) }, sayError(error)), " ", make("button", { type: "button", onclick: () => load(false) }, say("common.retry"))));
    } finally {
      if (asked === turn) list.setAttribute("aria-busy", "false");
    }
  }

  const imported = (told) => changed(null, say("import.told", { created: sayNumber(told.created), updated: sayNumber(told.updated) }));
  show(root, make("section", { class: "keys" }, makeHead({ create: () => withModels(actions.create), imported }), makeSearch(state, search), status, list, more));
  list.addEventListener("focusin", ({ target }) => {
    Object.assign(state, { label: target.ariaLabel, place: [...list.children].indexOf(target.closest("li")) });
  });
  document.addEventListener("close", () => setTimeout(settle), { capture: true, signal: left.signal }); // a dialogue
  load(false);
  return () => left.abort();
}
