import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { RaftElement } from "../view/element.js";
import { store } from "../state/store.js";
import { fetchList, openAddress, type Listed } from "./opening.js";

/**
 * Runs that are worth watching (web/gallery). Each opens shortly before its turn, paused, with a sentence on
 * what to watch.
 */
export class RaftGallery extends RaftElement {
  protected readonly topics = ["view"] as const;

  private list: Listed[] | null = null;
  private problem = "";

  override render(): TemplateResult {
    return html`<dialog class="gallery-dialog" aria-labelledby="gallery-title"
      @cancel=${() => store.show({ dialog: "none" })}>
      ${store.view.dialog === "gallery" ? this.runs() : nothing}
    </dialog>`;
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const dialog = this.querySelector("dialog");
    const wanted = store.view.dialog === "gallery";
    if (wanted && dialog && !dialog.open) {
      dialog.showModal();
      if (!this.list) void this.load();
    }
    if (!wanted && dialog?.open) dialog.close();
  }

  private runs(): TemplateResult {
    const broken = this.list?.filter((l) => l.breaks) ?? [];
    const whole = this.list?.filter((l) => !l.breaks) ?? [];
    return html`
      <div class="dialog-head"><h2 id="gallery-title">Gallery</h2><button class="quiet small" aria-label="Close"
        @click=${() => store.show({ dialog: "none" })}>✕</button></div>
      ${this.problem ? html`<p class="prose" role="alert">${this.problem}</p><button
        @click=${() => this.load()}>Try again</button>` : nothing}
      ${this.list ? html`
        <h3 id="gallery-broken">What breaks when a rule is left out</h3>
        <ul class="exhibits" aria-labelledby="gallery-broken">${broken.map((l) => this.run(l))}</ul>
        <h3 id="gallery-whole">Raft with all its rules</h3>
        <ul class="exhibits" aria-labelledby="gallery-whole">${whole.map((l) => this.run(l))}</ul>` : nothing}
    `;
  }

  private run(l: Listed): TemplateResult {
    return html`<li><button class="exhibit" @click=${() => this.open(l.id)}>
      <b>${l.title}</b>
      <span>${l.story}</span>
      ${l.breaks ? html`<span class="caption">Breaks ${l.breaks.join(" and ")}. Off: ${l.rules?.join("; ")}.</span>`
        : nothing}
    </button></li>`;
  }

  private async load(): Promise<void> {
    this.problem = "";
    try {
      this.list = await fetchList();
    } catch (why) {
      this.problem = (why as Error).message;
    }
    this.requestUpdate();
  }

  /** Puts the run's name into the address, so that Back and Forward work. */
  private open(id: string): void {
    const fragment = `1?run=${id}`;
    if (location.hash !== `#${fragment}`) history.pushState(null, "", `#${fragment}`);
    void openAddress(fragment, store.pace);
  }
}

customElements.define("raft-gallery", RaftGallery);
