// Draws through the client's stream helper, which assembles the chunks by itself.
import { client, digest, print } from "./client.mjs";

const stream = client.chat.completions.stream(JSON.parse(process.env.LIMNER_TEST_BODY));
const assembled = await stream.finalChatCompletion();
print({
  content: digest(assembled.choices[0].message.content),
  finishReason: assembled.choices[0].finish_reason,
  usage: assembled.usage,
});
