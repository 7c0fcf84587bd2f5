import type { Lane } from "./layout.js";
import type { Flight } from "../model.js";
import { slot } from "../view/numbers.js";
import type { Inks } from "../view/theme.js";

/**
 * How messages look. Each look is painted once, as a picture, and then only copied to where messages are.
 */

// pictures, of some 6 KB: those of nine servers in eight terms; when there are more all are painted anew as
// they are needed
const KEPT = 1_200;
export const FIELD = 2; // px, around a label
const REACH = 20; // px from the middle of a mark to the end of its tail

type Pen = OffscreenCanvasRenderingContext2D;

/** How a path is drawn. */
interface Ink {
  fill?: string;
  line?: string;
  width?: number; // px
  dash?: number[];
  round?: boolean; // ends of the line
  halo?: boolean; // the line is below the fill, so half of it is visible
}

export class Marks {
  private pictures = new Map<string, ImageBitmap>();
  private dense = 1; // device pixels in a px

  constructor(private inks: Inks) {}

  /** For another screen density, type size or theme: everything is painted again. */
  clear(dense: number): void {
    this.dense = dense;
    this.pictures.clear();
  }

  /**
   * A message on its way along a lane; `tail`: its trail shows the direction. The colour is the sender's
   * term.
   */
  message(f: Flight, l: Lane, tail: boolean, twin: boolean): ImageBitmap {
    const words = f.kind === "request" ? pillText(f) : "";
    const cells = f.entries.slice(0, f.entryCount).map(slot);
    const more = Math.max(0, f.entryCount - 4);
    const key = `${f.kind} ${f.ok} ${slot(f.term)} ${l.angle.toFixed(
      1)} ${tail} ${f.held} ${twin} ${cells.join()}+${more} ${words}`;
    const wide = words !== "" ? this.pill(words) / 2 + 2 : Math.max(REACH, more > 0 ? 64 : 0, f.entryCount > 0 ? 26 : 0,
      twin ? 34 : 0, f.held ? 22 : 0);
    return this.picture(key, wide, more > 0 ? 64 : Math.max(REACH, f.entryCount > 0 ? 26 : 0), (pen) => {
      const colour = this.inks.of(`--term${slot(f.term)}`);
      if (tail) this.tail(pen, l, colour);
      this.shape(pen, f, l, colour);
      if (f.held) draw(pen, "M14-5V5M19-5V5", { line: this.inks.of("--t1"), width: 3, round: true });
      if (twin) this.text(pen, "×2", 14, 14, "start");
    });
  }

  /** The cross where a message was lost. */
  cross(f: Flight, l: Lane): ImageBitmap {
    return this.picture(`lost ${slot(f.term)} ${l.angle.toFixed(1)}`, REACH, REACH, (pen) => {
      this.tail(pen, l, this.inks.of(`--term${slot(f.term)}`));
      draw(pen, "M-5-5L5 5M-5 5L5-5", { line: this.inks.of("--t2"), width: 2, round: true });
    });
  }

  /** A few words with a field of FIELD px around them, so that they can be read upon anything. */
  label(words: string): ImageBitmap {
    const font = `400 ${this.inks.of("--flight-label")} ${this.inks.of("--sans")}`;
    return this.picture(`label ${words}`, () => textWidth(words, font) / 2 + FIELD, 14, (pen) => {
      pen.font = font;
      pen.textAlign = "center";
      pen.lineJoin = "round";
      pen.lineWidth = 2 * FIELD;
      pen.strokeStyle = this.inks.of("--bg");
      pen.strokeText(words, 0, 4);
      pen.fillStyle = this.inks.of("--t2");
      pen.fillText(words, 0, 4);
    });
  }

  /** `wide`, `high`: px from the middle. */
  private picture(key: string, wide: number | (() => number), high: number, paint: (pen: Pen) => void): ImageBitmap {
    const known = this.pictures.get(key);
    if (known) return known;
    if (this.pictures.size >= KEPT) this.pictures.clear();
    const canvas = new OffscreenCanvas(2 * Math.ceil((typeof wide === "number" ? wide : wide()) * this.dense),
      2 * Math.ceil(high * this.dense));
    const pen = canvas.getContext("2d");
    if (pen) {
      pen.translate(canvas.width / 2, canvas.height / 2);
      pen.scale(this.dense, this.dense);
      paint(pen);
    }
    // a canvas would be checked for changes each time it is copied
    const picture = canvas.transferToImageBitmap();
    this.pictures.set(key, picture);
    return picture;
  }

  private tail(pen: Pen, l: Lane, line: string): void {
    pen.globalAlpha = 0.45;
    draw(pen, `M${-l.dx * 18} ${-l.dy * 18}L${-l.dx * 6} ${-l.dy * 6}`, { line, width: 2, round: true });
    pen.globalAlpha = 1;
  }

  private shape(pen: Pen, f: Flight, l: Lane, colour: string): void {
    const bg = this.inks.of("--bg");
    switch (f.kind) {
      case "RequestVote":
        return turned(pen, l.angle, () => draw(pen, "M-8.5-7L8.5 0L-8.5 7Z",
          { fill: colour, line: bg, width: 2, halo: true }));
      case "PreVote":
        return turned(pen, l.angle, () => draw(pen, "M-8.5-7L8.5 0L-8.5 7Z",
          { fill: bg, line: colour, width: 2, halo: true }));
      case "TimeoutNow":
        return turned(pen, l.angle, () => draw(pen, "M-10-7L1 0L-10 7ZM0-7L11 0L0 7Z",
          { fill: colour, line: bg, width: 2, halo: true }));
      case "InstallSnapshot":
        for (const sheet of [box(-5, -8, 14, 10, 2), box(-9, -3, 14, 10, 2)])
          draw(pen, sheet, { fill: colour, line: bg, width: 2, halo: true });
        return;
      case "RequestVoteReply":
      case "PreVoteReply":
      case "AppendEntriesReply":
      case "InstallSnapshotReply":
      case "TimeoutNowReply":
        return this.reply(pen, f.ok, colour, f.ok ? [] : [3, 3]);
      case "answer":
        return this.reply(pen, f.ok, this.inks.of("--t1"), []);
      case "AppendEntries":
        if (f.entryCount > 0) return this.capsule(pen, f, l, colour);
        pen.globalAlpha = 0.6;
        draw(pen, circle(5), { fill: bg, line: colour, width: 2 });
        pen.globalAlpha = 1;
        return;
      case "request": {
        const words = pillText(f);
        const wide = this.pill(words);
        draw(pen, box(-wide / 2, -10, wide, 20, 10), { fill: bg, line: this.inks.of("--t1"), width: 1.5 });
        return this.text(pen, words, 0, 4.2, "center", "--t1");
      }
      case "unknown":
        draw(pen, box(-7, -7, 14, 14, 2), { fill: bg, line: this.inks.of("--edge"), width: 2, dash: [3, 2] });
        return this.text(pen, "?", 0, 4.2, "center");
    }
  }

  private reply(pen: Pen, ok: boolean, line: string, dash: number[]): void {
    draw(pen, circle(8), { fill: this.inks.of("--bg"), line, width: 2.5, dash });
    draw(pen, ok ? "M-3.5 .3L-1 3L3.8-2.8" : "M-3.5 0H3.5", { line, width: 2.25, round: true });
  }

  /** AppendEntries with entries: a cell each in the entry's own term, then how many more. */
  private capsule(pen: Pen, f: Flight, l: Lane, line: string): void {
    const cells = Math.min(f.entryCount, 4);
    const width = 10 + 9 * cells;
    turned(pen, Math.abs(l.angle) > 90 ? l.angle + 180 : l.angle, () => {
      draw(pen, box(-width / 2, -6, width, 12, 6), { fill: this.inks.of("--bg"), line, width: 2 });
      f.entries.slice(0, cells).forEach((term, i) => draw(pen, box(-width / 2 + 5.5 + 9 * i, -3.5, 7, 7, 1.5),
        { fill: this.inks.of(`--term${slot(term)}`) }));
      if (f.entryCount > cells) this.text(pen, `+${f.entryCount - cells}`, width / 2 + 4, 4.2, "start");
    });
  }

  /** The width of a client's words with their field, px. */
  private pill(words: string): number {
    return 16 + 0.61 * parseFloat(this.inks.of("--flight-label")) * words.length;
  }

  private text(pen: Pen, words: string, x: number, y: number, align: CanvasTextAlign, token = "--t2"): void {
    pen.font = `500 ${this.inks.of("--flight-label")} ${this.inks.of("--mono")}`;
    pen.textAlign = align;
    pen.fillStyle = this.inks.of(token);
    pen.fillText(words, x, y);
  }
}

const pillText = (f: Flight): string => (f.label.length > 14 ? `${f.label.slice(0, 13)}…` : f.label);

const circle = (r: number): string => `M${-r} 0A${r} ${r} 0 1 1 ${r} 0A${r} ${r} 0 1 1 ${-r} 0Z`;

const box = (x: number, y: number, width: number, height: number, r: number): string =>
  `M${x + r} ${y}h${width - 2 * r}a${r} ${r} 0 0 1 ${r} ${r}v${height - 2 * r}a${r} ${r} 0 0 1 ${-r} ${r}`
  + `h${2 * r - width}a${r} ${r} 0 0 1 ${-r} ${-r}v${2 * r - height}a${r} ${r} 0 0 1 ${r} ${-r}Z`;

let scale: Pen | null = null; // where text is measured

/** The width of a line of text in a CSS font, px. */
export function textWidth(words: string, font: string): number {
  scale ??= new OffscreenCanvas(1, 1).getContext("2d");
  if (!scale) return 0;
  scale.font = font;
  return scale.measureText(words).width;
}

function turned(pen: Pen, degrees: number, paint: () => void): void {
  pen.save();
  pen.rotate((degrees * Math.PI) / 180);
  paint();
  pen.restore();
}

function draw(pen: Pen, path: string, { fill, line, width = 1, dash = [], round = false, halo = false }: Ink): void {
  const shape = new Path2D(path);
  const stroke = () => {
    if (!line) return;
    Object.assign(pen, { strokeStyle: line, lineWidth: width, lineCap: round ? "round" : "butt", lineJoin: round || halo
      ? "round" : "miter" });
    pen.setLineDash(dash);
    pen.stroke(shape);
  };
  if (halo) stroke();
  if (fill) {
    pen.fillStyle = fill;
    pen.fill(shape);
  }
  if (!halo) stroke();
}
