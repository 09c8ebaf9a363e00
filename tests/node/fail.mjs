// Makes one call that fails and prints the client's error.
import { client, print } from "./client.mjs";

const asked = JSON.parse(process.env.LIMNER_TEST_BODY);
const seen = { chunks: 0 };
try {
  const answer = await client.chat.completions.create(asked);
  if (asked.stream) for await (const _ of answer) seen.chunks += 1;
} catch (error) {
  seen.name = error.constructor.name;
  seen.status = error.status;
  seen.code = error.code;
  seen.param = error.param;
  seen.type = error.type;
  seen.requestID = error.requestID;
}
print(seen);
