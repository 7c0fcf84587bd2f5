import { html, type TemplateResult } from "lit";

/**
 * A button with a short list beside it. The list stands in the top layer, as regions clip what is in them: Esc, a click elsewhere and a choice close it,
 * and the browser moves the focus and tells screen readers whether it is open.
 */
export function menu(id: string, title: string, kind: string, label: unknown, content: unknown): TemplateResult {
  return html`<button class=${kind} popovertarget=${id} title=${title}>${label}</button>
    <div class="menu" id=${id} popover @beforetoggle=${place} @click=${choose}>${content}</div>`;
}

const NARROW = 600; // px of a page that a list is as wide as

/** Beside its button, where there is more room: above it or below it. */
function place(e: Event): void {
  const list = e.currentTarget as HTMLElement;
  const button = document.querySelector(`[popovertarget="${list.id}"]`);
  if (!button) return;
  const at = button.getBoundingClientRect();
  const above = at.top > innerHeight / 2;
  const right = at.left > innerWidth / 2;
  const narrow = innerWidth < NARROW;
  Object.assign(list.style, {
    top: above ? "auto" : `${at.bottom + 4}px`,
    bottom: above ? `${innerHeight - at.top + 4}px` : "auto",
    left: narrow ? "8px" : right ? "auto" : `${at.left}px`,
    right: narrow ? "8px" : right ? `${innerWidth - at.right}px` : "auto",
    maxHeight: `${(above ? at.top : innerHeight - at.bottom) - 16}px`,
  });
}

/** A choice closes the list; a field or a slider does not, and a form does that itself once it is right. */
function choose(e: Event): void {
  if ((e.target as Element).closest("button:not([type=submit]), a")) (e.currentTarget as HTMLElement).hidePopover();
}
