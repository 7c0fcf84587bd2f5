import { html, nothing, type TemplateResult } from "lit";
import { RaftElement } from "../view/element.js";
import type { ClientRequest, ReadKind } from "../model.js";
import { store } from "../state/store.js";
import { tight } from "../view/words.js";

const SHOWN = 6; // requests

const OPS: Record<ClientRequest["op"], string> = { put: "Put", get: "Get", delete: "Delete", cas: "Swap" };

/** The ways of a read, and what each promises. */
const READS: Record<ReadKind, [words: string, promise: string]> = {
  log: ["through the log", "An entry, like a write. It sees all that was acknowledged before (§8)."],
  readIndex: ["by ReadIndex",
    "A round of heartbeats shows that the leader still leads. No entry is written (thesis 6.4)."],
  lease: ["by the lease",
    "No round while the last one is recent. Correct while all clocks run at the same rate (thesis 6.4.1)."],
  local: ["local", "What that server has applied, leader or not: may be stale."],
};

/** The client: writes to the cluster's key-value store, reads from it, and lists the outcomes. */
export class RaftClient extends RaftElement {
  protected readonly topics = ["requests", "servers", "room", "connection", "view"] as const;
  protected override readonly calm = 100;

  override render(): TemplateResult {
    const { leader } = store;
    const op = this.chosen();
    const read = this.way();
    return html`
      <h2>Write to the cluster</h2>
      <form class="client" @submit=${this.send} @change=${() => this.requestUpdate()}>
        <fieldset class="ops">
          <legend class="heard-only">What to do</legend>
          ${Object.entries(OPS).map(([o, words]) => html`<label title=${o === "cas" ? "Compare and swap"
            : nothing}><input type="radio" name="op" value=${o} ?checked=${o === "put"}
            aria-label=${o === "cas" ? "Compare and swap" : nothing} /><span>${words}</span></label>`)}
        </fieldset>
        <div class="client-row">
          <input class="mono" name="key" aria-label="Key" value="x" maxlength="64" required autocomplete="off"
            spellcheck="false" />
          ${op === "cas" ? html`<span class="mono" aria-hidden="true">:</span><input class="mono" name="expected"
            aria-label="Value that must be there" value="1" maxlength="200" autocomplete="off" spellcheck="false" />`
            : nothing}
          ${op === "put" || op === "cas"
            ? html`<span class="mono" aria-hidden="true">${op === "cas" ? "→" : "="}</span><input class="mono"
            name="value" aria-label="Value" value=${op === "cas" ? "2" : "1"} maxlength="200" autocomplete="off"
            spellcheck="false" />` : nothing}
          ${op === "get" ? html`<select name="read" aria-label="How to read" aria-describedby="read-promise">
            ${store.can.runs ? html`<option value="">as the run says</option>` : nothing}
            ${Object.entries(READS).map(([kind, [words]]) => html`<option value=${kind}>${words}</option>`)}
          </select>` : nothing}
        </div>
        <div class="client-row">
          <select name="server" aria-label="Which server to ask">
            <option value="">to whoever leads</option>
            ${store.servers.map((s) => html`<option value=${s.server}
              ?disabled=${s.seat !== "connected"}>to S${s.server}${s.server === leader?.server ? ", the leader"
              : ""}</option>`)}
          </select>
          <button class="primary" type="submit">Send</button>
        </div>
        ${op === "get" ? html`<p class="caption" id="read-promise">${read ? READS[read][1]
          : "Through the log, unless the run says otherwise."}</p>` : nothing}
        ${op === "cas"
          ? html`<p class="caption">Writes the second value if the key holds the first. If two clients try, one
            wins.</p>`
          : nothing}
      </form>
      ${store.paused ? html`<p class="caption">The clock is paused: this ${op === "get" ? "read"
        : "write"} waits until it runs.</p>` : nothing}
      ${!leader && store.room?.started && !store.paused
        ? html`<p class="caption">No leader now. This ${op === "get" ? "read"
        : "write"} waits until one is elected.</p>` : nothing}
      <ul class="requests" aria-label="Requests of this tab">
        ${store.requests.slice(-SHOWN).reverse().map((r) => this.chip(r))}
      </ul>
    `;
  }

  protected override slice(): unknown {
    return [store.requests, store.room?.started, store.paused, store.leader?.server,
      store.servers.map((s) => s.seat)];
  }

  private chosen(): ClientRequest["op"] {
    const op = this.querySelector<HTMLInputElement>("input[name=op]:checked")?.value;
    return op === "get" || op === "delete" || op === "cas" ? op : "put";
  }

  /** How a read is to be made; null: as the run's configuration says. */
  private way(): ReadKind | null {
    const way = this.querySelector<HTMLSelectElement>("select[name=read]")?.value ?? (store.can.runs ? "" : "log");
    return way in READS ? (way as ReadKind) : null;
  }

  private chip(r: ClientRequest): TemplateResult {
    const what = r.op === "put" ? tight(`${r.key} = ${r.value}`) : r.op === "get" ? `${r.key}?` : r.op === "cas"
      ? tight(`${r.key}: ${r.expected ?? ""} → ${r.value}`) : `${r.key} ✕`;
    const read = r.op === "get" && r.state === "done" ? (r.found ? ` = ${r.value}` : ", not found") : "";
    const missed = r.op === "cas" && r.state === "done" && !r.found;
    const outcome = r.state === "pending" ? "pending" : r.state !== "done" ? r.state : missed ? "not written"
      : r.op === "get" ? `read @ ${r.index}${r.read ? `, ${READS[r.read][0]}` : ""}` : `committed @ ${r.index}`;
    return html`<li class="request ${r.state}"><span class="mono">${what}${read}</span><span
      class="outcome">${r.state === "done" && !missed ? "✓ " : ""}${outcome}</span>${r.state === "done" && !missed
      ? nothing : html`<span class="caption">${r.detail}</span>`}</li>`;
  }

  private send(e: SubmitEvent): void {
    e.preventDefault();
    const data = new FormData(e.currentTarget as HTMLFormElement);
    const text = (name: string) => String(data.get(name) ?? "");
    const server = text("server") === "" ? null : Number(text("server"));
    // The outcome appears in the list; only a failure before it became a request is told here.
    const [op, read] = [this.chosen(), this.way()];
    store.request(op, text("key").trim(), text("value"), server, { ...(op === "cas" && { expected: text("expected") }),
      ...(op === "get" && read && { read }) }).catch((why: Error) => {
      if (store.requests.length === 0) store.notice(why.message);
    });
  }
}

customElements.define("raft-client", RaftClient);
