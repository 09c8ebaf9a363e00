// The modules of the views: loaded when a view is first opened, the others once there is nothing else to do, so that every
// view opens without a network too. Knows no view from inside.

import { ApiError, ask } from "./api.js";

const PAUSE_MS = 1000; // the view that is open comes first

const failures = new Map();
let isAsked = false;

/**
 * Return a view's module. A browser keeps a failure to load one for as long as the page lives, so the next try has another
 * address. What a module imports has one address only: if such a file was lost the page is incomplete until it is loaded anew.
 */
export async function loadView(name, { isAgain = false } = {}) {
  const path = `./views/${name}.js`;
  const count = failures.get(name) ?? 0;
  try {
    return await import(count ? `${path}?try=${count}` : path);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    failures.set(name, count + 1);
  }
  await ask(new URL(path, import.meta.url).pathname, { key: null }); // if the gateway cannot be reached this says so
  if (isAgain) throw new ApiError(0, { message: "", code: "incomplete" });
  return loadView(name, { isAgain: true });
}

/** Load these views too, at leisure. */
export function loadViewsAtLeisure(names) {
  if (isAsked) return;
  isAsked = true;
  const wait = window.requestIdleCallback ?? setTimeout;
  setTimeout(() => wait(() => loadAll(names)), PAUSE_MS);
}

async function loadAll(names) {
  try {
    for (const name of names) await loadView(name);
  } catch {
    addEventListener("online", () => loadAll(names), { once: true });
  }
}
