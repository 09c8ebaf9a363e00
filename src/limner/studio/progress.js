// What happens to a call right now: its steps, the bytes that have come, the time it takes, and whether it can be taken back.

import { cancel } from "./buying.js";
import { make, show } from "./dom.js";
import { say, sayBytes } from "./words.js";

const STEPS = ["queued", "drawing", "receiving", "stored"];
const STEP_OF = { waiting: 0, claimed: 0, sent: 1, receiving: 2, loading: 2 };

/** Whether nobody has said yet that the call arrived. */
const isUnheard = (turn) => turn.stage === "waiting" && !turn.generationId;

/** Return what happens now, in a sentence. */
export function sayStage(turn) {
  if (turn.state === "lost" && !navigator.onLine) return say(isUnheard(turn) ? "draw.stage.unheard" : "draw.stage.offline");
  if (turn.state === "lost") return say("draw.stage.lost");
  if (turn.stage === "loading" && !turn.total) return say("draw.stage.receiving");
  const told = { received: sayBytes(turn.received ?? 0), total: sayBytes(turn.total ?? 0) };
  return say(`draw.stage.${turn.stage === "receiving" && turn.received ? "received" : turn.stage}`, told);
}

/** Return minutes and seconds since a turn began. */
function sayElapsed(turn) {
  const seconds = Math.max(0, Math.floor(((turn.endedAt ?? Date.now()) - turn.startedAt) / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** Return `{ element, update, close }`. */
export function makeProgress(turn) {
  const steps = STEPS.map((step) => make("li", {}, say(`draw.step.${step}`)));
  const elapsed = make("span", { class: "elapsed", title: say("draw.elapsed") });
  const bar = make("progress", { max: 1, "aria-label": say("draw.step.receiving") });
  const stage = make("p", { class: "draw-stage" });
  const stop = make("button", { type: "button", onclick: () => { if (stop.getAttribute("aria-disabled") !== "true") cancel(turn); } });
  const timer = setInterval(() => show(elapsed, sayElapsed(turn)), 1000);

  function update() {
    const now = STEP_OF[turn.stage];
    steps.forEach((step, index) => {
      step.className = index < now ? "past" : index === now ? "now" : "";
      if (index === now) step.setAttribute("aria-current", "step");
      else step.removeAttribute("aria-current");
    });
    show(stage, sayStage(turn));
    show(elapsed, sayElapsed(turn));
    if (turn.stage === "loading" && turn.total) bar.value = Math.min(1, (turn.received ?? 0) / turn.total);
    else if (turn.stage === "waiting" || turn.stage === "claimed") bar.value = 0;
    else bar.removeAttribute("value");
    const isOpen = now === 0 && (turn.state === "running" || isUnheard(turn));
    const isLost = turn.state === "lost" && !isOpen; // nothing is known of it now
    if (isLost && document.activeElement === stop) stop.closest(".turn").focus({ preventScroll: true });
    stop.hidden = isLost;
    stop.setAttribute("aria-disabled", String(!isOpen || Boolean(turn.isCancelling)));
    show(stop, say(turn.isCancelling ? "draw.cancel.asked" : isOpen ? "common.cancel" : "draw.cancel.late"));
  }

  update();
  const element = make("div", { class: "draw-progress" }, make("ol", { class: "steps" }, steps), bar,
    make("div", { class: "row" }, stage, elapsed, stop));
  return { element, update, close: () => clearInterval(timer) };
}
