// A call that brought no picture: what happened, in words, and what a person can do about it.

import { retry } from "./buying.js";
import { make, show } from "./dom.js";
import { getInputs } from "./thread.js";
import { say, sayError, sayNumber } from "./words.js";

/** The prompt or the settings have to change; the same again would be refused again. */
const TO_CHANGE = ["content_policy_violation", "unsupported_value", "unsupported_parameter", "invalid_image", "image_not_found", "image_fetch_failed",
  "context_length_exceeded", "upstream_rejected", "request_too_large", "model_not_allowed", "model_not_found", "model_not_priced"];

/** The gateway tells these again under the same name; what was bought under it may be paid a second time. */
const TOLD_AGAIN = ["upstream_unknown_outcome", "upstream_timeout", "upstream_error", "upstream_invalid_response", "internal_error", "idempotency_key_reused"];

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
  const button = make("button", { type: "button", class: "main", onclick: () => {
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

/** Return `{ element, close }` for a turn that failed; `change` puts its prompt back, `remove` takes the turn away. */
export function makeTrouble(turn, { change, remove }) {
  const { error } = turn;
  const advice = adviseOn(error.code);
  const hasInputs = getInputs(turn) !== null;
  const again = ["change", "budget"].includes(advice) || !hasInputs ? null : makeRetry(turn, TOLD_AGAIN.includes(error.code));
  const element = make("div", { class: "mishap" },
    make("h2", {}, sayError(error)),
    make("p", {}, say(`draw.advice.${advice}`)),
    hasInputs ? null : make("p", {}, say("draw.advice.inputs")),
    make("div", { class: "row" }, again?.button,
      make("button", { type: "button", class: again ? null : "main", onclick: change }, say("draw.change")),
      make("button", { type: "button", class: "plain", onclick: remove }, say("draw.remove"))),
    makeDetails(error, turn.generationId));
  return { element, close: () => again?.close() };
}

/** The same for an answer without a picture, and for a call that was taken back. */
export function makeNothing(turn, { change, remove }) {
  const isCancelled = turn.state === "cancelled";
  const hasInputs = getInputs(turn) !== null;
  const again = hasInputs ? make("button", { type: "button", onclick: () => retry(turn, { isNew: true }) }, say("draw.retry.anew")) : null;
  return make("div", { class: "mishap" },
    make("h2", {}, say(isCancelled ? "draw.cancelled" : "draw.declined")),
    make("p", { dir: "auto" }, isCancelled ? say("draw.cancelled.free") : turn.refusal),
    isCancelled ? null : make("p", {}, say("draw.advice.change")),
    hasInputs ? null : make("p", {}, say("draw.advice.inputs")),
    make("div", { class: "row" },
      make("button", { type: "button", class: "main", onclick: change }, say("draw.change")), again,
      make("button", { type: "button", class: "plain", onclick: remove }, say("draw.remove"))));
}
