import { html, nothing, type TemplateResult } from "lit";
import { RaftElement } from "../view/element.js";
import { sectionLink } from "../view/paper.js";
import { store } from "../state/store.js";

/** The one question that one would ask now, "why is this not committed?", and its answer when it is asked. */
export class RaftWhy extends RaftElement {
  protected readonly topics = ["servers", "view"] as const;
  protected override readonly calm = 400; // a question that is gone before it is read is none

  private open = false;

  protected override slice(): unknown {
    return store.answers?.why;
  }

  override render(): TemplateResult | typeof nothing {
    const q = store.answers?.why;
    if (!q && !this.open) return nothing;
    const answer = q ? html`<p>${q.answer.join(" ")}</p><p class="caption">${sectionLink(q.section)}</p>`
      : html`<p>There is a leader, and all of its entries are committed.</p>`;
    return html`
      <button class="small why-ask" aria-expanded=${this.open ? "true" : "false"}
        @click=${this.toggle}>${q?.ask ?? "Why did nothing happen?"}</button>
      ${this.open ? html`<div class="why-answer">${answer}</div>` : nothing}`;
  }

  private toggle(): void {
    this.open = !this.open;
    this.requestUpdate();
  }
}

customElements.define("raft-why", RaftWhy);
