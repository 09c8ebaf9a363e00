// Shows one door: what it does, what it takes, what it answers, and how a program calls it.

import { makeCode, makeCopyButton } from "./code.js";
import { make, makeBlocks, makeInline } from "./dom.js";
import { describeCall, writeCurl, writeNodeCall, writePythonCall } from "./samples.js";
import { follow, makeField, makeTree } from "./schema.js";

const PROGRAMS = [
  ["curl", writeCurl],
  ["Python", writePythonCall],
  ["Node", writeNodeCall],
];

function makeSection(title, ...content) {
  return make("section", { class: "part" }, make("h4", {}, title), ...content);
}

function makeParameters(operation, context) {
  if (!operation.parameters?.length) return null;
  const fields = operation.parameters.map((parameter) =>
    makeField(parameter.style === "deepObject" ? `${parameter.name}[…]` : parameter.name, parameter.schema, Boolean(parameter.required), context, {
      place: parameter.in,
      description: parameter.description,
    }),
  );
  return makeSection(context.words.parameters, make("ul", { class: "fields" }, fields));
}

function makeBody(operation, context) {
  if (!operation.requestBody) return null;
  const contents = Object.entries(operation.requestBody.content);
  return makeSection(
    context.words.body,
    contents.map(([mediaType, content]) => [make("p", { class: "media-type" }, make("code", {}, mediaType)), makeTree(content.schema, context)]),
  );
}

function makeContent(mediaType, content, context) {
  const { words } = context;
  const data = content.schema?.properties?.data;
  const events = data?.contentSchema ?? data?.anyOf?.at(-1)?.contentSchema;
  return [
    make("p", { class: "media-type" }, make("code", {}, mediaType)),
    events ? make("p", { class: "object-words" }, makeInline(words.eachEvent)) : null,
    makeTree(events ?? content.schema, context),
  ];
}

function makeHeaders(answer, context) {
  const headers = Object.entries(answer.headers ?? {});
  if (!headers.length) return [];
  return [
    make("h5", {}, context.words.headers),
    make("ul", { class: "fields" }, headers.map(([name, header]) => {
      const found = follow(header, context);
      return makeField(name, found.schema, Boolean(found.required), context, { description: found.description });
    })),
  ];
}

function makeAnswer(status, answer, context) {
  const inside = make("div", { class: "answer-inside" });
  const opened = make(
    "details",
    { class: "answer" },
    make("summary", {}, make("span", { class: `status status-${status[0]}` }, status), make("span", { class: "answer-words" }, makeInline(answer.description))),
    inside,
  );
  opened.addEventListener("toggle", () => {
    if (!opened.open || inside.hasChildNodes()) return;
    const contents = groupContents(Object.entries(answer.content ?? {}));
    inside.append(...contents.flatMap(([mediaType, content]) => makeContent(mediaType, content, context)).filter(Boolean));
    inside.append(...makeHeaders(answer, context));
  });
  return opened;
}

/** Return media types of one schema as one. */
function groupContents(contents) {
  const groups = new Map();
  for (const [mediaType, content] of contents) {
    const key = JSON.stringify(content.schema);
    groups.set(key, [groups.has(key) ? `${groups.get(key)[0]}, ${mediaType}` : mediaType, content]);
  }
  return [...groups.values()];
}

function makeErrors(errors, context) {
  const { words } = context;
  const rows = errors.flatMap(([status, answer]) =>
    answer.description.split("\n").map((line, index) => {
      const [, code, meaning] = line.match(/^- `(\w+)`: ?(.*)$/) ?? [null, "", line];
      return make(
        "tr",
        {},
        make("td", { class: "error-status" }, index ? "" : status),
        make("td", {}, make("code", {}, code)),
        make("td", {}, makeInline(meaning)),
      );
    }),
  );
  return make(
    "details",
    { class: "errors" },
    make("summary", {}, make("h4", {}, words.errors), make("span", { class: "error-statuses" }, errors.map(([status]) => status).join(" · "))),
    make(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": words.errors },
      make("table", {}, make("thead", {}, make("tr", {}, [words.status, words.code, words.meaning].map((word) => make("th", { scope: "col" }, word)))), make("tbody", {}, rows)),
    ),
  );
}

function makeAnswers(operation, context) {
  const all = Object.entries(operation.responses);
  const good = all.filter(([, answer]) => !answer["x-codes"]);
  const errors = all.filter(([, answer]) => answer["x-codes"]);
  return [
    makeSection(context.words.answers, good.map(([status, answer]) => makeAnswer(status, answer, context))),
    errors.length ? makeErrors(errors, context) : null,
  ];
}

function listExamples(operation) {
  const contents = Object.entries(operation.requestBody?.content ?? {});
  const found = contents.flatMap(([mediaType, content]) =>
    Object.entries({ ...content.examples, ...content["x-samples"] }).map(([name, example]) => ({ name, title: example.summary, value: example.value, mediaType })),
  );
  return found.length ? found : [{ name: "", title: "", value: undefined, mediaType: null }];
}

function makeSamples(operation, method, path, context) {
  const { words } = context;
  const examples = listExamples(operation);
  let [chosen] = examples;
  const shown = make("div", { class: "sample-code" });
  const tabs = PROGRAMS.map(([name]) => make("button", { type: "button", role: "tab", "data-program": name }, name));
  const show = () => {
    const [name, write] = PROGRAMS.find(([one]) => one === context.settings.program) ?? PROGRAMS[0];
    for (const tab of tabs) {
      tab.setAttribute("aria-selected", String(tab.dataset.program === name));
      tab.tabIndex = tab.dataset.program === name ? 0 : -1;
    }
    const call = describeCall({ ...operation, "x-needs-key": operation.security?.length !== 0 }, method, path, chosen.value, chosen.mediaType, location.origin);
    shown.replaceChildren(makeCode(write(call), `${words.sample}, ${name}`));
  };
  context.settings.onProgram.push(show);
  tabs.forEach((tab, index) => {
    tab.addEventListener("click", () => context.settings.chooseProgram(tab.dataset.program));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = tabs[(index + step + tabs.length) % tabs.length];
      context.settings.chooseProgram(next.dataset.program);
      next.focus();
    });
  });
  const choice = make("select", { "aria-label": words.example }, examples.map((example) => make("option", { value: example.name }, example.title)));
  choice.addEventListener("change", () => {
    chosen = examples.find((example) => example.name === choice.value);
    show();
  });
  show();
  return make(
    "aside",
    { class: "sample", "aria-label": words.sample },
    make("div", { class: "sample-head" }, make("div", { class: "tabs", role: "tablist", "aria-label": words.sample }, tabs), makeCopyButton(() => shown.textContent, context)),
    examples.length > 1 ? make("div", { class: "sample-choice" }, choice) : null,
    shown,
  );
}

/** Return a door as an article. */
export function makeOperation(operation, method, path, context) {
  const { words } = context;
  const isOpen = operation.security?.length === 0;
  return make(
    "article",
    { class: "operation", id: operation.operationId, tabindex: "-1" },
    make(
      "div",
      { class: "said" },
      make("h3", {}, make("a", { class: "anchor", href: `#${operation.operationId}`, title: words.link }, operation.summary)),
      make("p", { class: "address" }, make("span", { class: `method method-${method}` }, method.toUpperCase()), make("code", {}, ...breakPath(path)), make("span", { class: "chip" }, isOpen ? words.noKey : words.key)),
      make("div", { class: "words" }, makeBlocks(operation.description)),
      makeParameters(operation, context),
      makeBody(operation, context),
      makeAnswers(operation, context),
    ),
    makeSamples(operation, method, path, context),
  );
}

/** Return a path that narrow screens may break behind its slashes. */
function breakPath(path) {
  return path.split(/(?<=\/)/).flatMap((piece) => [piece, make("wbr")]);
}
