import { html, type TemplateResult } from "lit";
import { RaftElement } from "./element.js";
import { axisStep, tapeSpan, type LaneChange } from "./history.js";
import { slot } from "./numbers.js";
import { store } from "./store.js";

const BAND = 10; // the term band, px
const MARKS = 9; // the row of marks
const AXIS = 18;

/** The time line: terms, roles and marks since this tab joined. Drawn on a canvas, as it may hold thousands of changes. */
export class RaftTimeLine extends RaftElement {
  protected readonly topics = ["clock", "servers", "room", "requests", "view"] as const;
  protected override readonly calm = 250;

  private width = 0;
  private height = 0;
  private readonly observer = new ResizeObserver(([entry]) => {
    if (!entry) return;
    this.width = entry.contentRect.width;
    this.height = entry.contentRect.height;
    this.requestUpdate();
  });
  private readonly themes = [matchMedia("(prefers-color-scheme: dark)")];
  private readonly redraw = () => this.requestUpdate();

  override connectedCallback(): void {
    super.connectedCallback();
    this.observer.observe(this);
    for (const t of this.themes) t.addEventListener("change", this.redraw);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.observer.disconnect();
    for (const t of this.themes) t.removeEventListener("change", this.redraw);
  }

  override render(): TemplateResult {
    return html`<canvas role="img" aria-label=${this.words()}></canvas>`;
  }

  protected override updated(): void {
    const canvas = this.querySelector("canvas");
    const pen = canvas?.getContext("2d");
    if (!canvas || !pen || this.width === 0) return;
    const dense = devicePixelRatio || 1;
    const [w, h] = [Math.round(this.width * dense), Math.round(this.height * dense)];
    if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
    pen.setTransform(dense, 0, 0, dense, 0, 0);
    new Tape(pen, getComputedStyle(this), this.width, this.height).draw();
  }

  private words(): string {
    const { begin, end, terms, marks } = store.history;
    if (begin === null) return "Time line, empty until the clock starts";
    const term = terms.at(-1)?.term ?? 0;
    return `Time line from ${Math.floor(begin / 1000)} s to ${Math.floor(end / 1000)} s: term ${term}, ${marks.filter((m) => m.kind === "write").length} writes, ${marks.filter((m) => m.kind === "crash").length} crashes`;
  }
}

/** One drawing of the tape. */
class Tape {
  private readonly begin: number;
  private readonly span: number;
  private readonly bottom: number;

  constructor(private pen: CanvasRenderingContext2D, private style: CSSStyleDeclaration, private width: number, private height: number) {
    this.begin = store.history.begin ?? 0;
    this.span = tapeSpan(store.history.end - this.begin);
    this.bottom = height < 60 ? height : height - AXIS;
  }

  draw(): void {
    const { pen } = this;
    pen.clearRect(0, 0, this.width, this.height);
    pen.fillStyle = this.ink("--sunken");
    const head = this.x(store.history.end);
    pen.fillRect(head, 0, this.width - head, this.bottom);
    this.axis();
    if (store.history.begin === null) return;
    this.terms();
    this.lanes();
    this.marks();
    pen.fillStyle = this.ink("--t1");
    pen.fillRect(head - 1, 0, 2, this.bottom);
  }

  private ink(token: string): string {
    return this.style.getPropertyValue(token).trim();
  }

  private x(at: number): number {
    return Math.max(0, ((at - this.begin) / this.span) * this.width);
  }

  private terms(): void {
    const { pen } = this;
    const { terms, end } = store.history;
    pen.font = "600 12px 'IBM Plex Mono', monospace";
    pen.textBaseline = "middle";
    pen.textAlign = "center";
    terms.forEach((t, i) => {
      const from = this.x(t.at);
      const to = this.x(terms[i + 1]?.at ?? end);
      pen.fillStyle = this.ink(`--term${slot(t.term)}`);
      pen.fillRect(from, 0, to - from, BAND + 4);
      if (to - from < 24) return;
      pen.fillStyle = this.ink(`--term${slot(t.term)}-label`);
      pen.fillText(String(t.term), (from + to) / 2, (BAND + 4) / 2 + 0.5);
    });
  }

  private lanes(): void {
    const top = BAND + 4;
    const pitch = (this.bottom - top - MARKS) / Math.max(1, store.servers.length);
    store.servers.forEach((s, row) => {
      const y = top + pitch * (row + 0.5);
      const changes = store.history.lanes.filter((l) => l.server === s.server);
      changes.forEach((l, i) => this.stretch(l, this.x(l.at), this.x(changes[i + 1]?.at ?? store.history.end), y, Math.min(5, pitch - 1)));
      if (store.view.hover !== s.server) return;
      this.pen.strokeStyle = this.ink("--accent");
      this.pen.strokeRect(0.5, y - pitch / 2, this.width - 1, pitch);
    });
  }

  /** A server in one role: follower thin, leader thick in its term's colour, candidate hatched, crashed a gap with a cross. */
  private stretch(l: LaneChange, from: number, to: number, y: number, thick: number): void {
    const { pen } = this;
    const colour = this.ink(`--term${slot(l.term)}`);
    if (l.role === "empty") return;
    if (l.role === "gone") {
      pen.strokeStyle = this.ink("--t2");
      pen.lineWidth = 1.5;
      pen.beginPath();
      for (const d of [-1, 1]) {
        pen.moveTo(from - 3.5, y - 3.5 * d);
        pen.lineTo(from + 3.5, y + 3.5 * d);
      }
      pen.stroke();
      return;
    }
    pen.fillStyle = l.role === "follower" ? this.ink("--edge") : colour;
    if (l.role === "candidate") {
      for (let x = from; x < to; x += 4) pen.fillRect(x, y - thick / 2, Math.min(2, to - x), thick);
      return;
    }
    const height = l.role === "leader" ? thick : Math.min(2, thick);
    pen.fillRect(from, y - height / 2, Math.max(1, to - from), height);
  }

  private marks(): void {
    const { pen } = this;
    const y = this.bottom - MARKS / 2;
    pen.fillStyle = this.ink("--t1");
    for (const m of store.history.marks) {
      const x = this.x(m.at);
      if (m.kind === "commit") pen.fillRect(x - 0.5, y - 2, 1, 5);
      if (m.kind === "write" || m.kind === "fault") {
        pen.beginPath();
        pen.moveTo(x, y - 4);
        pen.lineTo(x + 4, m.kind === "write" ? y + 3.5 : y);
        if (m.kind === "fault") pen.lineTo(x, y + 4);
        pen.lineTo(x - 4, m.kind === "write" ? y + 3.5 : y);
        pen.fill();
      }
    }
  }

  private axis(): void {
    const { pen } = this;
    pen.fillStyle = this.ink("--line");
    pen.fillRect(0, this.bottom, this.width, 1);
    if (store.history.begin === null || this.bottom === this.height) return;
    const step = axisStep(this.span, this.width);
    const digits = step >= 1000 ? 0 : step >= 100 ? 1 : step >= 10 ? 2 : 3;
    pen.font = "500 12px 'IBM Plex Mono', monospace";
    pen.textBaseline = "alphabetic";
    pen.textAlign = "left";
    for (let t = Math.ceil(this.begin / step) * step; t < this.begin + this.span; t += step) {
      const x = this.x(t);
      pen.fillStyle = this.ink("--line");
      pen.fillRect(x, this.bottom, 1, 5);
      pen.fillStyle = this.ink("--t3");
      const text = `${(t / 1000).toFixed(digits)} s`;
      if (x + pen.measureText(text).width + 6 < this.width) pen.fillText(text, x + 4, this.height - 4);
    }
  }
}

customElements.define("raft-time-line", RaftTimeLine);
