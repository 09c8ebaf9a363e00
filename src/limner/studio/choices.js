// The settings of a picture as groups of radio buttons: the browser itself moves among them by arrow keys.

import { draw, make } from "./dom.js";
import { sayPixels, sayPrice } from "./models.js";
import { say, sayNumber } from "./words.js";

const SIDE = 26;
const COUNTS = [1, 2, 3, 4];
let groups = 0;

function makeGroup(legend, className, options, chosen, choose) {
  const name = `choice-${++groups}`;
  return make("fieldset", { class: `choice ${className}` }, make("legend", {}, legend),
    make("div", { class: "draw-options" }, options.map(({ value, label, face }) => make("label", { title: label },
      make("input", { type: "radio", name, value: String(value), checked: value === chosen, "aria-label": label, onchange: () => choose(value) }),
      make("span", { class: "face" }, face)))));
}

/** A rectangle of the ratio; four corners where the model chooses. */
function drawShape(ratio) {
  const frame = { class: "shape", viewBox: `0 0 ${SIDE + 2} ${SIDE + 2}`, width: SIDE + 2, height: SIDE + 2, "aria-hidden": "true" };
  if (!ratio) return draw("svg", frame, draw("path", { d: "M3 9V3h6M19 3h6v6M25 19v6h-6M9 25H3v-6" }));
  const [across, down] = ratio.split(":").map(Number);
  const width = Math.max(4, across >= down ? SIDE : (SIDE * across) / down);
  const height = Math.max(4, down >= across ? SIDE : (SIDE * down) / across);
  return draw("svg", frame, draw("rect", { x: 1 + (SIDE - width) / 2, y: 1 + (SIDE - height) / 2, width, height, rx: 2 }));
}

/** Return the group of ratios, each as its shape. */
export function makeRatios(model, chosen, choose) {
  const options = ["", ...model.ratios].map((ratio) => ({
    value: ratio,
    label: ratio || say("draw.ratio.auto"),
    face: [drawShape(ratio), make("span", {}, ratio || say("draw.ratio.short"))],
  }));
  return makeGroup(say("draw.ratio"), "ratios", options, chosen, choose);
}

/** Return the group of sizes, each with its pixels and its price. */
export function makeSizes(model, { ratio, size }, choose) {
  const options = model.sizes.map((each) => {
    const pixels = sayPixels(model, ratio, each);
    const price = sayPrice(model.prices[each]);
    return {
      value: each,
      label: [each, pixels, price].filter(Boolean).join(", "),
      face: [make("strong", {}, each), make("span", { class: "draw-pixels" }, pixels), make("span", { class: "draw-price" }, price)],
    };
  });
  return makeGroup(say("draw.size"), "sizes", options, size, choose);
}

/** Return the group of counts. */
export function makeCounts(chosen, choose) {
  const options = COUNTS.map((count) => ({ value: count, label: say("draw.count.each", { count: sayNumber(count) }), face: sayNumber(count) }));
  return makeGroup(say("draw.count"), "counts", options, chosen, choose);
}
