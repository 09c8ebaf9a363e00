// Where a person says what to draw, how, and sees what it costs before it is asked for.

import { makeCounts, makeRatios, makeSizes } from "./choices.js";
import { make, show } from "./dom.js";
import { makeInputs } from "./inputs.js";
import { fitSettings, sayPixels, sayPrice } from "./models.js";
import { loadThumbnail } from "./pictures.js";
import { getPart, getTurn, setPart } from "./thread.js";
import { say, sayDollars, sayNumber, shorten } from "./words.js";

const WIDE = matchMedia("(min-width: 960px)");
const TOUCHED = matchMedia("(pointer: coarse)");
const TWICE_MS = 800; // a second press of the same click

function makePrompt(submit) {
  return make("textarea", {
    id: "prompt", rows: 3, dir: "auto", "aria-describedby": "prompt-keys prompt-trouble",
    oninput: (event) => setPart("draft", event.target.value, { isQuiet: true }),
    onkeydown: (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
      event.preventDefault();
      submit();
    },
  });
}

/** Which picture is changed, with what lets it be. */
function makeTarget(target, prompt) {
  const turn = getTurn(target.turn);
  const image = make("img", { alt: "", width: 48, height: 48 });
  loadThumbnail(turn.pictures[target.picture].id).then((url) => { image.src = url; }, () => {});
  return make("div", { class: "draw-target" }, image,
    make("div", {}, make("strong", {}, say("draw.target")), make("p", { class: "hint", dir: "auto" }, shorten(turn.prompt))),
    make("button", { type: "button", onclick: () => { setPart("target", null); prompt.focus(); } }, say("draw.target.leave")));
}

function makeModelSelect(models, chosen, choose) {
  const name = (model) => [model.title, model.nicknames.length ? `(${model.nicknames.join(", ")})` : "", model.isDeprecated ? `· ${say("draw.model.deprecated")}` : ""].filter(Boolean).join(" ");
  const select = make("select", { id: "model", onchange: () => choose(select.value) },
    models.map((model) => make("option", { value: model.id, selected: model.id === chosen }, name(model))));
  return make("div", { class: "choice" }, make("label", { for: "model" }, say("draw.model")), select);
}

/** The rows of settings, made anew whenever a model brings others; focus stays where it was. */
function makeSettings(models, changed) {
  const element = make("div", { class: "draw-settings" });
  let settings = fitSettings(models, getPart("settings"));

  function choose(changes) {
    settings = fitSettings(models, { ...settings, ...changes });
    setPart("settings", settings, { isQuiet: true });
    render();
  }

  function render() {
    const model = models.find((each) => each.id === settings.model);
    const focused = element.contains(document.activeElement) ? document.activeElement : null;
    const place = focused && [focused.closest(".choice")?.className, focused.value];
    show(element,
      makeModelSelect(models, settings.model, (value) => choose({ model: value })),
      makeRatios(model, settings.ratio, (value) => choose({ ratio: value })),
      makeSizes(model, settings, (value) => choose({ size: value })),
      makeCounts(settings.count, (value) => choose({ count: value })));
    if (place) [...element.querySelectorAll(".choice")].find((each) => each.className === place[0])?.querySelector("select, input:checked")?.focus();
    changed(model, settings);
  }

  render();
  return { element, choose, read: () => settings };
}

function describe(model, settings) {
  const pixels = sayPixels(model, settings.ratio, settings.size);
  return [settings.ratio || say("draw.ratio.short"), settings.size, pixels, settings.count > 1 ? `× ${sayNumber(settings.count)}` : ""].filter(Boolean).join(" · ");
}

/** Return `{ element, refresh, setLeft, fill, close, focus }`; `drawn` gets what is to be drawn: `{ prompt, settings, files, parent }`. */
export function makeComposer(models, { emulator, drawn }) {
  const form = make("form", { class: "composer card", "aria-label": say("draw.composer"), onsubmit: (event) => { event.preventDefault(); submit(); } });
  const prompt = makePrompt(() => submit());
  prompt.value = getPart("draft");
  const label = make("label", { for: "prompt" });
  const target = make("div", { class: "aim" });
  const trouble = make("p", { id: "prompt-trouble", class: "trouble", role: "alert" });
  const summary = make("summary");
  const price = make("output", { for: "model" });
  const press = make("button", { type: "submit", class: "main" });
  const left = make("p", { class: "hint left", role: "status" });
  const inputs = makeInputs(form, (files) => setPart("files", files, { isQuiet: true }));
  inputs.set(getPart("files"));
  const sums = { total: 0, left: null, pressed: 0, isBusy: false };
  const settings = makeSettings(models, (model, chosen) => {
    sums.total = model.prices[chosen.size] * chosen.count;
    const total = sayPrice(sums.total);
    show(summary, make("span", {}, say("draw.settings")), make("span", { class: "hint" }, describe(model, chosen)));
    show(price, total);
    show(press, say("draw.press", { price: total }));
    setLeft(sums.left);
  });
  const details = make("details", { open: WIDE.matches }, summary, settings.element);

  /** Say what the budget still holds; null: there is none. */
  function setLeft(usd) {
    sums.left = usd;
    const isShort = usd !== null && usd < sums.total;
    left.classList.toggle("trouble", isShort);
    show(left, usd === null ? null : say(isShort ? "draw.left.short" : "draw.left", { left: sayDollars(usd) }));
  }

  function complain(words) {
    prompt.setAttribute("aria-invalid", String(Boolean(words)));
    show(trouble, words);
  }

  async function submit() {
    const text = prompt.value.trim();
    if (sums.isBusy || (!text && Date.now() - sums.pressed < TWICE_MS)) return;
    complain(text ? null : say("draw.prompt.empty"));
    if (!text) return prompt.focus();
    sums.isBusy = true;
    const isWhole = await inputs.settle(); // a picture that is still being read belongs to it
    Object.assign(sums, { isBusy: false, pressed: Date.now() });
    if (!isWhole || !form.isConnected) return;
    const aim = getPart("target");
    drawn({ prompt: text, settings: { ...settings.read() }, files: inputs.take(), parent: aim });
    inputs.clear();
    prompt.value = "";
    setPart("draft", "");
    details.open = WIDE.matches; // on a phone it would cover what is being drawn
    if (TOUCHED.matches) prompt.blur(); // and so would its keyboard
    else prompt.focus();
  }

  function refresh() {
    const aim = getPart("target");
    const key = aim ? `${aim.turn}/${aim.picture}` : "";
    if (target.dataset.key === key) return;
    target.dataset.key = key;
    show(target, aim ? makeTarget(aim, prompt) : null);
    show(label, say(aim ? "draw.prompt.change" : "draw.prompt"));
    prompt.setAttribute("placeholder", say(aim ? "draw.prompt.change.example" : "draw.prompt.example"));
  }

  refresh();
  prompt.addEventListener("input", () => complain(null));
  show(form, target, label, prompt, trouble, inputs.element, details,
    make("p", { class: "hint" }, say(emulator ? "draw.price.emulator" : "draw.price.words")), make("p", { class: "unseen" }, say("draw.price.total"), " ", price),
    make("div", { class: "go" }, left, press, make("p", { id: "prompt-keys", class: "hint" }, say("draw.keys"))));
  const follow = () => { details.open = WIDE.matches; };
  WIDE.addEventListener("change", follow);
  return {
    element: form,
    refresh,
    setLeft,
    focus: () => prompt.focus(),
    fill: ({ prompt: text, settings: wished, files }) => {
      prompt.value = text;
      complain(null);
      setPart("draft", text, { isQuiet: true });
      if (wished) settings.choose(wished);
      if (files) inputs.set(files);
      prompt.focus();
    },
    submit,
    close: () => { WIDE.removeEventListener("change", follow); inputs.close(); },
  };
}
