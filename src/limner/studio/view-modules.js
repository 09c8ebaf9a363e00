// The modules of the views, and their styles: loaded when a view is first opened, the others once there is nothing else to do, so that every
// view opens without a network too. Knows no view from inside.

import { ApiError, ask } from "./api.js";
import { make } from "./dom.js";

const RETRY_MS = 30_000;
const PAUSE_MS = 1000; // the view that is open comes first

// Those of drawing, which comes first, are in the page itself.
const STYLES = { draw: [], compare: [], gallery: ["gallery"], picture: ["gallery"], usage: ["usage"], keys: ["usage"] };

const failures = new Map();
const styles = new Map();
const asked = new Set();

/**
 * Return a view's module. A browser keeps a failure to load one for as long as the page lives, so the next try has another
 * address. What a module imports has one address only: if such a file was lost the page is incomplete until it is loaded anew.
 */
export async function loadView(name, { isAgain = false } = {}) {
  const path = `./views/${name}.js`;
  const count = failures.get(name) ?? 0;
  try {
    const [module] = await Promise.all([import(count ? `${path}?try=${count}` : path), ...STYLES[name].map(loadStyle)]);
    return module;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    failures.set(name, count + 1);
  }
  await ask(new URL(path, import.meta.url).pathname, { key: null }); // if the gateway cannot be reached this says so
  if (isAgain) throw new ApiError(0, { message: "", code: "incomplete" });
  return loadView(name, { isAgain: true });
}

/** Load a style sheet, once. Raises TypeError, as `import` does. */
function loadStyle(name) {
  if (!styles.has(name)) {
    styles.set(name, new Promise((resolve, reject) => {
      const link = make("link", { rel: "stylesheet", href: `/studio/${name}.css`, onload: resolve, onerror: () => {
        link.remove();
        styles.delete(name);
        reject(new TypeError(`${name}.css was not loaded`));
      } });
      document.head.append(link);
    }));
  }
  return styles.get(name);
}

/** Load these views too, at leisure. */
export function loadViewsAtLeisure(names) {
  const fresh = names.filter((name) => !asked.has(name));
  if (!fresh.length) return;
  for (const name of fresh) asked.add(name);
  const wait = window.requestIdleCallback ?? setTimeout;
  setTimeout(() => wait(() => loadAll(fresh)), PAUSE_MS);
}

async function loadAll(names) {
  try {
    for (const name of names) await loadView(name);
  } catch {
    if (navigator.onLine) setTimeout(() => loadAll(names), RETRY_MS);
    else addEventListener("online", () => loadAll(names), { once: true });
  }
}
