// The line above every view: where one can go, language and theme. It stays while views come and go below it.

import { make } from "./dom.js";
import { chooseTheme, readTheme, THEMES } from "./theme.js";
import { getLanguage, LANGUAGES, say } from "./words.js";

let isMenuOpen = false; // a header in another language has the menu as it was

function makeSelect(label, options, chosen, choose) {
  const select = make("select", { "aria-label": label, onchange: () => choose(select.value) },
    options.map(([value, text]) => make("option", { value, selected: value === chosen }, text)));
  return select;
}

/** What is seldom needed; on a phone it is behind a button. */
function makeTools({ speak, leave }) {
  const tools = make("div", { class: "tools", id: "tools" },
    make("a", { href: "/docs", target: "_blank", rel: "noopener" }, say("nav.reference"), make("span", { class: "unseen" }, ` ${say("nav.newTab")}`)),
    makeSelect(say("nav.language"), Object.entries(LANGUAGES), getLanguage(), speak),
    makeSelect(say("nav.theme"), THEMES.map((each) => [each, say(`theme.${each}`)]), readTheme(), chooseTheme),
    leave ? make("button", { type: "button", class: "plain", onclick: () => { isMenuOpen = false; leave(); } }, say("nav.signOut")) : null);
  const menu = make("button", { type: "button", class: "plain menu", "aria-controls": "tools", "aria-label": say("nav.menu"), onclick: () => unfold(!isMenuOpen) }, "☰");
  function unfold(isOpen) {
    isMenuOpen = isOpen;
    menu.setAttribute("aria-expanded", String(isOpen));
    tools.classList.toggle("open", isOpen);
  }
  unfold(isMenuOpen);
  return [menu, tools];
}

/** Return `{ element, mark }`: links to the views, the tools, and without a key (`leave` is null) neither links nor a way out. */
export function makeHeader({ views, content, speak, leave }) {
  const links = new Map(views.map((view) => [view, make("a", { href: `#/${view}` }, say(`nav.${view}`))]));
  const element = make("header", { class: "bar" },
    make("a", { class: "skip", href: "#content", onclick: (event) => { event.preventDefault(); content.focus(); } }, say("nav.skip")),
    make("a", { class: "brand", href: "#/draw" }, make("img", { src: "/studio/icon.svg", alt: "", width: 24, height: 24 }), say("app.title")),
    leave ? make("nav", { "aria-label": say("nav.main") }, [...links.values()]) : null,
    makeTools({ speak, leave }));

  /** Say which view is open. */
  function mark(view) {
    for (const [name, link] of links) {
      if (name === view) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  return { element, mark };
}
