import { html, nothing, type TemplateResult } from "lit";
import { RaftElement } from "../view/element.js";
import { cycleLink } from "../stage/link.js";
import type { Flight, Pair, Report, ServerView } from "../model.js";
import { machineWords } from "../stage/node.js";
import { same } from "../view/numbers.js";
import { store } from "../state/store.js";
import { cutState, cutWords, diskWords, flightName, linkWords, lostWords, plural, roleWords, seconds, span,
  who } from "../view/words.js";
import { MS } from "../view/time.js";

/** The selected server or message, or, with nothing selected, experiments to try. */
export class RaftInspector extends RaftElement {
  protected readonly topics = ["servers", "view", "room", "flights", "connection", "clock"] as const;
  protected override readonly calm = 150;

  override render(): TemplateResult {
    const { selection } = store.view;
    if (selection?.kind === "server") {
      const view = store.server(selection.server);
      if (view) return this.server(view);
    }
    if (selection?.kind === "flight") {
      const flight = store.flights.get(selection.seq);
      if (flight) return this.flight(flight);
    }
    if (selection?.kind === "link")
      return html`${this.heading(`S${selection.a} – S${selection.b}`, "link")}<raft-link></raft-link>`;
    return store.can.deeds ? html`<raft-try></raft-try>` : html`<raft-room-try></raft-room-try>`;
  }

  private heading(name: string, detail: string): TemplateResult {
    return html`<div class="inspect-title"><h2>${name}</h2><span class="caption">${detail}</span>
      <button class="small quiet" aria-label="Close, clear the selection" title="Esc"
        @click=${() => store.select(null)}>✕</button></div>`;
  }

  private server(s: ServerView): TemplateResult {
    const r = s.report;
    const here = s.seat === "connected";
    return html`
      ${this.heading(`S${s.server}`, [machineWords(s) || roleWords(s), here && r ? `term ${r.term}` : ""]
        .filter((w) => w).join(" · "))}
      ${r
        ? html`<dl class="facts">
            ${fact("Voted for", r.votedFor === null ? "nobody" : `S${r.votedFor}`)}
            ${fact("Log, last", `${r.lastIndex} @ term ${r.lastTerm}`)}
            ${fact("Commit index", `${r.commitIndex}`)}
            ${here ? this.timeFact(s) : nothing}
            ${here && r.role === "candidate" ? fact("Votes", `${s.tally} needed`)
              : fact("Leader", r.leader === null ? "none known" : `S${r.leader}`)}
          </dl>`
        : html`<p class="caption">${here ? "It has not reported anything yet."
          : "It reports nothing while it is down."}</p>`}
      ${store.can.deeds ? html`<raft-server-deeds></raft-server-deeds>` : html`<raft-room-deeds></raft-room-deeds>`}
      ${stateOf(s)}
      ${here ? this.links(s) : nothing}
      ${r ? this.more(s) : nothing}
    `;
  }

  private timeFact(s: ServerView): TemplateResult | typeof nothing {
    const r = s.report;
    if (!r?.timer) return fact("Timer", "none: it leads");
    const stopped = s.machine?.state === "paused";
    const left = Math.max(0, r.timer.timeout - r.timer.elapsed - (stopped ? 0 : Math.max(0, store.now() - r.at)));
    return fact("Timer left", `${Math.round(left / MS)} ms${stopped ? ", stopped" : ""}`);
  }

  private links(s: ServerView): TemplateResult {
    const press = (a: number, b: number) => (store.can.deeds ? store.select({ kind: "link", a, b }) : cycleLink(a, b));
    return html`<h3>Links</h3>
      <ul class="link-list">
        ${store.servers
          .filter((o) => o.server !== s.server)
          .map((o) => {
            const state = cutState(store.room?.links ?? [], s.server, o.server);
            const link = store.room?.links.find((l) => l.from === s.server && l.to === o.server);
            return html`<li><button class="link-button"
              @click=${() => press(Math.min(s.server, o.server),
              Math.max(s.server, o.server))}><span>S${s.server} – S${o.server}</span><span>${cutWords(state, s.server,
              o.server)}</span><span class="caption">${link ? linkWords(link) : ""}</span></button></li>`;
          })}
      </ul>`;
  }

  private more(s: ServerView): TemplateResult {
    const r = s.report;
    return html`<details>
      <summary>More about S${s.server}</summary>
      <dl class="facts">
        ${fact("Applied", `${r?.appliedIndex ?? 0}`)} ${fact("State hash", (r?.stateHash ?? "").slice(0, 12) ||
          "none")} ${fact("Frames", r?.encoding ?? "")} ${fact("Bad frames", `${r?.badFrames ?? 0}`)}
        ${s.machine ? html`${fact("Clock", `${s.machine.clock}×`)} ${fact("A write takes", s.machine.slowestWrite > 0
          ? `up to ${span(s.machine.slowestWrite)}` : "no time")}`
          : html`${fact("Disk", diskWords(s))} ${fact("Round trip", s.roundTrip === null ? "unknown"
          : span(s.roundTrip))} ${s.name ? fact("Name", s.name) : nothing}`}
      </dl>
    </details>`;
  }

  private flight(f: Flight): TemplateResult {
    const heading = this.heading(flightName(f), `${who(f.from)}\u00a0→\u00a0${who(f.to)}`);
    const between = f.from < 1001 && f.to < 1001; // servers
    if (store.can.frames && f.fate === "sent" && between) return html`${heading}<raft-message></raft-message>`;
    const now = store.now();
    const way = f.fate !== "sent" ? lostWords(f) : now >= f.due ? "delivered"
      : `${Math.round(((now - f.sent) / Math.max(1e-9, f.due - f.sent)) * 100)} % of the way`;
    return html`
      ${heading}
      <dl class="facts">
        ${f.label ? fact("Says", f.label) : nothing} ${fact("Term", `${f.term}`)} ${f.kind === "AppendEntries"
          ? fact("Entries", `${f.entryCount}`) : nothing}
        ${fact("Sent", `${seconds(f.sent)} s`)} ${fact("Takes", span(Math.max(0, f.due - f.sent)))} ${fact("Now", way)}
      </dl>
      <h3>Wire frame, ${f.bytes} bytes</h3>
      <pre class="frame" tabindex="0">${f.text}</pre>
    `;
  }
}

const fact = (name: string, value: string): TemplateResult => html`<div><dt>${name}</dt><dd>${value}</dd></div>`;

/** The key-value state of a server at the moment that is shown; nothing if it has not reported yet. */
export function stateOf({ server, seat, machine, report: r }: ServerView): TemplateResult | typeof nothing {
  const down = seat !== "connected";
  if (!down && !r) return nothing;
  const pairs = r?.state?.pairs ?? [];
  const words = down ? memoryLost(server, machine?.state === "damaged", r) : r ? stateWords(r) : "";
  return html`<section class="state" aria-label="Key-value state of S${server}">
      <h3>Key-value state</h3>
      <p class="caption">${words}</p>
      ${pairs.length > 0 ? pairList(server, pairs) : nothing}
    </section>`;
}

function stateWords({ state, appliedIndex }: Report): string {
  if (!state) return "Not known here: a tab tells others only a hash of what its server has applied.";
  if (state.keys === 0 && same(appliedIndex, 0)) return "No keys: nothing is applied yet.";
  const shown = state.pairs.length < state.keys ? ` The first ${state.pairs.length} of them:` : "";
  return `${state.keys === 0 ? "No keys"
    : plural(state.keys, "key")} as of index ${appliedIndex}, the last one applied.${shown}`;
}

/** What is left of a server that is down: its readable disk. It then applies its log anew (§5.3, §7). */
function memoryLost(server: number, damaged: boolean, r: Report | null): string {
  const lost = `S${server} is down: nothing is left in its memory.`;
  if (damaged || !r?.state) return lost;
  if (r.state.keys > 0) return `${lost} Its snapshot holds ${stateWords(r)}`;
  return `${lost} Once it runs it applies its log again, as far as that is known to be committed.`;
}

/** The list preserves white space, so it contains none except that of keys and values. */
function pairList(server: number, pairs: Pair[]): TemplateResult {
  const caption = (text: string) => html`<span class="caption">${text}</span>`;
  const pair = ({ key, value, bytes }: Pair) =>
    html`<li><b>${key}</b> = ${value || caption("empty")}${bytes ? caption(` ${bytes} bytes`) : nothing}</li>`;
  return html`<ul class="frame" tabindex="0" translate="no"
    aria-label="Keys and values of S${server}">${pairs.map(pair)}</ul>`;
}

customElements.define("raft-inspector", RaftInspector);
