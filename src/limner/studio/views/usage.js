// Usage: what was drawn and what it cost by day, model and key; what is left; and calls that somebody has to look at.

import { getJson } from "../api.js";
import { makeBudget } from "../budget.js";
import { colourOf, makeChart } from "../chart.js";
import { makeSegments } from "../segments.js";
import { draw, make, show } from "../dom.js";
import { makeFailures } from "../failures.js";
import { recall, remember } from "../session.js";
import { findLanguage, getLanguage, register, say, sayDollars, sayError, sayNumber } from "../words.js";
import words from "../words/usage.js";

const RANGES = [7, 30, 90];
const MEASURES = { pictures: { word: sayNumber, least: 2 }, cost_usd: { word: sayDollars, least: 0.02 } };
const MOST_SERIES = 6;
const DAY_MS = 86_400_000;

register(words);

/** Return the last days, today the last, as the gateway names them. */
function listDays(count) {
  const today = Math.floor(Date.now() / DAY_MS);
  return Array.from({ length: count }, (_, index) => new Date((today - count + 1 + index) * DAY_MS).toISOString().slice(0, 10));
}

function sayDay(day) {
  const locale = getLanguage() === "zh" ? "zh-CN" : "en";
  return new Intl.DateTimeFormat(locale, { month: "short", day: "numeric", timeZone: "UTC" }).format(new Date(`${day}T00:00:00Z`));
}

/** Return sums by a field of the entries, the greatest first. */
function sumBy(entries, field) {
  const found = new Map();
  for (const entry of entries) {
    const name = entry[field] ?? "–";
    const sums = found.get(name) ?? { name, pictures: 0, cost_usd: 0, generations: 0 };
    for (const measure of ["pictures", "cost_usd", "generations"]) sums[measure] += entry[measure];
    found.set(name, sums);
  }
  return [...found.values()].sort((one, other) => other.cost_usd - one.cost_usd || other.pictures - one.pictures);
}

/** Return what the chart shows: a row for each model, those that are few of put together. */
function toSeries(entries, days, measure) {
  const models = sumBy(entries, "model").map(({ name }) => name);
  const shown = models.length > MOST_SERIES ? models.slice(0, MOST_SERIES - 1) : models;
  const series = shown.map((name) => ({ name, values: days.map(() => 0) }));
  if (shown.length < models.length) series.push({ name: say("usage.others"), values: days.map(() => 0) });
  for (const entry of entries) {
    const row = shown.indexOf(entry.model ?? "–");
    const day = days.indexOf(entry.day);
    if (day >= 0) series.at(row).values[day] += entry[measure];
  }
  return series.filter(({ values }) => values.some((value) => value > 0));
}

function makeTiles({ total }) {
  const tiles = [
    ["usage.pictures", sayNumber(total.pictures)],
    ["usage.spent", sayDollars(total.cost_usd)],
    ["usage.held", sayDollars(total.held_usd)],
    ["usage.calls", sayNumber(total.generations)],
  ];
  return make("dl", { class: "tiles" }, tiles.map(([name, value]) =>
    make("div", { class: "card" }, make("dt", {}, say(name)), make("dd", {}, value))));
}

function drawShare(share, index) {
  return draw("svg", { class: "share", viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" },
    draw("rect", { class: "rest", width: 100, height: 8 }), draw("rect", { class: colourOf(index), width: Math.max(share * 100, 1), height: 8 }));
}

function makeSums(title, sums, { measure, keys = null }) {
  const most = Math.max(...sums.map((each) => each[measure]), 1e-9);
  const left = (name) => keys.find((key) => key.name === name)?.left_usd;
  const heads = (names) => names.map((name) => make("th", { scope: "col" }, say(name)));
  return make("section", { class: "card sums" },
    make("h2", {}, title),
    make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": title }, make("table", {},
      make("thead", {}, make("tr", {}, heads(["usage.name"]), make("td"), heads(["usage.pictures", "usage.spent", ...(keys ? ["usage.left"] : [])]))),
      make("tbody", {}, sums.map((each, index) => make("tr", {},
        make("th", { scope: "row", dir: "auto" }, each.name),
        make("td", { class: "wide" }, drawShare(each[measure] / most, keys ? 0 : index)),
        make("td", {}, sayNumber(each.pictures)),
        make("td", {}, sayDollars(each.cost_usd)),
        keys ? make("td", {}, sayDollars(left(each.name))) : null))))));
}

function makeDays(report, state, choose) {
  const days = listDays(state.days);
  const series = toSeries(report.data, days, state.measure);
  const { word, least } = MEASURES[state.measure];
  const title = say(`usage.chart.${state.measure}`, { days: state.days });
  const total = word(report.total[state.measure]);
  const chart = makeChart({ days, series, least, title, description: say("usage.chart.words", { total, first: sayDay(days[0]), last: sayDay(days.at(-1)) }), sayDay, sayValue: word });
  const empty = make("p", { class: "empty" }, say("usage.nothing"), " ", make("a", { href: "#/draw" }, say("usage.start")));
  return make("section", { class: "card days" },
    make("div", { class: "head" }, make("h2", {}, say("usage.daily")),
      makeSegments(say("usage.measure"), [["pictures", say("usage.pictures")], ["cost_usd", say("usage.dollars")]], state.measure, (measure) => choose({ measure }))),
    series.length ? chart : empty);
}

function makeReport(report, state, { self, choose }) {
  const { measure } = state;
  return [
    makeTiles(report),
    report.key.budget_usd === null ? makeDays(report, state, choose) : make("div", { class: "beside" },
      makeDays(report, state, choose),
      make("section", { class: "card own" }, make("h2", {}, say("usage.budget", { name: self.name })), makeBudget(report.key))),
    report.data.length > 0 && make("div", { class: "beside even" },
      makeSums(say("usage.models"), sumBy(report.data, "model"), { measure }),
      report.keys && makeSums(say("usage.keys"), sumBy(report.data, "key"), { measure, keys: report.keys })),
  ];
}

function makeTools(state, names, choose) {
  return make("div", { class: "tools-of-view" },
    names.length > 0 && make("select", { "aria-label": say("usage.whose"), onchange: (event) => choose({ key: event.target.value }) },
      make("option", { value: "" }, say("usage.everybody")),
      names.map((name) => make("option", { value: name, selected: name === state.key }, name))),
    makeSegments(say("usage.range"), RANGES.map((days) => [days, say("usage.days", { days })]), state.days, (days) => choose({ days })));
}

/** Show usage. Returns what closes it. */
export function open(root, { self }) {
  const left = new AbortController();
  const state = { days: 30, measure: "pictures", ...recall("usage"), key: "" };
  const tools = make("div");
  const sums = make("div", { class: "report", tabindex: "-1", "aria-busy": "true" }, make("div", { class: "skeleton tiles" }), make("div", { class: "skeleton tall" }));
  const failures = makeFailures({ isAdmin: self.is_admin, signal: left.signal, changed: () => load() });
  let turn = 0;
  let report = null;

  function choose(change) {
    Object.assign(state, change);
    remember("usage", { days: state.days, measure: state.measure });
    if ("measure" in change) show(sums, makeReport(report, state, { self, choose }));
    else load();
    if ("measure" in change) sums.querySelector(".days input:checked")?.focus();
  }

  async function load() {
    const asked = ++turn;
    const days = listDays(state.days);
    const by = self.is_admin ? "day,model,key" : "day,model";
    sums.setAttribute("aria-busy", "true");
    try {
      const answer = await getJson("/v1/limner/usage", { from: days[0], to: days.at(-1), by, key: state.key }, { signal: left.signal });
      if (asked !== turn) return;
      report = answer;
      if (!tools.hasChildNodes()) show(tools, makeTools(state, (report.keys ?? []).map(({ name }) => name), choose));
      const isHeld = sums.contains(document.activeElement);
      show(sums, makeReport(report, state, { self, choose }));
      if (isHeld) sums.focus({ preventScroll: true });
    } catch (error) {
      if (error.name === "AbortError" || asked !== turn) return;
      show(sums, make("div", { class: "card empty", role: "alert" }, make("p", { lang: findLanguage(error) }, sayError(error)),
        make("button", { type: "button", onclick: load }, say("common.retry"))));
    } finally {
      if (asked === turn) sums.setAttribute("aria-busy", "false");
    }
  }

  show(root, make("section", { class: "usage" },
    make("div", { class: "head" }, make("div", {}, make("h1", {}, say("usage.title")), make("p", { class: "hint" }, say("usage.utc"), self.budget_usd === null ? ` ${say("usage.noBudget")}` : "")), tools),
    sums, failures));
  load();
  return () => left.abort();
}
