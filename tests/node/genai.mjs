// Google's own client against the emulator or a gateway: what a first-time user would type, and what it makes of it.
import { ApiError, GoogleGenAI } from "@google/genai";
import { createHash } from "node:crypto";

const ai = new GoogleGenAI({
  apiKey: process.env.LIMNER_TEST_KEY ?? "any",
  httpOptions: { baseUrl: process.env.LIMNER_TEST_URL },
});
const model = "gemini-3.1-flash-image";
const config = { imageConfig: { aspectRatio: "1:1", imageSize: "512" } };
const digest = (base64) => createHash("sha256").update(Buffer.from(base64, "base64")).digest("hex");
const picturesOf = (answer) =>
  (answer.candidates?.[0]?.content?.parts ?? []).filter((part) => part.inlineData).map((part) => digest(part.inlineData.data));

const whole = await ai.models.generateContent({ model, contents: "a lighthouse", config });
const streamed = [];
for await (const event of await ai.models.generateContentStream({ model, contents: "a lighthouse", config })) {
  streamed.push(...picturesOf(event));
}

// A chat keeps the signatures; without them the emulator refuses the next turn.
const chat = ai.chats.create({ model, config });
const turns = [];
for (const message of ["a lighthouse", "make it blue", "brighter"]) {
  turns.push(...picturesOf(await chat.sendMessage({ message })));
}

const edited = await ai.models.generateContent({
  model: "gemini-2.5-flash-image",
  contents: [{ text: "make it green" }, whole.candidates[0].content.parts.find((part) => part.inlineData)],
});

const listed = [];
for await (const entry of await ai.models.list()) listed.push(entry.name);
const counted = await ai.models.countTokens({ model, contents: "a lighthouse at sunset" });

let refused;
try {
  await ai.models.generateContent({ model, contents: "a", config: { imageConfig: { aspectRatio: "7:5" } } });
} catch (error) {
  refused = { isApiError: error instanceof ApiError, status: error.status };
}

process.stdout.write(
  JSON.stringify({
    whole: picturesOf(whole),
    streamed,
    turns,
    edited: picturesOf(edited),
    listed,
    counted: counted.totalTokens,
    refused,
  }),
);
