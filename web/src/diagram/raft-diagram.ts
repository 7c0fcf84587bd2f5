import { html, nothing, svg, type PropertyValues, type SVGTemplateResult, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { RaftElement, sized } from "../view/element.js";
import { keysOf } from "../view/keys.js";
import { menu } from "../view/menu.js";
import type { Replay, StoryLine } from "../model.js";
import { slot } from "../view/numbers.js";
import { store } from "../state/store.js";
import { heading } from "../story/story.js";
import { flightName, seconds } from "../view/words.js";
import { arrivalKey, causes, effects, future, lanesOf, past, type Lanes, type Point } from "./causality.js";
import { Chronicle, type Stretch as Span } from "./chronicle.js";
import { endsOf, messageWords, picture, SPAN, timeAt, xOf, zoomed, type Arrow, type Dot, type Frame, type Picture,
  type Stretch } from "./spacetime.js";

const AHEAD = 0.12; // of the width, right of the playhead, while the diagram follows it
const BEFORE = 0.03; // of the width, left of the beginning of time
const STEP = 1.3; // a zoom
const CLICK = 5; // px that a click may wander
const CONE_MS = 500; // a selected event's future grows with time; it is searched for again this often
const TALL = 400; // px above which the logs' region covers the stage
const FORMATS = [["svg", "SVG"], ["png", "PNG"], ["mermaid", "Mermaid"], ["shiviz", "ShiViz log"]] as const;

/** The visible causes and effects of a selected point. */
interface Cone {
  key: string;
  at: number; // performance.now()
  by: number; // cluster time
  past: Set<string>;
  future: Set<string>;
  independent: number;
}

/**
 * The space-time diagram: time to the right, a lane per server, a message a line between two lanes; the
 * possible causes and effects of a selected event stand out.
 */
export class RaftDiagram extends RaftElement {
  protected readonly topics = ["clock", "flights", "story", "room", "lab", "view"] as const;
  protected override readonly calm = 90;

  private from: number | null = null; // at the left edge; null: it follows the playhead
  private span: number = SPAN.first;
  private size = { width: 0, height: 0 };
  private selected: string | null = null; // a point's key
  private pointed: string | null = null;
  private cone: Cone | null = null;
  private pointers = new Map<number, { x: number; y: number }>();
  private readonly chronicle = new Chronicle(
    (stretch, details) => store.askLab((id) => ({ type: "replay", id, from: Math.round(stretch.from),
      until: Math.round(stretch.to), details })) as Promise<Replay>,
    () => this.isConnected && this.requestUpdate(),
  );
  private pressed: { x: number; y: number; key: string | null; moved: boolean } | null = null;

  protected override attached(gone: AbortSignal): void {
    store.onBatch((batch) => this.chronicle.take(batch), gone);
    gone.addEventListener("abort", () => {
      this.chronicle.clear();
      store.show({ ...(this.tall ? { logsHeight: null } : {}), ...(this.selected ? { line: null, hover: null } : {}) });
    });
  }

  protected override firstUpdated(changed: PropertyValues): void {
    super.firstUpdated(changed);
    const box = this.querySelector(".diagram-box");
    if (box) sized(box, this.standing.signal, ({ width, height }) => {
      this.size = { width, height };
      this.requestUpdate();
    });
  }

  protected override updated(): void {
    if (this.size.width > 0) this.chronicle.need(this.edges(), this.now, store.view.everything, store.paused);
  }

  private get now(): number {
    return Math.min(store.now(), store.told);
  }

  private frame(): Frame {
    const from = this.from ?? Math.max(-BEFORE * this.span, this.now - this.span * (1 - AHEAD));
    return { from, span: this.span, ...this.size, now: this.now };
  }

  /** The stretch between the left and the right edge. */
  private edges(f = this.frame()): Span {
    return { from: f.from, to: f.from + f.span };
  }

  private events(stretch: Span): StoryLine[] {
    return this.chronicle.events(stretch, store.story, store.view.everything);
  }

  override render(): TemplateResult {
    const f = this.frame();
    const edges = this.edges(f);
    const shown = picture(f, store.servers.filter((s) => s.seat !== "empty").map((s) => s.server),
      this.chronicle.between(edges), this.events(edges), { lanes: this.chronicle.lanes(store.lived) });
    const cone = this.lit();
    return html`
      <div class="logs-head diagram-head">
        <span class="caption"></span>
        ${this.point()?.at !== undefined && this.selected
          ? html`<button class="small" @click=${() => this.goThere()}>Go there</button>` : nothing}
        ${this.from === null ? nothing : html`<button class="small" @click=${() => this.move(null)}>Follow ⟩</button>`}
        <button class="small" aria-label="Zoom out" @click=${() => this.zoom(1 / STEP)}>−</button>
        <button class="small" aria-label="Zoom in" @click=${() => this.zoom(STEP)}>+</button>
        <button class="small diagram-tall" aria-pressed=${this.tall ? "true" : "false"}
          @click=${this.stretch}>Full height</button>
        ${menu("export-menu", "Save what is seen", "small", "Export", FORMATS.map(([format, words]) =>
          html`<button class="quiet" @click=${() => void this.save(format)}>${words}</button>`))}
      </div>
      <p class="caption diagram-said" aria-live="polite">${this.caption(shown, cone)}</p>
      <div class="diagram-box" tabindex="0" role="group" aria-roledescription="diagram"
        aria-label="Space-time diagram: ${shown.lanes.map((l) => l.name)
        .join(", ")}; ${shown.arrows.length} messages, ${shown.dots.length} events from ${seconds(f.from)} to ${seconds(
        f.from + f.span)} s" aria-describedby="diagram-keys"
        @keydown=${this.walk} @wheel=${this.wheel} @pointerdown=${this.press} @pointermove=${this.drag}
          @pointerup=${this.release} @pointercancel=${this.release} @pointerleave=${() => this.pointAt(null)}
          @dblclick=${() => this.goThere()}>
        ${this.size.width > 0 ? this.drawing(shown, cone) : nothing}
      </div>
      <p class="heard-only" id="diagram-keys">Left and right go along a lane, up and down to another lane, M to the
        other end of a message, Enter to that moment; plus and minus zoom, Page up and Page down move, F
        follows the clock, Escape selects nothing.</p>
    `;
  }

  // --- the picture

  private drawing(p: Picture, cone: Cone | null): TemplateResult {
    const { width, height } = this.size;
    return html`<svg class="notranslate diagram ${cone ? "coned" : ""}" translate="no" width=${width} height=${height}
      viewBox="0 0 ${width} ${height}" aria-hidden="true">
      <defs><clipPath id="diagram-clip"><rect x=${p.left} y="0" width=${Math.max(0, width - p.left)} height=${height}
        /></clipPath></defs>
      ${p.axis.map((a) => svg`<path class="axis-line" d="M${a.x} 0V${p.bottom}" /><text class="axis-words" x=${a.x}
        y=${p.bottom + 15}>${a.words}</text>`)}
      <g clip-path="url(#diagram-clip)">
        ${p.lanes.map((l) => svg`<path class="lane-track" d="M${p.left} ${l.y}H${width}" />`)}
        ${p.stretches.map((s) => this.stretchOf(s))}
        ${repeat(p.arrows, (a) => a.message.seq, (a) => this.arrow(a, cone))}
        ${repeat(p.dots, (d) => d.key, (d) => this.dot(d, cone))}
        <rect class="not-yet" x=${p.now} y="0" width=${Math.max(0, width - p.now)} height=${p.bottom} />
        <path class="head" d="M${p.now} 0V${p.bottom}" />
      </g>
      ${p.lanes.map((l) => svg`<text class="lane-name ${l.lane > 1000 ? "clients" : ""}" x="0"
        y=${l.y + 4.5}>${l.name}</text>`)}
    </svg>`;
  }

  /** A band in the colour of the term; the more important the role, the thicker its lane. */
  private stretchOf(s: Stretch): SVGTemplateResult {
    const { x, width, y } = s;
    if (s.role === "gone" || s.role === "empty")
      return svg`<path class="down" d="M${x} ${y}h${width}" /><path class="cross"
      d="M${x + 2} ${y - 5}l8 10m0 -10l-8 10" />`;
    const thick = { follower: 2, paused: 2, preCandidate: 4, candidate: 6, leader: 10 }[s.role];
    return svg`<g class="t${slot(s.term)} stretch ${s.role}"><rect class="term-band" x=${x} y=${y - 9} width=${width}
      height="18" /><rect class="role-line" x=${x} y=${y - thick / 2} width=${width} height=${thick}
      />${s.number ? svg`<text class="band-term" x=${x + 4} y=${y + 4.5}>${s.term}</text>` : nothing}</g>`;
  }

  private arrow(a: Arrow, cone: Cone | null): SVGTemplateResult {
    const m = a.message;
    const [send, arrival] = endsOf(m);
    const on = (key: string) => key === this.selected || cone?.past.has(key) || cone?.future.has(key);
    const lit = cone !== null && on(send) && (on(arrival) || (a.lost && send === this.selected));
    const length = Math.hypot(a.x2 - a.x1, a.y2 - a.y1) || 1;
    const [ux, uy] = [(a.x2 - a.x1) / length, (a.y2 - a.y1) / length];
    const [bx, by] = [a.x2 - 8 * ux, a.y2 - 8 * uy];
    const end = a.lost ? `M${a.x2 - 4} ${a.y2 - 4}l8 8m0 -8l-8 8`
      : `M${a.x2} ${a.y2}L${bx - 3.5 * uy} ${by + 3.5 * ux}L${bx + 3.5 * uy} ${by - 3.5 * ux}z`;
    const classes = ["message", `t${slot(m.from > 1000 ? 0 : m.term)}`, a.heartbeat ? "heartbeat-line" : "",
      m.from > 1000 || m.to > 1000 ? "of-client" : "", /Reply|answer/.test(m.kind) ? "reply-line" : "", a.lost
      ? "was-lost" : "", lit ? "lit" : "", send === this.pointed || arrival === this.pointed ? "pointed" : ""];
    return svg`<g class=${classes.filter((c) => c).join(" ")} data-point=${a.lost ? send : arrival}><path
      class="message-hit" d="M${a.x1} ${a.y1}L${a.x2} ${a.y2}" /><path class="message-line"
      d="M${a.x1} ${a.y1}L${a.x2} ${a.y2}" /><path class="message-end" d=${end} /></g>`;
  }

  private dot(d: Dot, cone: Cone | null): SVGTemplateResult {
    const { key, x, y, line } = d;
    const lit = cone !== null && (key === this.selected || cone.past.has(key) || cone.future.has(key));
    const current = store.headline?.id === line.id || store.view.line === line.id;
    const shape = line.kind === "becameLeader" ? svg`<rect class="dot" x=${x - 5} y=${y - 5} width="10" height="10"
      rx="2" />` : line.kind === "becameCandidate" ? svg`<rect class="dot" x=${x - 4.5} y=${y - 4.5} width="9"
      height="9" rx="1" transform="rotate(45 ${x} ${y})" />`
      : svg`<circle class="dot" cx=${x} cy=${y} r=${line.weight === "key" ? 4.5 : 3} />`;
    return svg`<g class="event ${lit ? "lit" : ""} ${key === this.selected ? "selected" : ""} ${key === this.pointed ||
      current ? "pointed" : ""}" data-point=${key}><circle class="event-hit" cx=${x} cy=${y} r="10" />${shape}<circle
      class="event-ring" cx=${x} cy=${y} r="9" /></g>`;
  }

  // --- words

  private caption(p: Picture, cone: Cone | null): TemplateResult | string {
    const key = this.pointed ?? this.selected;
    const said = key ? this.words(key) : "";
    if (said && cone && key === this.selected)
      return html`${cone.past.size} before it, ${cone.future.size} after it, ${
        cone.independent} independent · <b>${said}</b>`;
    if (said) return html`<b>${said}</b>`;
    const since = this.chronicle.since(this.edges());
    const before = since === null ? "" : `what was before ${seconds(since)} s`;
    if (p.leftOut > 0)
      return `${p.leftOut} messages${before &&
      `, and ${before},`} are left out, heartbeats first: zoom in to see them.`;
    return before ? `Too much happened: ${before} is left out. Zoom in to see it.`
      : "A line is a message · a band is a term · thick = leader · click an event: its causes and effects";
  }

  private words(key: string): string {
    const message = this.chronicle.get(Number(key.slice(1)));
    if (key.startsWith("e")) {
      const line = this.lanes().points.get(key)?.line;
      return line ? `${heading(line.text)}, at ${seconds(line.at)} s.` : "";
    }
    return message ? messageWords(message, flightName(message), this.now) : "";
  }

  // --- causes and effects

  /** All that is known, which reaches somewhat beyond what is visible. */
  private lanes(): Lanes {
    const all = { from: -Infinity, to: Infinity };
    return lanesOf(this.chronicle.between(all), this.events(all), this.now);
  }

  /** The cone of the selected point, kept while it says the same. */
  private lit(): Cone | null {
    const key = this.selected;
    if (key === null) return (this.cone = null);
    const by = this.now;
    const at = performance.now();
    if (this.cone?.key === key && (this.cone.by === by || at - this.cone.at < CONE_MS)) return this.cone;
    const lanes = this.lanes();
    if (!lanes.points.has(key)) return (this.cone = null);
    const { from, to } = this.edges();
    const points = [...lanes.points.values()].filter((p) => p.at >= from && p.at <= to).map((p) => p.key);
    const of = (all: Set<string>) => new Set(points.filter((p) => all.has(p)));
    const [before, after] = [of(past(lanes, key)), of(future(lanes, key))];
    return (this.cone = { key, at, by, past: before, future: after,
      independent: points.filter((p) => p !== key).length - before.size - after.size });
  }

  private point(): Point | undefined {
    return this.selected ? this.lanes().points.get(this.selected) : undefined;
  }

  private select(key: string | null): void {
    this.selected = key;
    const line = key?.startsWith("e") ? Number(key.slice(1)) : null;
    const lane = this.point()?.lane ?? null;
    store.show({ line, hover: lane !== null && lane < 1000 ? lane : null });
    this.requestUpdate();
  }

  private pointAt(key: string | null): void {
    if (this.pointed === key) return;
    this.pointed = key;
    this.requestUpdate();
  }

  private goThere(): void {
    const at = this.point()?.at;
    if (at !== undefined) store.seek(at);
  }

  // --- moving about

  private move(from: number | null, span = this.span): void {
    this.from = from === null ? null : Math.max(-BEFORE * span, Math.min(from, store.end));
    this.span = span;
    this.requestUpdate();
  }

  /** Zooms about a place, else about the selected point, else about the playhead. */
  private zoom(factor: number, x?: number): void {
    const f = this.frame();
    const about = this.selected ? this.point()?.at : undefined;
    const middle = x ?? (about === undefined ? undefined : xOf(f, about));
    const to = zoomed(f, factor, middle ?? f.width * (1 - AHEAD));
    this.move(this.from === null && middle === undefined ? null : to.from, to.span);
  }

  private readonly wheel = (e: WheelEvent): void => {
    e.preventDefault();
    const f = this.frame();
    const sideways = e.shiftKey || Math.abs(e.deltaX) > Math.abs(e.deltaY);
    if (sideways) this.move(f.from + ((e.deltaX || e.deltaY) / f.width) * f.span);
    else this.zoom(STEP ** (-e.deltaY / 100), this.placeOf(e).x);
  };

  private placeOf(e: { clientX: number; clientY: number }): { x: number; y: number } {
    const box = this.querySelector(".diagram-box")?.getBoundingClientRect();
    return { x: e.clientX - (box?.left ?? 0), y: e.clientY - (box?.top ?? 0) };
  }

  private keyAt(e: Event): string | null {
    return (e.target as Element | null)?.closest?.("[data-point]")?.getAttribute("data-point") ?? null;
  }

  private readonly press = (e: PointerEvent): void => {
    const at = this.placeOf(e);
    this.pointers.set(e.pointerId, at);
    this.pressed = { ...at, key: this.keyAt(e), moved: this.pointers.size > 1 };
  };

  private readonly drag = (e: PointerEvent): void => {
    const before = this.pointers.get(e.pointerId);
    if (!before || !this.pressed) return this.pointAt(this.keyAt(e));
    const at = this.placeOf(e);
    if (!this.pressed.moved && Math.hypot(at.x - this.pressed.x, at.y - this.pressed.y) < CLICK) return;
    if (!this.pressed.moved) (e.currentTarget as HTMLElement).setPointerCapture(e.pointerId);
    this.pressed.moved = true;
    const f = this.frame();
    const other = [...this.pointers].find(([id]) => id !== e.pointerId)?.[1];
    this.pointers.set(e.pointerId, at);
    if (other) {
      const apart = (p: { x: number }) => Math.max(20, Math.abs(p.x - other.x));
      const to = zoomed(f, apart(at) / apart(before), (at.x + other.x) / 2);
      this.move(to.from, to.span);
    } else this.move(timeAt(f, before.x) - (timeAt(f, at.x) - f.from));
  };

  private readonly release = (e: PointerEvent): void => {
    this.pointers.delete(e.pointerId);
    if (this.pressed && !this.pressed.moved && e.type === "pointerup")
      this.select(this.pressed.key === this.selected ? null : this.pressed.key);
    if (this.pointers.size === 0) this.pressed = null;
  };

  /** The diagram is one tab stop; #diagram-keys lists its keys. */
  private readonly walk = keysOf("diagram", {
    right: () => this.along(1),
    left: () => this.along(-1),
    down: () => this.across(1),
    up: () => this.across(-1),
    otherEnd: () => (this.selected ? this.otherEnd() : false),
    go: () => this.goThere(),
    nearer: () => this.zoom(STEP),
    farther: () => this.zoom(1 / STEP),
    earlier: () => this.page(-1),
    later: () => this.page(1),
    follow: () => this.move(null),
    nothing: () => (this.selected ? this.select(null) : false),
  });

  /** Moves on by most of what is visible. */
  private page(by: number): void {
    const { from, span } = this.frame();
    this.move(from + by * 0.6 * span);
  }

  private along(by: number): void {
    const lanes = this.lanes();
    const p = this.selected ? lanes.points.get(this.selected) : undefined;
    if (!p) return this.nearest(lanes, store.servers[0]?.server ?? 1);
    this.arrive(lanes.order.get(p.lane)?.[(lanes.place.get(p.key) ?? 0) + by], lanes);
  }

  private across(by: number): void {
    const lanes = this.lanes();
    const order = store.servers.map((s) => s.server).filter((s) => lanes.order.has(s));
    const p = this.selected ? lanes.points.get(this.selected) : undefined;
    const lane = p ? order[order.indexOf(p.lane) + by] : order[0];
    if (lane !== undefined) this.nearest(lanes, lane);
  }

  /** Selects the point of a lane nearest in time to the selected one, else to the middle of the view. */
  private nearest(lanes: Lanes, lane: number): void {
    const f = this.frame();
    const at = (this.selected ? lanes.points.get(this.selected)?.at : undefined) ?? f.from + f.span / 2;
    const keys = lanes.order.get(lane) ?? [];
    const apart = (key: string) => Math.abs((lanes.points.get(key)?.at ?? Infinity) - at);
    this.arrive(keys.reduce<string | undefined>((best, key) => (best === undefined || apart(key) < apart(best) ? key
      : best), undefined), lanes);
  }

  private otherEnd(): void {
    const lanes = this.lanes();
    const key = this.selected;
    if (!key) return;
    const p = lanes.points.get(key);
    const next = key.startsWith("r")
      ? causes(lanes, key).find((k) => k.startsWith("s") && lanes.points.get(k)?.lane !== p?.lane)
      : effects(lanes, key).find((k) => k === arrivalKey(Number(key.slice(1))));
    this.arrive(next, lanes);
  }

  private arrive(key: string | undefined, lanes: Lanes): void {
    const p = key === undefined ? undefined : lanes.points.get(key);
    if (!p) return;
    const f = this.frame();
    if (p.at < f.from || p.at > f.from + f.span) this.from = Math.max(0, p.at - f.span / 2);
    this.select(p.key);
  }

  // --- size, and out into the world

  private get tall(): boolean {
    return (store.view.logsHeight ?? 0) > TALL;
  }

  private readonly stretch = (): void => {
    const stage = document.querySelector("main.stage")?.getBoundingClientRect().height ?? 0;
    const own = this.closest(".logs")?.getBoundingClientRect().height ?? 0;
    store.show({ logsHeight: this.tall ? null : Math.max(TALL + 1, Math.floor(stage + own)) });
  };

  /** Exports are complete: the stretch is replayed once more, even while the clock runs. */
  private async save(format: (typeof FORMATS)[number][0]): Promise<void> {
    const { from, span, now } = this.frame();
    const stretch = { from: Math.max(0, from), to: Math.min(from + span, now) };
    const followed = this.from;
    this.from = from; // it stands still meanwhile
    try {
      const [m] = await Promise.all([import("./diagram-export.js"),
        this.chronicle.fetch(stretch, store.view.everything)]);
      await this.updateComplete;
      const drawing = this.querySelector<SVGSVGElement>("svg.diagram");
      if (!drawing) return;
      const since = this.chronicle.since(stretch) ?? stretch.from;
      await m.save(store, format, { drawing, messages: this.chronicle.between(stretch), story: this.events(stretch),
        from: since, to: stretch.to, by: stretch.to });
    } catch (why) {
      store.notice(`The diagram could not be saved: ${(why as Error).message.replace(/\.$/, "")}.`);
    }
    this.from = followed;
    this.requestUpdate();
  }
}

customElements.define("raft-diagram", RaftDiagram);
