import { html, nothing, type TemplateResult } from "lit";
import { RaftElement } from "../view/element.js";
import type { LabOffer } from "../model.js";
import { store } from "../state/store.js";
import { accept, Offers } from "../faults/deeds.js";

const SHORT = ["crash", "pause", "restart", "campaign", "cut", "write"]; // the rest is in the menu

/** The most frequent deeds for the selected server. */
export class RaftServerDeeds extends RaftElement {
  protected readonly topics = ["view", "servers", "room"] as const;
  protected override readonly calm = 150;

  private offers = new Offers(this);
  private asking: { server: number; name: string } | null = null; // the deed whose warning is shown

  override render(): TemplateResult {
    const { selection } = store.view;
    const server = selection?.kind === "server" ? selection.server : 0;
    const deeds = this.offers.at(server).flat();
    const asked = this.asking?.server === server ? deeds.find((d) => d.name === this.asking?.name && !d.not &&
      d.warning) : undefined;
    return html`<div class="buttons wrap" role="group" aria-label="What can be done to S${server}">
        ${SHORT.map((name) => this.button(server, deeds.find((d) => d.name === name)))}
        <button aria-haspopup="menu" title="M" @click=${() => store.show({ menu: server })}>More…</button>
      </div>
      ${asked ? html`<div class="anyway" role="alert"><p>${asked.warning}</p><div class="buttons"><button
        class="primary" @click=${() => this.do(asked)}>Do it anyway</button><button
        @click=${() => this.ask(null)}>Cancel</button></div></div>` : nothing}`;
  }

  private button(server: number, d: LabOffer | undefined): TemplateResult | typeof nothing {
    if (!d) return nothing;
    const press = () => (d.not ? store.notice(d.not) : d.warning ? this.ask({ server, name: d.name }) : this.do(d));
    return html`<button data-deed=${d.name} aria-disabled=${d.not ? "true" : "false"} title=${d.not || d.meaning}
      @click=${press}>${d.words}</button>`;
  }

  private ask(asking: typeof this.asking): void {
    this.asking = asking;
    this.requestUpdate();
  }

  private do(d: LabOffer): void {
    this.ask(null);
    void accept(d);
  }
}

customElements.define("raft-server-deeds", RaftServerDeeds);
