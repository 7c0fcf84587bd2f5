import { html, type TemplateResult } from "lit";

/**
 * A button with a short list beside it. The list stands in the top layer, as regions clip what is in them: Esc, a click
 * elsewhere and a choice close it, and the browser moves the focus and tells screen readers whether it is open.
 */
export function menu(id: string, title: string, kind: string, label: unknown, content: unknown): TemplateResult {
  return html`<button class=${kind} popovertarget=${id} title=${title}>${label}</button>
    <div class="menu" id=${id} popover @beforetoggle=${place} @click=${choose}>${content}</div>`;
}

const NARROW = 600; // px of a page that a list is as wide as
const LOW = 300; // px: where there is less both above and below, a list takes the page's whole height

/** Beside its button, where there is more room: above it or below it. */
function place({ currentTarget }: Pick<Event, "currentTarget">): void {
  const list = currentTarget as HTMLElement;
  // on small screens another one
  const button = [...document.querySelectorAll(`[popovertarget="${list.id}"]`)].find((b) => b.checkVisibility());
  if (!button) return;
  const at = button.getBoundingClientRect();
  const above = at.top > innerHeight / 2;
  const right = at.left > innerWidth / 2;
  const narrow = innerWidth < NARROW;
  const room = above ? at.top : innerHeight - at.bottom;
  const low = room < LOW;
  Object.assign(list.style, {
    top: low ? "8px" : above ? "auto" : `${at.bottom + 4}px`,
    bottom: above && !low ? `${innerHeight - at.top + 4}px` : "auto",
    left: narrow ? "8px" : right ? "auto" : `${low ? at.right + 4 : at.left}px`,
    right: narrow ? "8px" : right ? `${innerWidth - at.right}px` : "auto",
    maxHeight: `${(low ? innerHeight : room) - 16}px`,
  });
}

/** Places open lists again after the window was resized, or a phone was turned. */
export function placeMenus(): void {
  for (const list of document.querySelectorAll(".menu:popover-open")) place({ currentTarget: list });
}

/** A choice closes the list; a field or a slider does not, and a form does that itself once it is right. */
function choose(e: Event): void {
  if ((e.target as Element).closest("button:not([type=submit]), a")) (e.currentTarget as HTMLElement).hidePopover();
}
