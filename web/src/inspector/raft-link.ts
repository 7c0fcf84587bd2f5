import { html, nothing, type TemplateResult } from "lit";
import { RaftElement } from "../view/element.js";
import { turned } from "../stage/link.js";
import { QUALITIES, type Link, type Quality } from "../model.js";
import { store } from "../state/store.js";
import { cutState, dialOf, dialWords, type Cut } from "../view/words.js";
import { withDial } from "../faults/network.js";

/**
 * The selected link, each direction by itself: whether messages pass, how long they take, how many are lost,
 * and whether they are held on it.
 */
export class RaftLink extends RaftElement {
  protected readonly topics = ["view", "room", "lab"] as const;

  override render(): TemplateResult {
    const { selection } = store.view;
    if (selection?.kind !== "link") return html`${nothing}`;
    const { a, b } = selection;
    const state = cutState(store.room?.links ?? [], a, b);
    const choice = (cut: Cut, words: string) => html`<button aria-pressed=${cut === state ? "true" : "false"}
      data-cut=${cut} @click=${() => this.turn(a, b, cut)}>${words}</button>`;
    return html`<div class="buttons wrap" role="group"
      aria-label="What passes">${choice("whole", "Whole")}${choice("cut", "Cut")}${choice("forward",
      `Only S${a} → S${b}`)}${choice("backward", `Only S${b} → S${a}`)}</div>
      ${[[a, b], [b, a]].map(([from, to]) => this.direction(store.room?.links.find((l) => l.from === from &&
        l.to === to)))}`;
  }

  private direction(link: Link | undefined): TemplateResult | typeof nothing {
    if (!link) return nothing;
    const { from, to } = link;
    const hold = link.hold ? "release" : "hold";
    return html`<fieldset class="dials"><legend>S${from} → S${to}</legend>
      ${QUALITIES.map((q) => dial(q, dialOf(link, q),
        (value) => void store.act([{ do: "network", server: from, to, link: withDial(link, q, value) }])))}
      <label class="check"><input type="checkbox" .checked=${link.hold ?? false}
        @change=${() => void store.act([{ do: hold, server: from, to }])} /> Hold messages on this link</label>
    </fieldset>`;
  }

  private turn(a: number, b: number, cut: Cut): void {
    void store.act(turned(a, b, cut), cut === "whole" ? `S${a} – S${b} is mended.` : `S${a} – S${b} is changed.`);
  }
}

/** A slider with its value, which changes the network when it is released. */
export function dial(q: Quality, value: number, set: (value: number) => void): TemplateResult {
  const text = (n: number) => dialWords(n, q);
  const slide = (e: Event) => {
    const output = (e.target as HTMLElement).nextElementSibling;
    if (output) output.textContent = text(Number((e.target as HTMLInputElement).value));
  };
  return html`<label class="dial"><span>${q.title}</span><input type="range" min="0" max=${q.end} step=${q.step}
    data-dial=${q.name} .value=${String(Math.round(value))} aria-valuetext=${text(value)} @input=${slide}
    @change=${(e: Event) => set(Number((e.target as HTMLInputElement).value))} /><output class="mono" aria-live="off"
    .textContent=${text(value)}></output></label>`;
}

customElements.define("raft-link", RaftLink);
