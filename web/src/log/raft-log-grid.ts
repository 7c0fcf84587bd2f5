import { html, nothing, svg, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { styleMap } from "lit/directives/style-map.js";
import { cursor, type Cursor } from "../state/cursor.js";
import { RaftElement, sized } from "../view/element.js";
import { keysOf } from "../view/keys.js";
import { brokenAt, commitLine, FEW_COLUMNS, grid, type Grid, type GridCell, type GridRow } from "./logs.js";
import type { ServerView } from "../model.js";
import { distance, plus, same, slot } from "../view/numbers.js";
import { store } from "../state/store.js";
import { tight } from "../view/words.js";

const GAP = { x: 4, y: 3 };
const NARROW = 32;
const WIDE = 76;
const SPARE = 6; // columns that are drawn beyond either edge of the view
const DIGITS = 3; // of a term, for which a narrow cell has room

/**
 * The columns that are drawn: those in view, and some beside them. A grid of 64 columns costs no more than
 * one that fits.
 */
interface Window {
  from: number;
  to: number; // behind the last one
}

/** All logs: a row a server, a column an index, as in the paper's figures. */
export class RaftLogGrid extends RaftElement {
  protected readonly topics = ["servers", "story", "lab", "view", "room"] as const;
  protected override readonly calm = 100;

  private width = 0;
  private following = true; // the box is scrolled to the logs' end
  private left = 0; // the first column in view, while the end is not followed
  private step = 1; // px from column to column
  private reached = ""; // the size at which the box was last scrolled to its end

  protected override attached(gone: AbortSignal): void {
    sized(this, gone, ({ width }) => {
      this.width = width;
      this.requestUpdate();
    });
  }

  override render(): TemplateResult {
    const g = grid(store.servers, store.answers?.leaders, store.view.seenBy);
    const at = cursor(store);
    const phone = this.width < 600;
    const few = g.columns <= FEW_COLUMNS && !phone; // commands have room, without being asked for
    const wide = store.view.wide ?? few;
    const step = (this.step = (wide ? WIDE : NARROW) + GAP.x);
    const label = phone ? 34 : 52;
    const fit = Math.max(1, Math.floor((this.width - label - (phone ? 24 : 40)) / step));
    const height = g.rows.length >= 9 ? 20 : g.rows.length >= 7 ? 24 : 28;
    const from = Math.max(0, (this.following ? g.columns - fit : this.left) - SPARE);
    const seen: Window = { from, to: from + fit + 2 * SPARE };
    const style = styleMap({ "--cell": `${step - GAP.x}px`, "--row": `${height}px`, "--names": `${label}px`,
      "min-width": `${label + g.columns * step}px` });
    return html`
      <div class="logs-head">
        <h2>Logs</h2>
        <p class="caption">${this.caption(g)}</p>
        ${g.leaders.length > 1 ? this.seenBy(g) : nothing}
        ${this.following ? nothing : html`<button class="small" @click=${this.latest}>Latest ⟩</button>`}
        ${wide !== few || (!few && g.columns > 0) ? html`<label class="check" title="Key V"><input type="checkbox"
          .checked=${wide} @change=${() => store.show({ wide: !wide })} />Commands</label>` : nothing}
      </div>
      <div class="logs-scroll" role="region" aria-label="Logs of all servers" tabindex="0" @scroll=${this.scrolled}
        @keydown=${this.walk} @blur=${() => this.point(null)} @pointerleave=${() => this.point(null)}>
        <div class="grid ${this.following ? "" : "scrolled"}" role="table"
          aria-label="Logs: a row a server, a column an index" aria-colcount=${g.columns + 1} style=${style}>
          ${this.indexRow(g, { from, to: Math.min(seen.to, Math.max(g.columns, fit)) })}
          ${repeat(g.rows, (r) => r.server, (r) => this.row(r, g, wide, at, seen))}
          ${g.columns > 0 ? this.line(g, step, height, label) : nothing}
        </div>
        ${g.columns === 0 && store.room?.started ? this.empty() : nothing}
      </div>
    `;
  }

  protected override slice(): unknown {
    return [cursor(store), store.lab?.properties.map((p) => p.broken?.at), store.ghosts.map((g) => g.at),
      store.answers?.entry, store.servers.map(({ server, seat, report: r }) => [server, seat,
      r && [r.role, r.term, r.commitIndex, r.appliedIndex, r.lastIndex, r.lastTerm, r.log.first, r.log.cells.length,
      r.peers]])];
  }

  protected override updated(): void {
    const size = `${this.querySelector<HTMLElement>(".grid")?.style.minWidth} in ${this.width}`;
    if (this.width === 0 || !this.following || size === this.reached) return;
    this.reached = size; // scrolling makes the browser lay everything out at once, so it is done only if needed
    const box = this.querySelector(".logs-scroll");
    if (box) box.scrollLeft = box.scrollWidth;
  }

  private caption({ seenBy }: Grid): string {
    if (store.view.cell && store.answers?.entry) return store.answers.entry;
    return `filled = committed · outline = not · number = term${seenBy === null ? "" : " · ▲ = next"}`;
  }

  /** Two leaders know different progress of their followers. */
  private seenBy(g: Grid): TemplateResult {
    const of = (server: number) => html`<button class="small" aria-pressed=${g.seenBy === server ? "true" : "false"}
      @click=${() => store.show({ seenBy: server })}>S${server}</button>`;
    return html`<div class="seen-by" role="group" aria-label="Which leader's knowledge of its followers is shown"><span
      class="caption">as seen by</span>${[...g.leaders].sort((a, b) => a - b).map(of)}</div>`;
  }

  private indexRow(g: Grid, { from, to }: Window): TemplateResult {
    return html`<div class="grid-row index-row" role="row">
      <span class="grid-label" role="columnheader"><span class="heard-only">Server</span></span>
      ${before(from)}
      ${Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i)
        .map((c) => html`<span class="grid-index ${g.conflicts.has(c) ? "conflict" : ""}" role="columnheader"
        aria-colindex=${c + 2}>${plus(g.first, c)}${g.conflicts.has(c)
          ? html`<b title="The servers differ here"> ≠</b>`
          : nothing}</span>`)}
    </div>`;
  }

  private row(r: GridRow, g: Grid, wide: boolean, at: Cursor, { from, to }: Window): TemplateResult {
    const shown = g.columns === 0 && r.seat === "connected"
      ? [{ index: 1, column: 0, cell: null, untold: false, committed: false, applied: false }]
      : r.cells.filter((c) => c.column >= from && c.column < to);
    const view = store.server(r.server);
    return html`<div class="grid-row ${r.seat} ${at.servers.includes(r.server) ? "lit" : ""}" role="row">
      <span class="grid-label" role="rowheader">S${r.server}${r.leader
        ? html`<i title="leader" aria-label="leader">■</i>` : nothing}</span>
      ${r.compacted ? this.compacted(r.compacted, r, g) : nothing}
      ${before(from - (r.compacted?.columns ?? 0))}
      ${repeat(shown, (c) => `${c.index} ${c.cell?.term ?? ""}`, (c) => this.cell(c, r, g, wide, at))}
      ${r.next === g.columns && r.next < to ? this.next(r) : nothing}
      ${view ? this.ghosts(view, g, wide) : nothing}
    </div>`;
  }

  /** The entries that a snapshot replaces: one cell over all their columns. */
  private compacted(gone: { columns: number; through: GridCell["index"] }, r: GridRow, g: Grid): TemplateResult {
    const words = gone.columns === 1 ? `${gone.through}` : `${g.first}–${gone.through}`;
    return html`<span class="cell compacted" role="cell" aria-label="S${r.server}'s snapshot holds entries ${words}"
      style=${styleMap({ "--columns": String(gone.columns) })}
      @pointerenter=${() => this.point({ server: r.server, index: gone.through })}><span
      class="cell-text">${words}</span></span>`;
  }

  private cell(c: GridCell, r: GridRow, g: Grid, wide: boolean, at: Cursor): TemplateResult {
    const state = c.untold ? "untold" : !c.cell ? "missing" : c.committed ? "committed" : "open";
    const text = c.cell?.kind === "noop" ? (wide ? "no-op" : "∅") : c.cell?.kind === "configuration"
      ? (wide ? html`${GEAR} ${c.cell.text}` : GEAR) : wide && c.cell ? tight(c.cell.text) : "";
    const broken = brokenAt(store.lab?.properties ?? [], r.server, c.index);
    const marks = html`${r.match === c.column
      ? html`<i class="match" title="matchIndex: the leader knows that S${r.server} has it"></i>`
      : nothing}${r.next === c.column ? this.next(r) : nothing}`;
    const pointed = at.cells.some((x) => x.server === r.server && same(x.index, c.index));
    const replaced = store.ghosts.some((x) => x.server === r.server && same(x.index, c.index));
    const marked = wide || broken !== "" || r.match === c.column || r.next === c.column;
    const tightly = wide || String(c.cell?.term ?? "").length > DIGITS;
    return html`<span class="cell ${state} t${slot(c.cell?.term ?? 0)} ${g.conflicts.has(c.column) ? "conflict"
      : ""} ${pointed ? "pointed" : ""} ${replaced ? "late" : ""} ${broken ? "broken" : ""} ${marked ? "marked"
      : ""} ${tightly ? "tight" : ""}" role="cell" aria-colindex=${c.column + 2} title=${broken || nothing}
      aria-label="${this.said(c, r)}${broken ? `. ${broken}` : ""}"
        @pointerenter=${() => this.point({ server: r.server, index: c.index })}><span
          class="cell-text">${c.cell ? html`${c.cell.term}${wide ? " " : ""}${text}` : c.untold ? "?"
          : nothing}</span>${c.applied && wide ? html`<i class="applied"></i>` : nothing}${broken
          ? html`<i class="broken-sign">!</i>` : nothing}${marks}</span>`;
  }

  /** nextIndex, in its cell or where the next entry will come. */
  private next(r: GridRow): TemplateResult {
    return html`<i class="next" aria-hidden="true" style=${styleMap({ "--column": String(r.next) })}
      title="nextIndex: what the leader sends S${r.server} next"></i>`;
  }

  private said(c: GridCell, r: GridRow): string {
    if (!c.cell) return c.untold ? `Entry ${c.index} of S${r.server} is not known here`
      : `S${r.server} has no entry ${c.index}`;
    return `Entry ${c.index} of S${r.server}: term ${c.cell.term}, ${c.cell.kind === "noop" ? "no-op"
      : c.cell.kind === "configuration" ? `configuration ${c.cell.text}` : c.cell.text}, ${c.committed ? "committed"
      : "not committed"}`;
  }

  /** Deleted entries visibly leave the grid, never silently. */
  private ghosts(view: ServerView, g: Grid, wide: boolean): TemplateResult[] {
    return store.ghosts
      .filter((x) => x.server === view.server)
      .map((x, i) => {
        const column = distance(x.index, g.first);
        return html`<span class="cell ghost open t${slot(x.cell.term)}" aria-hidden="true"
          style=${styleMap({ "--column": String(column), "--delay": `${i * 30}ms` })}><span
          class="cell-text">${x.cell.term}${wide ? ` ${tight(x.cell.text)}` : nothing}</span></span>`;
      });
  }

  private line(g: Grid, step: number, height: number, label: number): TemplateResult {
    const pitch = height + GAP.y;
    const path = commitLine(g.rows.map((r) => r.commit), step, pitch, GAP);
    return html`<svg class="commit-line" aria-hidden="true" width=${g.columns * step + 8}
      height=${g.rows.length * pitch + 4} style=${styleMap({ left: `${label}px` })}>${svg`<path d=${path} />`}</svg>`;
  }

  private empty(): TemplateResult {
    return html`<p class="logs-empty">No entries yet. Send a write. <button class="small"
      @click=${() => void store.request("put", "x", "1", null)
      .catch((why: Error) => store.notice(why.message))}>Send x = 1</button></p>`;
  }

  /** The logs are one tab stop: the arrows go from entry to entry, Home and End to the first and the last. */
  private readonly walk = keysOf("logs", {
    left: () => this.go(0, -1),
    right: () => this.go(0, 1),
    up: () => this.go(-1, 0),
    down: () => this.go(1, 0),
    first: () => this.go(0, -Infinity),
    last: () => this.go(0, Infinity),
  });

  /** Points at an entry so many rows and columns from the current one, at first the last of the first row. */
  private go(rows: number, columns: number): void | false {
    const g = grid(store.servers);
    const { cell } = store.view;
    const at = g.rows.findIndex((r) => r.server === cell?.server);
    const row = clamp(at < 0 ? 0 : at + rows, g.rows.length - 1);
    const last = g.columns - 1;
    const column = cell && at >= 0 ? distance(cell.index, g.first) : last;
    const server = g.rows[row]?.server;
    if (server === undefined || last < 0) return false;
    const to = clamp(at < 0 && columns === -1 ? column : column + columns, last);
    this.point({ server, index: plus(g.first, to) });
    this.reveal(to);
    void this.updateComplete.then(() => this.querySelector(".cell.pointed")?.scrollIntoView({ block: "nearest",
      inline: "nearest" }));
  }

  private point(cell: { server: number; index: GridCell["index"] } | null): void {
    if (cell === null && store.view.cell === null) return;
    store.show({ cell });
  }

  /** Scrolls until a column is drawn; the cell itself is brought into view once it exists. */
  private reveal(column: number): void {
    const box = this.querySelector<HTMLElement>(".logs-scroll");
    if (!box) return;
    const from = Math.floor(box.scrollLeft / this.step);
    const fit = Math.floor(box.clientWidth / this.step);
    if (column >= from && column < from + fit) return;
    this.following = false;
    this.left = Math.max(0, column < from ? column : column - fit + 1);
    box.scrollLeft = this.left * this.step;
  }

  private scrolled(e: Event): void {
    const box = e.currentTarget as HTMLElement;
    const following = box.scrollLeft + box.clientWidth >= box.scrollWidth - 12;
    const left = Math.floor(box.scrollLeft / this.step);
    const drawn = following ? this.following : !this.following && Math.abs(left - this.left) < SPARE;
    if (drawn) return;
    Object.assign(this, { following, left, reached: "" });
    this.requestUpdate();
  }

  private latest(): void {
    this.following = true;
    this.reached = "";
    this.requestUpdate();
  }
}

/** An empty space as wide as the columns that are not drawn. */
const before = (columns: number): TemplateResult | typeof nothing => (columns > 0
  ? html`<span class="undrawn" style=${styleMap({ "--columns": String(columns) })}></span>` : nothing);

/** The mark of a configuration, drawn because not every font has one. */
const GEAR = html`<svg class="gear" width="12" height="12" viewBox="-6 -6 12 12" aria-hidden="true"><circle r="2.9"
  fill="none" stroke="currentColor" stroke-width="1.8" /><path
  d="M0-5.8V-3.4M0 3.4V5.8M-5.8 0H-3.4M3.4 0H5.8M-4.1-4.1L-2.4-2.4M2.4 2.4L4.1 4.1M-4.1 4.1L-2.4 2.4M2.4-2.4L4.1-4.1"
  stroke="currentColor" stroke-width="1.6" /></svg>`;

const clamp = (n: number, high: number): number => Math.max(0, Math.min(high, n));

customElements.define("raft-log-grid", RaftLogGrid);
