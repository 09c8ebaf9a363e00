// The AI SDK with its provider for OpenAI's format, which reads text only: the pictures stand in it.
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, streamText } from "ai";
import { apiKey, asked, baseURL, converse, findPictures } from "./conversation.mjs";

const provider = createOpenAICompatible({ name: "limner", baseURL, apiKey });
const messages = [];

await converse(async (prompt) => {
  messages.push({ role: "user", content: prompt });
  const request = { model: provider(asked.model), messages, maxRetries: 0 };
  let text, response;
  if (asked.isStream) {
    const stream = streamText(request);
    text = await stream.text;
    response = await stream.response;
  } else ({ text, response } = await generateText(request));
  messages.push(...response.messages);
  return { text, pictures: findPictures(text) };
});
