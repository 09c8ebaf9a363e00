// Two pictures in one frame: one over the other, with an edge to move between them; or side by side.

import { make, show, style } from "./dom.js";
import { say } from "./words.js";

const MODES = ["slider", "sides"];

function makeSlider(frame) {
  const range = make("input", { type: "range", min: 0, max: 100, value: 50, "aria-label": say("compare.edge"), oninput: () => move() });
  function move() {
    style(frame, { "--edge": `${range.value}%` });
    range.setAttribute("aria-valuetext", say("compare.edge.at", { percent: range.value }));
  }
  move();
  return range;
}

/** Return the element; `one` and `other` are `{ url, width, height, prompt }`. */
export function makeComparison(one, other) {
  const picture = (each, className) => make("img", { src: each.url, alt: each.prompt, class: className });
  const stage = make("div", { class: "compare-stage" });
  const caption = (each, className) => make("p", { class: className, dir: "auto" }, each.prompt);
  const buttons = MODES.map((mode) => make("button", { type: "button", onclick: () => choose(mode) }, say(`compare.${mode}`)));

  function choose(mode) {
    buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(MODES[index] === mode)));
    const frame = style(make("div", { class: `compare-${mode}` }), { "--ratio": String((one.width || 1) / (one.height || 1)) });
    if (mode === "slider") show(frame, picture(other, "under"), picture(one, "over"), makeSlider(frame), make("span", { class: "edge", "aria-hidden": "true" }), caption(one, "left"), caption(other, "right"));
    else show(frame, [one, other].map((each) => make("figure", {}, picture(each, null), make("figcaption", {}, caption(each, "hint")))));
    show(stage, frame);
  }

  choose("slider");
  return make("div", { class: "compare" },
    make("div", { class: "row", role: "group", "aria-label": say("compare.how") }, buttons), stage);
}
