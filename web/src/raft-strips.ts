import { html, nothing, type TemplateResult } from "lit";
import { RaftElement } from "./element.js";
import { store } from "./store.js";

/** What is wrong or limited, in a strip under the header: one line each, in words (LOOK §11). */
export class RaftStrips extends RaftElement {
  protected readonly topics = ["connection", "room", "servers", "view"] as const;
  protected override readonly calm = 100;

  private clock: ReturnType<typeof setInterval> | undefined;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.clock);
  }

  override render(): TemplateResult {
    const memory = store.self.server !== null && store.self.disk === "memory";
    return html`
      ${this.lost()}
      ${store.watching ? html`<p class="strip">${store.watching}</p>` : nothing}
      ${this.remark()}
      ${memory ? html`<p class="strip">This browser gives the page no disk. S${store.self.server} keeps its log in memory only: when this tab closes, the log is gone.</p>` : nothing}
    `;
  }

  private remark(): TemplateResult | typeof nothing {
    const { remark } = store.view;
    if (!remark) return nothing;
    return html`<p class="strip remark"><span><b>${remark.title}</b> ${remark.text}</span><button class="quiet small" aria-label="Hide: ${remark.title}" @click=${() => store.show({ remark: null })}>✕</button></p>`;
  }

  private lost(): TemplateResult | typeof nothing {
    const { connection } = store;
    if (connection.state !== "lost") {
      clearInterval(this.clock);
      this.clock = undefined;
      return nothing;
    }
    this.clock ??= setInterval(() => this.requestUpdate(), 500);
    const left = Math.max(0, Math.ceil((connection.retryAt - Date.now()) / 1000));
    const when = left > 0 ? `Trying again in ${left} s.` : "Trying again…";
    return html`<p class="strip hatched" role="status" title=${connection.why}><span>Connection lost. ${when} Your node keeps its log.</span><button class="small" @click=${() => store.reconnect()}>Now</button></p>`;
  }
}

customElements.define("raft-strips", RaftStrips);
