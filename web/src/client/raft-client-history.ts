import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import { repeat } from "lit/directives/repeat.js";
import { cursor } from "../state/cursor.js";
import { RaftElement, sized } from "../view/element.js";
import { keysOf } from "../view/keys.js";
import type { ClientHistory, LabRun, Moment, Operation } from "../model.js";
import { store } from "../state/store.js";
import { seconds } from "../view/words.js";
import style from "./client-history.css";
import { asks, chart, clientName, endOf, goesOn, label, leftOutWords, neighbour, operationWords, seen, verdict,
  type Box, type Chart } from "./client-history.js";
import { scaleOf, xOf, zoomed, type Frame } from "../diagram/spacetime.js";
import { Study } from "../study/study.js";

const STEP = 1.3; // a zoom
const AGAIN_MS = 1_000; // between two questions while the clock runs
const REST = 4; // the wait before the next question, in times that the last one took
const CLICK = 5; // px that a click may wander
const CLIENTS = { clients: 3, keys: 2, think: 200_000, patience: 1_000_000 }; // of a run's configuration, times in µs
const COARSE = matchMedia("(pointer: coarse)");

/** What was asked about: while it is the same, and no client waits for an answer, the history is too. */
interface Asked {
  what: string;
  end: number;
}

/**
 * The clients' requests and answers: a row per client, a box from each call to its answer, a point in it
 * where it took effect, and in red the answers that no order explains.
 */
export class RaftClientHistory extends RaftElement {
  protected readonly topics = ["clock", "requests", "lab", "view"] as const;
  protected override readonly calm = 90;

  private history: ClientHistory | null = null; // null: it is not known yet
  private problem = "";
  private progress = "";
  private asked: Asked | null = null;
  private asking = false;
  private rest: ReturnType<typeof setTimeout> | undefined; // no question is asked before it ends
  private runs = 0; // opened while this view was on the page
  private frame: { from: number; span: number } | null = null; // null: as much as there is
  private width = 0;
  private pointed: number | null = null; // an operation
  private current: number | null = null; // the operation at which the Tab key arrives
  private pressed: { x: number; from: number; moved: boolean } | null = null; // a pointer, where it began
  private table = false;
  private readonly study = new Study();

  protected override attached(gone: AbortSignal): void {
    sized(this, gone, ({ width }) => {
      this.width = width;
      this.requestUpdate();
    });
    store.onBatch((batch) => {
      if (batch.moment !== "run") return;
      this.runs++;
      this.wake();
      [this.history, this.asked] = [null, null];
      [this.frame, this.current, this.pointed] = [null, null, null];
      this.requestUpdate();
    }, gone);
    gone.addEventListener("abort", () => {
      clearTimeout(this.rest);
      this.study.close();
    });
  }

  override render(): TemplateResult {
    void this.ask();
    const h = this.history;
    if (h === null) return html`<p class="caption history-said" role="status">${this.problem || this.progress ||
      "Asking the clients…"}</p>`;
    if (h.operations.length === 0) return this.nobody();
    const f = this.shown(h);
    const drawn = chart(h, f, COARSE.matches ? 56 : 42);
    return html`
      <div class="logs-head history-head">
        <span class="caption">${leftOutWords(h)}${drawn.leftOut > 0 && !this.table
          ? ` ${drawn.leftOut} boxes are not drawn: zoom in to see them.` : ""}</span>
        ${h.wrong.length > 0 ? html`<button class="small" @click=${() => this.nextWrong(h)}>${h.wrong.length > 1
          ? "Next wrong answer" : "Wrong answer"}</button>` : nothing}
        ${this.table ? nothing : html`
          ${this.frame ? html`<button class="small" @click=${() => this.look(null)}>All</button>` : nothing}
          <button class="small" aria-label="Zoom out" @click=${() => this.zoom(1 / STEP)}>−</button>
          <button class="small" aria-label="Zoom in" @click=${() => this.zoom(STEP)}>+</button>`}
        <button class="small" aria-pressed=${this.table ? "true" : "false"} @click=${this.turn}>Table</button>
      </div>
      <p class="caption history-said" aria-live="polite">${this.said(h)}</p>
      ${this.table ? this.asTable(h) : this.asChart(h, f, drawn)}`;
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const { history, width } = this;
    if (!history || width === 0) return;
    const f = this.shown(history);
    const { at } = cursor(store);
    this.style.setProperty("--head", `${xOf(f, f.now)}px`);
    this.style.setProperty("--cursor", `${at === null ? -9 : xOf(f, at)}px`);
  }

  private shown(h: ClientHistory): Frame {
    const now = Math.min(store.now(), store.told);
    return { ...(this.frame ?? seen(h, now)), width: this.width, height: 0, now };
  }

  private nobody(): TemplateResult {
    return html`<div class="history-nobody"><p class="caption">No client has asked anything yet.</p><button
      class="primary" @click=${this.letWrite}>Let clients write</button><button
      @click=${this.withClients}>The same run with three clients</button></div>`;
  }

  /** Two writes and a read at once: they can take effect in any order. */
  private readonly letWrite = (): void => {
    const wishes = [store.request("put", "x", "1", null), store.request("put", "x", "2", null),
      store.request("get", "x", "", null)];
    for (const wish of wishes) wish.catch(() => {}); // the outcome appears here as a box
    if (store.paused) store.togglePause();
  };

  /** Opens this run and moment with three clients that ask by themselves from its start on. */
  private readonly withClients = (): void => {
    const open = (run: LabRun, at: number) =>
      store.askLab((id) => ({ type: "open", id, run: { ...run, config: { ...run.config, ...CLIENTS } }, at,
      rate: store.paused ? 0 : store.rate }));
    const moment = store.askLab((id) => ({ type: "moment", id })) as Promise<Moment>;
    moment.then(({ run, at }) => open(run, at)).catch((why: Error) => store.notice(why.message));
  };

  // --- the picture

  private asChart(h: ClientHistory, f: Frame, drawn: Chart): TemplateResult {
    const subject = this.subject(h);
    const stop = this.stop(h);
    const { servers } = cursor(store);
    const against = h.wrong.find((w) => w.operation === subject)?.against ?? [];
    const lit = (b: Box) => ({ against: against.includes(b.index), pointed: b.index === this.pointed ||
      (servers.length === 1 && servers[0] === h.operations[b.index]?.server), stop: b.index === stop });
    return html`<div class="history-chart" role="group" aria-label="History of ${h.operations.length} operations"
      aria-describedby="history-keys" @keydown=${this.walk} @wheel=${this.wheel}>
      <div class="history-rows" @pointerdown=${this.press} @pointermove=${this.drag} @pointerup=${this.release}
        @pointercancel=${this.release}><div class="history-plane" style="height:${drawn.height}px">
        ${guard([h, f.from, f.span, f.width, drawn.height, subject, this.pointed, stop, servers], () => html`
          ${drawn.axis.map((a) => html`<i class="history-line" style="left:${a.x.toFixed(1)}px"></i>`)}
          ${drawn.rows.map((r) => html`<section class="history-row" style="top:${r.y}px;height:${r.height}px"
            aria-label="${r.name}, ${r.count} operations"><h3>${r.name}</h3></section>
            <ol aria-label=${r.name}>${repeat(r.boxes, (b) => b.index, (b) => this.box(h, b, lit(b)))}</ol>`)}`)}
        <i class="history-later"></i><i class="history-cursor"></i><i class="history-now"></i>
      </div></div>
      <div class="history-axis" aria-hidden="true">${drawn.axis.map((a) =>
        html`<span style="left:${a.x.toFixed(1)}px">${a.words}</span>`)}</div>
    </div>
    <p class="heard-only" id="history-keys">Left and right go along a client's operations, up and down to another
      client, Enter to the moment of the answer; plus and minus zoom, Page up and Page down move, 0 shows all.</p>`;
  }

  private box(h: ClientHistory, b: Box, lit: { against: boolean; pointed: boolean; stop: boolean }): TemplateResult
    | typeof nothing {
    const o = h.operations[b.index];
    if (!o) return nothing;
    const by = o.server > 0 ? ` S${o.server}` : "";
    const classes = ["operation", o.kind, b.open ? "open" : "", o.refused ? "refused" : "", b.wrong ? "wrong" : "",
      lit.against ? "against" : "", lit.pointed ? "pointed" : ""];
    const words = html`${b.wrong ? "! " : ""}${label(o)}${b.words === "whole" ? html`<small>${by}</small>` : nothing}`;
    return html`<li style="left:${b.x.toFixed(1)}px;top:${b.y}px;width:${b.width.toFixed(1)}px">
      <button class=${classes.filter((c) => c).join(" ")} data-operation=${b.index} tabindex=${lit.stop ? 0 : -1}
        aria-label="${label(o)}${by}. ${operationWords(h, b.index)}"
        @click=${() => this.go(o)} @pointerenter=${() => this.point(b.index)} @pointerleave=${this.letGo}
          @focus=${() => this.point(b.index)} @blur=${() => this.point(null)}
        ><span class="operation-words">${b.words === "none" ? nothing : words}</span><span
          class="operation-box">${b.point === null ? nothing
          : html`<span class="effect" style="left:${b.point.toFixed(1)}px"></span>`}</span></button></li>`;
  }

  private asTable(h: ClientHistory): TemplateResult {
    const time = (at: number | null) => (at === null ? "–" : seconds(at));
    const wrong = new Map(h.wrong.map((w) => [w.operation, w.text]));
    const stop = this.stop(h);
    const name = (o: Operation, i: number) => html`<button data-operation=${i} tabindex=${i === stop ? 0 : -1}
      aria-label=${operationWords(h, i)} @focus=${() => this.point(i)}
      @blur=${() => this.point(null)}>${label(o)}</button>`;
    return html`<div class="history-table" role="region" aria-label="History as a table" @keydown=${this.walk}><table
      class="study-table">
      <thead><tr><th>Client</th><th>Operation</th><th>Asked, s</th><th>Told, s</th><th>By</th><th>Took
        effect, s</th></tr></thead>
      <tbody>${h.operations.map((o, i) => html`<tr class=${wrong.has(i) ? "wrong" : ""}
        @click=${() => this.go(o)}><td>${clientName(o.client)}</td><td>${name(o,
        i)}</td><td>${time(o.called)}</td><td>${o.refused ? "refused " : ""}${time(o.returned)}</td><td>${o.server > 0
        ? `S${o.server}` : "–"}</td><td>${wrong.has(i) ? "in no order" : o.effect === null ? "–"
        : `${time(o.effect)}, number ${o.place}`}</td></tr>`)}</tbody>
    </table></div>`;
  }

  /**
   * The operation to which the Tab key comes: the one that had the focus last, else the first that is wrong,
   * else the newest.
   */
  private stop(h: ClientHistory): number {
    return this.current ?? h.wrong[0]?.operation ?? h.operations.length - 1;
  }

  /** The operation that the caption describes: the one that is pointed at, else the first that is wrong. */
  private subject(h: ClientHistory): number | null {
    return this.pointed ?? h.wrong[0]?.operation ?? null;
  }

  private said(h: ClientHistory): TemplateResult | string {
    if (this.pointed !== null && h.operations[this.pointed]) return operationWords(h, this.pointed);
    const first = h.wrong[0];
    return first ? html`<b class="wrong">${first.text}</b>${h.wrong.length > 1 ? ` ${verdict(h)}` : ""}` : verdict(h);
  }

  private readonly turn = (): void => {
    this.table = !this.table;
    this.requestUpdate();
  };

  // --- pointing and going

  private point(index: number | null): void {
    if (this.pointed === index) return;
    this.pointed = index;
    if (index !== null) this.current = index;
    store.show({ hover: (index === null ? 0 : this.history?.operations[index]?.server) || null });
    this.requestUpdate();
  }

  /** When the pointer leaves, the caption describes the focused operation again. */
  private readonly letGo = (): void => {
    const focused = this.querySelector<HTMLElement>(".operation:focus")?.dataset["operation"];
    this.point(focused === undefined ? null : Number(focused));
  };

  private nextWrong(h: ClientHistory): void {
    const next = h.wrong.find((w) => this.current === null || w.operation > this.current) ?? h.wrong[0];
    if (!next) return;
    this.table = false;
    store.seek(h.operations[next.operation]?.returned ?? 0);
    this.arrive(next.operation);
  }

  private readonly walk = keysOf("history", {
    left: () => this.step("left"),
    right: () => this.step("right"),
    up: () => this.step("up"),
    down: () => this.step("down"),
    first: () => this.arrive(0),
    last: () => this.arrive((this.history?.operations.length ?? 0) - 1),
    nearer: () => this.zoom(STEP),
    farther: () => this.zoom(1 / STEP),
    earlier: () => this.move(-0.6),
    later: () => this.move(0.6),
    all: () => this.look(null),
  });

  private step(way: "left" | "right" | "up" | "down"): void {
    const h = this.history;
    const to = h && neighbour(h, this.pointed ?? this.current ?? h.operations.length - 1, way);
    if (to !== null) this.arrive(to);
  }

  /** Focuses an operation, and moves the view there if it is outside. */
  private arrive(index: number): void {
    const h = this.history;
    const o = h?.operations[index];
    if (!h || !o) return;
    const f = this.shown(h);
    if (o.called < f.from || endOf(o) > f.from + f.span) this.frame = { from: o.called - f.span / 2, span: f.span };
    this.current = index;
    this.requestUpdate();
    void this.updateComplete.then(() => this.querySelector<HTMLElement>(`[data-operation="${index}"]`)?.focus());
  }

  /** Moves the view by a part of its width. */
  private move(part: number): void {
    if (!this.history) return;
    const { from, span } = this.shown(this.history);
    this.look({ from: from + part * span, span });
  }

  private look(frame: { from: number; span: number } | null): void {
    this.frame = frame;
    this.requestUpdate();
  }

  private readonly press = (e: PointerEvent): void => {
    this.pressed = this.history && { x: e.clientX, from: this.shown(this.history).from, moved: false };
  };

  private readonly drag = (e: PointerEvent): void => {
    const { pressed, history } = this;
    if (!pressed || !history || e.buttons === 0) return;
    const by = e.clientX - pressed.x;
    if (!pressed.moved && Math.abs(by) < CLICK) return;
    if (!pressed.moved) (e.currentTarget as HTMLElement).setPointerCapture(e.pointerId);
    pressed.moved = true;
    const f = this.shown(history);
    this.look({ from: pressed.from - by / scaleOf(f), span: f.span });
  };

  /** The click that ends a drag comes after this and must not count. */
  private readonly release = (): void => {
    setTimeout(() => (this.pressed = null));
  };

  private go(o: Operation): void {
    if (!this.pressed?.moved) store.seek(o.returned ?? o.called);
  }

  /** Zooms about a place, else about the described operation, else about the middle. */
  private zoom(factor: number, x?: number): void {
    const h = this.history;
    if (!h) return;
    const f = this.shown(h);
    const of = h.operations[this.subject(h) ?? -1];
    this.look(zoomed(f, factor, x ?? xOf(f, of ? of.called : f.from + f.span / 2)));
  }

  private readonly wheel = (e: WheelEvent): void => {
    const h = this.history;
    if (!h || (!e.ctrlKey && !e.shiftKey && Math.abs(e.deltaX) <= Math.abs(e.deltaY))) return; // the rows scroll
    e.preventDefault();
    if (e.ctrlKey) this.zoom(STEP ** (-e.deltaY / 100), e.clientX - this.getBoundingClientRect().left);
    else this.move((e.deltaX || e.deltaY) / this.width);
  };

  // --- asking

  /** What the history depends on besides how far the branch was lived. */
  private get what(): string {
    return JSON.stringify([this.runs, store.lab?.branch, store.requests.map((r) => r.id)]);
  }

  /** Asks about the whole branch, as far as it was lived: the history does not change with the playhead. */
  private async ask(): Promise<void> {
    const { what, runs } = this;
    const { end } = store;
    if (this.asking || !store.lab || this.rest || document.hidden ||
      (this.asked?.what === what && this.asked.end >= end)) return;
    this.asking = true;
    const began = performance.now();
    const told = await this.answer(what, end).catch((why: Error) => {
      this.problem = `The history could not be told: ${why.message}`;
      return this.history;
    });
    this.asking = false;
    if (runs === this.runs) {
      [this.history, this.asked, this.progress] = [told, { what, end }, ""];
      this.rest = setTimeout(this.wake, Math.max(AGAIN_MS, REST * (performance.now() - began)));
    }
    this.requestUpdate();
  }

  private readonly wake = (): void => {
    clearTimeout(this.rest);
    this.rest = undefined;
    this.requestUpdate();
  };

  private async answer(what: string, end: number): Promise<ClientHistory | null> {
    const { run } = (await store.askLab((id) => ({ type: "moment", id }))) as Moment;
    if (!asks(run, 0)) return { until: end, leftOut: 0, operations: [], wrong: [], undecided: [] };
    if (this.history !== null && this.asked?.what === what && !goesOn(run, this.history, this.asked.end))
      return this.history;
    return this.study.ask<ClientHistory>({ type: "history", run, until: Math.round(end) }, this.tell);
  }

  private readonly tell = (fraction: number, words: string): void => {
    this.progress = fraction > 0 ? `${words}: ${Math.round(fraction * 100)} %` : words;
    if (this.history === null) this.requestUpdate();
  };
}

const sheet = document.createElement("style");
sheet.textContent = style;
document.head.append(sheet);

customElements.define("raft-client-history", RaftClientHistory);
