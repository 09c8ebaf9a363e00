// What is known of a picture, in words, and the confirmation before it is deleted.

import { toThumbnailPath } from "./blobs.js";
import { make, show } from "./dom.js";
import { deletePicture } from "./feed.js";
import { findLanguage, say, sayBytes, sayDollars, sayError, sayNumber, sayTime } from "./words.js";

function sayRatio({ aspect_ratio: ratio, settings }) {
  const shown = ratio ?? settings.aspect_ratio ?? "–";
  return settings.aspect_ratio ? shown : say("picture.ratioChosen", { ratio: shown });
}

function saySize({ image_size: size, width, height }) {
  return width && height ? say("picture.pixels", { size, width, height }) : size;
}

function sayCost({ cost_usd: cost, picture_ids: ids }) {
  if (cost === null) return say("picture.costUnknown");
  return ids.length > 1 ? say("picture.costOf", { cost: sayDollars(cost), count: ids.length }) : sayDollars(cost);
}

/** Return the facts as a list. */
export function makeFacts(picture) {
  const { model, upstream_model: drew, settings } = picture;
  const count = settings.input_pictures;
  const rows = [
    ["model", model === drew ? model : say("picture.modelOf", { asked: model, model: drew })],
    ["ratio", sayRatio(picture)],
    ["size", saySize(picture)],
    ["created", make("time", { datetime: new Date(picture.created * 1000).toISOString() }, sayTime(picture.created))],
    ["cost", sayCost(picture)],
    ["file", `${picture.mime_type} · ${sayBytes(picture.bytes)}`],
    count ? ["inputs", count === 1 ? say("picture.inputsOne") : say("picture.inputsOf", { count: sayNumber(count) })] : null,
  ];
  return make("dl", { class: "facts" }, rows.filter(Boolean).map(([name, value]) =>
    make("div", {}, make("dt", {}, say(`picture.${name}`)), make("dd", { "data-fact": name }, value))));
}

/** Return thumbnails of some pictures, each in what `wrap` makes for it. */
export function makeStrip(ids, thumbnails, wrap) {
  return make("ul", { class: "strip", role: "list" }, ids.map((id, index) => {
    const inner = wrap(id, index);
    thumbnails.want(toThumbnailPath(id, 256), (canvas) => { if (canvas) inner.append(canvas); });
    return make("li", {}, inner);
  }));
}

/** Ask whether to delete, showing all that goes; `deleted` is called with the ids that went. */
export function confirmDelete(picture, thumbnails, deleted) {
  const ids = picture.picture_ids;
  const all = ids.length > 1 ? "All" : "";
  const trouble = make("p", { class: "trouble", role: "alert" });
  const yes = make("button", { type: "button", class: "danger", onclick: async () => {
    yes.disabled = true;
    try {
      const gone = await deletePicture(picture.id, ids);
      dialog.close();
      deleted(gone);
    } catch (error) {
      trouble.lang = findLanguage(error) ?? "";
      show(trouble, sayError(error));
      yes.disabled = false;
      yes.focus();
    }
  } }, say("picture.deleteNow"));
  const dialog = make("dialog", { class: "confirm", "aria-labelledby": "confirm-title", onclose: () => dialog.remove() },
    make("h2", { id: "confirm-title" }, say(`picture.deleteTitle${all}`, { count: ids.length })),
    makeStrip(ids, thumbnails, () => make("span", { class: "strip-item" })),
    make("p", {}, say(`picture.deleteText${all}`)),
    trouble,
    make("div", { class: "row" }, make("button", { type: "button", autofocus: true, onclick: () => dialog.close() }, say("common.cancel")), yes));
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
