// OpenAI's client: whole answers go back as the message they came in, streams as what was put together.
import OpenAI from "openai";
import { apiKey, asked, baseURL, converse, findPictures } from "./conversation.mjs";

const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const messages = [];

const listen = async (request) => {
  const message = { role: "assistant", content: "", images: [] };
  for await (const chunk of await client.chat.completions.create({ ...request, stream: true })) {
    message.content += chunk.choices[0]?.delta.content ?? "";
    message.images.push(...(chunk.choices[0]?.delta.images ?? []));
  }
  return message;
};

await converse(async (prompt) => {
  messages.push({ role: "user", content: prompt });
  const request = { model: asked.model, messages, modalities: ["text", "image"] };
  const message = asked.isStream
    ? await listen(request)
    : (await client.chat.completions.create(request)).choices[0].message;
  messages.push(message);
  const images = (message.images ?? []).map((image) => image.image_url.url);
  return { text: message.content, pictures: [...images, ...findPictures(message.content)] };
});
