// The AI SDK with its own retries. Its time-out ends a call and all its attempts.
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, streamText } from "ai";
import { drawUntilThere } from "./picture.mjs";

const { calls, isStream, model, prompt, timeoutMs } = JSON.parse(process.env.LIMNER_TEST_BODY);
const provider = createOpenAICompatible({
  name: "limner",
  baseURL: `${process.env.LIMNER_TEST_URL}/v1`,
  apiKey: process.env.LIMNER_TEST_KEY,
});

await drawUntilThere(async () => {
  const asked = { model: provider(model), prompt, timeout: timeoutMs };
  if (!isStream) return (await generateText(asked)).text;
  let failure;
  const stream = streamText({ ...asked, onError: ({ error }) => { failure = error; }, onAbort: () => { failure ??= new Error("aborted"); } });
  let content = "";
  for await (const text of stream.textStream) content += text;
  if (failure) throw failure;
  return content;
}, calls);
