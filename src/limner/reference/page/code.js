// Shows programs: coloured a little, to be copied whole.

import { make } from "./dom.js";

const TOKENS =
  /(?<text>"(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`|'(?:\\.|[^'\\])*')|(?<word>\b(?:import|from|const|await|new|if|for|of|in|throw|as|with|print|true|false|null|True|False|None|curl)\b)|(?<flag>(?<=\s)-[A-Za-z]\b)/g;

function* colour(text) {
  let end = 0;
  for (const found of text.matchAll(TOKENS)) {
    if (found.index > end) yield text.slice(end, found.index);
    const kind = Object.keys(found.groups).find((name) => found.groups[name] !== undefined);
    yield make("span", { class: `token-${kind}` }, found[0]);
    end = found.index + found[0].length;
  }
  if (end < text.length) yield text.slice(end);
}

async function copy(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // Pages that came over plain HTTP from another machine have no clipboard.
  const area = make("textarea", { class: "visually-hidden", readonly: true }, text);
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

/** Return a button that copies what `read` returns. */
export function makeCopyButton(read, context) {
  const { words } = context;
  const button = make("button", { type: "button", class: "copy" }, words.copy);
  button.addEventListener("click", async () => {
    await copy(read());
    button.textContent = words.copied;
    setTimeout(() => (button.textContent = words.copy), 1500);
  });
  return button;
}

/** Return a block of code. */
export function makeCode(text, label) {
  return make("pre", { tabindex: "0", role: "region", "aria-label": label }, make("code", {}, ...colour(text)));
}
