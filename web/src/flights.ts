import { nothing, render, svg, type SVGTemplateResult } from "lit";
import { along, clientLane, lane, reasonSide, spareLabels, type Lane, type Point, type Ring, type Side } from "./layout.js";
import type { Batch, Flight } from "./model.js";
import { reducedMotion } from "./motion.js";
import { less, slot } from "./numbers.js";
import type { Store } from "./store.js";
import { lostWords } from "./words.js";

const DRAWN = 40; // most marks at once; beyond that heartbeats and replies show as pulses of their link
const PULSE_MS = 120; // a flight that is watched for less is a pulse, too
const GLOW_MS = 160; // how long a link glows for it
const GLOW_EVERY_MS = 640; // in real time twenty heartbeats a second would make it glow for ever
const BEAT_MS = 160; // for which a leader's outline grows pale when it sends
const SHRINK_MS = 120; // in which a mark goes into its node
const STALE_MS = 500; // of real time: what ended longer ago (a hidden tab) is not replayed
const CLIENT_MS = 320; // a client's frame takes no cluster time, so it is drawn for this much real time
const LABELS_MS = 100;
const HELD_AT = 0.3; // of the way, where a message stands of which it is not known where it was held; the next ones behind it
const HELD_APART = 0.14;

interface Mark {
  flight: Flight;
  lane: Lane;
  group: SVGGElement;
  born: number; // performance.now()
  stop: number; // the fraction of the way at which it ends
  ended: number | null; // performance.now()
  at: Point;
  label: boolean;
  reasoned: boolean; // its reason is written beside its cross
  still: boolean; // drawn with its whole way, as motion is reduced
  heldAt: number | null; // the fraction of the way at which it is held
  twin: boolean; // the same frame is under way twice
}

const isClient = (f: Flight): boolean => f.from >= 1001 || f.to >= 1001;
const isMinor = (f: Flight): boolean => f.kind === "AppendEntriesReply" || (f.kind === "AppendEntries" && f.entryCount === 0);
const isLost = (f: Flight): boolean => f.fate !== "sent";

/** The messages on their way. Each mark is drawn once; per frame only its transform changes. */
export class FlightLayer {
  private marks = new Map<number, Mark>();
  private ring: Ring | null = null;
  private hovered: number | null = null;
  private labelledAt = 0;
  private pulses = new Map<string, number>(); // by link, when it glowed last
  private beats = new Map<SVGElement, number>(); // leaders' outlines, since when they are pale

  constructor(private layer: SVGGElement, private store: Store) {}

  layOut(ring: Ring): void {
    if (ring.width === 0) return;
    const before = this.ring;
    this.ring = ring;
    if (!before) this.takeUp();
    const { selection } = this.store.view;
    for (const mark of this.marks.values()) mark.group.classList.toggle("picked", selection?.kind === "flight" && selection.seq === mark.flight.seq);
    if (before && before.width === ring.width && before.height === ring.height && before.points.length === ring.points.length && before.r === ring.r) return;
    for (const mark of this.marks.values()) {
      mark.lane = this.laneOf(mark.flight, ring);
      if (mark.ended !== null) place(mark, mark.stop);
      this.draw(mark);
    }
  }

  /** What is on its way already when the stage is first drawn, or seen again. */
  takeUp(): void {
    const at = performance.now();
    const now = this.store.now(at);
    for (const f of this.store.flights.values()) if (f.due >= now || f.held) this.begin(f, now, at);
  }

  /** Another moment, or another run: what was under way is not. */
  clear(): void {
    for (const mark of this.marks.values()) mark.group.remove();
    this.marks.clear();
  }

  /** Takes what is new; true if there is more to move now. */
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
      const outline = this.layer.ownerSVGElement?.querySelector<SVGElement>(`.node.leader[data-server="${server}"] .outline`);
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
   * Moves everything, and says what will move by itself: nothing, only what is always there (heartbeats, replies), or something worth every frame.
   * `skipped`: the page was not drawn for a while, so what ended meanwhile is gone.
   */
  frame(now: number, at: number, skipped: boolean, reduced: boolean): "still" | "calm" | "lively" {
    let lively = false;
    let moving = this.beat(at);
    for (const mark of this.marks.values()) {
      if (mark.ended !== null) {
        moving = this.shrink(mark, at) || moving;
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
      if (reduced) this.jump(mark, Math.max(0, Math.floor(fraction * 10) / 10));
      else place(mark, Math.max(0, fraction));
    }
    if (at - this.labelledAt > LABELS_MS || !moving) this.chooseLabels(at);
    return lively ? "lively" : moving ? "calm" : "still";
  }

  /** Leaders' outlines brighten again; as all here, not by an animation of its own, which would have every frame painted. */
  private beat(at: number): boolean {
    for (const [outline, since] of this.beats) {
      const gone = (at - since) / BEAT_MS;
      outline.style.opacity = gone < 1 ? String(0.4 + 0.6 * Math.abs(2 * gone - 1)) : "";
      if (gone >= 1) this.beats.delete(outline);
    }
    return this.beats.size > 0;
  }

  /** A delivered mark goes into its node; true while it does. What is lost fades by itself. */
  private shrink(mark: Mark, at: number): boolean {
    if (isLost(mark.flight) || mark.ended === null) return false;
    const left = 1 - (at - mark.ended) / SHRINK_MS;
    if (left > 0) place(mark, mark.stop, left);
    else this.remove(mark);
    return left > 0;
  }

  /** Without motion a message is a still arrow, and its mark goes on by tenths of the way. */
  private jump(mark: Mark, fraction: number): void {
    const before = mark.at;
    place(mark, fraction);
    if (mark.at.x !== before.x || mark.at.y !== before.y || !mark.still) {
      mark.still = true;
      this.draw(mark);
    }
  }

  private begin(f: Flight, now: number, at: number): void {
    const ring = this.ring;
    if (!ring || this.marks.has(f.seq)) return;
    const rate = this.store.rate || 1;
    if (!isClient(f) && !f.held) {
      if ((now - f.due) / rate > STALE_MS) return;
      const brief = (f.due - f.sent) / rate < PULSE_MS && this.store.rate > 0;
      const many = this.marks.size >= DRAWN || (isMinor(f) && (this.store.view.pulses || this.marks.size >= DRAWN / 2));
      if (brief || many) return this.pulse(f);
    }
    if (!ring.points[f.from - 1] && !ring.points[f.to - 1]) return;
    const group = document.createElementNS("http://www.w3.org/2000/svg", "g");
    group.addEventListener("click", () => this.store.select({ kind: "flight", seq: f.seq }));
    group.dataset["seq"] = String(f.seq);
    group.addEventListener("pointerenter", () => this.hover(f.seq));
    group.addEventListener("pointerleave", () => this.hover(null));
    const way = this.laneOf(f, ring);
    const mark: Mark = { flight: f, lane: way, group, born: at, stop: stopOf(f), ended: null, at: way.from, label: false, reasoned: false, still: false, heldAt: null, twin: false };
    this.marks.set(f.seq, mark);
    mark.twin = [...this.marks.values()].some((m) => m !== mark && m.ended === null && m.flight.from === f.from && m.flight.to === f.to && m.flight.text === f.text);
    this.hold(mark, 0);
    this.draw(mark);
    this.layer.append(group);
  }

  /** A message that is known already is held, goes on, or has another content. */
  private change(mark: Mark, f: Flight): void {
    const fraction = this.fractionOf(mark, this.store.now(), performance.now());
    mark.flight = f;
    mark.stop = stopOf(f);
    this.hold(mark, fraction);
    this.draw(mark);
  }

  /** A held message stands where it was held. Those that never set out stand one behind the other. */
  private hold(mark: Mark, fraction: number): void {
    if (!mark.flight.held) mark.heldAt = null;
    else if (mark.heldAt === null) {
      const { from, to, seq } = mark.flight;
      const before = [...this.marks.values()].filter((m) => m.heldAt !== null && m.flight.seq !== seq && m.flight.from === from && m.flight.to === to).length;
      mark.heldAt = fraction > 0 && fraction < 1 ? fraction : HELD_AT + (before % 4) * HELD_APART;
    }
    if (mark.heldAt !== null) place(mark, mark.heldAt);
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

  private hover(seq: number | null): void {
    this.hovered = seq;
    this.chooseLabels(performance.now());
  }

  /** A link shows for a moment that something passed on it: it is coloured and, later, is not; nothing in between needs painting. */
  private pulse(f: Flight): void {
    const link = f.from < f.to ? `${f.from}-${f.to}` : `${f.to}-${f.from}`;
    const at = performance.now();
    if (at - (this.pulses.get(link) ?? -GLOW_EVERY_MS) < GLOW_EVERY_MS) return;
    const lines = [...(this.layer.ownerSVGElement?.querySelectorAll<SVGElement>(`[data-link="${link}"] .link-line`) ?? [])];
    this.pulses.set(link, at);
    for (const line of lines) Object.assign(line.style, { stroke: `var(--term${slot(f.term)})`, strokeWidth: "2.5px" });
    setTimeout(() => lines.forEach((line) => Object.assign(line.style, { stroke: "", strokeWidth: "" })), GLOW_MS);
  }

  private end(mark: Mark, at: number, unseen: boolean): void {
    mark.ended = at;
    mark.group.classList.add("ended");
    if (unseen || (!isLost(mark.flight) && reducedMotion())) return this.remove(mark);
    place(mark, mark.stop);
    if (!isLost(mark.flight)) return; // shrink does the rest
    this.draw(mark);
    setTimeout(() => this.remove(mark), 1_200);
  }

  private remove(mark: Mark): void {
    mark.group.remove();
    this.marks.delete(mark.flight.seq);
  }

  private draw(mark: Mark): void {
    const lost = mark.ended !== null && isLost(mark.flight);
    render(lost ? lostMark(mark.flight, mark.lane, this.spare(mark)) : flightMark(mark.flight, mark.lane, mark.label, mark.still ? mark.at : null, mark.twin), mark.group);
  }

  /** On which side of its cross a lost message's reason has room; none where another says it already (LOOK §5). */
  private spare(mark: Mark): Side {
    const near = [...this.marks.values()].some((m) => m !== mark && m.ended !== null && m.reasoned && Math.hypot(m.at.x - mark.at.x, m.at.y - mark.at.y) < 60);
    const side = near || !this.ring ? "none" : reasonSide(mark.at, this.ring);
    mark.reasoned = side !== "none";
    return side;
  }

  /** Which labels stand (LOOK §5): of what is selected or pointed at, of what the story tells of; of all when the clock stands. */
  private chooseLabels(at: number): void {
    this.labelledAt = at;
    const ring = this.ring;
    if (!ring) return;
    const flying = [...this.marks.values()].filter((m) => m.ended === null);
    const wanted = flying.map((m) => ({ mark: m, at: { x: m.at.x, y: m.at.y - 14 }, rank: this.importance(m.flight, ring) })).filter((w) => w.rank > 0);
    wanted.sort((a, b) => b.rank - a.rank || a.mark.flight.seq - b.mark.flight.seq);
    const shown = new Set(spareLabels(wanted, ring.points, ring.r).map((w) => w.mark));
    for (const mark of flying) {
      if (mark.label === shown.has(mark)) continue;
      mark.label = !mark.label;
      this.draw(mark);
    }
  }

  private importance(f: Flight, ring: Ring): number {
    const { selection } = this.store.view;
    if (selection?.kind === "flight" && selection.seq === f.seq) return 3;
    if (this.hovered === f.seq) return 3;
    if (ring.r < 30) return 0; // a phone shows only the selected one's
    if (this.store.rate === 0) return 1;
    if (this.store.rate > 0.3) return 0;
    const election = f.kind === "RequestVote" || f.kind === "RequestVoteReply";
    return election || f.entryCount > 0 ? 2 : 0;
  }
}

function place(mark: Mark, fraction: number, scale = 1): void {
  mark.at = along(mark.lane, fraction);
  mark.group.setAttribute("transform", `translate(${mark.at.x.toFixed(1)} ${mark.at.y.toFixed(1)})${scale < 1 ? ` scale(${scale.toFixed(2)})` : ""}`);
}

/** How far a message comes: a cut link ends it half-way, a server that is down at its door. */
function stopOf(f: Flight): number {
  if (f.fate === "sent") return 1;
  if (f.lostAt !== null && f.due > f.sent) return Math.min(1, Math.max(0.12, (f.lostAt - f.sent) / (f.due - f.sent)));
  return f.fate === "cut" ? 0.5 : 0.94;
}

const tail = (l: Lane) => svg`<line class="tail" x1=${-l.dx * 18} y1=${-l.dy * 18} x2=${-l.dx * 6} y2=${-l.dy * 6} />`;

const wholeWay = (l: Lane, at: Point) => svg`<line class="way" x1=${l.from.x - at.x} y1=${l.from.y - at.y} x2=${l.to.x - at.x} y2=${l.to.y - at.y} />`;

/** A message as LOOK §5 draws it; the colour is the sender's term. */
export function flightMark(f: Flight, l: Lane, label: boolean, still: Point | null, twin = false): SVGTemplateResult {
  return svg`<g class="flight t${slot(f.term)} ${f.kind} ${f.held ? "held" : ""}"><circle class="flight-hit" r="16" />${still ? wholeWay(l, still) : f.held ? nothing : tail(l)}${shapeOf(f, l)}</g>
    ${f.held ? svg`<path class="held-bars" d="M14 -5V5M19 -5V5" />` : nothing}
    ${twin ? svg`<text class="flight-more" x="14" y="14">×2</text>` : nothing}
    ${label ? svg`<text class="flight-label" y="-14" text-anchor="middle">${f.label}</text>` : nothing}`;
}

function shapeOf(f: Flight, l: Lane): SVGTemplateResult {
  switch (f.kind) {
    case "RequestVote":
      return svg`<path class="arrowhead" transform="rotate(${l.angle})" d="M-8.5 -7L8.5 0L-8.5 7Z" />`;
    case "PreVote":
      return svg`<path class="arrowhead hollow" transform="rotate(${l.angle})" d="M-8.5 -7L8.5 0L-8.5 7Z" />`;
    case "TimeoutNow":
      return svg`<path class="arrowhead" transform="rotate(${l.angle})" d="M-10 -7L1 0L-10 7ZM0 -7L11 0L0 7Z" />`;
    case "InstallSnapshot":
      return svg`<rect class="sheet" x="-5" y="-8" width="14" height="10" rx="2" /><rect class="sheet" x="-9" y="-3" width="14" height="10" rx="2" />`;
    case "RequestVoteReply":
    case "PreVoteReply":
    case "AppendEntriesReply":
    case "InstallSnapshotReply":
    case "TimeoutNowReply":
      return f.ok
        ? svg`<circle class="reply" r="8" /><path class="reply-sign" d="M-3.5 .3L-1 3L3.8 -2.8" />`
        : svg`<circle class="reply refused" r="8" /><path class="reply-sign" d="M-3.5 0H3.5" />`;
    case "AppendEntries":
      return f.entryCount === 0 ? svg`<circle class="heartbeat" r="5" />` : capsule(f, l);
    case "request":
      return clientPill(f);
    case "answer":
      return svg`<circle class="reply client" r="8" /><path class="reply-sign client" d=${f.ok ? "M-3.5 .3L-1 3L3.8 -2.8" : "M-3.5 0H3.5"} />`;
    case "unknown":
      return svg`<rect class="unknown" x="-7" y="-7" width="14" height="14" rx="2" /><text class="unknown-sign" dy=".35em">?</text>`;
  }
}

/** AppendEntries with entries: a cell each in the entry's own term, then how many more. */
function capsule(f: Flight, l: Lane): SVGTemplateResult {
  const cells = Math.min(f.entryCount, 4);
  const width = 10 + 9 * cells;
  const upright = Math.abs(l.angle) > 90 ? l.angle + 180 : l.angle;
  const more = f.entryCount - cells;
  return svg`<g transform="rotate(${upright})"><rect class="capsule" x=${-width / 2} y="-6" width=${width} height="12" rx="6" />
    ${f.entries.slice(0, cells).map((term, i) => svg`<rect class="bead t${slot(term)}" x=${-width / 2 + 5.5 + 9 * i} y="-3.5" width="7" height="7" rx="1.5" />`)}
    ${more > 0 ? svg`<text class="flight-more" x=${width / 2 + 4} dy=".35em">+${more}</text>` : nothing}</g>`;
}

function clientPill(f: Flight): SVGTemplateResult {
  const text = f.label.length > 14 ? `${f.label.slice(0, 13)}…` : f.label;
  const width = 16 + 7.3 * text.length;
  return svg`<rect class="client-pill" x=${-width / 2} y="-10" width=${width} height="20" rx="10" /><text class="client-text" dy=".35em">${text}</text>`;
}

/** Where a message died, and why. */
function lostMark(f: Flight, l: Lane, side: Side): SVGTemplateResult {
  const [x, anchor] = side === "right" ? [10, "start"] : [-10, "end"];
  return svg`<g class="lost t${slot(f.term)}">${tail(l)}<path class="cross" d="M-5 -5L5 5M-5 5L5 -5" />${side === "none" ? nothing : svg`<text class="flight-label" x=${x} y="-8" text-anchor=${anchor}>${lostWords(f)}</text>`}</g>`;
}
