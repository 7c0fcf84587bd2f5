import { html, type TemplateResult } from "lit";
import { RaftElement } from "../element.js";
import { store } from "../store.js";
import { perform } from "./deeds.js";

const SHOWN_MS = 6_000;

/** For a few seconds the way back from what was just done. What is wrong now stands among the faults for longer. */
export class RaftUndo extends RaftElement {
  protected readonly topics = ["view"] as const;

  private of: typeof store.view.undo = null;
  private closing: ReturnType<typeof setTimeout> | undefined;

  override render(): TemplateResult {
    const { undo, notice } = store.view;
    if (undo !== this.of) this.start();
    const back = () => {
      store.show({ undo: null });
      if (undo) void perform(undo.acts);
    };
    return html`<div role="status" @pointerenter=${() => clearTimeout(this.closing)} @focusin=${() => clearTimeout(this.closing)} @pointerleave=${() => this.start()} @focusout=${() => this.start()}>
      ${undo && !notice ? html`<p class="notice undo"><span>${undo.text}</span><button class="small" @click=${back}>Undo</button></p>` : ""}
    </div>`;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.closing);
  }

  private start(): void {
    this.of = store.view.undo;
    clearTimeout(this.closing);
    if (this.of) this.closing = setTimeout(() => store.show({ undo: null }), SHOWN_MS);
  }
}

customElements.define("raft-undo", RaftUndo);
