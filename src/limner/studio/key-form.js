// The form of a key: what it may be and how much it may use. It sends what was filled in, or what was changed.

import { make, show } from "./dom.js";
import { makeEnd, openSheet } from "./sheet.js";
import { findLanguage, say, sayTime } from "./words.js";

const PERIODS = ["total", "month", "day"];
const OUTPUTS = ["auto", "markdown", "url", "images"];
const LIVES = ["30d", "90d", "52w"];
const COUNT = /^([1-9]\d{0,14})?$/;
const ACCEPTED = { name: /./, budget_usd: /^(\d{1,9}(\.\d{1,6})?)?$/, requests_per_minute: COUNT, images_per_minute: COUNT };

const asText = (value) => (value === null || value === undefined ? "" : String(value));

/** Return a label, its field, and a place for what is wrong with it. */
function makeField(name, field, hint = null) {
  const id = `field-${name}`;
  field.setAttribute("id", id);
  field.setAttribute("name", name);
  field.setAttribute("aria-describedby", `${id}-words`);
  return make("div", { class: "field" },
    make("label", { for: id }, say(`key.${name}`)), field,
    make("div", { id: `${id}-words`, class: "hint" }, hint));
}

function makeText(name, value, options = {}, hint = null) {
  return makeField(name, make("input", { type: "text", value: asText(value), autocomplete: "off", spellcheck: "false", ...options }), hint);
}

function makeSelect(name, options, chosen) {
  return makeField(name, make("select", {}, options.map(([value, text]) => make("option", { value, selected: value === chosen }, text))));
}

function makeModels(models, chosen) {
  const names = [...new Set([...models, ...(chosen ?? [])])];
  return make("fieldset", {},
    make("legend", {}, say("key.models")),
    make("p", { class: "hint" }, say("key.models.words")),
    make("div", { class: "boxes" }, names.map((name) => make("label", { class: "check" },
      make("input", { type: "checkbox", name: "models", value: name, checked: chosen?.includes(name) ?? false }), name))));
}

function makeExpiry(key) {
  const stays = key?.expires_at ? [["stay", say("key.expires.stay", { time: sayTime(key.expires_at) })]] : [];
  const options = [...stays, ["never", say("key.expires.never")], ...LIVES.map((life) => [life, say(`key.expires.${life}`)])];
  return makeSelect("expires", options, stays.length ? "stay" : "never");
}

/** A budget of 0 is one: say what it means. */
function hintAtNothing({ target }) {
  show(target.nextElementSibling, target.value.trim() && Number(target.value) === 0 && say("key.budget.nothing"));
}

function makeFields(key, models) {
  return [
    makeText("name", key?.name, { required: true, maxlength: 100, autofocus: true }),
    make("div", { class: "pair" },
      makeText("budget_usd", key?.budget_usd, { inputmode: "decimal", placeholder: say("key.noLimit"), oninput: hintAtNothing }, key?.budget_usd === 0 && say("key.budget.nothing")),
      makeSelect("budget_period", PERIODS.map((each) => [each, say(`key.period.${each}`)]), key?.budget_period ?? "month")),
    make("div", { class: "pair" },
      makeText("requests_per_minute", key?.requests_per_minute, { inputmode: "numeric", placeholder: say("key.noLimit") }),
      makeText("images_per_minute", key?.images_per_minute, { inputmode: "numeric", placeholder: say("key.noLimit") })),
    makeModels(models, key?.models),
    make("div", { class: "pair" },
      makeExpiry(key),
      makeSelect("image_output", [["", say("key.output.default")], ...OUTPUTS.map((each) => [each, say(`key.output.${each}`)])], key?.image_output ?? "")),
    makeText("owner", key && key.owner !== key.id ? key.owner : "", { placeholder: say("key.owner.self") }, say("key.owner.words")),
    make("label", { class: "check" }, make("input", { type: "checkbox", name: "is_admin", checked: key?.is_admin ?? false }), say("key.is_admin")),
  ];
}

const toCount = (text) => (/^\d+$/.test(text) ? Number(text) : text);

/** Return what the form says, as the door takes it; null: no limit. */
function readForm(form) {
  const data = new FormData(form);
  const text = (name) => data.get(name).trim() || null;
  const count = (name) => (text(name) === null ? null : toCount(text(name)));
  const models = data.getAll("models");
  return {
    name: data.get("name").trim(),
    owner: text("owner"),
    budget_usd: text("budget_usd"),
    budget_period: text("budget_usd") === null ? null : data.get("budget_period"),
    requests_per_minute: count("requests_per_minute"),
    images_per_minute: count("images_per_minute"),
    models: models.length ? models : null,
    expires: data.get("expires") === "never" ? null : data.get("expires"),
    image_output: text("image_output"),
    is_admin: data.has("is_admin"),
  };
}

/** Return what of the values is new, against those that the form began with. */
function findChanges(values, before) {
  const changes = Object.fromEntries(Object.entries(values).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name])));
  if (changes.budget_period === null) delete changes.budget_period;
  if (changes.expires === "stay") delete changes.expires;
  return changes;
}

/** Return the first field with what cannot be, and what to say of it; null: there is none. */
function findTrouble({ elements }) {
  const param = Object.keys(ACCEPTED).find((each) => !ACCEPTED[each].test(elements[each].value.trim()));
  const value = param && elements[param].value.trim();
  return param ? { param, words: say(value ? `key.${param === "budget_usd" ? "budget" : "count"}.wrong` : "key.name.missing", { value }) } : null;
}

/** Have what is wrong told at its field, else at the form's end. */
function markTrouble(form, told, trouble) {
  form.querySelector("[aria-invalid]")?.removeAttribute("aria-invalid");
  form.lastChild.before(told);
  if (!trouble) return;
  if (trouble.words) show(told, trouble.words);
  told.lang = (trouble.words ? null : findLanguage(trouble)) ?? "";
  const field = trouble.param && form.querySelector(`[name="${CSS.escape(trouble.param)}"]`);
  if (!field) return;
  document.getElementById(`${field.id}-words`)?.append(told);
  field.setAttribute("aria-invalid", "true");
  field.focus();
}

/** Open the form for a new key, or for `key`. `save` gets what is to be sent, and may fail. */
export function openKeyForm({ key = null, models, save }) {
  let close = () => {};
  let before = null;
  const act = async () => {
    const values = readForm(form);
    if (key) {
      const changes = findChanges(values, before);
      if (Object.keys(changes).length) await save(changes);
      return close();
    }
    await save(Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null && value !== false)));
    return close();
  };
  const { end, run, trouble } = makeEnd({ label: say(key ? "keys.save" : "keys.create"), act, close: () => close() });
  const form = make("form", { novalidate: true, onsubmit: async (event) => {
    event.preventDefault();
    markTrouble(form, trouble, findTrouble(form) ?? await run());
  } }, makeFields(key, models), end);
  before = readForm(form);
  close = openSheet(key ? say("keys.edit.title", { name: key.name }) : say("keys.create.title"), form);
}
