// Holds a conversation: says each prompt by `say`, which returns the text and the picture addresses that its client
// shows, and prints what was seen. Knows no client.
import { digest } from "./picture.mjs";

const PICTURE = /!\[[^\]]*\]\(([^)\s]+)\)/g;
const { isStream, model, prompts } = JSON.parse(process.env.LIMNER_TEST_BODY);

export const asked = { isStream, model };
export const baseURL = `${process.env.LIMNER_TEST_URL}/v1`;
export const apiKey = process.env.LIMNER_TEST_KEY;

// As a browser does: a data URI is decoded, a link is fetched without a key.
const load = async (url) => {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${response.status} for ${url.slice(0, 100)}`);
  return Buffer.from(await response.arrayBuffer());
};

export const findPictures = (content) => [...content.matchAll(PICTURE)].map((found) => found[1]);

// `pictures` are addresses or bytes.
export const converse = async (say) => {
  const seen = [];
  for (const prompt of prompts) {
    const { text, pictures } = await say(prompt);
    const bytes = await Promise.all(pictures.map((one) => (typeof one === "string" ? load(one) : one)));
    seen.push({ text: text.replaceAll(PICTURE, ""), pictures: bytes.map(digest) });
  }
  process.stdout.write(JSON.stringify(seen));
};
