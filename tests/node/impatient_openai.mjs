// The official client with its own retries and the time-out it is told.
import OpenAI from "openai";
import { drawUntilThere } from "./picture.mjs";

const { calls, isStream, model, prompt, timeoutMs } = JSON.parse(process.env.LIMNER_TEST_BODY);
const client = new OpenAI({
  baseURL: `${process.env.LIMNER_TEST_URL}/v1`,
  apiKey: process.env.LIMNER_TEST_KEY,
  timeout: timeoutMs,
});

await drawUntilThere(async () => {
  const answer = await client.chat.completions.create({ model, messages: [{ role: "user", content: prompt }], stream: isStream });
  if (!isStream) return answer.choices[0].message.content;
  let content = "";
  for await (const chunk of answer) content += chunk.choices[0]?.delta.content ?? "";
  return content;
}, calls);
