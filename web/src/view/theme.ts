import { store } from "../state/store.js";
import { keep, stored } from "../state/stored.js";

/** Light and dark follow the system until the button chose otherwise; the choice is kept where storage is allowed. */
const KEY = "raft-theme";

const systemsDark = (): MediaQueryList => matchMedia("(prefers-color-scheme: dark)");

/** Which of the two is shown. */
export const themeNow = (): string => document.documentElement.dataset["theme"] ?? (systemsDark().matches ? "dark"
  : "light");

export function restoreTheme(): void {
  const chosen = stored(KEY);
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset["theme"] = chosen;
  systemsDark().addEventListener("change", repaint);
}

export function switchTheme(): void {
  setTheme(themeNow() === "dark" ? "light" : "dark");
  keep(KEY, themeNow());
}

export function setTheme(theme: "light" | "dark" | "auto"): void {
  const root = document.documentElement;
  if (theme === "auto") delete root.dataset["theme"];
  else root.dataset["theme"] = theme;
  repaint();
}

let turns = 0; // of the theme

/** The time line and what moves on the stage are painted, not styled. */
function repaint(): void {
  turns++;
  store.show({});
}

/**
 * The style sheet's tokens as they hold for an element, for what is painted: each is asked for once, as to ask has the
 * browser style the page.
 */
export class Inks {
  private known = new Map<string, string>();
  private turns = turns;
  private readonly style: CSSStyleDeclaration;

  constructor(element: Element) {
    this.style = getComputedStyle(element);
  }

  of(token: string): string {
    if (this.turns !== turns) this.forget();
    let value = this.known.get(token);
    if (value === undefined) this.known.set(token, (value = this.style.getPropertyValue(token).trim()));
    return value;
  }

  /** After which everything is asked for again. */
  forget(): void {
    this.known.clear();
    this.turns = turns;
  }
}
