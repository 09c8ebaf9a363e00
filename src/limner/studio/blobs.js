// Thumbnails: fetched with the key, a few at a time, and no more kept than a bound. They are painted onto canvases, which
// are let go at once: of images the browser keeps the last thousand decoded, some hundred megabytes (Chromium 150).

import { ask } from "./api.js";
import { make } from "./dom.js";

const AT_ONCE = 6; // a browser opens no more connections to one host
const MOST_KEPT = 300;
const MOST_SPARE = 64; // canvases that wait to be used again: new ones would stay until the collector comes

const spare = [];

/** Return where a small version of a picture is; its longer side has 256 or 512 pixels. */
export function toThumbnailPath(id, side) {
  return `/v1/limner/pictures/${id}/thumbnail?size=${side}`;
}

/** Fetches thumbnails for whoever wants them now; what nobody wants any more is not fetched, and let go in time. */
export class Thumbnails {
  kept = new Map(); // path -> bytes, those used last at the end
  wanted = new Map(); // path -> who is to be told
  running = new Map(); // path -> what ends its fetching

  /** Give `give` a canvas with a thumbnail as soon as it is there, or null if there is none. */
  want(path, give) {
    this.wanted.set(path, give);
    const blob = this.kept.get(path);
    if (!blob) return this.fetchSome();
    this.kept.delete(path);
    this.kept.set(path, blob);
    this.paint(path, blob);
  }

  /** It is out of view. */
  drop(path) {
    this.wanted.delete(path);
    this.running.get(path)?.abort();
  }

  close() {
    this.wanted.clear();
    this.kept.clear();
    for (const controller of this.running.values()) controller.abort();
  }

  fetchSome() {
    for (const path of this.wanted.keys()) {
      if (this.running.size >= AT_ONCE) return;
      if (!this.kept.has(path) && !this.running.has(path)) this.fetchOne(path);
    }
  }

  async fetchOne(path) {
    const controller = new AbortController();
    this.running.set(path, controller);
    let blob = null;
    try {
      blob = await (await ask(path, { signal: controller.signal })).blob();
    } catch {
      // left meanwhile, or there is none
    }
    this.running.delete(path);
    if (blob && this.wanted.has(path)) {
      this.kept.set(path, blob);
      if (this.kept.size > MOST_KEPT) this.kept.delete(this.kept.keys().next().value);
      this.paint(path, blob);
    } else if (!blob && !controller.signal.aborted) this.give(path, null);
    this.fetchSome();
  }

  async paint(path, blob) {
    let canvas = null;
    try {
      const bitmap = await createImageBitmap(blob);
      canvas = spare.pop() ?? make("canvas");
      canvas.width = bitmap.width;
      canvas.height = bitmap.height;
      canvas.getContext("bitmaprenderer").transferFromImageBitmap(bitmap);
    } catch {
      // not what a browser can show
    }
    this.give(path, canvas);
  }

  give(path, canvas) {
    const give = this.wanted.get(path);
    this.wanted.delete(path); // it has it; and what there is none of is not asked for again before it comes back into view
    if (give) give(canvas);
    else if (canvas) clearCanvas(canvas);
  }
}

/** Let go of what a canvas shows, without waiting for the collector, and use it again for another picture. */
export function clearCanvas(canvas) {
  if (!canvas) return;
  canvas.getContext("bitmaprenderer").transferFromImageBitmap(null);
  canvas.remove();
  if (spare.length < MOST_SPARE) spare.push(canvas);
}
