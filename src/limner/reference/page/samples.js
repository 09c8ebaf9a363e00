// Writes calls as programs: curl, Python and Node, with the address of the gateway that shows them.

const PLACES = { completion_id: "chatcmpl-…", generation_id: "gen_…", picture_id: "img_…" };

function fillPath(path, operation) {
  return path.replace(/\{(\w+)\}/g, (_, name) => {
    const parameter = (operation.parameters ?? []).find((one) => one.name === name);
    return encodeURI(String(parameter?.example ?? PLACES[name] ?? `{${name}}`)).replace(/%E2%80%A6/g, "…").replace(/%7[BD]/g, (code) => (code === "%7B" ? "{" : "}"));
  });
}

function quoteShell(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function writePython(value, indent = "") {
  const deeper = `${indent}    `;
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) {
    if (!value.length) return "[]";
    return `[\n${value.map((one) => `${deeper}${writePython(one, deeper)},\n`).join("")}${indent}]`;
  }
  if (typeof value === "object") {
    const entries = Object.entries(value);
    if (!entries.length) return "{}";
    return `{\n${entries.map(([name, one]) => `${deeper}${JSON.stringify(name)}: ${writePython(one, deeper)},\n`).join("")}${indent}}`;
  }
  return JSON.stringify(value);
}


/** Return what one call consists of; `example` is the body that is sent. */
export function describeCall(operation, method, path, example, mediaType, origin) {
  const isStream = Boolean(example && typeof example === "object" && example.stream === true);
  return {
    url: `${origin}${fillPath(path, operation)}`,
    method: method.toUpperCase(),
    needsKey: operation["x-needs-key"],
    body: example,
    isForm: mediaType === "multipart/form-data",
    isStream,
    files: example && typeof example === "object" ? Object.entries(example).filter(([, value]) => typeof value === "string" && value.startsWith("@")).map(([name]) => name) : [],
  };
}

/** Return a call for a shell. */
export function writeCurl(call) {
  const lines = [`curl ${call.isStream ? "-N " : ""}${call.method === "GET" || call.body !== undefined ? "" : `-X ${call.method} `}${quoteShell(call.url)}`];
  if (call.needsKey) lines.push(`-H "Authorization: Bearer $LIMNER_API_KEY"`);
  if (call.isForm) {
    for (const [name, value] of Object.entries(call.body)) lines.push(`-F ${quoteShell(`${name}=${value}`)}`);
  } else if (call.body !== undefined) {
    lines.push(`-H "Content-Type: application/json"`);
    lines.push(`-d ${quoteShell(JSON.stringify(call.body, null, 2))}`);
  }
  return lines.join(" \\\n  ");
}

/** Return a call in Python. */
export function writePythonCall(call) {
  const lines = ["import os", "", "import requests", "", `answer = requests.${call.method.toLowerCase()}(`, `    ${JSON.stringify(call.url)},`];
  if (call.needsKey) lines.push(`    headers={"Authorization": f"Bearer {os.environ['LIMNER_API_KEY']}"},`);
  else lines.splice(0, 2);
  if (call.isForm) {
    const words = Object.entries(call.body).filter(([name]) => !call.files.includes(name));
    if (words.length) lines.push(`    data=${writePython(Object.fromEntries(words), "    ")},`);
    lines.push("    files={", ...call.files.map((name) => `        ${JSON.stringify(name)}: open(${JSON.stringify(call.body[name].slice(1))}, "rb"),`), "    },");
  } else if (call.body !== undefined) {
    lines.push(`    json=${writePython(call.body, "    ")},`);
  }
  if (call.isStream) lines.push("    stream=True,");
  lines.push(")", "answer.raise_for_status()");
  if (call.isStream) lines.push("for line in answer.iter_lines():", "    print(line.decode()[:100])");
  else lines.push("print(answer.text[:1000])");
  return lines.join("\n");
}

/** Return a call in JavaScript for Node. */
export function writeNodeCall(call) {
  const lines = [];
  if (call.isForm) {
    lines.push(`import { openAsBlob } from "node:fs";`, "", "const form = new FormData();");
    for (const [name, value] of Object.entries(call.body)) {
      const given = call.files.includes(name) ? `await openAsBlob(${JSON.stringify(value.slice(1))}), ${JSON.stringify(value.slice(1))}` : JSON.stringify(String(value));
      lines.push(`form.append(${JSON.stringify(name)}, ${given});`);
    }
    lines.push("");
  }
  lines.push(`const answer = await fetch(${JSON.stringify(call.url)}, {`);
  if (call.method !== "GET") lines.push(`  method: "${call.method}",`);
  const headers = [];
  if (call.needsKey) headers.push("    Authorization: `Bearer ${process.env.LIMNER_API_KEY}`,");
  if (call.body !== undefined && !call.isForm) headers.push(`    "Content-Type": "application/json",`);
  if (headers.length) lines.push("  headers: {", ...headers, "  },");
  if (call.isForm) lines.push("  body: form,");
  else if (call.body !== undefined) lines.push(`  body: JSON.stringify(${JSON.stringify(call.body, null, 2).replaceAll("\n", "\n  ")}),`);
  lines.push("});");
  if (lines.at(-2).startsWith("const answer = await fetch")) lines.splice(-2, 2, `const answer = await fetch(${JSON.stringify(call.url)});`);
  lines.push("if (!answer.ok) throw new Error(await answer.text());");
  if (call.isStream) lines.push("for await (const piece of answer.body) process.stdout.write(piece);");
  else lines.push("console.log((await answer.text()).slice(0, 1000));");
  return lines.join("\n");
}

