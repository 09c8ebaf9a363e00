// The conversation: a tree of turns, each a prompt and the pictures it brought. Knows no door and no element.
//
// It outlives the view that shows it, and in the tab's storage also a reload, if the key is kept there. Bytes of
// pictures are never stored: input pictures are in memory alone.

import { isKept, recall, remember, whenLeft } from "./session.js";

const STORED = "thread";
const listeners = new Set();
const inputs = new Map();
const turns = new Map();
const state = { owner: null, here: null, target: null, settings: null, draft: "", files: [], compared: null };
const kept = { owner: null, draft: "" };

/** Use the thread of this owner: the one in memory, the one this tab remembers, or a new one. Returns whether it was read back. */
export function openThread(owner) {
  if (state.owner === owner) return false;
  clearThread();
  Object.assign(state, { owner, settings: null, draft: kept.owner === owner ? kept.draft : "", files: [] });
  Object.assign(kept, { owner: null, draft: "" });
  const stored = recall(STORED);
  if (stored?.owner !== owner) return false;
  for (const turn of stored.turns) turns.set(turn.id, turn);
  const { here, target, settings, draft } = stored;
  Object.assign(state, { here, target, settings, draft });
  return true;
}

/** Forget all of it. What was being written, or was not taken, outlives a key that has ended: for its owner, in memory alone. */
function forgetThread({ isRefused }) {
  const untaken = listTurns().findLast((turn) => turn.state !== "done" && turn.stage === "waiting");
  if (!isRefused) Object.assign(kept, { owner: null, draft: "" });
  else if (state.owner) Object.assign(kept, { owner: state.owner, draft: state.draft || (untaken?.prompt ?? "") });
  Object.assign(state, { owner: null, settings: null, draft: "", files: [] });
  clearThread();
}

whenLeft(forgetThread);

/** Begin a new thread; what was drawn is in the gallery. */
export function clearThread() {
  turns.clear();
  inputs.clear();
  Object.assign(state, { here: null, target: null, compared: null });
  if (state.owner) save();
  tell();
}

/** Call this after every change; returns what ends that. */
export function watchThread(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(turn = null) {
  for (const listener of listeners) listener(turn);
}

function save() {
  if (!isKept()) return;
  const { owner, here, target, settings, draft } = state;
  const stored = [...turns.values()].map(({ received, total, isCancelling, ...kept }) => kept);
  remember(STORED, { owner, here, target, settings, draft, turns: stored });
}

/** Return a part of the state: `here`, `target`, `settings`, `draft`, `files` of the draft, or `compared`. */
export function getPart(name) {
  return state[name];
}

/** Return where a picture is, if it is there yet; else null. */
function findThere(aim) {
  const picture = turns.get(aim?.turn)?.pictures[aim?.picture];
  return picture && !picture.isGone ? aim : null;
}

/** Change a part of the state; quietly if nothing that is shown depends on it. */
export function setPart(name, value, { isQuiet = false } = {}) {
  state[name] = name === "target" ? findThere(value) : value;
  save();
  if (!isQuiet) tell();
}

/** Add a turn, and show it. `files` are the input pictures: `{ name, dataUri }`. */
export function addTurn(fields, files = []) {
  const turn = { id: crypto.randomUUID(), key: crypto.randomUUID(), parent: null, state: "running", stage: "waiting",
    pictures: [], text: "", refusal: "", notices: [], cost: null, error: null, generationId: "", inputs: files.length,
    startedAt: Date.now(), endedAt: null, ...fields };
  turns.set(turn.id, turn);
  inputs.set(turn.id, files);
  state.here = turn.id;
  save();
  tell(turn);
  return turn;
}

/** Change a turn. How much of a picture has come is not worth storing. */
export function updateTurn(turn, changes) {
  if (turns.get(turn.id) !== turn) return;
  Object.assign(turn, changes);
  if (Object.keys(changes).join() !== "received") save();
  tell(turn);
}

/** Take a turn out that brought nothing, with what grew from it. */
export function removeTurn(turn) {
  for (const child of listTurns().filter((each) => each.parent?.turn === turn.id)) removeTurn(child);
  turns.delete(turn.id);
  inputs.delete(turn.id);
  if (state.here === turn.id) state.here = turn.parent?.turn ?? listSiblings(turn).at(-1)?.id ?? null;
  if (state.target?.turn === turn.id) state.target = findThere(turn.parent);
  save();
  tell();
}

/** Pictures are not kept any more: nothing can be made of them. */
export function markGone(ids) {
  for (const turn of listTurns()) for (const picture of turn.pictures) if (ids.includes(picture.id)) picture.isGone = true;
  state.target = findThere(state.target);
  if (ids.includes(state.compared)) state.compared = null;
  if (state.owner) save();
  tell();
}

/** Return a turn, or undefined. */
export function getTurn(id) {
  return turns.get(id);
}

/** Return all turns, the oldest first. */
export function listTurns() {
  return [...turns.values()];
}

/** Return the turns that lead to one, the first one first. */
export function listPath(id = state.here) {
  const path = [];
  for (let turn = turns.get(id); turn; turn = turns.get(turn.parent?.turn)) path.unshift(turn);
  return path;
}

/** Return the turns that grew from the same one, this one among them. */
export function listSiblings(turn) {
  return listTurns().filter((each) => (each.parent?.turn ?? null) === (turn.parent?.turn ?? null));
}

/** Show the branch that a turn is in, as far as it was followed last. */
export function showBranch(turn) {
  let end = turn;
  for (;;) {
    const next = listTurns().filter((each) => each.parent?.turn === end.id).at(-1);
    if (!next) break;
    end = next;
  }
  state.here = end.id;
  const picture = end.pictures.findIndex((each) => !each.isGone);
  state.target = picture >= 0 ? { turn: end.id, picture } : findThere(end.parent);
  save();
  tell();
}

/** Return the input pictures of a turn, or null if they were lost by a reload. */
export function getInputs(turn) {
  return turn.inputs ? inputs.get(turn.id) ?? null : [];
}
