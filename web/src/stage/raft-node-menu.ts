import { html, nothing, type TemplateResult } from "lit";
import { RaftElement } from "../view/element.js";
import { keysOf } from "../view/keys.js";
import { machineWords } from "./node.js";
import type { LabOffer } from "../model.js";
import { store } from "../state/store.js";
import { roleWords } from "../view/words.js";
import { accept, Offers } from "../faults/deeds.js";

/**
 * All that can be done to a server, at its node. Deeds that are impossible now stay in place, with the
 * reason; those that would cost the majority ask for confirmation.
 */
export class RaftNodeMenu extends RaftElement {
  protected readonly topics = ["view", "servers", "room"] as const;
  protected override readonly calm = 100;

  private offers = new Offers(this);
  private asking: LabOffer | null = null; // whose warning is shown
  private shown: number | null = null; // whose menu is open
  private left: number | null = null; // whose menu was closed last, by a person

  override render(): TemplateResult {
    const { menu } = store.view;
    if (menu === null) this.offers.at(0); // its offers are outdated when it opens next
    return html`<div class="menu node-menu" popover @beforetoggle=${this.closing} @toggle=${this.closed}
      @keydown=${this.key}>
      ${menu === null ? nothing : this.asking ? this.question(menu, this.asking) : this.list(menu)}
    </div>`;
  }

  protected override updated(): void {
    const { menu } = store.view;
    const list = this.querySelector<HTMLElement>(".node-menu");
    if (!list || menu === this.shown) return;
    if (menu !== null && this.items().length === 0) return; // what it offers is not known yet
    this.shown = menu;
    if (menu === null) return list.hidePopover();
    this.asking = null;
    list.showPopover();
    place(list, menu);
    this.items().find((i) => i.getAttribute("aria-disabled") !== "true")?.focus();
  }

  private list(server: number): TemplateResult {
    const view = store.server(server);
    if (!view) return html`${nothing}`;
    const groups = this.offers.at(server);
    return html`
      <p class="node-menu-title"><b>S${server}</b> <span class="caption">${machineWords(view) ||
        roleWords(view)}</span></p>
      <div role="menu" aria-label="What can be done to S${server}">
        ${groups.map((group) => html`<div class="node-menu-group" role="group">
          ${group.map((d) => html`${this.item(d)}${d.to && !d.not ? this.targets(server, d.to) : nothing}`)}
        </div>`)}
      </div>`;
  }

  private item(d: LabOffer): TemplateResult {
    const act = () => {
      if (d.not) return;
      if (d.warning) this.ask(d);
      else this.finish(d);
    };
    return html`<button class="quiet" role="menuitem" tabindex="-1" data-deed=${d.name} title=${d.meaning}
      aria-disabled=${d.not ? "true" : "false"} @click=${act}><span>${d.words}${d.warning && !d.not ? "…"
      : ""}</span>${d.not ? html`<span class="caption">${d.not}</span>` : nothing}</button>`;
  }

  /** The servers to which the leader can transfer leadership. */
  private targets(server: number, targets: number[]): TemplateResult {
    return html`<div class="node-menu-targets">${targets.map((to) => html`<button class="small" role="menuitem"
      tabindex="-1" aria-label="Hand over leadership to S${to}" @click=${() => {
      this.close();
      void store.act([{ do: "transfer", server, to }]);
    }}>to S${to}</button>`)}</div>`;
  }

  private question(server: number, d: LabOffer): TemplateResult {
    return html`<div role="alertdialog" aria-labelledby="anyway-title" aria-describedby="anyway-why" class="anyway">
      <p class="node-menu-title" id="anyway-title"><b>${d.words}: S${server}?</b></p>
      <p id="anyway-why">${d.warning}</p>
      <div class="buttons"><button class="primary" @click=${() => this.finish(d)}>Do it anyway</button><button
        @click=${() => this.close()}>Cancel</button></div>
    </div>`;
  }

  private ask(d: LabOffer): void {
    this.asking = d;
    this.requestUpdate();
    void this.updateComplete.then(() => this.querySelector<HTMLElement>(".anyway button:last-of-type")?.focus());
  }

  private finish(d: LabOffer): void {
    this.close();
    void accept(d);
  }

  private close(): void {
    this.querySelector<HTMLElement>(".node-menu")?.hidePopover();
  }

  private items(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>("[role=menuitem]")];
  }

  /** Runs before the list closes: its close event comes later, when the menu may be open again. */
  private readonly closing = (e: ToggleEvent): void => {
    if (e.newState !== "closed") return;
    this.left = this.shown;
    this.shown = null;
    this.asking = null;
    if (store.view.menu !== null) store.show({ menu: null });
  };

  private readonly closed = (e: ToggleEvent): void => {
    if (e.newState !== "closed" || this.left === null) return;
    if (document.activeElement === document.body || this.contains(document.activeElement))
      document.querySelector<SVGElement>(`.node[data-server="${this.left}"]`)?.focus();
  };

  private readonly key = keysOf("menu", {
    next: () => this.focusItem((place, items) => (place + 1) % items.length),
    before: () => this.focusItem((place, items) => (place - 1 + items.length) % items.length),
    first: () => this.focusItem(() => 0),
    last: () => this.focusItem((_, items) => items.length - 1),
    named: (letter) => this.focusItem((place, items) => this.named(items, place, letter)),
  });

  private focusItem(to: (place: number, items: HTMLElement[]) => number): void | false {
    const items = this.items();
    const item = items[to(items.indexOf(document.activeElement as HTMLElement), items)];
    return item ? item.focus() : false;
  }

  /** The next item that begins with a letter. */
  private named(items: HTMLElement[], place: number, letter: string): number {
    const order = [...items.keys()].map((i) => (place + 1 + i) % items.length);
    return order.find((i) => items[i]?.textContent?.trim().toLowerCase().startsWith(letter)) ?? -1;
  }
}

/** Beside its node, on the side where there is more room. */
function place(list: HTMLElement, server: number): void {
  const at = document.querySelector(`.node[data-server="${server}"] .shape`)?.getBoundingClientRect();
  if (!at) return;
  const { width, height } = list.getBoundingClientRect();
  const right = at.right + 12 + width <= innerWidth - 8;
  const left = right ? at.right + 12 : Math.max(8, at.left - 12 - width);
  Object.assign(list.style, { left: `${Math.min(left, innerWidth - 8 - width)}px`,
    top: `${Math.max(8, Math.min(at.top - 24, innerHeight - 8 - height))}px` });
}

customElements.define("raft-node-menu", RaftNodeMenu);
