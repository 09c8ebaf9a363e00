// Takes in a file of keys: first what would come of it, then the import itself.

import { ask } from "./api.js";
import { make, show } from "./dom.js";
import { showSecrets } from "./secrets.js";
import { openSheet } from "./sheet.js";
import { findLanguage, say, sayError, sayNumber } from "./words.js";

const CONFLICTS = ["refuse", "skip", "update"];
const COUNTS = ["created", "updated", "skipped", "left_out"];

async function send(form, isDry) {
  const data = new FormData(form);
  const query = new URLSearchParams({ on_conflict: data.get("on_conflict"), dry_run: String(isDry) });
  if (data.get("owner_from").trim()) query.set("owner_from", data.get("owner_from").trim());
  const answer = await ask(`/v1/limner/keys/import?${query}`, { method: "POST", body: data.get("file"), headers: { "content-type": "text/csv" } });
  return answer.json();
}

function makeResult(result) {
  return [
    make("p", {}, make("b", {}, say(result.dry_run ? "import.would" : "import.done", { format: result.format }))),
    make("ul", {}, COUNTS.filter((name) => result[name] > 0 || name === "created").map((name) =>
      make("li", {}, say(`import.${name}`, { count: sayNumber(result[name]) })))),
    result.notes.map((note) => make("p", { class: "hint", lang: "en" }, `${note.message} (${note.lines.join(", ")}${note.count > note.lines.length ? ", …" : ""})`)),
  ];
}

function makeForm(changed) {
  return [
    make("div", { class: "field" }, make("label", { for: "import-file" }, say("import.file")),
      make("input", { id: "import-file", type: "file", name: "file", accept: ".csv,text/csv,text/plain", onchange: changed })),
    make("div", { class: "pair" },
      make("div", { class: "field" }, make("label", { for: "import-conflict" }, say("import.conflict")),
        make("select", { id: "import-conflict", name: "on_conflict", onchange: changed }, CONFLICTS.map((each) => make("option", { value: each }, say(`import.conflict.${each}`))))),
      make("div", { class: "field" }, make("label", { for: "import-owner" }, say("import.owner")),
        make("input", { id: "import-owner", name: "owner_from", autocomplete: "off", spellcheck: "false", oninput: changed }))),
  ];
}

/** Open the dialogue; `imported` is called when keys were written. */
export function openImport({ imported }) {
  let close = () => {};
  const result = make("div", { role: "status" });
  const check = make("button", { type: "submit", class: "main" }, say("import.check"));
  const write = make("button", { type: "button", class: "main", hidden: true, onclick: () => run(false) });

  function forget() {
    show(result);
    write.hidden = true;
    check.hidden = false;
  }

  async function run(isDry) {
    if (!form.elements.file.files.length) return show(result, make("p", { class: "trouble" }, say("import.noFile")));
    let isReady = !isDry;
    check.disabled = write.disabled = true;
    try {
      const told = await send(form, isDry);
      if (!isDry) return finish(told);
      show(result, makeResult(told));
      const count = told.created + told.updated;
      show(write, say("import.write", { count: sayNumber(count) }));
      write.hidden = count === 0;
      check.hidden = count > 0;
      isReady = count > 0;
    } catch (error) {
      show(result, make("p", { class: "trouble lines", lang: findLanguage(error) }, sayError(error)));
    } finally {
      check.disabled = write.disabled = false;
      (isReady ? write : check).focus(); // the one that was pressed may be gone
    }
    return null;
  }

  function finish(told) {
    close();
    imported(told);
    if (told.keys.length) showSecrets(told.keys, say("import.secrets"));
  }

  const form = make("form", { onsubmit: (event) => { event.preventDefault(); run(true); } },
    make("p", {}, say("import.words")), makeForm(forget), result,
    make("footer", {}, make("button", { type: "button", onclick: () => close() }, say("common.cancel")), check, write));
  close = openSheet(say("import.title"), form);
}
