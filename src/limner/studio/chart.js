// Bars of days, one part for each model. Seen, pointed at, walked with the arrow keys, or read as a table.

import { draw, make, show, style } from "./dom.js";
import { say } from "./words.js";

const HEIGHT = 100;
const STEP = 10;
const COLOURS = 6;

/** Return the next round number that is no smaller, and whose half is as round: 2, 4, 6, 10, 20 and so on. */
function roundUp(value, least) {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, least)));
  return [1, 2, 4, 6, 10].find((each) => each * power >= Math.max(value, least) - power * 1e-9) * power;
}

/** Return the class of a series' colour. */
export function colourOf(index) {
  return `series-${Math.min(index, COLOURS - 1)}`;
}

const sum = (values) => values.reduce((total, value) => total + value, 0);

function drawBars(days, series, top) {
  return days.map((_, day) => {
    let from = HEIGHT;
    return series.map(({ values }, index) => {
      const height = (values[day] / top) * HEIGHT;
      from -= height;
      return height > 0 && draw("rect", { class: colourOf(index), x: day * STEP + 1, y: from, width: STEP - 2, height });
    });
  });
}

function drawPicture({ days, series, top, title, description, here }) {
  const lines = [0, 0.5].map((share) => draw("line", { class: "rule", x1: 0, x2: days.length * STEP, y1: share * HEIGHT, y2: share * HEIGHT }));
  return draw("svg", { viewBox: `0 0 ${days.length * STEP} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-labelledby": "chart-title", "aria-describedby": "chart-words" },
    draw("title", { id: "chart-title" }, title), draw("desc", { id: "chart-words" }, description),
    lines, here, drawBars(days, series, top));
}

function makeCursor(days, tell, here) {
  const last = days.length - 1;
  const move = (day) => {
    const at = Math.min(Math.max(day, 0), last);
    cursor.setAttribute("aria-valuenow", String(at + 1));
    cursor.setAttribute("aria-valuetext", tell(at));
    here.setAttribute("x", String(at * STEP));
    here.removeAttribute("hidden");
  };
  const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -7, PageUp: 7, Home: -last, End: last };
  const now = () => Number(cursor.getAttribute("aria-valuenow")) - 1;
  const cursor = make("div", {
    class: "cursor", role: "slider", tabindex: 0, "aria-label": say("usage.day"), "aria-valuemin": 1, "aria-valuemax": days.length, "aria-valuenow": days.length, "aria-valuetext": "",
    onpointermove: (event) => {
      const box = cursor.getBoundingClientRect();
      move(Math.floor(((event.clientX - box.left) / box.width) * days.length));
    },
    onfocus: () => move(now()),
    onkeydown: (event) => {
      if (!(event.key in steps)) return;
      event.preventDefault();
      move(now() + steps[event.key]);
    },
  });
  return cursor;
}

function makeLegend(series) {
  return series.length > 1 && make("ul", { class: "legend" },
    series.map(({ name }, index) => make("li", {}, make("i", { class: colourOf(index), "aria-hidden": "true" }), name)));
}

function makeTable({ days, series, sayDay, sayValue, title }) {
  const filled = days.map((day, index) => [day, series.map(({ values }) => values[index])]).filter(([, values]) => sum(values) > 0).reverse();
  return make("details", { class: "as-table" },
    make("summary", {}, say("usage.table")),
    make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": title }, make("table", {},
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, say("usage.day")), series.map(({ name }) => make("th", { scope: "col" }, name)))),
      make("tbody", {}, filled.map(([day, values]) => make("tr", {}, make("th", { scope: "row" }, sayDay(day)), values.map((value) => make("td", {}, sayValue(value)))))))));
}

/** Return the chart, whose axis ends at `least` or above. `series` are `{ name, values }`, a value for each of `days`; `sayDay`, `sayValue` word them. */
export function makeChart({ days, series, least, title, description, sayDay, sayValue }) {
  const totals = days.map((_, day) => sum(series.map(({ values }) => values[day])));
  const top = roundUp(Math.max(...totals), least);
  const readout = make("p", { class: "readout" });
  const here = draw("rect", { class: "here", hidden: true, x: 0, y: 0, width: STEP, height: HEIGHT });
  const tell = (day) => {
    const parts = series.filter(({ values }) => values[day] > 0).map(({ name, values }) => `${name} ${sayValue(values[day])}`);
    const told = `${sayDay(days[day])}: ${sayValue(totals[day])}`;
    show(readout, make("b", {}, told), parts.length > 1 ? ` (${parts.join(" · ")})` : "");
    return told;
  };
  show(readout, say("usage.point"));
  const middle = Math.floor(days.length / 2);
  return make("figure", { class: "chart" },
    make("div", { class: "plot" },
      make("span", { class: "top" }, sayValue(top)),
      style(make("span", { class: "top" }, sayValue(top / 2)), { top: "50%" }),
      drawPicture({ days, series, top, title, description, here }),
      makeCursor(days, tell, here)),
    make("p", { class: "axis", "aria-hidden": "true" }, [days[0], days[middle], days.at(-1)].map((day) => make("span", {}, sayDay(day)))),
    readout,
    makeLegend(series),
    makeTable({ days, series, sayDay, sayValue, title }));
}
