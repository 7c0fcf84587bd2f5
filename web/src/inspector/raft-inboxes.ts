import { html, type TemplateResult } from "lit";
import { RaftElement } from "../view/element.js";
import type { Inbox } from "../model.js";
import { store } from "../state/store.js";
import { MS } from "../view/time.js";

const AGAIN_MS = 250; // between two questions while the clock runs
const SHOWN = 30; // messages to one server

type Item = Inbox["frames"][number];

/** Messages on their way to each server, by arrival: any can be first, wait, or be lost. */
export class RaftInboxes extends RaftElement {
  protected readonly topics = ["flights", "clock", "lab", "servers"] as const;
  protected override readonly calm = AGAIN_MS;

  private boxes: Inbox[] = [];
  private asking = false;
  private askedAt = -Infinity;

  override render(): TemplateResult {
    void this.ask();
    const count = this.boxes.reduce((sum, b) => sum + b.frames.length, 0);
    return html`
      <div class="inboxes" role="group" aria-label="Inboxes, ${count} messages on their way">
        ${this.boxes.map((box) => html`<section aria-label="To S${box.server}">
          <h3>To S${box.server} <span class="caption">${box.frames.length === 0 ? "nothing"
            : box.frames.length}</span></h3>
          <ol>${box.frames.slice(0, SHOWN).map((f) => this.item(box.server, f))}</ol>
          ${box.frames.length > SHOWN ? html`<p class="caption">and ${box.frames.length - SHOWN} more</p>` : ""}
        </section>`)}
      </div>`;
  }

  private item(to: number, f: Item): TemplateResult {
    const what = `${f.name}${f.label ? `: ${f.label}` : ""}`;
    const button = (act: "deliver" | "hold" | "release" | "drop", words: string) => html`<button class="small quiet"
      aria-label="${words}: ${what} from S${f.from} to S${to}" data-act=${act}
      @click=${() => this.do(f.seq, act)}>${words}</button>`;
    const left = (f.due - store.now()) / MS;
    const when = f.waiting ? "waits" : f.held ? "held" : `${Math.max(0, left).toFixed(left < 10 ? 1 : 0)} ms`;
    return html`<li class=${f.held ? "held" : ""}>
      <button class="inbox-item" title=${what} ?disabled=${f.waiting}
        @click=${() => store.select({ kind: "flight", seq: f.seq })}><span class="mono">S${f.from}</span><span
        class="inbox-name">${f.name.replace(/Reply$/, " reply")} <span class="caption">${f.label}</span></span></button>
      <span class="inbox-acts">${f.waiting ? ""
        : html`${button("deliver", "Now")}${f.held ? button("release", "Release")
        : button("hold", "Hold")}${button("drop", "Drop")}`}<span class="when">${when}</span></span>
    </li>`;
  }

  private do(seq: number, act: "deliver" | "hold" | "release" | "drop"): void {
    void store.act([{ do: `${act}Frame`, frame: seq }]).then(() => {
      this.askedAt = -Infinity;
      void this.ask();
    });
  }

  private async ask(): Promise<void> {
    if (this.asking || performance.now() - this.askedAt < AGAIN_MS / 2) return;
    this.asking = true;
    this.askedAt = performance.now();
    try {
      this.boxes = (await store.askLab((id) => ({ type: "inboxes", id }))) as Inbox[];
    } catch {
      // The lab is on its way to another moment: its last answer stands until it is there.
    }
    this.asking = false;
    this.requestUpdate();
  }
}

customElements.define("raft-inboxes", RaftInboxes);
