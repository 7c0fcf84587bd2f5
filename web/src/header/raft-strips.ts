import { html, nothing, type TemplateResult } from "lit";
import { RaftElement } from "../view/element.js";
import { menu } from "../view/menu.js";
import type { Advice, Choice } from "../model.js";
import { store } from "../state/store.js";

/** What a cluster needs to run at all. */
export const NEEDS = "It needs WebAssembly and Workers: a current Firefox, Chrome, Edge or Safari has both.";

/** What is wrong or limited, in a strip under the header: one line each, in words. */
export class RaftStrips extends RaftElement {
  protected readonly topics = ["connection", "room", "servers", "lab", "view"] as const;
  protected override readonly calm = 100;

  private clock: ReturnType<typeof setInterval> | undefined;
  private titles = new Map<string, string>(); // of the core's rules by their IDs, once one is off

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.clock);
  }

  override render(): TemplateResult {
    const memory = store.self.server !== null && store.self.disk === "memory";
    return html`
      ${this.failed()}
      ${this.lost()}
      ${this.modified()}
      ${store.watching ? html`<p class="strip" role="status">${store.watching}</p>` : nothing}
      ${store.advice.map((a) => advised(a))}
      ${this.remark()}
      ${memory ? html`<p class="strip">This browser gives the page no disk. S${store.self.server} keeps its log in
        memory only: when this tab closes, the log is gone.</p>` : nothing}
    `;
  }

  /** The failure, if a film or the cluster is visible; otherwise the stage reports it. */
  private failed(): TemplateResult | typeof nothing {
    if (store.boot.state !== "failed" || store.servers.length === 0) return nothing;
    const { detail } = store.boot;
    const words = store.recorded ? "Your browser could not start the cluster. The recorded run below still works."
      : "The cluster has ended. You see its last moment.";
    const more = store.recorded ? menu("needs", "What the cluster needs", "small", "What we need",
      html`<p class="prose">${NEEDS} ${detail}</p>`) : menu("end", "How the cluster ended", "small", "How",
      html`<p class="prose">${detail}</p>`);
    return html`<div class="strip hatched" role="alert"><span>${words}</span><button class="small"
      @click=${() => location.reload()}>${store.recorded ? "Try again" : "Load again"}</button>${more}</div>`;
  }

  private remark(): TemplateResult | typeof nothing {
    const { remark } = store.view;
    if (!remark || (remark.story && (store.lab?.branch ?? 1) > 1)) return nothing;
    return html`<p class="strip remark"><span><b>${remark.title}</b> ${remark.text}</span><button class="quiet small"
      aria-label="Hide: ${remark.title}" @click=${() => store.show({ remark: null })}>✕</button></p>`;
  }

  protected override slice(): unknown {
    return [store.boot, store.servers.length > 0, store.connection, store.watching, store.advice, store.self,
      store.lab?.modified, store.lab?.branch];
  }

  /** Shown as long as it is true: nobody should take this run for Raft. */
  private modified(): TemplateResult | typeof nothing {
    const off = store.lab?.modified ?? [];
    const [rule] = off;
    if (rule === undefined) return nothing;
    if (this.titles.size === 0) void this.learnTitles();
    const what = off.length === 1 ? `the rule “${this.titles.get(rule) ?? rule}” is off.`
      : `${off.length} rules are off.`;
    const turnOn = () => store.wishLab((id) =>
      ({ type: "act", id, action: { do: "rules", off: store.lab?.off.filter((rule) => !off.includes(rule)) ?? [] } }));
    return html`<p class="strip hatched modified-strip"
      title=${off.map((id) => this.titles.get(id) ?? id).join(", ")}><span>Modified Raft: ${what}</span><button
      class="small" @click=${turnOn}>${off.length === 1 ? "Turn on" : "Turn all on"}</button></p>`;
  }

  private async learnTitles(): Promise<void> {
    try {
      const { loadCore } = await import("../story/core.js");
      this.titles = new Map((await loadCore()).rules.map((r) => [r.id, r.title]));
      this.requestUpdate();
    } catch {
      // Then the rule is called by its ID.
    }
  }

  private lost(): TemplateResult | typeof nothing {
    const { connection } = store;
    if (connection.state !== "lost" && connection.state !== "refused") {
      clearInterval(this.clock);
      this.clock = undefined;
      return nothing;
    }
    this.clock ??= setInterval(() => this.requestUpdate(), 500);
    const left = Math.max(0, Math.ceil(((connection.retryAt ?? 0) - Date.now()) / 1000));
    const when = left > 0 ? `Trying again in ${left} s.` : "Trying again…";
    const lost = store.room ? "Connection lost." : "There is no connection.";
    const what = connection.state === "refused" ? connection.why : lost;
    const keeps = store.self.server === null ? "" : "Your node keeps its log.";
    return html`<p class="strip hatched ${connection.state}" role="status" title=${connection.why}>
      <span>${what} ${when} ${keeps}</span>
      <button class="small" @click=${() => store.reconnect()}>Now</button>
      <a class="button small" href="../">Use the simulator instead</a>
    </p>`;
  }
}

/** What is wrong with the room, and what people in it can decide, each choice with its possible cost. */
function advised({ text, choices }: Advice): TemplateResult {
  const choice = ({ label, cost, seats }: Choice) => html`<li><button class="small"
    @click=${() => store.decide(seats)}>${label}</button><span>${cost}</span></li>`;
  return html`<div class="strip advice" role="status"><p>${text}</p>${choices.length > 0
    ? html`<ul>${choices.map(choice)}</ul>` : nothing}</div>`;
}

/** A safety property that is broken at the moment that is shown, across the bottom of the stage. */
export class RaftViolation extends RaftElement {
  protected readonly topics = ["lab"] as const;

  override render(): TemplateResult | typeof nothing {
    const broken = store.lab?.properties.find((p) => p.broken);
    if (!broken?.broken) return nothing;
    const { at, text } = broken.broken;
    return html`<div class="violation-strip" role="alert"><span>${broken.name} broken: ${text}</span>
      <button class="small" @click=${() => store.seek(at)}>Go there</button><button class="small"
        @click=${() => store.show({ panel: "rules", inspectorHidden: false })}>Why</button></div>`;
  }

  protected override slice(): unknown {
    return store.lab?.properties;
  }
}

customElements.define("raft-strips", RaftStrips);
customElements.define("raft-violation", RaftViolation);
