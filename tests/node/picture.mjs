// Tells the pictures of an answer by their digests, and an error by what an app would look at. Knows no client.
import { createHash } from "node:crypto";

const PICTURES = /!\[image\]\(data:[a-z/]+;base64,([A-Za-z0-9+/=]+)\)/g;

export const digest = (data) => createHash("sha256").update(data).digest("hex");

export const digestPictures = (content) => [...content.matchAll(PICTURES)].map((found) => digest(Buffer.from(found[1], "base64")));

// Calls `draw` until it returns content, as an app does whose user presses the button again; prints what came of it.
export const drawUntilThere = async (draw, calls) => {
  const seen = { failures: [], pictures: [] };
  for (let call = 0; call < calls && seen.pictures.length === 0; call += 1) {
    try {
      seen.pictures = digestPictures(await draw());
    } catch (error) {
      // The AI SDK wraps the last failure of its attempts.
      const last = error.lastError ?? error;
      seen.failures.push({ name: last.name, status: last.status ?? last.statusCode ?? null });
    }
  }
  process.stdout.write(JSON.stringify(seen));
};
