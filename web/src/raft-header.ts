import { html, nothing, type TemplateResult } from "lit";
import { RaftElement } from "./element.js";
import { largestGroup } from "./layout.js";
import { leadersOf } from "./logs.js";
import { same } from "./numbers.js";
import { copyLink } from "./raft-room.js";
import { store } from "./store.js";
import { switchTheme } from "./theme.js";
import { majority } from "./words.js";

/** The name, the room, and the three facts that one looks for first. */
export class RaftHeader extends RaftElement {
  protected readonly topics = ["servers", "room", "connection", "view"] as const;
  protected override readonly calm = 200;

  override render(): TemplateResult {
    return html`
      <h1>Raft playground</h1>
      <span class="where caption">${this.where()}</span>
      <dl class="headline-facts">${store.room ? this.facts() : nothing}</dl>
      <button class="quiet theme" title="Light or dark" aria-label="Switch between light and dark" @click=${switchTheme}><svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="6.5" fill="none" stroke="currentColor" stroke-width="1.5" /><path d="M8 1.5a6.5 6.5 0 0 1 0 13z" fill="currentColor" /></svg></button>
      <button class="quiet keys-button" title="Keys" aria-label="List of keys" @click=${() => store.show({ keys: true })}>?</button>
      <button class="share" @click=${copyLink}>Share</button>
    `;
  }

  protected override slice(): unknown {
    return [store.boot, store.connection.state, store.self.server, store.room, store.history.terms.at(-1)?.term, store.servers.map((s) => [s.seat, s.report?.role === "leader" ? s.report.term : null])];
  }

  private where(): string {
    const { boot } = store;
    if (boot.state === "loading" && boot.fraction < 1) return `Loading the cluster… ${Math.round(boot.fraction * 100)} %`;
    if (boot.state !== "running" && boot.state !== "loading") return "";
    if (store.connection.state === "connecting") return "Joining the room…";
    const who = store.self.server ? `you are S${store.self.server}` : "you are watching";
    const watchers = store.room && store.room.watchers > 0 ? ` · ${store.room.watchers} watching` : "";
    return `Room ${store.code} · ${who}${watchers}`;
  }

  private facts(): TemplateResult {
    const size = store.room?.size ?? store.servers.length;
    const term = store.history.terms.at(-1)?.term ?? store.self.term;
    const [leader, ...older] = leadersOf(store.servers);
    const links = store.room?.links ?? [];
    const up = store.servers.filter((s) => s.seat === "connected").map((s) => s.server);
    const reach = (a: number, b: number) => links.find((l) => l.from === a && l.to === b)?.up ?? true;
    const together = largestGroup(up, reach).length;
    const lost = together < majority(size) && store.room?.started;
    return html`
      <div><dt>Term</dt><dd>${term}</dd></div>
      <div><dt>Leader</dt><dd>${leader ? `S${leader.server}` : "none"}${leader && !same(leader.report.term, term) ? html`<span class="of-term"> in term ${leader.report.term}</span>` : nothing}
        ${older.map((o) => html`<span class="of-term" title="It has not heard yet that its term is over."> · S${o.server} in term ${o.report.term}</span>`)}</dd></div>
      <div class="quorum ${lost ? "lost" : ""}" title="${majority(size)} of ${size} servers make a majority"><dt>Quorum</dt><dd>${together} of ${size}${lost ? html`<span class="quorum-lost">: nothing can commit</span>` : nothing}</dd></div>
    `;
  }
}

customElements.define("raft-header", RaftHeader);
