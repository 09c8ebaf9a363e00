// Shows schemas as trees of fields with their types and meanings. What lies deeper is made when it is opened.

import { make, makeBlocks, makeInline } from "./dom.js";

const SHOWN_VALUES = 6;
const LIMITS = ["minimum", "maximum", "minLength", "maxLength", "maxProperties", "minItems", "maxItems"];

/** Return a schema with its reference followed; what stands beside the reference counts. */
export function follow(schema, context) {
  if (!schema || typeof schema.$ref !== "string") return schema ?? {};
  const found = schema.$ref.split("/").slice(1).reduce((place, name) => place?.[name], context.document);
  const { $ref, ...beside } = schema;
  return { ...follow(found, context), ...beside, "x-name": $ref.split("/").pop() };
}

/** Return the object schemas that a schema leads to through lists and alternatives. */
export function listObjects(schema, context) {
  const found = follow(schema, context);
  if (found.allOf) return [merge(found, context)];
  if (found.anyOf || found.oneOf) {
    return (found.anyOf ?? found.oneOf).flatMap((choice) => listObjects(choice, context));
  }
  if (found.type === "array" && found.items) return listObjects(found.items, context);
  if (found.properties) return [found];
  if (typeof found.additionalProperties === "object") return listObjects(found.additionalProperties, context);
  return [];
}

function merge(schema, context) {
  const all = [...schema.allOf.map((part) => follow(part, context)), schema];
  return {
    ...schema,
    allOf: undefined,
    type: "object",
    properties: Object.assign({}, ...all.map((part) => part.properties ?? {})),
    required: all.flatMap((part) => part.required ?? []),
  };
}

/** Return what a schema's type is called. */
export function nameType(schema, context) {
  const { words } = context;
  const found = follow(schema, context);
  const choices = found.anyOf ?? found.oneOf;
  if (choices) return [...new Set(choices.flatMap((choice) => nameType(choice, context).split(" | ")))].join(" | ");
  if ("const" in found) return JSON.stringify(found.const);
  if (found.enum) {
    if (found.enum.length <= SHOWN_VALUES) return found.enum.map((value) => JSON.stringify(value)).join(" | ");
    return typeof found.enum[0];
  }
  if (Array.isArray(found.type)) return found.type.join(" | ");
  if (found.type === "array") {
    const inside = nameType(found.items ?? {}, context);
    return inside.includes(" | ") ? `(${inside})[]` : `${inside}[]`;
  }
  if (found.format === "binary") return words.bytes;
  return found.type ?? (found.properties ? "object" : words.any);
}

function listValues(schema, context) {
  const found = follow(schema, context);
  const choices = found.anyOf ?? found.oneOf;
  if (choices) return choices.flatMap((choice) => listValues(choice, context));
  return found.enum && found.enum.length > SHOWN_VALUES ? found.enum : [];
}

function* listLimits(schema, context) {
  const { words } = context;
  const found = follow(schema, context);
  for (const choice of found.anyOf ?? found.oneOf ?? [found]) {
    for (const limit of LIMITS) {
      if (choice[limit] !== undefined) yield `${words.limits[limit]} ${choice[limit]}`;
    }
  }
  if (found.default !== undefined) yield `${words.default} ${JSON.stringify(found.default)}`;
}

function makeHead(name, schema, isRequired, context, place) {
  const { words } = context;
  return [
    make("code", { class: "field-name" }, name),
    make("span", { class: "field-type" }, nameType(schema, context)),
    place ? make("span", { class: "chip" }, words.place[place]) : null,
    isRequired ? make("span", { class: "chip required" }, words.required) : null,
    ...[...listLimits(schema, context)].map((text) => make("span", { class: "limit" }, text)),
  ];
}

/** Return one field, a parameter's if it has a `place`; one that holds more can be opened. */
export function makeField(name, schema, isRequired, context, { place = null, description = null, trail = [] } = {}) {
  const found = follow(schema, context);
  const said = description ?? schema.description ?? found.description;
  const values = listValues(schema, context);
  const inside = listObjects(schema, context);
  const meaning = [
    ...makeBlocks(said),
    values.length
      ? make("p", { class: "values" }, `${context.words.oneOf} `, values.flatMap((value) => [make("code", {}, String(value)), " "]))
      : null,
  ];
  const head = makeHead(name, schema, isRequired, context, place);
  if (!inside.length) {
    return make("li", { class: "field" }, make("div", { class: "field-head" }, head), make("div", { class: "meaning" }, meaning));
  }
  const deeper = make("div", { class: "deeper" });
  const opened = make("details", { class: "field-more" }, make("summary", { class: "field-head" }, head), deeper);
  opened.addEventListener("toggle", () => {
    if (opened.open && !deeper.hasChildNodes()) {
      deeper.append(...inside.map((object) => makeObject(object, context, inside.length > 1, [...trail, name])));
    }
  });
  return make("li", { class: "field" }, opened, make("div", { class: "meaning" }, meaning));
}

function makeObject(object, context, isNamed, trail) {
  const required = new Set(object.required ?? []);
  const fields = Object.entries(object.properties ?? {});
  fields.sort(([first], [second]) => required.has(second) - required.has(first));
  return make(
    "div",
    { class: "object" },
    isNamed && object["x-name"] ? make("p", { class: "object-name" }, make("code", {}, object["x-name"])) : null,
    make("ul", { class: "fields" }, fields.map(([name, schema]) => makeField(name, schema, required.has(name), context, { trail }))),
  );
}

/** Return a whole body as a tree of fields. */
export function makeTree(schema, context) {
  const objects = listObjects(schema, context);
  if (!objects.length) return make("p", { class: "plain-type" }, make("span", { class: "field-type" }, nameType(schema, context)));
  const said = follow(schema, context).description;
  return make(
    "div",
    { class: "tree" },
    said ? make("p", { class: "object-words" }, makeInline(said)) : null,
    objects.map((object) => makeObject(object, context, objects.length > 1, [])),
  );
}
