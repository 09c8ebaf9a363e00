// LangChain with its own retries: six, with waits that double, unless it is told fewer.
import { ChatOpenAI } from "@langchain/openai";
import { drawUntilThere } from "./picture.mjs";

const { calls, isStream, maxRetries, model, prompt, timeoutMs } = JSON.parse(process.env.LIMNER_TEST_BODY);
const chat = new ChatOpenAI({
  model,
  apiKey: process.env.LIMNER_TEST_KEY,
  timeout: timeoutMs,
  ...(maxRetries === null ? {} : { maxRetries }),
  configuration: { baseURL: `${process.env.LIMNER_TEST_URL}/v1` },
});

await drawUntilThere(async () => {
  if (!isStream) return (await chat.invoke(prompt)).content;
  let content = "";
  for await (const chunk of await chat.stream(prompt)) content += chunk.content;
  return content;
}, calls);
