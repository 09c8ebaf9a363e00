// Where pictures hang: rows as wide as the wall, each picture in its own ratio. Knows numbers, no document.

export const GAP = 8;

const NARROW = 640;
const LOWEST_RATIO = 0.5; // beyond these a picture is cut to its middle: a strip would fill a row of its own
const HIGHEST_RATIO = 2.5;

/** Return how high rows are at most. */
function chooseHeight(width) {
  return width < NARROW ? 190 : 240;
}

function toRatio({ width, height }) {
  return Math.min(HIGHEST_RATIO, Math.max(LOWEST_RATIO, width && height ? width / height : 1));
}

function makeRow(pictures, first, end, top, width, mostHeight) {
  const ratios = pictures.slice(first, end).map(toRatio);
  const free = width - GAP * (ratios.length - 1);
  const height = Math.round(Math.min(mostHeight, free / ratios.reduce((sum, ratio) => sum + ratio, 0)));
  let left = 0;
  const isFull = height < mostHeight;
  const places = ratios.map((ratio, index) => {
    const isLast = isFull && index === ratios.length - 1;
    const across = isLast ? width - left : Math.round(height * ratio);
    const place = { left, width: across };
    left += across + GAP;
    return place;
  });
  return { first, end, top, height, places };
}

/** Add rows for pictures that have none yet. A row that is not full waits for more, unless this is the end. */
export function layRows(rows, pictures, width, isEnd) {
  const mostHeight = chooseHeight(width);
  let first = rows.at(-1)?.end ?? 0;
  let sum = 0;
  for (let index = first; index < pictures.length; index++) {
    sum += toRatio(pictures[index]);
    const isFull = (width - GAP * (index - first)) / sum < mostHeight;
    if (!isFull && !(isEnd && index === pictures.length - 1)) continue;
    rows.push(makeRow(pictures, first, index + 1, measure(rows) + (rows.length ? GAP : 0), width, mostHeight));
    first = index + 1;
    sum = 0;
  }
}

/** Return how high all rows are. */
export function measure(rows) {
  const last = rows.at(-1);
  return last ? last.top + last.height : 0;
}

/** Return the number of the first row that ends below `top`. */
export function findRow(rows, top) {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle].top + rows[middle].height < top) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Return the number of the row in which a picture hangs. */
export function findRowOf(rows, index) {
  let low = 0;
  let high = rows.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle].end <= index) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Return the picture that is reached from another by an arrow key, or by Home and End; null for other keys. */
export function findNext(rows, index, key) {
  const last = (rows.at(-1)?.end ?? 1) - 1;
  if (key === "Home") return 0;
  if (key === "End") return last;
  if (key === "ArrowLeft") return Math.max(0, index - 1);
  if (key === "ArrowRight") return Math.min(last, index + 1);
  if (key !== "ArrowUp" && key !== "ArrowDown") return null;
  const number = findRowOf(rows, index);
  const target = rows[number + (key === "ArrowUp" ? -1 : 1)];
  if (!target) return index;
  const own = rows[number].places[index - rows[number].first];
  const middle = own.left + own.width / 2;
  const distances = target.places.map((place) => Math.abs(place.left + place.width / 2 - middle));
  return target.first + distances.indexOf(Math.min(...distances));
}
