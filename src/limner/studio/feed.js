// Pictures of the key as the gateway lists them: page by page, what is beside one, and deleted ones taken out.

import { ask, getJson } from "./api.js";
import { toQuery } from "./filters.js";
import { getKey } from "./session.js";
import { markGone } from "./thread.js";

export const PICTURES = "/v1/limner/pictures";

const AT_ONCE = 100;
const KEPT_CHARACTERS = 200; // of a prompt: thousands of pictures are held at once

function shorten({ id, prompt, width, height }) {
  return { id, prompt: prompt?.slice(0, KEPT_CHARACTERS) ?? null, width, height };
}

/** Pictures that some filters let through, the newest first. */
export class Feed {
  constructor(filters) {
    Object.assign(this, { filters, pictures: [], hasMore: true, loading: null, controller: new AbortController() });
  }

  /** Read the next page; whoever asks meanwhile waits for the same one. */
  more() {
    this.loading ??= this.read().finally(() => { this.loading = null; });
    return this.loading;
  }

  async read() {
    const after = this.pictures.at(-1)?.id;
    const page = await getJson(PICTURES, { ...toQuery(this.filters), limit: AT_ONCE, after }, { signal: this.controller.signal });
    this.pictures.push(...page.data.map(shorten));
    this.hasMore = page.has_more;
  }

  /** Whether pictures have come that are newer than those here. */
  async hasNewer() {
    const page = await getJson(PICTURES, { ...toQuery(this.filters), limit: 1 }, { signal: this.controller.signal });
    return page.data[0] !== undefined && page.data[0].id !== this.pictures[0]?.id;
  }

  remove(ids) {
    this.pictures = this.pictures.filter((picture) => !ids.includes(picture.id));
  }

  close() {
    this.controller.abort();
  }
}

/** Return the ids of the pictures beside one, `newer` and `older`; null: there is none. */
export async function findNeighbours(id, filters, signal) {
  const [newer, older] = await Promise.all(["asc", "desc"].map((order) =>
    getJson(PICTURES, { ...toQuery(filters), after: id, limit: 1, order }, { signal })));
  return { newer: newer.data[0]?.id ?? null, older: older.data[0]?.id ?? null };
}

/** Delete the answer that a picture came in, with all its `known` ids; return the ids that went with it, also if somebody was quicker. */
export async function deletePicture(id, known) {
  let ids = known;
  try {
    ids = (await (await ask(`${PICTURES}/${id}`, { method: "DELETE" })).json()).picture_ids;
  } catch (error) {
    if (error.status !== 404) throw error;
  }
  trail.feed?.remove(ids);
  markGone(ids);
  return ids;
}

/** How the person came here: the gallery is found again as it was left. */
export const trail = { feed: null, key: null, scrollY: 0, pictureId: null, deleted: 0, place: 0 };

/** Keep a feed for coming back. */
export function leaveTrail(feed, scrollY) {
  Object.assign(trail, { feed, scrollY, key: getKey() });
}

/** Return the feed that was left with these filters, once; null: begin anew. */
export function takeTrail(filters) {
  const { feed, key } = trail;
  trail.feed = null;
  const isSame = feed && key === getKey() && JSON.stringify(feed.filters) === JSON.stringify(filters);
  return isSame && feed.pictures.length ? feed : null;
}
