// Dialogues: a native one, which keeps the focus inside, is closed by Escape, and gives the focus back.

import { make, show } from "./dom.js";
import { findLanguage, say, sayError } from "./words.js";

let count = 0;

/** Let Escape close nothing, and have the browser ask before the page is left. Returns what ends that. */
function holdPage() {
  const stay = (event) => { if (event.type === "beforeunload" || event.key === "Escape") event.preventDefault(); };
  addEventListener("beforeunload", stay);
  addEventListener("keydown", stay, { capture: true });
  return () => {
    removeEventListener("beforeunload", stay);
    removeEventListener("keydown", stay, { capture: true });
  };
}

/** Open a dialogue over the view. `isHeld`: it is closed by its own buttons alone, and outlives the view. Returns what closes it. */
export function openSheet(title, children, { isHeld = false, closed = () => {} } = {}) {
  const id = `sheet-${++count}`;
  const close = () => sheet.close();
  const release = isHeld ? holdPage() : () => {};
  const sheet = make("dialog", {
    class: "sheet",
    "aria-labelledby": id,
    closedby: isHeld ? "none" : null,
    oncancel: (event) => { if (isHeld) event.preventDefault(); },
    onclose: () => { release(); sheet.remove(); closed(); },
  },
    make("header", {},
      make("h2", { id }, title),
      isHeld ? null : make("button", { type: "button", class: "plain", "aria-label": say("common.close"), onclick: close }, "✕")),
    children);
  (isHeld ? document.body : document.getElementById("content")).append(sheet);
  sheet.showModal();
  return close;
}

/** Return the buttons at the end of a dialogue, and a place for what goes wrong; `act` runs once at a time. `isGrave`: Enter alone does nothing. */
export function makeEnd({ label, kind = "main", isGrave = false, act, close }) {
  const trouble = make("p", { class: "trouble", role: "alert" });
  const button = make("button", { type: "submit", class: kind }, label);
  const run = async () => {
    button.disabled = true;
    show(trouble);
    try {
      await act();
    } catch (error) {
      trouble.lang = findLanguage(error) ?? "";
      show(trouble, sayError(error));
      return error;
    } finally {
      button.disabled = false;
    }
    return null;
  };
  const end = [trouble, make("footer", {}, make("button", { type: "button", autofocus: isGrave, onclick: () => close() }, say("common.cancel")), button)];
  return { end, run, trouble, button };
}

/** Ask before something is done that cannot be undone. */
export function confirmFirst({ title, lines, label, kind = "danger", act }) {
  let close = () => {};
  const { end, run } = makeEnd({ label, kind, isGrave: true, close: () => close(), act: async () => { await act(); close(); } });
  const form = make("form", { onsubmit: (event) => { event.preventDefault(); run(); } },
    lines.filter(Boolean).map((line) => make("p", {}, line)), end);
  close = openSheet(title, form);
}
