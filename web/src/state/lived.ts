import type { Branch, LivedPart, ServerView, StoryLine, U64 } from "../model.js";
import { less, most, same } from "../view/numbers.js";
import { MS, SECOND } from "../view/time.js";

/**
 * The past as the time line draws it: in a live room what this tab has seen since it joined, in the lab the whole
 * branch as far as it was lived. Bounded: 20 minutes of watching, and 6,000 changes of a room or 20,000 of the lab.
 */

export type TermChange = LivedPart["terms"][number];
export type LaneChange = LivedPart["lanes"][number];
export type Mark = LivedPart["marks"][number];

export interface Lived {
  begin: number | null; // cluster time at which this tab joined, in the lab 0
  end: number;
  terms: TermChange[];
  lanes: LaneChange[];
  marks: Mark[];
  commit: U64;
}

const KEEP = 20 * 60 * SECOND;
const KEEP_CHANGES = 6_000;
const KEEP_OF_LAB = 20_000;
const SLACK = 10 * SECOND; // how far the window may run over before it is cut

export const nothingLived = (): Lived => ({ begin: null, end: 0, terms: [], lanes: [], marks: [], commit: 0 });

export function advance(h: Lived, now: number): void {
  h.begin ??= now;
  h.end = Math.max(h.end, now);
  const from = h.end - KEEP;
  if (h.begin >= from - SLACK && h.lanes.length < 2 * KEEP_CHANGES && h.marks.length < 2 * KEEP_CHANGES) return;
  h.begin = Math.max(h.begin, from);
  h.terms = kept(h.terms, from, () => 0);
  h.lanes = kept(h.lanes, from, (l) => l.server);
  h.marks = h.marks.filter((m) => m.at >= from).slice(-KEEP_CHANGES);
}

/** The changes in the window, and each lane's newest one before it, which still holds there. */
function kept<T extends { at: number }>(list: T[], from: number, laneOf: (change: T) => number): T[] {
  const inside = list.filter((c) => c.at >= from).slice(-KEEP_CHANGES);
  const begin = inside[0]?.at ?? from;
  const before = new Map<number, T>();
  for (const change of list) if (change.at < begin) before.set(laneOf(change), change);
  return [...before.values(), ...inside];
}

/** Notes the servers' states at a moment, and how far the leader of that moment has committed. */
export function observe(h: Lived, servers: ServerView[], leader: ServerView | null, now: number): void {
  let term: U64 = h.terms.at(-1)?.term ?? 0;
  let commit = h.commit;
  for (const s of servers) {
    const role = s.seat === "connected" ? (s.report?.role ?? "follower") : s.seat;
    const seen = s.report?.term ?? 0;
    const last = h.lanes.findLast((l) => l.server === s.server);
    if (!last || last.role !== role || !same(last.term, seen))
      h.lanes.push({ at: now, server: s.server, role, term: seen });
    if (role === "gone" && last && last.role !== "gone" && last.role !== "empty")
      h.marks.push({ at: now, kind: "crash", server: s.server, text: `S${s.server} crashed` });
    term = most(term, seen);
    commit = most(commit, s.report?.commitIndex ?? 0);
  }
  if (!same(term, h.terms.at(-1)?.term ?? 0)) h.terms.push({ at: now, term });
  if (less(h.commit, commit)) {
    h.marks.push({ at: now, kind: "commit", server: leader?.server ?? 0, text: `index ${commit} committed` });
    h.commit = commit;
  }
}

export function note(h: Lived, line: StoryLine): void {
  if (line.kind === "fault") h.marks.push({ at: line.at, kind: "fault", server: line.server, text: line.text });
}

/** Adds what the lab reports of a branch's history. */
export function extend(h: Lived, part: LivedPart): void {
  const from = part.whole ? nothingLived() : h;
  h.terms = [...from.terms, ...part.terms].slice(-KEEP_OF_LAB);
  h.lanes = [...from.lanes, ...part.lanes].slice(-KEEP_OF_LAB);
  h.marks = [...from.marks, ...part.marks].slice(-KEEP_OF_LAB);
  h.commit = part.commit;
}

/** The highest term at a moment, and who led it then. */
export function reignAt(h: Lived, at: number): { term: U64; leader: number | null } {
  const term = h.terms.findLast((t) => t.at <= at)?.term ?? 0;
  const known = new Set<number>();
  for (let i = h.lanes.length - 1; i >= 0; i--) {
    const lane = h.lanes[i];
    if (!lane || lane.at > at || known.has(lane.server)) continue;
    known.add(lane.server);
    if (lane.role === "leader" && same(lane.term, term)) return { term, leader: lane.server };
  }
  return { term, leader: null };
}

/**
 * The branches as a tree, one per line: each below the branch that it left, siblings in the order in which
 * they left.
 */
export function branchTree(branches: Branch[]): { branch: Branch; depth: number }[] {
  const known = new Set(branches.map((b) => b.id));
  const lines = (of: Branch[], depth: number): { branch: Branch; depth: number }[] =>
    of.sort((a, b) => a.at - b.at || a.id - b.id)
      .flatMap((branch) => [{ branch, depth }, ...lines(branches.filter((b) => b.parent === branch.id), depth + 1)]);
  return lines(branches.filter((b) => !known.has(b.parent)), 0);
}

/** A stretch of time. */
export interface Stretch {
  begin: number;
  span: number;
}

const CLOSEST = 20 * MS;

/**
 * A stretch `factor` times as long, in which `at` keeps its place; null if it would hold all that was lived,
 * `whole`.
 */
export function zoomed(shown: Stretch, whole: Stretch, at: number, factor: number): Stretch | null {
  const span = Math.max(CLOSEST, shown.span * factor);
  if (span >= whole.span) return null;
  return within({ begin: at - (at - shown.begin) * (span / shown.span), span }, whole);
}

/** The stretch, moved if necessary to lie within the whole. */
export const within = (shown: Stretch, whole: Stretch): Stretch =>
  ({ begin: Math.max(whole.begin, Math.min(shown.begin, whole.begin + whole.span - shown.span)), span: shown.span });

const STEPS_S = [0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 2400, 3600];

/**
 * The stretch of time that the tape shows, at least so much of it: it doubles when the playhead reaches the end, so
 * that the head is seen to travel.
 */
export function tapeSpan(elapsed: number, least = 2 * SECOND): number {
  return STEPS_S.map((s) => s * SECOND).find((t) => t >= least && elapsed <= t * 0.96) ?? elapsed / 0.96;
}

/** The distance between two labels of the axis: round, and at least 80 px. */
export function axisStep(span: number, width: number): number {
  const least = (80 / Math.max(1, width)) * span;
  const power = 10 ** Math.floor(Math.log10(Math.max(MS, least)));
  return [1, 2, 5, 10].map((m) => m * power).find((s) => s >= least) ?? 10 * power;
}
