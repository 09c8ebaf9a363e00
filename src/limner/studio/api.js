// Asks the gateway. Every failure is an ApiError in words that the gateway chose; a lost network has status 0.

import { getKey } from "./session.js";

export class ApiError extends Error {
  constructor(status, { message = "", code = "", param = null, retryAfter = null, requestId = "", generationId = "" }) {
    super(message);
    Object.assign(this, { status, code, param, retryAfter, requestId, generationId });
  }
}

let refused = () => {};

/** Call this when a key is not accepted. */
export function whenRefused(callback) {
  refused = callback;
}

/** Return the answer to a request, whatever it is but an error. `key` is tried in place of the session's. */
export async function ask(path, { method = "GET", json, body, headers = {}, signal, key = getKey() } = {}) {
  const sent = { ...headers };
  if (key) sent.authorization = `Bearer ${key}`;
  if (json !== undefined) sent["content-type"] = "application/json";
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: sent,
      body: json === undefined ? body : JSON.stringify(json),
      signal,
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, { code: "network" });
  }
  if (answer.ok) return answer;
  const error = await readError(answer);
  if (answer.status === 401 && key && key === getKey()) refused();
  throw error;
}

async function readError(answer) {
  let told = {};
  try {
    told = (await answer.json()).error ?? {};
  } catch {
    // no JSON: something between here and the gateway has answered
  }
  return new ApiError(answer.status, {
    message: typeof told.message === "string" ? told.message : `HTTP ${answer.status}`,
    code: told.code ?? "",
    param: told.param ?? null,
    retryAfter: Number(answer.headers.get("retry-after")) || null,
    requestId: answer.headers.get("x-request-id") ?? "",
    generationId: answer.headers.get("x-limner-generation-id") ?? told.generation_id ?? "",
  });
}

/** Return the JSON of an answer; `params` that are null or empty are left out. */
export async function getJson(path, params = {}, options = {}) {
  const query = new URLSearchParams(Object.entries(params).filter(([, value]) => value !== null && value !== undefined && value !== ""));
  const text = query.toString();
  const answer = await ask(text ? `${path}?${text}` : path, options);
  try {
    return await answer.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, { code: "network" }); // cut on its way, or not the gateway's
  }
}

/** Return the data of each event of a stream, as they come; the last one, [DONE], is left out. */
export async function* readEvents(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let pending = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      pending += value;
      let end;
      while ((end = pending.indexOf("\n\n")) >= 0) {
        const frame = pending.slice(0, end);
        pending = pending.slice(end + 2);
        if (frame.startsWith("data: ") && frame !== "data: [DONE]") yield JSON.parse(frame.slice(6));
      }
    }
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, { code: "network" });
  } finally {
    reader.cancel().catch(() => {});
  }
}
