// The key that this page uses: in memory, or in the tab's session storage if that was ticked. Never in an address.

const NAME = "limner.key";
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
    if (kept && value) sessionStorage.setItem(NAME, value);
    else sessionStorage.removeItem(NAME);
    if (!value) for (const name of Object.keys(sessionStorage)) if (name.startsWith("limner.")) sessionStorage.removeItem(name);
  } catch {
    // in memory alone
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
