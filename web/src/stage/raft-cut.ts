import { html, nothing, type TemplateResult } from "lit";
import { RaftElement } from "../view/element.js";
import { store } from "../state/store.js";
import { names } from "../view/words.js";

/** A cut of the network that is being chosen on the stage: pressed servers are on one side. */
export class RaftCut extends RaftElement {
  protected readonly topics = ["view", "servers"] as const;
  protected override readonly calm = 200;

  override render(): TemplateResult {
    const { side } = store.view;
    if (!side) return html`${nothing}`;
    return html`<div class="cut-chooser" role="group" aria-label="Cut the network in two">
      ${side.length === 0 ? html`<p>Press the servers of one side.</p>`
        : store.answers?.cut.map((s) => html`<p>${s}</p>`)}
      <button class="small primary" ?disabled=${!isCut(side)} @click=${() => cutAt(side)}>Cut</button>
      <button class="small" @click=${() => store.show({ side: null })}>Cancel</button>
    </div>`;
  }
}

export const isCut = (side: number[]): boolean => side.length > 0 && side.length < store.servers.length;

/** Cuts the network: these servers on one side, all others on the other. */
export function cutAt(side: number[]): void {
  const cut = [...side].sort((a, b) => a - b);
  store.show({ side: null });
  void store.act([{ do: "partition", servers: cut }], `The network is cut: ${names(cut)} on one side.`);
}

customElements.define("raft-cut", RaftCut);
