import { store } from "./store.js";

/** Light and dark follow the system until the button chose otherwise; the choice is kept where storage is allowed. */
const KEY = "raft-theme";

export function restoreTheme(): void {
  try {
    const chosen = localStorage.getItem(KEY);
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset["theme"] = chosen;
  } catch {
    // No storage: the system's theme holds.
  }
}

export function switchTheme(): void {
  const root = document.documentElement;
  const dark = root.dataset["theme"] ? root.dataset["theme"] === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset["theme"] = dark ? "light" : "dark";
  store.show({}); // the time line is painted, not styled
  try {
    localStorage.setItem(KEY, root.dataset["theme"]);
  } catch {
    // No storage: the choice holds until the page is closed.
  }
}
