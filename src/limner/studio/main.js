// The frame: who is here, and which view is open. What a view does, it knows itself.

import { ApiError, getJson, whenRefused } from "./api.js";
import { make, show } from "./dom.js";
import { makeHeader } from "./header.js";
import { dropKey, getKey } from "./session.js";
import { makeSignIn } from "./signin.js";
import { readTheme, showTheme } from "./theme.js";
import { loadView, loadViewsAtLeisure } from "./view-modules.js";
import { getLanguage, say, sayError, setLanguage, showLanguage } from "./words.js";

const VIEWS = ["draw", "gallery", "usage", "keys"];
const INNER_VIEWS = ["picture", "compare"]; // reached from others

const state = { self: null, emulator: null, isRefused: false, close: null, turn: 0 };
const frame = { kind: "", header: null, ribbon: null };
const content = make("main", { id: "content", tabindex: "-1" });

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
  const known = [...VIEWS, ...INNER_VIEWS].includes(view);
  return known ? { view, rest } : { view: "draw", rest: [] };
}

const listViews = () => VIEWS.filter((each) => each !== "keys" || state.self?.is_admin);

/** Put header and ribbon above the view; they are made anew only if something else is to stand there. */
function furnish(view) {
  const kind = [getLanguage(), Boolean(getKey()), ...listViews(), Boolean(state.emulator)].join(" ");
  if (kind !== frame.kind) {
    frame.header?.element.remove();
    frame.ribbon?.remove();
    const header = makeHeader({ views: listViews(), content, speak, leave: getKey() ? signOut : null });
    const ribbon = state.emulator ? make("aside", { class: "ribbon", "aria-label": say("emulator.name") }, say("emulator.ribbon")) : "";
    content.before(header.element, ribbon);
    Object.assign(frame, { kind, header, ribbon: ribbon || null });
  }
  frame.header.mark(view === "picture" ? "gallery" : view);
  document.title = `${say(getKey() ? `nav.${view}` : "signin.submit")} · Limner`;
}

async function speak(language) {
  setLanguage(language);
  await open();
  document.querySelector(".tools select")?.focus();
}

function signOut() {
  dropKey();
  Object.assign(state, { self: null, isRefused: false });
  history.replaceState(null, "", location.pathname);
  open();
}

/** The key has ended: back to the form, which says so, and from there to the same view. */
function endSession() {
  dropKey({ isRefused: true });
  Object.assign(state, { self: null, isRefused: true });
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
    // asked again with the next view
  }
}

function openForm() {
  return makeSignIn(content, { emulator: state.emulator, isRefused: state.isRefused, signedIn: (self) => {
    Object.assign(state, { self, isRefused: false });
    open();
  } });
}

/** Say why there is no view; it is tried again when asked to, and by itself once the network is back. */
function showTrouble(error) {
  if (!(error instanceof ApiError)) console.error(error);
  const isIncomplete = error.code === "incomplete";
  const again = isIncomplete ? () => location.reload() : () => open();
  show(content, make("section", { class: "card stuck" },
    make("p", { class: "trouble", role: "alert" }, error instanceof ApiError ? sayError(error) : say("error.unknown")),
    make("button", { type: "button", onclick: again }, say(isIncomplete ? "nav.reload" : "common.retry"))));
  if (error.status !== 0 || isIncomplete) return null;
  addEventListener("online", again);
  return () => removeEventListener("online", again);
}

/** Show what the address says, in the present language. Returns false if something else is to be shown by now. */
async function openRoute({ view, rest }) {
  const turn = ++state.turn;
  state.close?.();
  state.close = null;
  furnish(view);
  show(content, make("p", { class: "hint" }, say("common.loading")));
  try {
    await Promise.all([loadEmulator(), loadSelf()]);
    const module = getKey() ? await loadView(view) : null;
    if (turn !== state.turn) return false;
    furnish(view); // whose key it is, is known only now
    show(content);
    const { self, emulator } = state;
    state.close = module ? module.open(content, { rest, self, emulator }) : openForm();
  } catch (error) {
    if (turn !== state.turn) return false;
    state.close = showTrouble(error);
  }
  return true;
}

/** Open the view of the address, and bring the focus there: after following a link, or if it was on what is gone. */
async function open({ isStart = false, isNavigation = false } = {}) {
  if (!(await openRoute(readRoute()))) return;
  const isLost = document.activeElement === document.body && !isStart;
  if ((isNavigation || isLost) && !content.contains(document.activeElement)) content.focus({ preventScroll: true });
  if (state.self) loadViewsAtLeisure([...listViews(), ...INNER_VIEWS]);
}

show(document.body, content);
showLanguage();
showTheme(readTheme());
whenRefused(endSession);
addEventListener("hashchange", () => open({ isNavigation: true }));
open({ isStart: true });
