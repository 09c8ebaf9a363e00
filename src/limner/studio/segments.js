// A few choices of which one holds, side by side: radio buttons, so that arrow keys move between them.

import { make } from "./dom.js";

let count = 0;

/** Return the choices; `options` are pairs of a value and its words, `choose` is told the value. */
export function makeSegments(legend, options, chosen, choose) {
  const name = `segment-${++count}`;
  return make("fieldset", { class: "segments" },
    make("legend", {}, legend),
    options.map(([value, text]) => make("label", {},
      make("input", { type: "radio", name, value, checked: value === chosen, onchange: () => choose(value) }),
      make("span", {}, text))));
}
