// The call that a picture came of, as programs behind tabs.

import { make, show } from "./dom.js";
import { makeCopyButton } from "./saving.js";
import { recall, remember } from "./session.js";
import { LANGUAGES, PLACEHOLDER, writeProgram } from "./snippets.js";
import { say } from "./words.js";

const CHOSEN = "program";
const MOST_CHARACTERS = 4000; // of a prompt that the gateway keeps

/** Return in which the program differs from the call: what it was made from is not known any more. */
function findNotes({ prompt, settings }) {
  return [
    settings.input_pictures && say("picture.codeInputs"),
    prompt === null && say("picture.codeWordless"),
    prompt !== null && [...prompt].length >= MOST_CHARACTERS && say("picture.codeCut"),
  ].filter(Boolean);
}

/** Return the tabs. */
export function makeCodeTabs(picture) {
  const names = Object.keys(LANGUAGES);
  const notes = findNotes(picture);
  const code = make("pre", { id: "code-panel", role: "tabpanel", tabindex: "0" });
  const tabs = names.map((name) => make("button", { type: "button", role: "tab", id: `code-${name}`, "aria-controls": "code-panel", onclick: () => choose(name) }, LANGUAGES[name][0]));

  function choose(name) {
    remember(CHOSEN, name);
    show(code, writeProgram(name, picture, location.origin, notes));
    code.setAttribute("aria-labelledby", `code-${name}`);
    tabs.forEach((tab, index) => {
      tab.setAttribute("aria-selected", String(names[index] === name));
      tab.setAttribute("tabindex", names[index] === name ? "0" : "-1");
    });
  }

  function move(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const index = (tabs.indexOf(document.activeElement) + step + tabs.length) % tabs.length;
    choose(names[index]);
    tabs[index].focus();
  }

  choose(names.includes(recall(CHOSEN)) ? recall(CHOSEN) : names[0]);
  return make("section", { class: "code", "aria-labelledby": "code-title" },
    make("h2", { id: "code-title" }, say("picture.code")),
    notes.map((note) => make("p", { class: "note" }, note)),
    make("div", { class: "code-bar" },
      make("div", { role: "tablist", "aria-labelledby": "code-title", onkeydown: move }, tabs),
      makeCopyButton(say("common.copy"), () => code.textContent, { class: "copy-code" })),
    code,
    make("p", { class: "hint" }, say("picture.codeHint", { placeholder: PLACEHOLDER })));
}
