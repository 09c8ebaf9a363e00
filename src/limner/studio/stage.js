// Shows one picture whole, or pixel by pixel. Its place is as large before the picture is there as after.

import { make, style } from "./dom.js";
import { say } from "./words.js";

/** Shows a picture of known pixels; `zoomed` is told whether it is in its actual size. */
export class Stage {
  constructor({ width, height, prompt }, zoomed) {
    Object.assign(this, { zoomed, isActual: false, isReady: false });
    this.picture = make("img", { alt: prompt ?? say("gallery.wordless"), hidden: true, draggable: "false", onclick: (event) => this.toggle(event) });
    this.element = make("div", { class: "easel" }, this.picture);
    if (width && height) style(this.element, { "--ratio": `${width} / ${height}` });
  }

  /** Show the small version until the picture is there. */
  setPreview(canvas) {
    if (canvas && !this.isReady) this.element.prepend(canvas);
  }

  /** Show the picture; returns whether the browser can. */
  async setPicture(url) {
    this.picture.src = url;
    try {
      await this.picture.decode();
    } catch {
      return false;
    }
    this.isReady = true;
    this.picture.hidden = false;
    this.element.querySelector("canvas")?.remove();
    this.element.classList.add("ready");
    return true;
  }

  showTrouble(...words) {
    this.element.append(make("p", { class: "trouble", role: "alert" }, words));
  }

  /** Change between the whole and the actual size; where it was clicked is in the middle then. */
  toggle(event) {
    if (!this.isReady) return;
    const spot = event ? this.findSpot(event) : { x: 0.5, y: 0.5 };
    this.isActual = !this.isActual;
    this.element.classList.toggle("actual", this.isActual);
    style(this.picture, { width: this.isActual ? `${this.picture.naturalWidth / devicePixelRatio}px` : "" });
    if (this.isActual) {
      this.element.setAttribute("tabindex", "0");
      this.element.setAttribute("role", "region");
      this.element.setAttribute("aria-label", say("picture.stage"));
      this.element.scrollLeft = spot.x * this.picture.offsetWidth - this.element.clientWidth / 2;
      this.element.scrollTop = spot.y * this.picture.offsetHeight - this.element.clientHeight / 2;
      this.element.focus({ preventScroll: true });
    } else for (const name of ["tabindex", "role", "aria-label"]) this.element.removeAttribute(name);
    this.zoomed(this.isActual);
  }

  /** Return which part of the picture was clicked, 0 to 1 across and down; it stands in the middle of its box. */
  findSpot({ offsetX, offsetY }) {
    const { naturalWidth, naturalHeight, clientWidth, clientHeight } = this.picture;
    const scale = Math.min(clientWidth / naturalWidth, clientHeight / naturalHeight) || 1;
    const toPart = (offset, box, natural) => Math.min(1, Math.max(0, (offset - (box - natural * scale) / 2) / (natural * scale)));
    return { x: toPart(offsetX, clientWidth, naturalWidth), y: toPart(offsetY, clientHeight, naturalHeight) };
  }
}
