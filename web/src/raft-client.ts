import { html, nothing, type TemplateResult } from "lit";
import { RaftElement } from "./element.js";
import { leaderOf } from "./logs.js";
import type { ClientRequest } from "./model.js";
import { store } from "./store.js";
import { tight } from "./words.js";

const SHOWN = 6; // requests

/** The client: writes to and reads from the cluster's key-value store, and what became of it. */
export class RaftClient extends RaftElement {
  protected readonly topics = ["requests", "servers", "room", "connection", "view"] as const;
  protected override readonly calm = 100;

  override render(): TemplateResult {
    const leader = leaderOf(store.servers);
    const op = this.chosen();
    return html`
      <h2>Write to the cluster</h2>
      <form class="client" @submit=${this.send} @change=${() => this.requestUpdate()}>
        <fieldset class="ops">
          <legend class="heard-only">What to do</legend>
          ${(["put", "get", "delete"] as const).map((o) => html`<label><input type="radio" name="op" value=${o} ?checked=${o === "put"} /><span>${{ put: "Put", get: "Get", delete: "Delete" }[o]}</span></label>`)}
        </fieldset>
        <div class="client-row">
          <input class="mono" name="key" aria-label="Key" value="x" maxlength="64" required autocomplete="off" spellcheck="false" />
          ${op === "put" ? html`<span class="mono" aria-hidden="true">=</span><input class="mono" name="value" aria-label="Value" value="1" maxlength="200" autocomplete="off" spellcheck="false" />` : nothing}
        </div>
        <div class="client-row">
          <select name="server" aria-label="Which server to ask">
            <option value="">to whoever leads</option>
            ${store.servers.map((s) => html`<option value=${s.server} ?disabled=${s.seat !== "connected"}>to S${s.server}${s.server === leader?.server ? ", the leader" : ""}</option>`)}
          </select>
          <button class="primary" type="submit">Send</button>
        </div>
      </form>
      ${!leader && store.room?.started ? html`<p class="caption">No leader now. This write waits until one is elected.</p>` : nothing}
      <ul class="requests" aria-label="Requests of this tab">
        ${store.requests.slice(-SHOWN).reverse().map((r) => this.chip(r))}
      </ul>
    `;
  }

  protected override slice(): unknown {
    return [store.requests, store.room?.started, leaderOf(store.servers)?.server, store.servers.map((s) => s.seat)];
  }

  private chosen(): ClientRequest["op"] {
    const op = this.querySelector<HTMLInputElement>("input[name=op]:checked")?.value;
    return op === "get" || op === "delete" ? op : "put";
  }

  private chip(r: ClientRequest): TemplateResult {
    const what = r.op === "put" ? tight(`${r.key} = ${r.value}`) : r.op === "get" ? `${r.key}?` : `${r.key} ✕`;
    const read = r.op === "get" && r.state === "done" ? (r.found ? ` = ${r.value}` : ", not found") : "";
    const outcome = r.state === "pending" ? "pending" : r.state === "done" ? `committed @ ${r.index}` : r.state;
    return html`<li class="request ${r.state}"><span class="mono">${what}${read}</span><span class="outcome">${r.state === "done" ? "✓ " : ""}${outcome}</span>${r.state === "done" ? nothing : html`<span class="caption">${r.detail}</span>`}</li>`;
  }

  private send(e: SubmitEvent): void {
    e.preventDefault();
    const data = new FormData(e.currentTarget as HTMLFormElement);
    const text = (name: string) => String(data.get(name) ?? "");
    const server = text("server") === "" ? null : Number(text("server"));
    // What comes of it stands in the list; only what never became a request is said here.
    store.request(this.chosen(), text("key").trim(), text("value"), server).catch((why: Error) => {
      if (store.requests.length === 0) store.notice(why.message);
    });
  }
}

customElements.define("raft-client", RaftClient);
