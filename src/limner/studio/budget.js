// What is left of a key's budget, as a bar and in words. Usage and keys both show it.

import { make, style } from "./dom.js";
import { say, sayDollars, sayTime } from "./words.js";

function makePart(kind, share) {
  return style(make("span", { class: kind }), { width: `${Math.min(Math.max(share, 0), 1) * 100}%` });
}

function sayPeriod(key) {
  if (key.budget_period === "total") return say("budget.total");
  return say(`budget.${key.budget_period}`, { time: sayTime(key.period_ends_at) });
}

/** Return the bar of a key that has a budget, or a sentence that it has none. */
export function makeBudget(key) {
  if (key.budget_usd === null) {
    return make("p", { class: "hint" }, say("budget.none", { spent: sayDollars(key.spent_usd) }));
  }
  const told = say("budget.left", { left: sayDollars(key.left_usd), budget: sayDollars(key.budget_usd) });
  const whole = key.budget_usd || 1;
  const isLow = key.left_usd < key.budget_usd / 10;
  return make("div", { class: isLow ? "budget low" : "budget" },
    make("p", { class: "left" }, told),
    make("div", { class: "meter", role: "meter", "aria-label": say("budget.title"), "aria-valuemin": 0, "aria-valuemax": key.budget_usd, "aria-valuenow": key.left_usd, "aria-valuetext": told },
      makePart("spent", key.spent_usd / whole), makePart("held", key.reserved_usd / whole)),
    make("p", { class: "hint" },
      say("budget.spent", { spent: sayDollars(key.spent_usd) }),
      key.reserved_usd ? ` · ${say("budget.reserved", { reserved: sayDollars(key.reserved_usd) })}` : "",
      ` · ${sayPeriod(key)}`));
}
