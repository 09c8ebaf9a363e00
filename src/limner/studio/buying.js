// Has a turn drawn, and finds out what became of it. A call is named by the turn's Idempotency-Key, so nothing is bought twice:
// whatever is lost on the way is looked for under that name, and only a call that never arrived is sent again.

import { ApiError, ask, getJson, readEvents } from "./api.js";
import { loadPicture, releasePictures } from "./pictures.js";
import { makeBody } from "./request.js";
import { getKey, whenLeft } from "./session.js";
import { getInputs, getPart, getTurn, markGone, setPart, updateTurn } from "./thread.js";

const STAGES = ["waiting", "claimed", "sent", "receiving", "loading"];
const STAGE_OF = { claimed: "claimed", sent: "sent", receiving: "receiving", settled: "loading" };
const FIRST_LOOK_MS = 250;
const LOOK_MS = 600;
const LONGEST_PAUSE_MS = 8000;
const LONGEST_WAIT_MS = 3_600_000;
const MAX_SENDS = 3;
const ENDS_SEEN = 5;

const LOST = new ApiError(0, { code: "network" });
const NOT_SENT = new ApiError(0, { code: "not_sent" });
const GONE = new ApiError(0, { code: "gone" });

const controls = new Map();
const sends = new Map();
const followed = new Set();
const askers = new WeakMap(); // the key that each turn was asked with
let hasLinks = true;

const sum = (numbers) => numbers.reduce((all, each) => all + each, 0);

/** Return the key that a turn is asked with, from its first request to its last. */
function keyOf(turn) {
  if (!askers.has(turn)) askers.set(turn, getKey());
  return askers.get(turn);
}

/** Whether anybody still waits for a turn here: nothing is asked for somebody who has signed out, whoever came after. */
const isWanted = (turn) => getTurn(turn.id) === turn && keyOf(turn) === getKey();

whenLeft(() => {
  for (const control of controls.values()) control.abort();
  controls.clear();
  sends.clear();
  releasePictures();
});

/** Have a turn drawn. */
export async function buy(turn) {
  if (!isWanted(turn)) return undefined;
  const control = new AbortController();
  controls.set(turn.id, control);
  sends.set(turn.id, (sends.get(turn.id) ?? 0) + 1);
  updateTurn(turn, { state: "running", stage: "waiting", error: null });
  const lose = () => control.abort(LOST); // what is said over a network that has gone may never be heard
  addEventListener("offline", lose);
  watch(turn, control);
  let trouble = null;
  try {
    await receive(turn, control.signal);
  } catch (error) {
    trouble = error;
  } finally {
    removeEventListener("offline", lose);
    controls.delete(turn.id);
    control.abort();
  }
  if (!trouble || trouble.name === "AbortError") return undefined;
  return control.signal.reason === LOST ? follow(turn) : judge(turn, trouble);
}

async function receive(turn, signal) {
  const body = makeBody(turn, hasLinks ? "url" : "images");
  const answer = await ask("/v1/chat/completions", { method: "POST", json: body, headers: { "idempotency-key": turn.key }, signal, key: keyOf(turn) });
  updateTurn(turn, { generationId: answer.headers.get("x-limner-generation-id") ?? "" });
  advance(turn, "sent");
  const told = { text: "", refusal: "" };
  for await (const event of readEvents(answer)) {
    if (event.error) throw new ApiError(200, { ...event.error, generationId: event.error.generation_id });
    for (const choice of event.choices ?? []) {
      const { content, refusal } = choice.delta;
      if (content) advance(turn, "receiving");
      if (content && choice.index === 0) told.text += content;
      if (refusal) told.refusal = refusal;
    }
    if (event.limner) return finish(turn, { ...told, limner: event.limner });
  }
  throw LOST;
}

/** Move a turn on to a stage; never back. */
function advance(turn, stage) {
  if (turn.state === "running" && STAGES.indexOf(stage) > STAGES.indexOf(turn.stage)) updateTurn(turn, { stage });
}

/** Look every now and then what the books say, as long as the call is on its way; a stream that misses its end is given up. */
async function watch(turn, control) {
  const { signal } = control;
  let endsSeen = 0;
  for (let pause = FIRST_LOOK_MS; !signal.aborted; pause = LOOK_MS) {
    await sleep(pause, signal);
    if (signal.aborted || turn.stage === "loading" || !isWanted(turn)) return;
    const found = await find(turn, signal).catch(() => null);
    if (!found || signal.aborted || turn.stage === "loading") continue;
    if (!turn.generationId) updateTurn(turn, { generationId: found.generation_id });
    if (found.received_bytes !== turn.received) updateTurn(turn, { received: found.received_bytes });
    if (found.status === "in_progress") advance(turn, STAGE_OF[found.state] ?? "waiting");
    else if (++endsSeen > ENDS_SEEN) control.abort(LOST);
  }
}

/** Return what the books say of a turn's call; null: it never arrived. That with which it failed before is no news. */
async function find(turn, signal) {
  const list = await getJson("/v1/chat/completions", { idempotency_key: turn.key, order: "desc", limit: 1 }, { signal, key: keyOf(turn) });
  const [found] = list.data;
  return found && found.generation_id !== turn.spentId ? found : null;
}

function sleep(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(end, milliseconds);
    function end() {
      clearTimeout(timer);
      removeEventListener("online", end);
      signal?.removeEventListener("abort", end);
      resolve();
    }
    addEventListener("online", end);
    signal?.addEventListener("abort", end);
  });
}

/** Decide what a failure means: the end of the call, or only that this page does not know it. */
async function judge(turn, error) {
  const isOutputRefused = error.status === 400 && error.param?.endsWith("image_output");
  if (isOutputRefused && hasLinks) {
    hasLinks = false;
    return buy(turn);
  }
  if (error.code === "cancelled") return cancelled(turn);
  const isUnknown = error.status === 0 || (error.status >= 500 && !error.code);
  return isUnknown ? follow(turn) : fail(turn, error);
}

function end(turn, changes) {
  sends.delete(turn.id);
  updateTurn(turn, { endedAt: Date.now(), ...changes });
}

function fail(turn, error) {
  const { status, code, message, param, retryAfter, requestId } = error;
  const generationId = error.generationId || turn.generationId;
  const aimed = turn.parent && getTurn(turn.parent.turn)?.pictures[turn.parent.picture];
  if (code === "image_not_found" && aimed?.url) markGone([aimed.id]);
  end(turn, { state: "failed", generationId, error: { status, code, message, param, retryAfter, requestId, at: Date.now() } });
}

/** Look for a turn's call until it is known what became of it; once at a time. */
export async function follow(turn) {
  if (followed.has(turn)) return undefined;
  followed.add(turn);
  let goOn;
  try {
    goOn = await look(turn);
  } finally {
    followed.delete(turn);
  }
  return goOn?.();
}

/** Return how to go on with a call that never arrived; others are brought to their end here. */
async function look(turn) {
  updateTurn(turn, { state: "lost" });
  for (let pause = FIRST_LOOK_MS; isWanted(turn); pause = Math.min(pause * 1.6, LONGEST_PAUSE_MS)) {
    try {
      const found = await find(turn);
      if (!found) {
        const isGivenUp = Boolean(turn.generationId) && (await wasGivenUp(turn));
        return () => (turn.isCancelling ? cancelled(turn) : sendAgain(turn, isGivenUp));
      }
      if (turn.isCancelling && (await takeBack(turn, found))) return () => cancelled(turn);
      updateTurn(turn, { state: "running", generationId: found.generation_id, stage: STAGE_OF[found.state] ?? turn.stage, received: found.received_bytes });
      if (found.status !== "in_progress") return await collect(turn, found.status === "completed");
      pause = LOOK_MS;
    } catch (error) {
      const isPassing = error.status === 0 || error.status >= 500 || error.status === 429;
      if (!isPassing) return () => fail(turn, error);
      updateTurn(turn, { state: "lost" });
    }
    await sleep(pause);
  }
  return null;
}

/** Whether a call that is no answer any more was given up before it was sent. */
async function wasGivenUp(turn) {
  try {
    return (await getJson(`/v1/limner/generations/${turn.generationId}`, {}, { key: keyOf(turn) })).state === "failed";
  } catch (error) {
    if (error.status !== 404) throw error;
    return false;
  }
}

/** A call that never arrived is sent under its name again if the person is still waiting for it; else they are asked. */
function sendAgain(turn, isGivenUp) {
  if (isGivenUp) return fail(turn, NOT_SENT);
  if (turn.generationId || Date.now() - turn.startedAt > LONGEST_WAIT_MS) return fail(turn, GONE); // it did arrive, or may have
  const wasSentHere = sends.has(turn.id) && sends.get(turn.id) < MAX_SENDS;
  return wasSentHere && getInputs(turn) ? buy(turn) : fail(turn, NOT_SENT);
}

async function collect(turn, isGood) {
  let answer;
  try {
    answer = await getJson(`/v1/chat/completions/${turn.generationId}`, {}, { key: keyOf(turn) });
  } catch (error) {
    const isAway = error.status === 0 || (error.status >= 500 && !error.code) || (isGood && [429, 503].includes(error.status));
    if (isAway) throw error; // it is there, and cannot be had now
    if (error.code === "cancelled") return cancelled(turn);
    if (error.status !== 404) return fail(turn, error);
    return fail(turn, isGood ? GONE : NOT_SENT);
  }
  const messages = answer.choices.map((choice) => choice.message);
  const refusal = messages.map((message) => message.refusal).find(Boolean) ?? "";
  return finish(turn, { text: messages[0].content ?? "", refusal, limner: answer.limner });
}

/** Take an answer: fetch its pictures, so that "stored" and "shown" are one moment. */
async function finish(turn, { text, refusal, limner }) {
  if (!isWanted(turn)) return;
  const pictures = limner.images.map(({ id, url, width, height, mime_type: type, bytes }) => ({ id, url, width, height, type, bytes }));
  const total = sum(pictures.map((picture) => picture.bytes));
  const words = text.replace(/!\[image\]\([^)]*\)/g, "").trim();
  updateTurn(turn, { state: "running", stage: "loading", pictures, refusal: pictures.length ? "" : refusal, text: pictures.length ? words : "",
    notices: limner.notices, cost: limner.cost_usd, generationId: limner.generation_id ?? "", received: 0, total });
  const received = pictures.map(() => 0);
  await Promise.all(pictures.map(({ id }, index) => fetchPicture(turn, id, (bytes) => {
    received[index] = bytes;
    updateTurn(turn, { received: sum(received) });
  })));
  end(turn, { state: "done" });
  const aim = getPart("target");
  const isUntouched = aim?.turn === turn.parent?.turn && aim?.picture === turn.parent?.picture;
  if (pictures.length && isUntouched && getPart("here") === turn.id) setPart("target", { turn: turn.id, picture: 0 });
}

/** Fetch a picture, and wait for a gateway that is away; what else is wrong with it is told in its place. */
async function fetchPicture(turn, id, tellBytes) {
  for (let pause = FIRST_LOOK_MS; isWanted(turn); pause = Math.min(pause * 1.6, LONGEST_PAUSE_MS)) {
    const error = await loadPicture(id, tellBytes).then(() => null, (each) => each);
    if (error?.status !== 0) return updateTurn(turn, { state: "running" });
    updateTurn(turn, { state: "lost" });
    await sleep(pause);
  }
}

const cancelled = (turn) => end(turn, { state: "cancelled", isCancelling: false });

/** Take a turn back if it was not sent; else it goes on, and says so. Without a network that is found out once there is one. */
export async function cancel(turn) {
  updateTurn(turn, { isCancelling: true });
  if (followed.has(turn)) return; // done with the next look
  const control = controls.get(turn.id);
  try {
    const found = await find(turn);
    if (found && !(await takeBack(turn, found))) return;
    control?.abort();
    if (!found && (await hasArrived(turn))) return follow(turn);
    cancelled(turn);
  } catch (error) {
    if (control?.signal.aborted) return turn.state === "running" ? follow(turn) : undefined; // nobody listens to it any more
    if (error.status !== 0) return updateTurn(turn, { isCancelling: false });
    control?.abort(LOST);
  }
}

/** Return whether a call that arrived could be taken back yet. */
async function takeBack(turn, found) {
  try {
    await ask(`/v1/limner/generations/${found.generation_id}`, { method: "DELETE", key: keyOf(turn) });
    return true;
  } catch (error) {
    if (error.code !== "already_sent") throw error;
    updateTurn(turn, { isCancelling: false });
    advance(turn, "sent");
    return false;
  }
}

/** Whether a call that this page has just left was taken all the same. */
async function hasArrived(turn) {
  await sleep(400);
  const found = await find(turn);
  return Boolean(found) && found.status !== "failed";
}

/** Try a turn that failed once more: under its own name, or, where that would tell the same error again, under a new one. */
export function retry(turn, { isNew }) {
  sends.delete(turn.id);
  const key = isNew ? crypto.randomUUID() : turn.key;
  updateTurn(turn, { key, spentId: isNew ? "" : turn.generationId || turn.spentId, generationId: "", startedAt: Date.now(), endedAt: null, pictures: [], refusal: "", received: 0, isCancelling: false });
  return buy(turn);
}
