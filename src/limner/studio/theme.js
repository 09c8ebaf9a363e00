// The theme: the system's, light, or dark, kept once it is chosen.

export const THEMES = ["auto", "light", "dark"];
const STORED = "limner.theme";

/** Return the theme that was chosen; `auto` if none was. */
export function readTheme() {
  try {
    const stored = localStorage.getItem(STORED);
    return THEMES.includes(stored) ? stored : "auto";
  } catch {
    return "auto";
  }
}

/** Show a theme. */
export function showTheme(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

/** Show a theme from now on, here and at the next visit. */
export function chooseTheme(theme) {
  showTheme(theme);
  try {
    localStorage.setItem(STORED, theme);
  } catch {
    // until the next visit
  }
}
