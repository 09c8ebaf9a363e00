// Draws one picture, plain and as a stream, and prints what the client made of both.
import { client, digest, print } from "./client.mjs";

const asked = JSON.parse(process.env.LIMNER_TEST_BODY);
const whole = await client.chat.completions.create(asked);
const stream = await client.chat.completions.create({ ...asked, stream: true });
const streamed = { content: "", images: [], roles: [], finishReasons: [], usage: null };
for await (const chunk of stream) {
  if (chunk.usage) streamed.usage = chunk.usage;
  for (const choice of chunk.choices) {
    streamed.content += choice.delta.content ?? "";
    streamed.images.push(...(choice.delta.images ?? []));
    if (choice.delta.role) streamed.roles.push(choice.delta.role);
    if (choice.finish_reason) streamed.finishReasons.push(choice.finish_reason);
  }
}
const message = whole.choices[0].message;
print({
  plain: {
    content: digest(message.content),
    images: (message.images ?? []).map((image) => digest(image.image_url.url)),
    roles: [message.role],
    finishReasons: [whole.choices[0].finish_reason],
    usage: whole.usage,
    sha256: whole.limner.images.map((image) => image.sha256),
  },
  stream: {
    ...streamed,
    content: digest(streamed.content),
    images: streamed.images.map((image) => digest(image.image_url.url)),
  },
});
