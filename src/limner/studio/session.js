// The key that this page uses: in memory, or in the tab's session storage if that was ticked. Never in an address.

const NAME = "limner.key";
const leavers = new Set();
let key = read();

function read() {
  try {
    return sessionStorage.getItem(NAME);
  } catch {
    return null; // storage may be forbidden; then there is memory
  }
}

/** Return the key, or null. */
export function getKey() {
  return key;
}

/** Whether the key outlives a reload. */
export function isKept() {
  return read() !== null;
}

/** Use a key from now on; `kept` also writes it into the tab's storage. */
export function setKey(value, kept) {
  key = value;
  try {
    if (kept) sessionStorage.setItem(NAME, value);
    else sessionStorage.removeItem(NAME);
  } catch {
    // in memory alone
  }
}

/** Call this when the key is let go: whoever keeps something that belongs to it forgets that. It is told `{ isRefused }`. */
export function whenLeft(callback) {
  leavers.add(callback);
}

/** Let the key go, with all that this tab remembers; `isRefused`: the gateway takes it no more, the person did not leave. */
export function dropKey({ isRefused = false } = {}) {
  key = null;
  for (const leave of leavers) leave({ isRefused });
  try {
    for (const name of Object.keys(sessionStorage)) if (name.startsWith("limner.")) sessionStorage.removeItem(name);
  } catch {
    // nothing was written then
  }
}

/** Remember something of this tab under a name, or (null) forget it; what cannot be kept is not. */
export function remember(name, value) {
  try {
    if (value === null) sessionStorage.removeItem(`limner.${name}`);
    else sessionStorage.setItem(`limner.${name}`, JSON.stringify(value));
  } catch {
    // a full or forbidden storage costs comfort, nothing else
  }
}

/** Return what was remembered, or null. */
export function recall(name) {
  try {
    return JSON.parse(sessionStorage.getItem(`limner.${name}`));
  } catch {
    return null;
  }
}
