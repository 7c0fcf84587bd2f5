import { html, nothing, type TemplateResult } from "lit";
import { RaftElement } from "./element.js";
import { leaderOf } from "./logs.js";
import type { Flight, ServerView } from "./model.js";
import { machineWords } from "./node.js";
import { tally } from "./quorum.js";
import { cycleLink } from "./raft-stage.js";
import { store } from "./store.js";
import { cutState, cutWords, flightName, lostWords, roleWords, seconds, span, who } from "./words.js";
import { MS } from "./time.js";

/** What is selected: a server, a message, or nothing: then things to try. */
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
    if (selection?.kind === "link") return html`${this.heading(`S${selection.a} – S${selection.b}`, "link")}<raft-link></raft-link>`;
    return store.can.deeds ? html`<raft-try></raft-try>` : this.nothingSelected();
  }

  private heading(name: string, detail: string): TemplateResult {
    return html`<div class="inspect-title"><h2>${name}</h2><span class="caption">${detail}</span>
      <button class="small quiet" aria-label="Close, select nothing" title="Esc" @click=${() => store.select(null)}>✕</button></div>`;
  }

  private server(s: ServerView): TemplateResult {
    const r = s.report;
    const here = s.seat === "connected";
    return html`
      ${this.heading(`S${s.server}`, [machineWords(s) || roleWords(s), here && r ? `term ${r.term}` : ""].filter((w) => w).join(" · "))}
      ${r
        ? html`<dl class="facts">
            ${fact("Voted for", r.votedFor === null ? "nobody" : `S${r.votedFor}`)}
            ${fact("Log, last", `${r.lastIndex} @ term ${r.lastTerm}`)}
            ${fact("Commit index", `${r.commitIndex}`)}
            ${here ? this.timeFact(s) : nothing}
            ${here && r.role === "candidate" ? fact("Votes", `${tally(r).replace(" votes", "")} needed`) : fact("Leader", r.leader === null ? "none known" : `S${r.leader}`)}
          </dl>`
        : html`<p class="caption">${here ? "It has not said anything of itself yet." : "It says nothing while it is down."}</p>`}
      ${store.can.deeds ? html`<raft-server-deeds></raft-server-deeds>` : this.actions(s)}
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

  /** What cannot be done from here stays in its place, with the reason (LOOK §4). */
  private actions(s: ServerView): TemplateResult {
    const others = store.servers.filter((o) => o.server !== s.server);
    const cut = others.every((o) => cutState(store.room?.links ?? [], s.server, o.server) === "cut");
    const write = () => void store.request("put", "x", "1", s.server).catch((why: Error) => store.notice(why.message));
    const here = s.seat === "connected";
    return html`<div class="buttons wrap">
        ${s.self ? html`<button @click=${() => location.reload()}>Crash: reload this tab</button>` : html`<button aria-disabled="true" aria-describedby="crash-why">Crash</button>`}
        <button @click=${() => isolate(s.server, cut)}>${cut ? "Join again" : "Cut off"}</button>
        <button ?disabled=${!here} @click=${write}>Send write</button>
      </div>
      ${s.self ? html`<p class="caption">Its memory is lost, its disk (${diskWords(s)}) is kept.</p>` : html`<p class="caption" id="crash-why">${here ? "Close its tab to crash it." : "Its tab is closed. Open the room's link there to restart it."}</p>`}`;
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
            return html`<li><button class="link-button" @click=${() => press(Math.min(s.server, o.server), Math.max(s.server, o.server))}><span>S${s.server} – S${o.server}</span><span>${cutWords(state, s.server, o.server)}</span><span class="caption">${link ? `${span(link.latency)} ± ${span(link.jitter)}` : ""}</span></button></li>`;
          })}
      </ul>`;
  }

  private more(s: ServerView): TemplateResult {
    const r = s.report;
    return html`<details>
      <summary>More of S${s.server}</summary>
      <dl class="facts">
        ${fact("Applied", `${r?.appliedIndex ?? 0}`)} ${fact("State hash", (r?.stateHash ?? "").slice(0, 12) || "none")} ${fact("Frames", r?.encoding ?? "")} ${fact("Bad frames", `${r?.badFrames ?? 0}`)}
        ${s.machine ? html`${fact("Clock", `${s.machine.clock}×`)} ${fact("A write takes", s.machine.slowestWrite > 0 ? `up to ${span(s.machine.slowestWrite)}` : "no time")}` : html`${fact("Disk", diskWords(s))} ${fact("Round trip", s.roundTrip === null ? "unknown" : span(s.roundTrip))} ${s.name ? fact("Name", s.name) : nothing}`}
      </dl>
    </details>`;
  }

  private flight(f: Flight): TemplateResult {
    const heading = this.heading(flightName(f), `${who(f.from)} → ${who(f.to)}`);
    const between = f.from < 1001 && f.to < 1001; // servers
    if (store.can.frames && f.fate === "sent" && between) return html`${heading}<raft-message></raft-message>`;
    const now = store.now();
    const way = f.fate !== "sent" ? lostWords(f) : now >= f.due ? "delivered" : `${Math.round(((now - f.sent) / Math.max(1e-9, f.due - f.sent)) * 100)} % of the way`;
    return html`
      ${heading}
      <dl class="facts">
        ${fact("Says", f.label)} ${fact("Term", `${f.term}`)} ${f.kind === "AppendEntries" ? fact("Entries", `${f.entryCount}`) : nothing}
        ${fact("Sent", `${seconds(f.sent)} s`)} ${fact("Takes", span(Math.max(0, f.due - f.sent)))} ${fact("Now", way)}
      </dl>
      <h3>Wire frame, ${f.bytes} bytes</h3>
      <pre class="frame" tabindex="0">${f.text}</pre>
    `;
  }

  private nothingSelected(): TemplateResult {
    const leader = leaderOf(store.servers);
    const cut = store.room?.links.some((l) => !l.up) ?? false;
    const size = store.room?.size ?? 3;
    const many = store.majority(size);
    const slow = store.pace <= 0.02;
    return html`
      <h2>Try this</h2>
      <ul class="try">
        <li><button ?disabled=${!leader} @click=${crashLeader}>Crash the leader</button></li>
        <li>
          ${cut ? html`<button @click=${() => heal()}>Heal the network</button>` : html`<button ?disabled=${size < 3 || !store.room?.started} @click=${() => partition(leader?.server ?? 1)}>Cut the network ${many} | ${size - many}</button>`}
        </li>
        <li><button ?disabled=${!store.room?.started} @click=${() => store.setRate(slow ? 1 : 0.01)}>${slow ? "Watch it in real time" : "Watch it in slow motion"}</button></li>
      </ul>
    `;
  }
}

const fact = (name: string, value: string): TemplateResult => html`<div><dt>${name}</dt><dd>${value}</dd></div>`;

function diskWords(s: ServerView): string {
  return { opfs: "OPFS, durable", indexeddb: "IndexedDB, durable", memory: "memory only", none: "none" }[s.disk];
}

/** Cuts every link of a server, or makes them whole. */
function isolate(server: number, up: boolean): void {
  const others = store.servers.map((s) => s.server).filter((s) => s !== server);
  store.change({ links: others.flatMap((o) => [{ from: server, to: o, up }, { from: o, to: server, up }]) });
}

/** Cuts the cluster in two, the leader on the smaller side: it will find no majority. */
function partition(leader: number): void {
  const ids = store.servers.map((s) => s.server);
  const rest = ids.filter((s) => s !== leader);
  const minority = [leader, ...rest].slice(0, ids.length - store.majority(ids.length));
  const cut = ids.filter((s) => !minority.includes(s)).flatMap((o) => minority.flatMap((m) => [{ from: m, to: o, up: false }, { from: o, to: m, up: false }]));
  store.change({ links: cut });
}

function heal(): void {
  store.change({ links: (store.room?.links ?? []).filter((l) => !l.up).map((l) => ({ from: l.from, to: l.to, up: true })) });
}

/** Only its own tab can crash a server: for another's the inspector says how. */
function crashLeader(): void {
  const leader = leaderOf(store.servers);
  if (!leader) return;
  if (leader.self) location.reload();
  else store.select({ kind: "server", server: leader.server });
}

customElements.define("raft-inspector", RaftInspector);
