// Writes the call for a turn: what was said and drawn before it, and how it is to be drawn.

import { getInputs, getTurn, listPath } from "./thread.js";

/** Return the body of a chat call; `output` says where its pictures are to be. */
export function makeBody(turn, output) {
  const { model, ratio, size, count } = turn.settings;
  const config = { image_size: size };
  if (ratio) config.aspect_ratio = ratio;
  return {
    model,
    messages: makeMessages(turn),
    ...(count > 1 ? { n: count } : {}),
    stream: true,
    extra_body: { google: { image_config: config }, limner: { image_output: output } },
  };
}

function makeMessages(turn) {
  const messages = [];
  let from = turn.parent;
  const before = from ? listPath(from.turn) : [];
  for (let index = before.length - 1; index >= 0; index -= 1) {
    const each = getTurn(before[index].id);
    const picture = each.pictures[from.picture];
    const isLost = picture.isGone && !picture.url && from !== turn.parent; // by its id it would be refused
    if (!isLost) messages.unshift(sayTurn(each), showPicture(picture, from === turn.parent));
    from = each.parent;
  }
  return [...messages, sayTurn(turn)];
}

/** What a person said. Input pictures that a reload has lost are left out: the answer they led to is put back anyway. */
function sayTurn(turn) {
  const files = getInputs(turn) ?? [];
  if (!files.length) return { role: "user", content: turn.prompt };
  const pictures = files.map((file) => ({ type: "image_url", image_url: { url: file.dataUri } }));
  return { role: "user", content: [{ type: "text", text: turn.prompt }, ...pictures] };
}

/**
 * What was drawn: a link, by which the gateway finds the picture and its signature; its id where there are no links.
 * That which is to be changed is a part: should it have gone meanwhile, the call is refused and not drawn without it.
 */
function showPicture(picture, isChanged) {
  if (picture.url && !isChanged) return { role: "assistant", content: `![image](${picture.url})` };
  return { role: "assistant", content: [{ type: "image_url", image_url: { url: picture.url || picture.id } }] };
}
