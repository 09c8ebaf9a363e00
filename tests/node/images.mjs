// Draws, edits and streams at the images doors, and prints what the client made of it.
import { createReadStream } from "node:fs";
import { toFile } from "openai";
import { client, digest, print } from "./client.mjs";

const asked = JSON.parse(process.env.LIMNER_TEST_BODY);
const open = () => createReadStream(process.env.LIMNER_TEST_PICTURE);
const drawn = await client.images.generate(asked);
const types = [];
let streamed = null;
for await (const event of await client.images.generate({ ...asked, stream: true })) {
  types.push(event.type);
  streamed = digest(event.b64_json);
}
const image = [open(), await toFile(open(), "second.png", { type: "image/png" })];
const edited = await client.images.edit({ ...asked, image, n: 2 });
for await (const event of await client.images.edit({ ...asked, image: open(), stream: true })) types.push(event.type);
let error = null;
try {
  const prompt = `${asked.prompt} [[text-only]] [[delay=6s]]`;
  for await (const event of await client.images.generate({ ...asked, prompt, stream: true })) types.push(event.type);
} catch (caught) {
  error = { name: caught.constructor.name, code: caught.code };
}
print({
  drawn: digest(drawn.data[0].b64_json),
  streamed,
  types,
  edited: edited.data.length,
  usage: edited.usage,
  error,
});
