// Secrets that are shown this once: to be copied, or saved as a file, before the dialogue is closed.

import { make, show } from "./dom.js";
import { openSheet } from "./sheet.js";
import { say } from "./words.js";

/** Return a button that copies a text; where the browser does not let it, the text is marked. */
function makeCopy(text, from) {
  const button = make("button", { type: "button", onclick: async () => {
    try {
      await navigator.clipboard.writeText(text);
      show(button, say("common.copied"));
    } catch {
      from.focus();
      from.select();
    }
  } }, say("common.copy"));
  return button;
}

function makeDone(close) {
  return make("footer", {}, make("button", { type: "button", class: "main", onclick: close }, say("secret.saved")));
}

/** Show the secret of one key. */
export function showSecret(name, secret, words) {
  let close = () => {};
  const field = make("input", { type: "text", readonly: true, value: secret, "aria-label": say("secret.of", { name }), class: "secret", spellcheck: "false", autocomplete: "off", autofocus: true, onfocus: () => field.select() });
  close = openSheet(say("secret.title", { name }), [
    make("p", {}, words),
    make("div", { class: "joined" }, field, makeCopy(secret, field)),
    make("p", { class: "hint" }, say("secret.once")),
    makeDone(() => close()),
  ], { isHeld: true });
}

function toCsv(keys) {
  const cell = (text) => `"${text.replaceAll('"', '""')}"`;
  return ["name,key", ...keys.map(({ name, key }) => `${cell(name)},${cell(key)}`)].join("\r\n");
}

/** Show the secrets that were made for an import. */
export function showSecrets(keys, title) {
  let close = () => {};
  const address = URL.createObjectURL(new Blob([toCsv(keys)], { type: "text/csv" }));
  close = openSheet(title, [
    make("p", {}, say("secret.several")),
    make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": title }, make("table", {},
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, say("usage.name")), make("th", { scope: "col" }, say("secret.key")))),
      make("tbody", {}, keys.map(({ name, key }) => make("tr", {}, make("th", { scope: "row" }, name), make("td", {}, make("code", {}, key))))))),
    make("p", {}, make("a", { href: address, download: "limner-keys.csv", class: "button" }, say("secret.save"))),
    make("p", { class: "hint" }, say("secret.once")),
    makeDone(() => close()),
  ], { isHeld: true, closed: () => URL.revokeObjectURL(address) });
}
