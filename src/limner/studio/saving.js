// Takes things out of the page: text to the clipboard, a picture's bytes to a file.

import { make, show } from "./dom.js";
import { say } from "./words.js";

const TOLD_MS = 2000;
const NAME_CHARACTERS = 48;
const ENDINGS = { "image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/heic": "heic", "image/heif": "heif", "image/gif": "gif" };

/** Put a text into the clipboard; where the page may not, as over plain HTTP, in the way of old. */
async function copyText(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = make("textarea", { readonly: true, class: "unseen" });
  area.value = text;
  document.body.append(area);
  const before = document.activeElement;
  area.select();
  const isDone = document.execCommand("copy");
  area.remove();
  before?.focus();
  if (!isDone) throw new Error("the browser does not copy");
}

/** Return a button that copies what `getText` returns, and says for a while that it did. */
export function makeCopyButton(label, getText, attributes = {}) {
  const words = make("span", {}, label);
  const button = make("button", { type: "button", ...attributes, onclick: async () => {
    let told = say("common.copied");
    try {
      await copyText(getText());
    } catch {
      told = say("picture.notCopied");
    }
    show(words, told);
    clearTimeout(button.timer);
    button.timer = setTimeout(() => show(words, label), TOLD_MS);
  } }, words);
  words.setAttribute("aria-live", "polite");
  return button;
}

/** Return how a file is called that a picture is saved in: by its first words and its id. */
export function nameFile({ id, prompt, mime_type: mimeType }) {
  const slug = (prompt ?? "").normalize("NFC").toLowerCase().replace(/[^\p{L}\p{N}\p{M}]+/gu, "-");
  const cut = [...slug].slice(0, NAME_CHARACTERS).join("").replace(/^-+|-+$/g, "");
  return `${cut || "picture"}-${id.slice(4, 12)}.${ENDINGS[mimeType] ?? "bin"}`;
}

/** Save bytes that are at hand as a file. */
export function saveFile(url, name) {
  const link = make("a", { href: url, download: name, class: "unseen" });
  document.body.append(link);
  link.click();
  link.remove();
}
