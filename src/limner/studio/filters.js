// What the gallery is narrowed to: in its address, as the gateway takes it, and as a form.

import { getJson } from "./api.js";
import { make, show } from "./dom.js";
import { say } from "./words.js";

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const ACCEPTED = { q: /./s, model: /./s, ratio: /^[1-9]\d{0,2}:[1-9]\d{0,2}$/, from: DAY, to: DAY };
const PAUSE_MS = 250; // after the last letter of a search

/** Return the filters that stand in an address: a name, then its value, and so on. */
export function readFilters(parts) {
  const given = {};
  for (let place = 0; place + 1 < parts.length; place += 2) given[parts[place]] = parts[place + 1];
  const entries = Object.entries(ACCEPTED).filter(([name, accepted]) => accepted.test(given[name] ?? ""));
  return Object.fromEntries(entries.map(([name]) => [name, given[name]]));
}

/** Return the same as the end of an address. */
export function writeFilters(filters) {
  return Object.keys(ACCEPTED).filter((name) => filters[name]).map((name) => `/${name}/${encodeURIComponent(filters[name])}`).join("");
}

function toSeconds(day, daysLater) {
  const [year, month, date] = day.split("-").map(Number);
  return Math.max(0, Math.floor(new Date(year, month - 1, date + daysLater).getTime() / 1000)) || null;
}

/** Return the same as the gateway takes it; days are those of the person's own clock. */
export function toQuery({ q, model, ratio, from, to }) {
  return { q, model, ratio, from: from && toSeconds(from, 0), to: to && toSeconds(to, 1) };
}

/** Return the models that draw and the ratios they know; those of an address that the key may not use are lost on it. */
export async function loadChoices(signal) {
  const { data } = await getJson("/v1/models", {}, { signal });
  const drawing = data.filter((model) => model.limner?.ratios);
  const models = new Map(drawing.map((model) => [model.limner.model, model.name]));
  const ratios = new Set(drawing.flatMap((model) => model.limner.ratios));
  return { models: [...models], ratios: [...ratios].map((ratio) => [ratio, ratio]) };
}

function fillSelect(select, anyWord, options, chosen) {
  const missing = chosen && !options.some(([value]) => value === chosen) ? [[chosen, chosen]] : [];
  show(select, [["", anyWord], ...options, ...missing].map(([value, text]) => make("option", { value, selected: value === (chosen ?? "") }, text)));
}

function makeField(name, control) {
  return make("div", { class: "field" }, make("label", { for: control.id }, say(`gallery.${name}`)), control);
}

/** Show the form; `change` is called with filters, and whether they are of typing that goes on. Returns it and what sets it. */
export function makeFilters(filters, change) {
  let timer = 0;
  let choices = { models: [], ratios: [] };
  let current = filters;
  const q = make("input", { id: "filter-q", type: "search", placeholder: say("gallery.searchHint"), autocomplete: "off", oninput: () => {
    clearTimeout(timer);
    timer = setTimeout(() => tell(true), PAUSE_MS);
  } });
  const [model, ratio] = ["model", "ratio"].map((name) => make("select", { id: `filter-${name}`, onchange: () => tell(false) }));
  const [from, to] = ["from", "to"].map((name) => make("input", { id: `filter-${name}`, type: "date", "aria-describedby": "filter-order", onchange: () => tell(false) }));
  const order = make("p", { id: "filter-order", class: "trouble", role: "status" });
  const clear = make("button", { type: "button", class: "plain", onclick: () => { set({}); tell(false); q.focus(); } }, say("gallery.clear"));
  const fields = make("div", { class: "fields", id: "filter-fields" }, makeField("model", model), makeField("ratio", ratio), makeField("from", from), makeField("to", to), clear);
  const more = make("button", { type: "button", class: "filter-more", "aria-expanded": "false", "aria-controls": "filter-fields", onclick: () => {
    more.setAttribute("aria-expanded", String(fields.classList.toggle("open")));
  } });

  function read() {
    return readFilters(Object.entries({ q: q.value.trim(), model: model.value, ratio: ratio.value, from: from.value, to: to.value }).flat());
  }

  function tell(isTyping) {
    clearTimeout(timer);
    if (isTurned()) return;
    if (JSON.stringify(read()) === JSON.stringify(current)) return;
    current = read();
    mark();
    change(current, isTyping);
  }

  /** Whether the first day is after the last one; the fields say so. */
  function isTurned() {
    const is = Boolean(to.value) && from.value > to.value;
    show(order, is && say("gallery.order"));
    for (const field of [from, to]) field.setAttribute("aria-invalid", is);
    return is;
  }

  function mark() {
    const count = Object.keys(current).filter((name) => name !== "q").length;
    clear.hidden = !Object.keys(current).length;
    show(more, count ? say("gallery.filtersSet", { count }) : say("gallery.filters"));
    to.min = from.value;
    isTurned();
  }

  function set(values) {
    [q.value, from.value, to.value] = [values.q ?? "", values.from ?? "", values.to ?? ""];
    fillSelect(model, say("gallery.anyModel"), choices.models, values.model);
    fillSelect(ratio, say("gallery.anyRatio"), choices.ratios, values.ratio);
  }

  set(filters);
  mark();
  const element = make("form", { class: "filters", role: "search", onsubmit: (event) => { event.preventDefault(); tell(false); } },
    make("div", { class: "field search" }, make("label", { for: "filter-q" }, say("gallery.search")), q), more, fields, order);
  return {
    element,
    search: q,
    clear: () => clear.click(),
    offer: (loaded) => { choices = loaded; set(read()); },
    close: () => clearTimeout(timer),
  };
}
