import { html, type TemplateResult } from "lit";
import { RaftElement } from "../view/element.js";
import { store } from "../state/store.js";

const SHOWN_MS = 6_000;
const SLACK = 10; // less than the time between any two events

/**
 * Offers to undo the last deed for a few seconds, while its result is shown: in another run, another branch
 * or at an earlier moment it has not happened. The list of faults shows what is wrong for longer.
 */
export class RaftUndo extends RaftElement {
  protected readonly topics = ["view"] as const;

  private of: typeof store.view.undo = null;
  private done = { at: 0, branch: 0 }; // where
  private closing: ReturnType<typeof setTimeout> | undefined;

  protected override attached(gone: AbortSignal): void {
    store.onBatch((batch) => {
      if (batch.moment && store.view.undo && !this.isSeen()) store.show({ undo: null });
    }, gone);
    gone.addEventListener("abort", () => clearTimeout(this.closing));
  }

  override render(): TemplateResult {
    const { undo, notice } = store.view;
    if (undo !== this.of) this.start();
    const back = () => {
      store.show({ undo: null });
      if (undo) void store.act(undo.acts);
    };
    return html`<div role="status" @pointerenter=${() => clearTimeout(this.closing)}
      @focusin=${() => clearTimeout(this.closing)} @pointerleave=${() => this.start()} @focusout=${() => this.start()}>
      ${undo && !notice ? html`<p class="notice undo"><span>${undo.text}</span><button class="small"
        @click=${back}>Undo</button></p>` : ""}
    </div>`;
  }

  /** A deed in the past begins a branch of its own, of which the page learns later. */
  private isSeen(): boolean {
    const { lab } = store;
    const now = lab?.branches.find((b) => b.id === lab.branch);
    if (now && now.parent === this.done.branch && now.at >= this.done.at - SLACK) this.done.branch = now.id;
    return lab?.branch === this.done.branch && store.now() >= this.done.at - SLACK;
  }

  private start(): void {
    if (store.view.undo !== this.of) this.done = { at: store.now(), branch: store.lab?.branch ?? 0 };
    this.of = store.view.undo;
    clearTimeout(this.closing);
    if (this.of) this.closing = setTimeout(() => store.show({ undo: null }), SHOWN_MS);
  }
}

customElements.define("raft-undo", RaftUndo);
