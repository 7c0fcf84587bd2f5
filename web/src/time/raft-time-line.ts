import { html, nothing, type TemplateResult } from "lit";
import { cursor } from "../state/cursor.js";
import { RaftElement, sized } from "../view/element.js";
import { reignAt, tapeSpan, within, zoomed, type Stretch } from "../state/lived.js";
import { keysOf } from "../view/keys.js";
import { store } from "../state/store.js";
import { axisHeight, Tape } from "./tape.js";
import { Inks } from "../view/theme.js";
import { seconds } from "../view/words.js";
import { MS, SECOND } from "../view/time.js";

const ROW = 8; // px of a branch's line
const BRANCH_LINES = 3; // of other branches, the newest; all of them are in the transport's menu
const LOW = 60; // px of a time line that has no room for them
const LEAST = 200 * MS; // that the lab's tape shows: ten seconds of watching at first
const NEAR_PX = 5; // a mark is named when the pointer is as near as this
const STEP = 1000; // an arrow key goes a thousandth of what is shown
const ZOOM = 2; // of one press
const FINGER_PX = 8; // two fingers are never nearer

/**
 * The time line: terms, roles and marks. In a room since this tab joined; in the lab all that was lived of the branch,
 * with a playhead that can be taken anywhere, also beyond the end: then the run is lived as far as there. The tape is a
 * canvas, as it may hold thousands of changes; what moves with the playhead lies above it.
 */
export class RaftTimeLine extends RaftElement {
  protected readonly topics = ["clock", "servers", "room", "requests", "lab", "view"] as const;
  protected override readonly calm = 250;

  private width = 0;
  private height = 0;
  private zoom: Stretch | null = null; // null: all of it
  private followed = 0; // where the playhead was when the stretch was last asked for
  private dragged: number | null = null; // where the playhead is held
  private pace = 0; // to which the clock returns when it is let go; 0: it stands
  private readonly fingers = new Map<number, number>(); // that touch the tape, and where: px from the page's left edge
  private readonly inks = new Inks(this);

  protected override attached(gone: AbortSignal): void {
    sized(this, gone, ({ width, height }) => {
      this.width = width;
      this.height = height;
      this.inks.forget(); // its type may be larger now
      this.requestUpdate();
    });
    store.subscribe((changed) => {
      if (changed.has("clock") && !document.hidden) this.moveHead();
    }, gone);
  }

  override render(): TemplateResult {
    const seek = store.can.seek && store.lab !== null;
    return html`
      <canvas role="img" aria-label=${this.words()}></canvas>
      <div class="ahead"></div><div class="playhead"></div>
      ${seek ? this.scrubber() : nothing}
      <div class="tape-tip mono" hidden></div>
      ${seek ? this.branches() : nothing}
      ${seek ? html`<div class="zoom ${this.zoom ? "used" : ""}"><button class="quiet small"
        title="− with the time line focused" aria-label="Zoom out" ?disabled=${this.zoom === null}
        @click=${() => this.zoomBy(ZOOM)}>−</button><button class="quiet small" title="+ with the time line focused"
        aria-label="Zoom in" @click=${() => this.zoomBy(1 / ZOOM)}>+</button></div>` : nothing}
    `;
  }

  /** Nothing of the tape is painted anew while only the playhead moves. */
  protected override slice(): unknown {
    const { begin, end, terms, lanes, marks } = store.lived;
    const { span } = this.shown();
    return [begin, Math.round((end / span) * this.width), span, terms.length, lanes.length, marks.length,
      marks.at(-1)?.at, store.servers.length, store.lab?.branch, store.lab?.branches, cursor(store).at];
  }

  protected override updated(): void {
    const canvas = this.querySelector("canvas");
    const pen = canvas?.getContext("2d");
    if (!canvas || !pen || this.width === 0) return;
    const high = this.canvasHeight();
    this.style.setProperty("--rows", String(this.others().length));
    this.style.setProperty("--tape", `${high - axisHeight(high)}px`);
    const dense = devicePixelRatio || 1;
    const [w, h] = [Math.round(this.width * dense), Math.round(high * dense)];
    if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
    pen.setTransform(dense, 0, 0, dense, 0, 0);
    new Tape(pen, this.inks, this.width, high, this.shown()).draw();
    this.moveHead();
  }

  // --- what is shown

  private whole(): Stretch {
    const begin = store.lived.begin ?? 0;
    const least = store.can.seek ? LEAST : undefined;
    return { begin, span: tapeSpan(Math.max(store.end, store.now()) - begin, least) };
  }

  /** The stretch on the tape. Enlarged, it goes with the playhead when that moves out of it. */
  private shown(): Stretch {
    const whole = this.whole();
    if (!this.zoom || this.zoom.span >= whole.span) return whole;
    const at = store.now();
    const away = at !== this.followed && this.dragged === null &&
      (at < this.zoom.begin || at > this.zoom.begin + this.zoom.span);
    this.followed = at;
    if (away) this.zoom = within({ begin: at - this.zoom.span / 2, span: this.zoom.span }, whole);
    return this.zoom;
  }

  private x(at: number, shown = this.shown()): number {
    return ((at - shown.begin) / shown.span) * this.width;
  }

  private canvasHeight(): number {
    return Math.max(0, this.height - this.others().length * ROW);
  }

  /** Moves the playhead, once a batch, without a new drawing. */
  private moveHead(): void {
    const head = this.querySelector<HTMLElement>(".playhead");
    const ahead = this.querySelector<HTMLElement>(".ahead");
    if (!head || !ahead || this.width === 0) return;
    const shown = this.shown();
    const at = this.dragged ?? store.now();
    const x = Math.max(0, Math.min(this.width, this.x(at, shown)));
    head.hidden = store.lived.begin === null;
    head.style.transform = `translateX(${(x - 1).toFixed(1)}px)`;
    ahead.style.left = `${x.toFixed(1)}px`;
    ahead.style.width = `${Math.max(0, Math.min(this.width, this.x(store.end, shown)) - x).toFixed(1)}px`;
    const input = this.querySelector<HTMLInputElement>("input");
    if (!input) return;
    this.setRange(input, shown);
    if (this.dragged !== null || store.travelling) return;
    input.value = String(at);
    if (document.activeElement !== input) return;
    const words = momentWords(at);
    if (input.getAttribute("aria-valuetext") !== words && store.paused) input.setAttribute("aria-valuetext", words);
  }

  /** Sets the input's range to the stretch on the tape; a new stretch is painted at once, too. */
  private setRange(input: HTMLInputElement, { begin, span }: Stretch): void {
    const max = String(begin + span);
    if (input.min === String(begin) && input.max === max) return;
    Object.assign(input, { min: String(begin), max, step: String(span / STEP) });
    this.requestUpdate();
  }

  // --- going elsewhere

  private scrubber(): TemplateResult {
    return html`<input type="range" aria-label="Moment that is looked at" aria-valuetext=${momentWords(store.now())}
      @input=${this.scrub} @change=${this.letGo} @pointerdown=${this.hold} @pointermove=${this.point}
        @pointerleave=${this.pointAway} @pointerup=${this.lift} @pointercancel=${this.lift} @keydown=${this.key}
        @wheel=${this.wheel} />`;
  }

  private hold(e: PointerEvent): void {
    this.fingers.set(e.pointerId, e.clientX);
    if (this.fingers.size > 1) return this.letGo();
    this.dragged = store.now();
    this.pace = store.paused ? 0 : store.rate;
    if (this.pace > 0) store.setRate(0);
  }

  private scrub(e: Event): void {
    if (this.fingers.size > 1) return;
    const input = e.currentTarget as HTMLInputElement;
    const at = Number(input.value);
    if (this.dragged !== null) this.dragged = at;
    input.setAttribute("aria-valuetext", momentWords(at));
    store.seek(at);
    this.moveHead();
  }

  private letGo(): void {
    this.dragged = null;
    if (this.pace > 0) store.setRate(this.pace);
    this.pace = 0;
  }

  private lift(e: PointerEvent): void {
    this.fingers.delete(e.pointerId);
    this.letGo();
  }

  /** Two fingers enlarge about the middle between them. */
  private pinch({ pointerId, clientX }: PointerEvent): void {
    const before = this.fingers.get(pointerId) ?? clientX;
    const other = [...this.fingers].find(([id]) => id !== pointerId)?.[1] ?? clientX;
    const apart = (x: number) => Math.max(FINGER_PX, Math.abs(x - other));
    this.fingers.set(pointerId, clientX);
    this.zoomBy(apart(before) / apart(clientX), this.at({ clientX: (clientX + other) / 2 }));
  }

  /** The browser knows arrows and Page keys of a range; its end, though, is not the end of the run. */
  private readonly key = keysOf("time", {
    first: () => store.seek(store.lived.begin ?? 0),
    last: () => store.seek(store.end),
    nearer: () => this.zoomBy(1 / ZOOM),
    farther: () => this.zoomBy(ZOOM),
  });

  private zoomBy(factor: number, at = store.now()): void {
    this.zoom = zoomed(this.shown(), this.whole(), at, factor);
    this.requestUpdate();
  }

  /**
   * The wheel enlarges about the pointer, sideways it moves what is shown. In another page's frame it is that page's,
   * unless Ctrl is held.
   */
  private wheel(e: WheelEvent): void {
    if (document.documentElement.dataset["page"] === "embed" && !e.ctrlKey) return;
    e.preventDefault();
    if (Math.abs(e.deltaX) > Math.abs(e.deltaY)) {
      if (!this.zoom) return;
      this.zoom = within({ begin: this.zoom.begin + (e.deltaX / this.width) * this.zoom.span, span: this.zoom.span },
        this.whole());
      this.requestUpdate();
    } else if (e.deltaY !== 0) this.zoomBy(1.2 ** Math.sign(e.deltaY), this.at(e));
  }

  private at({ clientX }: { clientX: number }): number {
    const { begin, span } = this.shown();
    return begin + ((clientX - this.getBoundingClientRect().left) / Math.max(1, this.width)) * span;
  }

  // --- what is under the pointer

  private point(e: PointerEvent): void {
    if (this.fingers.size > 1) return this.pinch(e);
    const at = this.at(e);
    const tip = this.querySelector<HTMLElement>(".tape-tip");
    if (!tip) return;
    tip.textContent = at > store.end ? `${seconds(at)} s · not lived yet`
      : [`${seconds(at)} s`, ...reignWords(at), ...this.markNear(at)].join(" · ");
    tip.hidden = false;
    const x = this.x(at);
    tip.style.transform = `translateX(${Math.max(0,
      Math.min(this.width - tip.offsetWidth, x - tip.offsetWidth / 2))}px)`;
    this.pointAtLine(at);
  }

  private pointAway(): void {
    this.querySelector<HTMLElement>(".tape-tip")?.setAttribute("hidden", "");
    if (store.view.line !== null) store.show({ line: null });
  }

  /** Points at what happened near there, also in the story, on the stage and in the logs. */
  private pointAtLine(at: number): void {
    const near = this.near();
    const line = store.story.findLast((l) => l.weight === "key" && Math.abs(l.at - at) <= near)?.id ?? null;
    if (line !== store.view.line) store.show({ line });
  }

  /** NEAR_PX, as a time. */
  private near(): number {
    return (this.shown().span / Math.max(1, this.width)) * NEAR_PX;
  }

  private markNear(at: number): string[] {
    const near = this.near();
    const mark = store.lived.marks.findLast((m) => m.text !== "" && Math.abs(m.at - at) <= near);
    return mark ? [mark.text] : [];
  }

  // --- other branches

  private others() {
    const lab = store.lab;
    if (!lab || this.height < LOW) return [];
    return lab.branches.filter((b) => b.id !== lab.branch).slice(-BRANCH_LINES);
  }

  /** How the run went without what made this branch: for the pointer; the transport's menu has them for everybody. */
  private branches(): TemplateResult[] {
    return this.others().map((b, row) => {
      const from = Math.max(0, Math.min(this.width, this.x(b.at)));
      const to = Math.max(0, Math.min(this.width, this.x(b.end)));
      const go = () => store.wishLab((id) => ({ type: "branch", id, branch: b.id, at: null }));
      return html`<button class="branch-line" tabindex="-1" aria-hidden="true"
        title=${`Branch ${b.id}${b.text ? `: ${b.text}` : ""}. Click to look at it`}
        style="left: ${from}px; width: ${Math.max(6, to - from)}px; bottom: ${row * ROW}px" @click=${go}></button>`;
    });
  }

  private words(): string {
    const { begin, terms, marks } = store.lived;
    if (begin === null) return "Time line, empty until the clock starts";
    const count = (kind: string) => marks.filter((m) => m.kind === kind).length;
    return `Time line from ${(begin / SECOND).toFixed(1)} s to ${(store.end / SECOND)
      .toFixed(1)} s: term ${terms.at(-1)?.term ?? 0}, ${count("write")} writes, ${count("crash")} crashes`;
  }
}

/** "12.40 s, term 3, S2 leads". */
const momentWords = (at: number): string => [`${(Math.max(0, at) / SECOND).toFixed(2)} s`, ...reignWords(at)]
  .join(", ");

function reignWords(at: number): string[] {
  const { term, leader } = reignAt(store.lived, at);
  return [`term ${term}`, leader ? `S${leader} leads` : "no leader"];
}

customElements.define("raft-time-line", RaftTimeLine);
