// What can be drawn, and for how much: the models that this key may use, once each.

import { getJson } from "./api.js";
import { whenLeft } from "./session.js";
import { getLanguage } from "./words.js";

let loading = null;

whenLeft(() => { loading = null; }); // another key of the same owner may use others

/** Return the models that draw: `{ id, title, nicknames, ratios, sizes, pixels, prices, isDeprecated }`, those in use first. */
export function loadModels() {
  if (!loading) {
    loading = getJson("/v1/models").then((list) => group(list.data));
    loading.catch(() => { loading = null; });
  }
  return loading;
}

function group(entries) {
  const models = new Map();
  for (const entry of entries) {
    if (!entry.architecture?.output_modalities?.includes("image")) continue;
    const { model: id, ratios, sizes, pixels, price_usd: prices, deprecated } = entry.limner;
    if (!models.has(id)) models.set(id, { id, title: entry.name, nicknames: [], ratios: sortByShape(ratios), sizes, pixels, prices, isDeprecated: deprecated });
    if (entry.id !== id) models.get(id).nicknames.push(entry.id);
  }
  return [...models.values()].sort((one, other) => Number(one.isDeprecated) - Number(other.isDeprecated));
}

/** From the tallest to the widest, as people look for them. */
function sortByShape(ratios) {
  const widthOf = (ratio) => ratio.split(":").reduce((across, down) => across / down);
  return [...ratios].sort((one, other) => widthOf(one) - widthOf(other));
}

/** Return a picture's price in words: as many places as it has, up to a hundredth of a cent. */
export function sayPrice(usd) {
  if (usd === null || usd === undefined) return "–";
  return new Intl.NumberFormat(getLanguage(), { style: "currency", currency: "USD", currencyDisplay: "narrowSymbol", minimumFractionDigits: 2, maximumFractionDigits: 4 }).format(usd);
}

/** Return pixels such as 1024 × 1024, or "" where the model chooses. */
export function sayPixels(model, ratio, size) {
  return (model.pixels[ratio]?.[size] ?? "").replace("x", " × ");
}

/** Return settings that a model can do, the nearest to those wished. */
export function fitSettings(models, wished) {
  const model = models.find((each) => each.id === wished?.model) ?? models[0];
  const ratio = wished && (wished.ratio === "" || model.ratios.includes(wished.ratio)) ? wished.ratio : "1:1";
  const usual = model.sizes.includes("1K") ? "1K" : model.sizes[0];
  const size = model.sizes.includes(wished?.size) ? wished.size : usual;
  return { model: model.id, ratio, size, count: wished?.count ?? 1 };
}
