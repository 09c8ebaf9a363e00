// Signing in: a key is tried at the door that tells any key what it is, and kept where the person says.

import { getJson } from "./api.js";
import { make, show } from "./dom.js";
import { setKey } from "./session.js";
import { say, sayError } from "./words.js";

const POSSIBLE = /^[\x21-\x7e]+$/; // a header holds nothing else; what is pasted with “quotes” is no key

/** What is done here, in three little pictures that are drawn by rules of style: one is asked for, and changed twice. */
function makeGlimpse() {
  return make("ol", { class: "glimpse" }, ["first", "second", "third"].map((turn) =>
    make("li", {}, make("span", { class: `swatch fox ${turn}`, "aria-hidden": "true" }), say(`signin.glimpse.${turn}`))));
}

function makeCode(text) {
  return text.split("`").map((piece, index) => (index % 2 ? make("code", {}, piece) : piece));
}

/** Show the form; `isRefused`: a key has just ended. `signedIn` is called with what the key is. Returns what closes it. */
export function makeSignIn(root, { emulator, isRefused, signedIn }) {
  const key = make("input", { id: "key", type: "password", autocomplete: "off", spellcheck: "false", "aria-describedby": "key-trouble key-where" });
  const kept = make("input", { id: "keep", type: "checkbox" });
  const trouble = make("p", { id: "key-trouble", class: "trouble", role: "alert" }, isRefused ? say("signin.ended") : null);
  const reveal = make("button", { type: "button", class: "plain", "aria-pressed": "false", onclick: () => {
    const hidden = key.type === "password";
    key.type = hidden ? "text" : "password";
    reveal.setAttribute("aria-pressed", String(hidden));
    show(reveal, say(hidden ? "signin.hide" : "signin.show"));
  } }, say("signin.show"));

  const press = make("button", { type: "submit", class: "main" }, say("signin.submit"));

  function refuse(words) {
    show(trouble, words);
    key.setAttribute("aria-invalid", "true");
    key.focus();
  }

  function setBusy(isBusy) {
    press.disabled = isBusy;
    press.setAttribute("aria-busy", String(isBusy));
    show(press, say(isBusy ? "signin.busy" : "signin.submit"));
  }

  async function submit(event) {
    event.preventDefault();
    const value = key.value.trim();
    if (!value) return refuse(say("signin.empty"));
    if (!POSSIBLE.test(value)) return refuse(say("signin.wrong"));
    show(trouble);
    setBusy(true);
    try {
      const self = await getJson("/v1/limner/keys/self", {}, { key: value });
      setKey(value, kept.checked);
      signedIn(self);
    } catch (error) {
      setBusy(false);
      refuse(error.status === 401 ? say("signin.wrong") : sayError(error));
    }
  }

  show(root, make("section", { class: "signin" },
    make("h1", {}, say("signin.title")),
    make("p", { class: "lead" }, say("signin.lead")),
    emulator ? make("p", { class: "lead" }, makeCode(say("signin.emulator"))) : null,
    make("form", { class: "card", onsubmit: submit },
      make("label", { for: "key" }, say("signin.key")),
      make("div", { class: "joined" }, key, reveal),
      trouble,
      make("label", { class: "check", for: "keep" }, kept, say("signin.keep")),
      press,
      make("p", { id: "key-where", class: "hint" }, makeCode(say("signin.where")))),
    makeGlimpse()));
  key.focus();
  return () => {};
}
