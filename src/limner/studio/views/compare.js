// `#/compare/img_…/img_…`: two pictures against each other, wherever they were chosen.

import { getJson } from "../api.js";
import { makeComparison } from "../compare.js";
import { make, show } from "../dom.js";
import { loadPicture, releasePictures } from "../pictures.js";
import { register, say, sayError } from "../words.js";
import words from "../words/draw.js";

register(words);

async function load(id) {
  const [facts, url] = await Promise.all([getJson(`/v1/limner/pictures/${encodeURIComponent(id)}`), loadPicture(id)]);
  return { url, width: facts.width, height: facts.height, prompt: facts.prompt ?? "" };
}

/** Open the view. Returns what closes it. */
export function open(root, { rest }) {
  let isOpen = true;
  const place = make("div", { class: "compare-stage draw-skeleton" }, make("p", { class: "hint" }, say("common.loading")));
  document.title = `${say("compare.title")} · Limner`;
  show(root, make("section", { class: "comparison" },
    make("div", { class: "head draw-head" }, make("h1", {}, say("compare.title")),
      make("button", { type: "button", onclick: () => (history.length > 1 ? history.back() : location.assign("#/draw")) }, say("compare.back"))), place));

  async function fill() {
    try {
      const [one, other] = await Promise.all([load(rest[0] ?? ""), load(rest[1] ?? "")]);
      if (isOpen) place.replaceWith(makeComparison(one, other));
    } catch (error) {
      if (!isOpen) return;
      place.classList.remove("draw-skeleton");
      show(place, make("p", { class: "trouble", role: "alert" }, error.status === 404 ? say("draw.gone") : sayError(error)),
        make("button", { type: "button", onclick: fill }, say("common.retry")));
    }
  }

  fill();
  return () => {
    isOpen = false;
    releasePictures();
  };
}
