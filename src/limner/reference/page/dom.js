// Makes elements. Text goes in as text only: nothing that was read ever becomes markup.

/** Return an element; attributes that are null or false are left out, `on…` are listeners. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

const INLINE = /`([^`]+)`|\*\*([^*]+)\*\*/g;

function* readInline(text) {
  let end = 0;
  for (const found of text.matchAll(INLINE)) {
    if (found.index > end) yield text.slice(end, found.index);
    yield found[1] === undefined ? make("strong", {}, found[2]) : make("code", {}, found[1]);
    end = found.index + found[0].length;
  }
  if (end < text.length) yield text.slice(end);
}

/** Return the inline elements of a text with `code` and **bold**. */
export function makeInline(text) {
  return [...readInline(text ?? "")];
}

/** Return the paragraphs and lists of a text. */
export function makeBlocks(text) {
  return (text ?? "").split(/\n{2,}/).filter(Boolean).map((block) => {
    const lines = block.split("\n");
    if (lines.every((line) => line.startsWith("- "))) {
      return make("ul", {}, lines.map((line) => make("li", {}, makeInline(line.slice(2)))));
    }
    return make("p", {}, makeInline(lines.join(" ")));
  });
}
