// A call that brought no picture: what happened, in words, and what a person can do about it.

import { getJson } from "./api.js";
import { retry } from "./buying.js";
import { make, show } from "./dom.js";
import { getInputs } from "./thread.js";
import { say, sayDollars, sayError, sayNumber } from "./words.js";

/** The prompt or the settings have to change; the same again would be refused again. */
const TO_CHANGE = ["content_policy_violation", "unsupported_value", "unsupported_parameter", "invalid_image", "image_not_found", "image_fetch_failed",
  "context_length_exceeded", "upstream_rejected", "request_too_large", "model_not_allowed", "model_not_found", "model_not_priced"];

/** The gateway tells these again under the same name; what was bought under it may be paid a second time. */
const TOLD_AGAIN = ["upstream_unknown_outcome", "upstream_timeout", "upstream_error", "upstream_invalid_response", "internal_error", "idempotency_key_reused", "gone"];

function adviseOn(code) {
  if (code === "insufficient_quota") return "budget";
  if (TO_CHANGE.includes(code)) return "change";
  if (["upstream_unknown_outcome", "upstream_timeout"].includes(code)) return "unknown";
  if (TOLD_AGAIN.includes(code)) return "anew";
  return code === "upstream_auth" ? "operator" : "again";
}

/** A button that tries again, once the wait is over that the gateway asked for. */
function makeRetry(turn, isNew) {
  const endsAt = turn.error.at + (isNew ? 0 : (turn.error.retryAfter ?? 0) * 1000);
  const button = make("button", { type: "button", class: adviseOn(turn.error.code) === "unknown" ? null : "main", onclick: () => {
    if (button.getAttribute("aria-disabled") !== "true") retry(turn, { isNew });
  } });
  function tick() {
    const seconds = Math.ceil((endsAt - Date.now()) / 1000);
    button.setAttribute("aria-disabled", String(seconds > 0));
    show(button, seconds > 0 ? say("draw.retry.in", { seconds: sayNumber(seconds) }) : say(isNew ? "draw.retry.anew" : "common.retry"));
    if (seconds <= 0) clearInterval(timer);
  }
  const timer = setInterval(tick, 1000);
  tick();
  return { button, close: () => clearInterval(timer) };
}

function makeDetails(error, generationId) {
  const told = [error.message, error.code && `code ${error.code}`, error.requestId, generationId].filter(Boolean);
  if (!told.length || error.code === "not_sent") return null;
  return make("details", {}, make("summary", {}, say("draw.trouble.details")), told.map((line) => make("p", { class: "hint" }, line)));
}

/** Where nobody knows whether it was bought: what is held for it now, and where that is looked after. */
function makeHeld({ generationId }) {
  const said = make("p");
  getJson(`/v1/limner/generations/${generationId}`).then(({ held_usd: held }) => { if (held) show(said, say("draw.advice.held", { held: sayDollars(held) })); }, () => {});
  return [said, make("a", { class: "button", href: "#/usage" }, say("nav.usage"))];
}

const makeButton = (name, press, kind = null) => make("button", { type: "button", class: kind, onclick: press }, say(name));

function makeMishap(turn, title, lines, buttons, remove) {
  return make("div", { class: "mishap" }, make("h2", {}, title), lines,
    getInputs(turn) ? null : make("p", {}, say("draw.advice.inputs")),
    make("div", { class: "row" }, buttons, makeButton("draw.remove", remove, "plain")));
}

/** Return `{ element, close }` for a turn that failed; `change` puts its prompt back, `remove` takes the turn away. */
export function makeTrouble(turn, { change, remove }) {
  const { error } = turn;
  const advice = adviseOn(error.code);
  const again = ["change", "budget"].includes(advice) || !getInputs(turn) ? null : makeRetry(turn, TOLD_AGAIN.includes(error.code));
  const [held, usage] = advice === "unknown" ? makeHeld(turn) : [];
  const element = makeMishap(turn, sayError(error), [held, make("p", {}, say(`draw.advice.${advice}`))],
    [usage, again?.button, makeButton("draw.change", change, again ? null : "main")], remove);
  element.append(makeDetails(error, turn.generationId) ?? "");
  return { element, close: () => again?.close() };
}

/** The same for an answer without a picture, and for a call that was taken back. */
export function makeNothing(turn, { change, remove }) {
  const isCancelled = turn.state === "cancelled";
  return makeMishap(turn, say(isCancelled ? "draw.cancelled" : "draw.declined"),
    [make("p", { dir: "auto" }, isCancelled ? say("draw.cancelled.free") : turn.refusal), isCancelled ? null : make("p", {}, say("draw.advice.change"))],
    [makeButton("draw.change", change, "main"), getInputs(turn) ? makeButton("draw.retry.anew", () => retry(turn, { isNew: true })) : null], remove);
}
