// Writes the call that a picture came of as programs for Python, Node and a shell. No key is ever in them.

export const PLACEHOLDER = "sk-limner-...";

const MODALITIES = ["image", "text"];

/** The languages that there are: what each is called, what writes it, and how a comment begins. */
export const LANGUAGES = { python: ["Python", writePython, "#"], node: ["Node", writeNode, "//"], curl: ["curl", writeCurl, "#"] };

/** Return the program; `notes` stand at its beginning as comments. */
export function writeProgram(name, picture, origin, notes) {
  const [, write, sign] = LANGUAGES[name];
  return notes.map((note) => `${sign} ${note}\n`).join("") + write(picture, origin);
}

function describeCall({ model, prompt, settings }) {
  const image = { image_size: settings.image_size };
  if (settings.aspect_ratio) image.aspect_ratio = settings.aspect_ratio;
  return {
    body: { model, messages: [{ role: "user", content: prompt ?? "" }], ...(settings.n > 1 ? { n: settings.n } : {}) },
    google: { image_config: image },
  };
}

function quoteShell(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Return a value on one line: JSON's texts, numbers, lists and objects are Python's and JavaScript's as well. */
function write(value) {
  return JSON.stringify(value, null, 1).replace(/([[{])\n\s*|\n\s*([\]}])/g, "$1$2").replace(/\n\s*/g, " ");
}

function writePython(picture, origin) {
  const { body, google } = describeCall(picture);
  return `# pip install openai
import base64

from openai import OpenAI

client = OpenAI(base_url=${write(`${origin}/v1`)}, api_key="${PLACEHOLDER}")
answer = client.chat.completions.create(
${Object.entries(body).map(([name, value]) => `    ${name}=${write(value)},\n`).join("")}    extra_body={
        "modalities": ${write(MODALITIES)},
        "google": ${write(google)},
    },
)
for choice in answer.choices:
    print(choice.message.content)
    for image in getattr(choice.message, "images", None) or []:
        head, _, data = image["image_url"]["url"].partition(";base64,")
        name = f"picture-{choice.index}-{image['index']}.{head.rpartition('/')[2]}"
        with open(name, "wb") as file:
            file.write(base64.b64decode(data))
        print(name)
`;
}

function writeNode(picture, origin) {
  const { body, google } = describeCall(picture);
  return `// npm install openai; save as draw.mjs
import { writeFile } from "node:fs/promises";
import OpenAI from "openai";

const client = new OpenAI({ baseURL: ${write(`${origin}/v1`)}, apiKey: "${PLACEHOLDER}" });
const answer = await client.chat.completions.create({
${Object.entries({ ...body, modalities: MODALITIES, google }).map(([name, value]) => `  ${name}: ${write(value)},\n`).join("")}});
for (const choice of answer.choices) {
  console.log(choice.message.content);
  for (const image of choice.message.images ?? []) {
    const [head, data] = image.image_url.url.split(";base64,");
    const name = \`picture-\${choice.index}-\${image.index}.\${head.split("/")[1]}\`;
    await writeFile(name, Buffer.from(data, "base64"));
    console.log(name);
  }
}
`;
}

function writeCurl(picture, origin) {
  const { body, google } = describeCall(picture);
  const sent = JSON.stringify({ ...body, google, limner: { image_output: "url" } }, null, 2);
  return `# the answer holds a link to the picture
curl ${quoteShell(`${origin}/v1/chat/completions`)} \\
  -H 'Authorization: Bearer ${PLACEHOLDER}' \\
  -H 'Content-Type: application/json' \\
  -d ${quoteShell(sent)}
`;
}
