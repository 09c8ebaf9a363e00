// Calls that came to no good end: what happened, what to do, and, for admins, deciding on those nobody knows of.

import { ask, getJson } from "./api.js";
import { makeSegments } from "./segments.js";
import { make, show } from "./dom.js";
import { confirmFirst } from "./sheet.js";
import { findLanguage, say, sayDollars, sayError, sayTime } from "./words.js";

const GENERATIONS = "/v1/limner/generations";
const STATES = ["unknown", "failed", "refused"];
const PAGE = 20;

const ADVICE = {
  wait: ["upstream_overloaded", "upstream_unavailable", "gateway_overloaded", "shutting_down", "rate_limit_exceeded", "storage_unavailable"],
  change: ["content_policy_violation", "no_image_generated", "upstream_rejected", "unsupported_value", "invalid_image", "image_fetch_failed", "image_not_found", "context_length_exceeded"],
  operator: ["upstream_auth", "internal_error", "model_not_found", "upstream_invalid_response"],
  budget: ["insufficient_quota"],
  cancelled: ["cancelled"],
};

/** Whether a call broke after it was sent, and counts as not bought. */
function isVoid({ state, error }) {
  return state === "failed" && [502, 504].includes(error?.status);
}

function adviceFor(entry, isAdmin) {
  if (entry.state === "unknown") return say(isAdmin ? "advice.decide" : "advice.unknown");
  if (isVoid(entry)) return say("advice.void");
  const kind = Object.keys(ADVICE).find((each) => ADVICE[each].includes(entry.error?.code)) ?? "again";
  return say(`advice.${kind}`);
}

async function decide(entry, outcome) {
  await ask(`${GENERATIONS}/${entry.id}/resolve`, { method: "POST", json: { outcome } });
}

function makeDecisions(entry, decided) {
  const offer = (outcome) => make("button", {
    type: "button",
    onclick: () => confirmFirst({
      title: say(`decide.${outcome}`),
      lines: [say(`decide.${outcome}.words`, { held: sayDollars(entry.held_usd), key: entry.key ?? "" }), say("decide.once")],
      label: say(`decide.${outcome}`),
      kind: "main",
      act: async () => { await decide(entry, outcome); decided(outcome); },
    }),
  }, say(`decide.${outcome}`));
  return make("div", { class: "row" }, offer("post"), offer("void"));
}

/** Return what speaks for which decision; the gateway's own sentences are English. */
function makeEvidence({ unknown }) {
  const { leaning, reasons, policy, decided } = unknown;
  const end = decided === null ? say("decide.never") : say(`decide.later.${policy}`, { time: sayTime(decided) });
  return make("div", { class: "evidence" },
    make("p", {}, make("b", {}, say(`leaning.${leaning}`))),
    make("ul", { lang: "en" }, reasons.map((reason) => make("li", {}, reason))),
    make("p", { class: "hint" }, end));
}

function makeEntry(entry, isAdmin, decided) {
  const isUnknown = entry.state === "unknown";
  return make("li", { class: "failure", "data-id": entry.id, tabindex: "-1" },
    make("div", { class: "head" },
      make("div", {},
        make("p", { dir: "auto" }, make("b", {}, entry.prompt ? `“${entry.prompt.slice(0, 200)}”` : [make("bdi", {}, entry.key), " · ", entry.model])),
        make("p", { class: "hint" }, sayTime(entry.created), entry.prompt && ` · ${entry.model}`, " ", make("code", {}, entry.id))),
      entry.held_usd > 0 && make("span", { class: "badge warn" }, say("usage.heldBadge", { held: sayDollars(entry.held_usd) }))),
    entry.error && make("p", { class: "said", lang: "en" }, isVoid(entry) ? entry.error.message.split(". ")[0] : entry.error.message, " ", make("code", {}, entry.error.code)),
    make("p", {}, adviceFor(entry, isAdmin)),
    isUnknown && entry.unknown && makeEvidence(entry),
    isUnknown && isAdmin && makeDecisions(entry, decided));
}

/** Return the section; `changed` is called when a decision has moved money. */
export function makeFailures({ isAdmin, signal, changed }) {
  const list = make("ul", { class: "failures" });
  const more = make("button", { type: "button", hidden: true, onclick: () => load(true) }, say("common.more"));
  const status = make("p", { class: "hint", role: "status" });
  let state = STATES[0];
  let last = null;
  let turn = 0;

  function decided(outcome) {
    show(status, say(`decided.${outcome}`));
    load(false);
    changed();
  }

  async function load(isMore) {
    const asked = ++turn;
    try {
      const page = await getJson(GENERATIONS, { state, limit: PAGE, after: isMore ? last : null, all: isAdmin ? "true" : null }, { signal });
      if (asked !== turn) return;
      last = page.last_id;
      const entries = page.data.map((entry) => makeEntry(entry, isAdmin, decided));
      if (isMore) list.append(...entries);
      else {
        const place = [...list.children].findIndex((each) => each.contains(document.activeElement));
        show(list, entries.length ? entries : make("li", { class: "empty", tabindex: "-1" }, say(`usage.none.${state}`)));
        if (place >= 0) (list.children[place] ?? list.lastChild).focus(); // what stands there now
      }
      if (isMore && !page.has_more) entries[0]?.focus();
      more.hidden = !page.has_more;
    } catch (error) {
      if (error.name === "AbortError" || asked !== turn) return;
      show(list, make("li", { class: "trouble", role: "alert", lang: findLanguage(error) }, sayError(error)));
    }
  }

  load(false);
  return make("section", { class: "card trouble-calls" },
    make("div", { class: "head" }, make("h2", {}, say("usage.trouble")),
      makeSegments(say("usage.state"), STATES.map((each) => [each, say(`usage.state.${each}`)]), state, (value) => { state = value; show(status); load(false); })),
    isAdmin && make("p", { class: "hint" }, say("usage.private")), status, list, more);
}
