// The reference page: reads /openapi.json and shows it. Language, theme and kind of program are remembered.

import { make, makeBlocks } from "./dom.js";
import { makeOperation } from "./operations.js";
import { chooseWords } from "./words.js";

const LANGUAGES = { en: "English", zh: "中文" };
const THEMES = ["auto", "light", "dark"];
const METHODS = ["get", "post", "put", "patch", "delete"];

function remember(name, value) {
  try {
    localStorage.setItem(`limner.reference.${name}`, value);
  } catch {
    // A browser that keeps nothing shows the page all the same.
  }
}

function recall(name, accepted, otherwise) {
  try {
    const found = localStorage.getItem(`limner.reference.${name}`);
    return accepted.includes(found) ? found : otherwise;
  } catch {
    return otherwise;
  }
}

function guessLanguage() {
  const asked = new URLSearchParams(location.search).get("lang");
  if (asked in LANGUAGES) return asked;
  const spoken = (navigator.languages ?? [navigator.language]).find((one) => /^(zh|en)\b/i.test(one)) ?? "en";
  return recall("language", Object.keys(LANGUAGES), /^zh/i.test(spoken) ? "zh" : "en");
}

const settings = {
  language: guessLanguage(),
  theme: recall("theme", THEMES, "auto"),
  program: recall("program", ["curl", "Python", "Node"], "curl"),
  onProgram: [],
  chooseProgram(name) {
    settings.program = name;
    remember("program", name);
    settings.onProgram.forEach((show) => show());
  },
};

function applyTheme() {
  document.documentElement.dataset.theme = settings.theme;
}

function makeChoice(label, options, chosen, choose) {
  const buttons = Object.entries(options).map(([value, text]) =>
    make("button", { type: "button", "aria-pressed": String(value === chosen), "data-value": value, lang: value === "zh" ? "zh-CN" : null }, text),
  );
  for (const button of buttons) {
    button.addEventListener("click", () => {
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      choose(button.dataset.value);
    });
  }
  return make("div", { class: "choice", role: "group", "aria-label": label }, buttons);
}

function listOperations(document_) {
  return Object.entries(document_.paths).flatMap(([path, methods]) =>
    METHODS.filter((method) => method in methods).map((method) => ({ path, method, operation: methods[method] })),
  );
}

function gatherText({ path, method, operation }, document_) {
  const schemas = JSON.stringify(operation.requestBody ?? {}).match(/schemas\/\w+/g) ?? [];
  const fields = schemas.flatMap((name) => Object.keys(document_.components.schemas[name.slice(8)]?.properties ?? {}));
  const parameters = (operation.parameters ?? []).map((parameter) => parameter.name);
  const codes = Object.values(operation.responses).flatMap((answer) => answer["x-codes"] ?? []);
  return [method, path, operation.operationId, operation.summary, operation.description, ...parameters, ...fields, ...codes].join(" ").toLowerCase();
}

function makeHeader(context, onMenu) {
  const { words } = context;
  const menu = make("button", { type: "button", class: "menu", "aria-expanded": "false", "aria-controls": "contents" }, words.menu);
  menu.addEventListener("click", () => onMenu(menu));
  return make(
    "header",
    { class: "top" },
    menu,
    make("a", { class: "brand", href: "#" }, make("img", { src: "/docs/icon.svg", alt: "", width: "24", height: "24" }), make("span", {}, "Limner"), make("span", { class: "brand-title" }, words.title)),
    make(
      "div",
      { class: "switches" },
      makeChoice(words.language, LANGUAGES, settings.language, chooseLanguage),
      makeChoice(words.theme, Object.fromEntries(THEMES.map((theme) => [theme, words[theme]])), settings.theme, (theme) => {
        settings.theme = theme;
        remember("theme", theme);
        applyTheme();
      }),
    ),
  );
}

function makeContents(doors, document_, context) {
  const { words } = context;
  const search = make("input", { type: "search", id: "search", placeholder: words.searchHint, "aria-label": words.search, autocomplete: "off", spellcheck: "false" });
  const told = make("p", { class: "told", role: "status" });
  const groups = document_.tags.map((tag) =>
    make(
      "div",
      { class: "group" },
      make("h2", {}, make("a", { href: `#tag-${tag.name}` }, tag["x-title"] ?? tag.name)),
      make(
        "ul",
        {},
        doors.filter((door) => door.operation.tags[0] === tag.name).map((door) => {
          door.entry = make(
            "li",
            {},
            make("a", { href: `#${door.operation.operationId}` }, make("span", { class: `method method-${door.method}` }, door.method.toUpperCase()), make("span", {}, door.operation.summary)),
          );
          return door.entry;
        }),
      ),
    ),
  );
  search.addEventListener("input", () => filter(search.value, doors, groups, told, words));
  search.addEventListener("keydown", (event) => {
    const first = doors.find((door) => !door.entry.hidden);
    if (event.key === "Enter" && first) location.hash = first.operation.operationId;
    if (event.key === "Escape") {
      search.value = "";
      filter("", doors, groups, told, words);
    }
  });
  return make(
    "nav",
    { class: "contents", id: "contents", "aria-label": words.menu },
    make("div", { class: "search" }, search, make("kbd", { "aria-hidden": "true" }, "/")),
    told,
    ...groups,
    make("p", { class: "contents-foot" }, make("a", { href: `/openapi.json?lang=${settings.language}` }, words.download)),
  );
}

function filter(text, doors, groups, told, words) {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const door of doors) {
    const isFound = wanted.every((word) => door.text.includes(word));
    door.entry.hidden = door.article.hidden = !isFound;
    count += isFound;
  }
  for (const group of groups) group.hidden = !group.querySelector("li:not([hidden])");
  for (const section of document.querySelectorAll(".tag")) section.hidden = !section.querySelector("article:not([hidden])");
  told.textContent = !wanted.length ? "" : count ? words.found(count) : words.nothing;
}

function makeMain(doors, document_, context) {
  const { words } = context;
  const sections = document_.tags.map((tag) =>
    make(
      "section",
      { class: "tag", id: `tag-${tag.name}`, tabindex: "-1" },
      make("div", { class: "tag-head" }, make("h2", {}, tag["x-title"] ?? tag.name), makeBlocks(tag.description)),
      doors.filter((door) => door.operation.tags[0] === tag.name).map((door) => {
        door.article = makeOperation(door.operation, door.method, door.path, context);
        return door.article;
      }),
    ),
  );
  return make(
    "main",
    { id: "main", tabindex: "-1" },
    make(
      "div",
      { class: "intro" },
      make("h1", {}, `Limner ${words.title}`),
      make("p", { class: "facts" }, `${words.version} ${document_.info.version}`, make("span", { "aria-hidden": "true" }, " · "), `${words.address} `, make("code", {}, location.origin)),
      makeBlocks(document_.info.description),
    ),
    ...sections,
  );
}

function followHash() {
  const target = location.hash.length > 1 ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
  document.body.classList.remove("with-contents");
  document.querySelector(".menu")?.setAttribute("aria-expanded", "false");
  markCurrent(target?.id);
  if (!target) return;
  target.scrollIntoView();
  target.focus({ preventScroll: true });
}

function markCurrent(id) {
  for (const link of document.querySelectorAll(".contents a")) {
    if (id && link.getAttribute("href") === `#${id}`) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

function watchScrolling() {
  const seen = new Set();
  const observer = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (entry.isIntersecting) seen.add(entry.target);
        else seen.delete(entry.target);
      }
      const [first] = [...document.querySelectorAll("article")].filter((article) => seen.has(article));
      if (first) markCurrent(first.id);
    },
    { rootMargin: "-80px 0px -60% 0px" },
  );
  for (const article of document.querySelectorAll("article")) observer.observe(article);
  return observer;
}

let observer = null;
let asked = 0;

async function show() {
  const turn = ++asked;
  const words = chooseWords(settings.language);
  document.documentElement.lang = settings.language === "zh" ? "zh-CN" : "en";
  document.title = `Limner ${words.title}`;
  let document_;
  try {
    const answer = await fetch(`/openapi.json?lang=${settings.language}`);
    if (!answer.ok) throw new Error(String(answer.status));
    document_ = await answer.json();
  } catch {
    document.body.replaceChildren(make("p", { class: "failed", role: "alert" }, words.failed));
    return;
  }
  if (turn !== asked) return;
  settings.onProgram = [];
  const context = { document: document_, words, settings };
  const doors = listOperations(document_).map((door) => ({ ...door, text: gatherText(door, document_) }));
  const main = makeMain(doors, document_, context);
  const contents = makeContents(doors, document_, context);
  const header = makeHeader(context, (menu) => {
    const isOpen = document.body.classList.toggle("with-contents");
    menu.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) contents.querySelector("input").focus();
  });
  document.body.replaceChildren(make("a", { class: "skip", href: "#main" }, words.skip), header, contents, main);
  observer?.disconnect();
  observer = watchScrolling();
  document.documentElement.dataset.shown = settings.language;
  followHash();
}

async function chooseLanguage(language) {
  settings.language = language;
  remember("language", language);
  await show();
  document.querySelector(`.choice [data-value="${language}"]`)?.focus();
}

document.addEventListener("keydown", (event) => {
  const isTyping = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
  if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    document.getElementById("search")?.focus();
  }
  if (event.key === "Escape" && document.body.classList.contains("with-contents")) {
    const menu = document.querySelector(".menu");
    menu.click();
    menu.focus();
  }
});
addEventListener("hashchange", followHash);

applyTheme();
show();
