// LangChain: whole answers carry `images` in their content, streams only text.
import { HumanMessage } from "@langchain/core/messages";
import { ChatOpenAI } from "@langchain/openai";
import { apiKey, asked, baseURL, converse, findPictures } from "./conversation.mjs";

const chat = new ChatOpenAI({ model: asked.model, apiKey, maxRetries: 0, configuration: { baseURL } });
const messages = [];

const listen = async () => {
  let whole;
  for await (const chunk of await chat.stream(messages)) whole = whole === undefined ? chunk : whole.concat(chunk);
  return whole;
};

const findImages = (content) =>
  (typeof content === "string" ? [] : content.filter((part) => part.type === "image")).map((part) => part.url);

await converse(async (prompt) => {
  messages.push(new HumanMessage(prompt));
  const message = asked.isStream ? await listen() : await chat.invoke(messages);
  messages.push(message);
  return { text: message.text, pictures: [...findImages(message.content), ...findPictures(message.text)] };
});
