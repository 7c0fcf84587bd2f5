import { cursor } from "../state/cursor.js";
import { axisStep, type LaneChange, type Mark, type Stretch } from "../state/lived.js";
import { slot } from "../view/numbers.js";
import { store } from "../state/store.js";
import type { Inks } from "../view/theme.js";
import { MS, SECOND } from "../view/time.js";

const BAND = 14; // the term band, px
const MARKS = 10; // the row of marks
const AXIS = 18;

/** The height of the times below a tape of this height: a low one has none. */
export const axisHeight = (height: number): number => (height < 60 ? 0 : AXIS);

/** One drawing of the tape: a stretch of the history, without the playhead. */
export class Tape {
  private readonly bottom: number;
  private readonly end: number;

  constructor(private pen: CanvasRenderingContext2D, private inks: Inks, private width: number, private height: number,
    private shown: Stretch) {
    this.bottom = height - axisHeight(height);
    this.end = Math.max(store.end, store.now());
  }

  draw(): void {
    const { pen } = this;
    pen.clearRect(0, 0, this.width, this.height);
    pen.fillStyle = this.ink("--sunken");
    const end = this.x(this.end);
    pen.fillRect(end, 0, this.width - end, this.bottom);
    this.axis();
    if (store.lived.begin === null) return;
    this.terms();
    this.lanes();
    this.marks();
    this.pointedAt();
  }

  private ink(token: string): string {
    return this.inks.of(token);
  }

  private font(weight: number): string {
    return `${weight} ${this.ink("--tape-label")} ${this.ink("--mono")}`;
  }

  private x(at: number): number {
    return Math.max(0, Math.min(this.width, ((at - this.shown.begin) / this.shown.span) * this.width));
  }

  private isShown(from: number, to: number): boolean {
    return to >= this.shown.begin && from <= this.shown.begin + this.shown.span;
  }

  private terms(): void {
    const { pen } = this;
    const { terms } = store.lived;
    pen.font = this.font(600);
    pen.textBaseline = "middle";
    pen.textAlign = "center";
    terms.forEach((t, i) => {
      const until = terms[i + 1]?.at ?? this.end;
      if (!this.isShown(t.at, until)) return;
      const [from, to] = [this.x(t.at), this.x(until)];
      pen.fillStyle = this.ink(`--term${slot(t.term)}`);
      pen.fillRect(from, 0, to - from, BAND);
      if (to - from < 24) return;
      pen.fillStyle = this.ink(`--term${slot(t.term)}-label`);
      pen.fillText(String(t.term), (from + to) / 2, BAND / 2 + 0.5);
    });
  }

  private lanes(): void {
    const pitch = (this.bottom - BAND - MARKS) / Math.max(1, store.servers.length);
    const changes = new Map<number, LaneChange[]>(store.servers.map((s) => [s.server, []]));
    for (const l of store.lived.lanes) changes.get(l.server)?.push(l);
    store.servers.forEach((s, row) => {
      const y = BAND + pitch * (row + 0.5);
      const lane = changes.get(s.server) ?? [];
      lane.forEach((l, i) => {
        const until = lane[i + 1]?.at ?? this.end;
        if (this.isShown(l.at, until)) this.stretch(l, this.x(l.at), this.x(until), y, Math.min(5, pitch - 1));
      });
      if (store.view.hover !== s.server) return;
      this.pen.strokeStyle = this.ink("--accent");
      this.pen.lineWidth = 1;
      this.pen.strokeRect(0.5, y - pitch / 2, this.width - 1, pitch);
    });
  }

  /**
   * A server in one role: follower thin, leader thick in its term's colour, candidate hatched, paused dotted, crashed a
   * gap with a cross.
   */
  private stretch(l: LaneChange, from: number, to: number, y: number, thick: number): void {
    const { pen } = this;
    if (l.role === "empty") return;
    if (l.role === "gone") {
      if (l.at >= this.shown.begin) this.cross(from, y);
      return;
    }
    const calm = l.role === "follower" || l.role === "paused";
    pen.fillStyle = calm ? this.ink("--edge") : this.ink(`--term${slot(l.term)}`);
    if (l.role !== "follower" && l.role !== "leader") {
      for (let x = from; x < to; x += 4)
        pen.fillRect(x, y - (calm ? 1 : thick / 2), Math.min(2, to - x), calm ? 2 : thick);
      return;
    }
    const height = l.role === "leader" ? thick : Math.min(2, thick);
    pen.fillRect(from, y - height / 2, Math.max(1, to - from), height);
  }

  private cross(x: number, y: number): void {
    const { pen } = this;
    pen.strokeStyle = this.ink("--t2");
    pen.lineWidth = 1.5;
    pen.beginPath();
    for (const d of [-1, 1]) {
      pen.moveTo(x - 3.5, y - 3.5 * d);
      pen.lineTo(x + 3.5, y + 3.5 * d);
    }
    pen.stroke();
  }

  private marks(): void {
    for (const m of store.lived.marks)
      if (m.kind === "violation" || this.isShown(m.at, m.at)) this.mark(m, this.x(m.at), this.bottom - MARKS / 2);
  }

  /**
   * ▲ a write, ◆ a fault, | a commit; elections a notch below the band of terms, crashes a line across all lanes; a
   * violation is red to the end.
   */
  private mark(m: Mark, x: number, y: number): void {
    const { pen } = this;
    pen.fillStyle = this.ink(m.kind === "violation" ? "--red" : m.kind === "crash" ? "--line" : "--t1");
    switch (m.kind) {
      case "commit":
        return pen.fillRect(x - 0.5, y - 2, 1, 5);
      case "election":
        return pen.fillRect(x - 1, BAND, 2, 6);
      case "crash":
        return pen.fillRect(x - 0.5, BAND, 1, this.bottom - BAND - MARKS);
      case "violation": {
        const to = this.x(this.end);
        pen.fillRect(x, this.bottom - MARKS, Math.max(2, to - x), MARKS);
        pen.globalAlpha = 0.2;
        pen.fillRect(x, 0, Math.max(2, to - x), this.bottom);
        pen.globalAlpha = 1;
        return;
      }
      case "write":
      case "fault":
        pen.beginPath();
        pen.moveTo(x, y - 4);
        pen.lineTo(x + 4, m.kind === "write" ? y + 3.5 : y);
        if (m.kind === "fault") pen.lineTo(x, y + 4);
        pen.lineTo(x - 4, m.kind === "write" ? y + 3.5 : y);
        pen.fill();
    }
  }

  /** The moment that stage, logs and story point at. */
  private pointedAt(): void {
    const { at } = cursor(store);
    if (at === null || !this.isShown(at, at)) return;
    this.pen.fillStyle = this.ink("--accent");
    this.pen.fillRect(this.x(at) - 1, BAND, 2, this.bottom - BAND);
  }

  private axis(): void {
    const { pen } = this;
    const { begin, span } = this.shown;
    pen.fillStyle = this.ink("--line");
    pen.fillRect(0, this.bottom, this.width, 1);
    if (store.lived.begin === null || this.bottom === this.height) return;
    const step = axisStep(span, this.width);
    const digits = step >= SECOND ? 0 : step >= 100 * MS ? 1 : step >= 10 * MS ? 2 : 3;
    pen.font = this.font(500);
    pen.textBaseline = "alphabetic";
    pen.textAlign = "left";
    for (let t = Math.ceil(begin / step) * step; t < begin + span; t += step) {
      const x = this.x(t);
      pen.fillStyle = this.ink("--line");
      pen.fillRect(x, this.bottom, 1, 5);
      pen.fillStyle = this.ink("--t3");
      const text = `${(t / SECOND).toFixed(digits)} s`;
      if (x + pen.measureText(text).width + 6 < this.width) pen.fillText(text, x + 4, this.height - 4);
    }
  }
}
