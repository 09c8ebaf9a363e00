// The page's words in English and Chinese. Each view brings its own; a word that is missing shows its name.

import common from "./words/common.js";

export const LANGUAGES = { en: "English", zh: "中文" };

const STORED = "limner.language";
const words = { en: {}, zh: {} };
let language = choose();
register(common);

function choose() {
  let stored = null;
  try {
    stored = localStorage.getItem(STORED);
  } catch {
    // then the browser's language counts
  }
  if (stored in LANGUAGES) return stored;
  return navigator.languages.some((each) => each.toLowerCase().startsWith("zh")) && !navigator.language.toLowerCase().startsWith("en") ? "zh" : "en";
}

/** Add words: `{ name: [English, Chinese] }`. */
export function register(added) {
  for (const [name, [english, chinese]] of Object.entries(added)) {
    words.en[name] = english;
    words.zh[name] = chinese;
  }
}

/** Return the language: `en` or `zh`. */
export function getLanguage() {
  return language;
}

/** Say in the page which language it speaks. */
export function showLanguage() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
}

/** Speak another language from now on, here and at the next visit; the page is to be shown anew. */
export function setLanguage(value) {
  language = value;
  showLanguage();
  try {
    localStorage.setItem(STORED, value);
  } catch {
    // until the next visit
  }
}

/** Return a text; `{name}` in it is replaced by a value of that name. */
export function say(name, values = {}) {
  const text = words[language][name] ?? words.en[name] ?? name;
  return text.replace(/\{(\w+)\}/g, (_, key) => String(values[key] ?? ""));
}

/** Return dollars; four places where two would not tell all of a small sum. */
export function sayDollars(usd) {
  if (usd === null || usd === undefined) return "–";
  const size = Math.abs(usd);
  const isRound = size >= 0.01 && Math.round(size * 1e4) % 100 === 0;
  const places = usd !== 0 && size < 0.1 && !isRound ? 4 : 2;
  return new Intl.NumberFormat(language, { style: "currency", currency: "USD", currencyDisplay: "narrowSymbol", minimumFractionDigits: places, maximumFractionDigits: places }).format(usd);
}

/** Return a time as people say it; `seconds` since 1970. */
export function sayTime(seconds) {
  return new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en", { dateStyle: "medium", timeStyle: "short" }).format(new Date(seconds * 1000));
}

/** Return a text that is no longer than fits on a line or two. */
export function shorten(text, most = 200) {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/** Return a number. */
export function sayNumber(value) {
  return new Intl.NumberFormat(language).format(value);
}

/** Return a file's size. */
export function sayBytes(bytes) {
  const [unit, one, places] = bytes < 1e6 ? ["kilobyte", 1e3, 0] : ["megabyte", 1e6, 1];
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: places }).format(bytes / one);
}

/** Return the language of what `sayError` says where it is not the page's: the gateway's own sentences are English. */
export function findLanguage(error) {
  return error.message && !words[language][`error.${error.code}`] ? "en" : null;
}

/** Return what a failure says to a person: what happened, and what to do. */
export function sayError(error) {
  const known = words[language][`error.${error.code}`];
  if (known) return say(`error.${error.code}`, { message: error.message, seconds: error.retryAfter ?? "" });
  return error.message || say("error.unknown");
}
