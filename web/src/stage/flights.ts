import { along, clientLane, covers, lane, spareLabels, spareReason, type Lane, type Point, type Ring,
  type Side } from "./layout.js";
import { FIELD, type Marks } from "./marks.js";
import type { Batch, Flight } from "../model.js";
import { reducedMotion } from "../view/motion.js";
import { less, slot } from "../view/numbers.js";
import type { Store } from "../state/store.js";
import type { Inks } from "../view/theme.js";
import { cutState, flightName, lostWords, plural, who } from "../view/words.js";
import { MS } from "../view/time.js";

const MANY = 40; // marks from which on heartbeats and replies show as pulses of their link
const DRAWN = 240; // most marks at once; beyond that all new ones are pulses
// marks up to which they stand between pixels, too; more move by whole pixels, which takes half the time
const EXACT = 60;
const PULSE_MS = 120; // a flight that is visible for less is a pulse, too
const GLOW_MS = 160; // how long a link glows for it
const GLOW_EVERY_MS = 640; // in real time twenty heartbeats a second would make it glow for ever
const BEAT_MS = 160; // for which a leader's outline grows pale when it sends
const BEAT_STEPS = 4; // in which it does: each step repaints the node
const SHRINK_MS = 120; // in which a mark shrinks into its node
const STALE_MS = 500; // of real time: flights that ended longer ago (a hidden tab) are not replayed
const LOST_MS = 600; // for which a lost message stays as it was; it fades for as long again
const CLIENT_MS = 320; // a client's frame takes no cluster time, so it is drawn for this much real time
const LABELS_MS = 100;
const COUNT_MS = 1_000; // how often screen readers may hear a new number of messages
// of the way: the place of a message held at an unknown place; the next ones stand behind it
const HELD_AT = 0.3;
const HELD_APART = 0.14;
const HIT_PX = 16; // within which the pointer meets a message

interface Mark {
  flight: Flight;
  lane: Lane;
  look: ImageBitmap | null; // null: it must be looked up
  grip: HTMLElement | null; // by which a held one is dragged
  born: number; // performance.now()
  stop: number; // the fraction of the way at which it ends
  ended: number | null; // performance.now()
  at: Point;
  size: number; // 1: whole; less while it goes into its node
  label: boolean;
  reason: Side; // where its reason is written beside its cross
  heldAt: number | null; // the fraction of the way at which it is held
  twin: boolean; // the same frame is under way twice
}

/** A link that glows. */
interface Pulse {
  at: number; // performance.now()
  from: number;
  to: number;
  slot: number; // of the term palette
}

const isClient = (f: Flight): boolean => f.from >= 1001 || f.to >= 1001;
const isMinor = (f: Flight): boolean => f.kind === "AppendEntriesReply" ||
  (f.kind === "AppendEntries" && f.entryCount === 0);
const isLost = (f: Flight): boolean => f.fate !== "sent";

/** The messages on their way: which are drawn, where, and their labels. */
export class FlightLayer {
  private marks = new Map<number, Mark>();
  private ring: Ring | null = null;
  private pointer: Point | null = null; // over the stage, where nothing covers the messages
  private labelledAt = 0;
  private countedAt = 0;
  private pulses = new Map<string, Pulse>(); // by link, the last one
  private beats = new Map<SVGElement, number>(); // leaders' outlines, since when they are pale
  private reduced = false;

  constructor(private stage: HTMLElement, private canvas: HTMLElement, private grips: HTMLElement, private store: Store,
    private looks: Marks, private inks: Inks) {}

  layOut(ring: Ring): void {
    if (ring.width === 0) return;
    const before = this.ring;
    this.ring = ring;
    if (!before) this.takeUp();
    if (before && before.width === ring.width && before.height === ring.height &&
      before.points.length === ring.points.length && before.r === ring.r) return;
    for (const mark of this.marks.values()) {
      mark.lane = this.laneOf(mark.flight, ring);
      mark.look = null;
      if (mark.ended !== null) place(mark, mark.stop);
      else if (mark.heldAt !== null) place(mark, mark.heldAt);
    }
  }

  /** Looks up all pictures again, after a change of theme, type size, or screen density. */
  repaint(): void {
    for (const mark of this.marks.values()) mark.look = null;
  }

  /** Takes up what is on its way when the stage is first drawn, or becomes visible again. */
  takeUp(): void {
    const at = performance.now();
    const now = this.store.now(at);
    for (const f of this.store.flights.values()) if (f.due >= now || f.held) this.begin(f, now, at);
  }

  /** Forgets what was under way, because another moment or another run is shown. */
  private clear(): void {
    for (const mark of this.marks.values()) mark.grip?.remove();
    this.marks.clear();
    this.pulses.clear();
  }

  /** Adds a batch's flights; true if there is more to move now. */
  add(batch: Batch): boolean {
    if (batch.moment) this.clear();
    const before = this.marks.size;
    const at = performance.now();
    const now = this.store.now(at);
    const beating = new Set<number>();
    for (const f of batch.flights ?? []) {
      if (f.kind === "AppendEntries" && less(0, f.term)) beating.add(f.from);
      const mark = this.marks.get(f.seq);
      if (mark) this.change(mark, f);
      else if (this.ring && !document.hidden) this.begin(f, now, at);
    }
    for (const server of beating) {
      const outline = this.stage.querySelector<SVGElement>(`.node.leader[data-server="${server}"] .outline`);
      if (outline && this.store.rate <= 0.3 && !reducedMotion()) this.beats.set(outline, at);
    }
    for (const l of batch.lost ?? []) {
      const mark = this.marks.get(l.seq);
      const flight = this.store.flights.get(l.seq);
      if (!mark || !flight) continue;
      mark.flight = flight;
      mark.stop = stopOf(flight);
    }
    return this.marks.size > before;
  }

  /**
   * Moves everything, and says what will move by itself: nothing, only heartbeats and replies, or something
   * worth every frame. `skipped`: the page was not drawn for a while, so flights that ended are gone.
   */
  frame(now: number, at: number, skipped: boolean, reduced: boolean): "still" | "calm" | "lively" {
    this.reduced = reduced;
    let lively = false;
    let moving = this.beat(at) || [...this.pulses.values()].some((p) => at - p.at < GLOW_MS);
    for (const mark of this.marks.values()) {
      if (mark.ended !== null) {
        moving = this.leave(mark, mark.ended, at) || moving;
        continue;
      }
      if (mark.heldAt !== null) continue;
      const fraction = this.fractionOf(mark, now, at);
      const before = fraction < -1; // the room's clock began anew
      if (fraction >= mark.stop || before) {
        this.end(mark, at, skipped || before);
        moving = true;
        continue;
      }
      if (this.store.rate > 0 || isClient(mark.flight)) moving = true;
      if (moving && !isMinor(mark.flight)) lively = true;
      place(mark, Math.max(0, reduced ? Math.floor(fraction * 10) / 10 : fraction));
    }
    if (at - this.labelledAt > LABELS_MS || !moving) this.chooseLabels(at);
    if (at - this.countedAt > COUNT_MS || !moving) this.count(at);
    return lively ? "lively" : moving ? "calm" : "still";
  }

  /** Leaders' outlines brighten again; an animation would repaint the node in every frame. */
  private beat(at: number): boolean {
    for (const [outline, since] of this.beats) {
      const step = Math.floor(((at - since) / BEAT_MS) * BEAT_STEPS);
      const opacity = step < BEAT_STEPS ? (0.4 + 0.6 * Math.abs((2 * step) / BEAT_STEPS - 1)).toFixed(1) : "";
      if (outline.style.opacity !== opacity) outline.style.opacity = opacity;
      if (opacity === "") this.beats.delete(outline);
    }
    return this.beats.size > 0;
  }

  /** A delivered mark shrinks into its node, a lost one fades; true while it does. */
  private leave(mark: Mark, ended: number, at: number): boolean {
    const lost = isLost(mark.flight);
    const left = 1 - (at - ended) / (lost ? 2 * LOST_MS : SHRINK_MS);
    if (left <= 0) this.remove(mark);
    else if (!lost) mark.size = left;
    return left > 0;
  }

  private begin(f: Flight, now: number, at: number): void {
    const ring = this.ring;
    if (!ring || this.marks.has(f.seq)) return;
    const pace = (this.store.rate || 1) * MS; // of cluster time in a ms of watching
    if (!isClient(f) && !f.held) {
      if ((now - f.due) / pace > STALE_MS) return;
      const brief = (f.due - f.sent) / pace < PULSE_MS && this.store.rate > 0;
      const many = this.marks.size >= DRAWN || (isMinor(f) && (this.store.view.pulses || this.marks.size >= MANY));
      if (brief || many) return this.pulse(f, at);
    }
    if (!ring.points[f.from - 1] && !ring.points[f.to - 1]) return;
    const way = this.laneOf(f, ring);
    const mark: Mark = { flight: f, lane: way, look: null, grip: null, born: at, stop: stopOf(f), ended: null,
      at: way.from, size: 1, label: false, reason: "none", heldAt: null, twin: false };
    this.marks.set(f.seq, mark);
    mark.twin = [...this.marks.values()].some((m) => m !== mark && m.ended === null && m.flight.from === f.from &&
      m.flight.to === f.to && m.flight.text === f.text);
    // it may be pointed at before the next frame
    place(mark, Math.min(mark.stop, Math.max(0, this.fractionOf(mark, now, at))));
    this.hold(mark, 0);
  }

  /** A known message was held or released, or its content changed. */
  private change(mark: Mark, f: Flight): void {
    const fraction = this.fractionOf(mark, this.store.now(), performance.now());
    Object.assign(mark, { flight: f, stop: stopOf(f), look: null });
    this.hold(mark, fraction);
  }

  /** A held message stands where it was held. Those that never set out stand one behind the other. */
  private hold(mark: Mark, fraction: number): void {
    if (!mark.flight.held) {
      mark.heldAt = null;
      mark.grip?.remove();
      mark.grip = null;
      return;
    }
    if (mark.heldAt === null) {
      const { from, to, seq } = mark.flight;
      const before = [...this.marks.values()].filter((m) => m.heldAt !== null && m.flight.seq !== seq &&
        m.flight.from === from && m.flight.to === to).length;
      mark.heldAt = fraction > 0 && fraction < 1 ? fraction : HELD_AT + (before % 4) * HELD_APART;
    }
    mark.grip ??= this.grip(mark.flight);
    place(mark, mark.heldAt);
  }

  /** A held message can be dragged (stage/drags.ts) and is a tab stop. */
  private grip({ seq, from, to, kind, entryCount }: Flight): HTMLElement {
    const grip = document.createElement("button");
    grip.className = "held-message";
    grip.dataset["seq"] = String(seq);
    grip.setAttribute("aria-label", `Held: ${flightName({ kind, entryCount })}, ${who(from)} to ${who(to)}`);
    grip.addEventListener("click", () => this.store.select({ kind: "flight", seq }));
    this.grips.append(grip);
    return grip;
  }

  /** The pointer drags a held message; null: it is released, and returns to where it was held. */
  carry(seq: number, to: Point | null): void {
    const mark = this.marks.get(seq);
    if (!mark || mark.heldAt === null) return;
    if (to) stand(mark, to);
    else place(mark, mark.heldAt);
  }

  private laneOf(f: Flight, ring: Ring): Lane {
    const from = ring.points[f.from - 1];
    const to = ring.points[f.to - 1];
    const centre = { x: ring.width / 2, y: ring.height / 2 };
    if (from && to) return lane(from, to, ring.r);
    if (to) return clientLane(to, centre, ring.r, true);
    return clientLane(from ?? centre, centre, ring.r, false);
  }

  private fractionOf(mark: Mark, now: number, at: number): number {
    if (isClient(mark.flight)) return (at - mark.born) / CLIENT_MS;
    const { sent, due } = mark.flight;
    return due > sent ? (now - sent) / (due - sent) : 1;
  }

  /** A link glows for a moment because something passed on it. */
  private pulse(f: Flight, at: number): void {
    const link = f.from < f.to ? `${f.from}-${f.to}` : `${f.to}-${f.from}`;
    const before = this.pulses.get(link);
    if (!before || at - before.at >= GLOW_EVERY_MS)
      this.pulses.set(link, { at, from: f.from, to: f.to, slot: slot(f.term) });
  }

  private end(mark: Mark, at: number, unseen: boolean): void {
    mark.ended = at;
    if (unseen || (!isLost(mark.flight) && reducedMotion())) return this.remove(mark);
    place(mark, mark.stop);
    mark.look = null;
    if (isLost(mark.flight)) this.tellReason(mark);
  }

  private remove(mark: Mark): void {
    mark.grip?.remove();
    this.marks.delete(mark.flight.seq);
  }

  /** Shows why a message was lost, where there is room; a reason that would cover its cross moves away. */
  private tellReason(mark: Mark): void {
    const { ring } = this;
    if (!ring) return;
    const lost = [...this.marks.values()].filter((m) => m.ended !== null && isLost(m.flight));
    const spare = (m: Mark) => spareReason(m.at, ring, lost.filter((other) => other !== m));
    for (const m of lost) if (m !== mark && covers(m, mark.at)) m.reason = spare(m);
    mark.reason = spare(mark);
  }

  // --- what is pointed at, and what is said

  /** The nearest message drawn within so many px of a point. */
  nearest(p: Point, within = HIT_PX): Flight | null {
    let best: Mark | null = null;
    const far = (m: Mark) => Math.hypot(m.at.x - p.x, m.at.y - p.y);
    for (const mark of this.marks.values())
      if (mark.ended === null && far(mark) <= (best ? far(best) : within)) best = mark;
    return best?.flight ?? null;
  }

  /** Where the pointer is; null: not over messages. */
  pointAt(p: Point | null): void {
    this.pointer = p;
    this.chooseLabels(performance.now());
  }

  /**
   * Which labels stand: of what is selected or pointed at, of what the story tells of; of all when
   * the clock stands.
   */
  private chooseLabels(at: number): void {
    this.labelledAt = at;
    const ring = this.ring;
    if (!ring) return;
    const hovered = this.pointer ? this.nearest(this.pointer) : null;
    this.stage.classList.toggle("at-message", hovered !== null);
    const flying = [...this.marks.values()].filter((m) => m.ended === null);
    const wanted = flying.map((m) => ({ mark: m, at: { x: m.at.x, y: m.at.y - 14 }, rank: hovered === m.flight ? 3
      : this.importance(m.flight, ring) })).filter((w) => w.rank > 0);
    wanted.sort((a, b) => b.rank - a.rank || a.mark.flight.seq - b.mark.flight.seq);
    const shown = new Set(spareLabels(wanted, ring).map((w) => w.mark));
    for (const mark of flying) mark.label = shown.has(mark);
  }

  private importance(f: Flight, ring: Ring): number {
    if (this.isPicked(f)) return 3;
    if (ring.r < 30) return 0; // a phone shows only the selected one's
    if (this.store.rate === 0) return 1;
    if (this.store.rate > 0.3) return 0;
    const election = f.kind === "RequestVote" || f.kind === "RequestVoteReply";
    return election || f.entryCount > 0 ? 2 : 0;
  }

  private isPicked(f: Flight): boolean {
    const { selection } = this.store.view;
    return selection?.kind === "flight" && selection.seq === f.seq;
  }

  /**
   * Tells screen readers how many messages are drawn; the inboxes list each, and the M key selects one after
   * the other.
   */
  private count(at: number): void {
    this.countedAt = at;
    const n = [...this.marks.values()].filter((m) => m.ended === null).length;
    const words = n === 0 ? "No message under way" : `${plural(n, "message")} under way`;
    if (this.canvas.getAttribute("aria-label") !== words) this.canvas.setAttribute("aria-label", words);
  }

  // --- painting

  /** Everything as it stands now. */
  paint(pen: CanvasRenderingContext2D, dense: number, at: number): void {
    for (const pulse of this.pulses.values()) if (at - pulse.at < GLOW_MS) this.glow(pen, pulse);
    const exact = this.marks.size <= EXACT && this.store.rate > 0;
    const copy = (look: ImageBitmap, { x, y }: Point, between: boolean, size = 1) => {
      const [w, h] = [(look.width / dense) * size, (look.height / dense) * size];
      const [left, top] = [x - w / 2, y - h / 2];
      if (between) pen.drawImage(look, left, top, w, h);
      else pen.drawImage(look, Math.round(left * dense) / dense, Math.round(top * dense) / dense, w, h);
    };
    for (const mark of this.marks.values()) {
      const lost = mark.ended !== null && isLost(mark.flight);
      mark.look ??= lost ? this.looks.cross(mark.flight, mark.lane) : this.looks.message(mark.flight, mark.lane,
        !this.reduced && !mark.flight.held, mark.twin);
      if (this.reduced && !lost) this.way(pen, mark);
      if (lost) pen.globalAlpha = Math.min(1, 2 - (at - (mark.ended ?? at)) / LOST_MS);
      copy(mark.look, mark.at, exact, mark.size);
      if (lost && mark.reason !== "none") {
        const words = this.looks.label(lostWords(mark.flight));
        copy(words, { x: mark.at.x + (mark.reason === "right" ? 1 : -1) * (10 - FIELD + words.width / 2 / dense),
          y: mark.at.y - 12 }, false);
      }
      pen.globalAlpha = 1;
    }
    for (const mark of this.marks.values()) {
      if (mark.ended !== null) continue;
      if (this.isPicked(mark.flight)) this.ringAbout(pen, mark.at);
      if (mark.label) copy(this.looks.label(mark.flight.label), { x: mark.at.x, y: mark.at.y - 18 }, false);
    }
  }

  private glow(pen: CanvasRenderingContext2D, { from, to, slot }: Pulse): void {
    const [a, b] = [this.ring?.points[from - 1], this.ring?.points[to - 1]];
    if (!a || !b || !this.ring) return;
    const length = Math.hypot(b.x - a.x, b.y - a.y);
    const edge = this.ring.r / length;
    const gap = cutState(this.store.room?.links ?? [], Math.min(from, to), Math.max(from, to)) === "whole" ? 0
      : 6 / length;
    const at = (t: number): [number, number] => [a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t];
    pen.beginPath();
    for (const [begin, end] of [[edge, 0.5 - gap], [0.5 + gap, 1 - edge]] as const) {
      pen.moveTo(...at(begin));
      pen.lineTo(...at(end));
    }
    Object.assign(pen, { strokeStyle: this.inks.of(`--term${slot}`), lineWidth: 2.5, lineCap: "butt" });
    pen.stroke();
  }

  /** Without motion a message is a still arrow, and its mark advances by tenths of the way. */
  private way(pen: CanvasRenderingContext2D, { lane: { from, to }, flight }: Mark): void {
    pen.globalAlpha = 0.45;
    Object.assign(pen, { strokeStyle: this.inks.of(`--term${slot(flight.term)}`), lineWidth: 1.5 });
    pen.beginPath();
    pen.moveTo(from.x, from.y);
    pen.lineTo(to.x, to.y);
    pen.stroke();
    pen.globalAlpha = 1;
  }

  private ringAbout(pen: CanvasRenderingContext2D, { x, y }: Point): void {
    Object.assign(pen, { strokeStyle: this.inks.of("--t1"), lineWidth: 2 });
    pen.beginPath();
    pen.arc(x, y, HIT_PX, 0, 2 * Math.PI);
    pen.stroke();
  }
}

function place(mark: Mark, fraction: number): void {
  stand(mark, along(mark.lane, fraction));
}

function stand(mark: Mark, at: Point): void {
  mark.at = at;
  if (mark.grip) Object.assign(mark.grip.style, { left: `${at.x}px`, top: `${at.y}px` });
}

/** How far a message gets: a cut link ends it half-way, a server that is down just before the server. */
function stopOf(f: Flight): number {
  if (f.fate === "sent") return 1;
  if (f.lostAt !== null && f.due > f.sent) return Math.min(1, Math.max(0.12, (f.lostAt - f.sent) / (f.due - f.sent)));
  return f.fate === "cut" ? 0.5 : 0.94;
}
