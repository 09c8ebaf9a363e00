// The frame: sign-in, navigation, language and theme; and which view is open. What a view does, it knows itself.

import { ApiError, getJson, whenRefused } from "./api.js";
import { make, show } from "./dom.js";
import { makeSignIn } from "./signin.js";
import { getKey, setKey } from "./session.js";
import { getLanguage, LANGUAGES, say, setLanguage } from "./words.js";

const VIEWS = ["draw", "gallery", "usage", "keys"];
const THEMES = ["auto", "light", "dark"];
const THEME = "limner.theme";

const state = { self: null, emulator: null, close: null, turn: 0, isMenuOpen: false };
const content = make("main", { id: "content", tabindex: "-1" });

function readTheme() {
  try {
    const stored = localStorage.getItem(THEME);
    return THEMES.includes(stored) ? stored : "auto";
  } catch {
    return "auto";
  }
}

function setTheme(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem(THEME, theme);
  } catch {
    // until the next visit
  }
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // written by hand
  }
}

/** Return the route of the address: a view, and what of it is open. */
function readRoute() {
  const [view, ...rest] = location.hash.replace(/^#\/?/, "").split("/").map(decode);
  const known = [...VIEWS, "picture", "compare"].includes(view);
  return known ? { view, rest } : { view: "draw", rest: [] };
}

function makeSelect(label, options, chosen, choose) {
  const select = make("select", { "aria-label": label, onchange: () => choose(select.value) },
    options.map(([value, text]) => make("option", { value, selected: value === chosen }, text)));
  return select;
}

/** What is seldom needed; on a phone it is behind a button. */
function makeTools() {
  const tools = make("div", { class: "tools", id: "tools" },
    make("a", { href: "/docs" }, say("nav.reference")),
    makeSelect(say("nav.language"), Object.entries(LANGUAGES), getLanguage(), speak),
    makeSelect(say("nav.theme"), THEMES.map((each) => [each, say(`theme.${each}`)]), readTheme(), setTheme),
    getKey() ? make("button", { type: "button", class: "plain", onclick: signOut }, say("nav.signOut")) : null);
  const menu = make("button", { type: "button", class: "plain menu", "aria-controls": "tools", "aria-label": say("nav.menu"), onclick: () => unfold(!state.isMenuOpen) }, "☰");
  function unfold(isOpen) {
    state.isMenuOpen = isOpen;
    menu.setAttribute("aria-expanded", String(isOpen));
    tools.classList.toggle("open", isOpen);
  }
  unfold(state.isMenuOpen);
  return [menu, tools];
}

async function speak(language) {
  setLanguage(language);
  await open();
  document.querySelector(".tools select")?.focus();
}

function makeHeader(view) {
  const isAdmin = Boolean(state.self?.is_admin);
  const links = VIEWS.filter((each) => each !== "keys" || isAdmin).map((each) =>
    make("a", { href: `#/${each}`, "aria-current": each === (view === "picture" ? "gallery" : view) ? "page" : null }, say(`nav.${each}`)));
  return make("header", { class: "bar" },
    make("a", { class: "skip", href: "#content", onclick: (event) => { event.preventDefault(); content.focus(); } }, say("nav.skip")),
    make("a", { class: "brand", href: "#/draw" }, make("img", { src: "/studio/icon.svg", alt: "", width: 24, height: 24 }), say("app.title")),
    getKey() ? make("nav", { "aria-label": say("nav.main") }, links) : null,
    makeTools());
}

function signOut() {
  setKey(null, false);
  Object.assign(state, { self: null, isMenuOpen: false });
  history.replaceState(null, "", location.pathname);
  open();
}

async function loadSelf() {
  if (state.self || !getKey()) return;
  state.self = await getJson("/v1/limner/keys/self");
}

async function loadEmulator() {
  if (state.emulator !== null) return;
  try {
    state.emulator = (await getJson("/healthz", {}, { key: null })).emulator ?? "";
  } catch {
    state.emulator = "";
  }
}

/** Show what the address says, in the present language. */
async function open() {
  const turn = ++state.turn;
  state.close?.();
  state.close = null;
  await Promise.all([loadEmulator(), loadSelf().catch((error) => {
    if (error instanceof ApiError && error.status === 401) setKey(null, false);
  })]);
  if (turn !== state.turn) return;
  const { view, rest } = readRoute();
  document.title = `${say(`nav.${VIEWS.includes(view) ? view : "gallery"}`)} · Limner`;
  const ribbon = state.emulator ? make("aside", { class: "ribbon", "aria-label": say("emulator.name") }, say("emulator.ribbon")) : null;
  if (!document.body.contains(content)) show(document.body);
  show(document.body, makeHeader(view), ribbon, content);
  show(content);
  if (!getKey()) {
    state.close = makeSignIn(content, { emulator: state.emulator, signedIn: (self) => { state.self = self; open(); } });
    return;
  }
  const module = await import(`./views/${view}.js`);
  if (turn !== state.turn) return;
  state.close = module.open(content, { rest, self: state.self, emulator: state.emulator });
}

setLanguage(getLanguage());
setTheme(readTheme());
whenRefused(() => { setKey(null, false); state.self = null; open(); });
addEventListener("hashchange", open);
open();
