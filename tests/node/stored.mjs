// Stores one answer and asks everything of it that the client can, and prints what it made of it.
import { client, digest, print } from "./client.mjs";

const { completions } = client.chat;
const made = await completions.create(JSON.parse(process.env.LIMNER_TEST_BODY));
const listed = [];
for await (const one of completions.list({ metadata: { order: "4711" }, model: made.model, limit: 1 })) listed.push(one);
const got = await completions.retrieve(made.id);
const messages = [];
for await (const one of completions.messages.list(made.id, { limit: 1 })) messages.push(one);
const updated = await completions.update(made.id, { metadata: { order: "4712" } });
const deleted = await completions.delete(made.id);
const missing = await completions.retrieve(made.id).catch((error) => [error.constructor.name, error.code]);
print({
  made: { id: made.id, content: digest(made.choices[0].message.content), usage: made.usage },
  listed: listed.map(({ id, choices, usage, metadata }) => ({ id, content: choices[0].message.content, usage, metadata })),
  got: { id: got.id, content: digest(got.choices[0].message.content), usage: got.usage, metadata: got.metadata },
  messages: messages.map(({ id, role, content }) => [id, role, content]),
  updated: updated.metadata,
  deleted,
  missing,
});
