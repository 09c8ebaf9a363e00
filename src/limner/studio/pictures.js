// Fetches pictures with the key, and holds them as addresses of this page until they are let go.

import { ApiError, ask } from "./api.js";

const held = new Map();

async function read(path, tellBytes) {
  const answer = await ask(path);
  const reader = answer.body.getReader();
  const pieces = [];
  let received = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      pieces.push(value);
      received += value.length;
      tellBytes(received);
    }
  } catch {
    throw new ApiError(0, { code: "network" });
  }
  return URL.createObjectURL(new Blob(pieces, { type: answer.headers.get("content-type") ?? "" }));
}

function hold(path, tellBytes) {
  if (!held.has(path)) {
    const loading = read(path, tellBytes);
    held.set(path, loading);
    loading.catch(() => { if (held.get(path) === loading) held.delete(path); });
  }
  return held.get(path);
}

/** Return the address of a picture's own bytes; `tellBytes` is told how many have come. */
export function loadPicture(id, tellBytes = () => {}) {
  return hold(`/v1/limner/pictures/${encodeURIComponent(id)}/content`, tellBytes);
}

/** Return the address of a small version; of the picture itself where none can be made. */
export function loadThumbnail(id, side = 256) {
  const small = hold(`/v1/limner/pictures/${encodeURIComponent(id)}/thumbnail${side === 512 ? "?size=512" : ""}`, () => {});
  return small.catch((error) => {
    if (error.status === 404) return loadPicture(id);
    throw error;
  });
}

/** Let all of them go; an image that was given its address just now begins to read it in this task yet. */
export function releasePictures() {
  for (const loading of held.values()) loading.then((url) => setTimeout(() => URL.revokeObjectURL(url)), () => {});
  held.clear();
}
