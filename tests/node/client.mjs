// What the cases share: the official client, pointed at the gateway under test, which it asks only once.
import { createHash } from "node:crypto";
import OpenAI from "openai";

export const client = new OpenAI({
  baseURL: `${process.env.LIMNER_TEST_URL}/v1`,
  apiKey: process.env.LIMNER_TEST_KEY,
  maxRetries: 0,
});

export const digest = (text) => createHash("sha256").update(text).digest("hex");

export const print = (value) => process.stdout.write(JSON.stringify(value));
