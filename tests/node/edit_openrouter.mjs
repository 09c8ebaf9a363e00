// The AI SDK with OpenRouter's provider, which makes files of `images`.
import { createOpenRouter } from "@openrouter/ai-sdk-provider";
import { generateText, streamText } from "ai";
import { apiKey, asked, baseURL, converse } from "./conversation.mjs";

const provider = createOpenRouter({ baseURL, apiKey });
const messages = [];

await converse(async (prompt) => {
  messages.push({ role: "user", content: prompt });
  const request = { model: provider(asked.model), messages, maxRetries: 0 };
  let text, files, response;
  if (asked.isStream) {
    const stream = streamText(request);
    [text, files, response] = [await stream.text, await stream.files, await stream.response];
  } else ({ text, files, response } = await generateText(request));
  messages.push(...response.messages);
  return { text, pictures: files.map((file) => Buffer.from(file.uint8Array)) };
});
