import { html, type TemplateResult } from "lit";
import { keysOf } from "./keys.js";

/**
 * The names of views of which one is seen. All of them are one stop of the Tab key; the arrows go from one to the next,
 * and show it.
 */
export function tabList<T extends { words: string }>(kind: string, label: string, tabs: readonly T[],
  open: T | undefined, show: (tab: T) => void): TemplateResult {
  return html`<div class=${kind} role="tablist" aria-label=${label} @keydown=${walk}>
    ${tabs.map((t) => html`<button class="small quiet" role="tab" aria-selected=${t === open ? "true" : "false"}
      tabindex=${t === open ? 0 : -1} @click=${() => show(t)}>${t.words}</button>`)}
  </div>`;
}

const walk = keysOf("tabs", {
  next: () => go((place, last) => (place === last ? 0 : place + 1)),
  before: () => go((place, last) => (place === 0 ? last : place - 1)),
  first: () => go(() => 0),
  last: () => go((_, last) => last),
});

function go(to: (place: number, last: number) => number): void {
  const here = document.activeElement;
  const tabs = [...(here?.parentElement?.querySelectorAll<HTMLElement>("[role=tab]") ?? [])];
  const tab = tabs[to(tabs.indexOf(here as HTMLElement), tabs.length - 1)];
  tab?.focus();
  tab?.click();
}
