import type { Role, ServerView, StoryLine, U64 } from "./model.js";
import { less, most, same } from "./numbers.js";
import { leaderOf } from "./logs.js";

/** What this tab has seen since it joined, as the time line draws it. Bounded: 20 minutes of watching, and 6,000 changes. */

export interface LaneChange {
  at: number;
  server: number;
  role: Role | "gone" | "empty";
  term: U64;
}

export interface TermChange {
  at: number;
  term: U64;
}

export interface Mark {
  at: number;
  kind: "write" | "fault" | "commit" | "crash";
  server: number;
  text: string;
}

export interface History {
  begin: number | null; // cluster time at which this tab joined
  end: number;
  terms: TermChange[];
  lanes: LaneChange[];
  marks: Mark[];
  commit: U64;
}

const KEEP_MS = 20 * 60_000;
const KEEP_CHANGES = 6_000;
const SLACK_MS = 10_000; // how far the window may run over before it is cut

export const emptyHistory = (): History => ({ begin: null, end: 0, terms: [], lanes: [], marks: [], commit: 0 });

export function advance(h: History, now: number): void {
  h.begin ??= now;
  h.end = Math.max(h.end, now);
  const from = h.end - KEEP_MS;
  if (h.begin >= from - SLACK_MS && h.lanes.length < 2 * KEEP_CHANGES && h.marks.length < 2 * KEEP_CHANGES) return;
  h.begin = Math.max(h.begin, from);
  h.terms = kept(h.terms, from, () => 0);
  h.lanes = kept(h.lanes, from, (l) => l.server);
  h.marks = h.marks.filter((m) => m.at >= from).slice(-KEEP_CHANGES);
}

/** What is in the window, and of each lane the newest change before it: that still holds when the window begins. */
function kept<T extends { at: number }>(list: T[], from: number, laneOf: (change: T) => number): T[] {
  const inside = list.filter((c) => c.at >= from).slice(-KEEP_CHANGES);
  const begin = inside[0]?.at ?? from;
  const before = new Map<number, T>();
  for (const change of list) if (change.at < begin) before.set(laneOf(change), change);
  return [...before.values(), ...inside];
}

export function observe(h: History, servers: ServerView[], now: number): void {
  let term: U64 = h.terms.at(-1)?.term ?? 0;
  let commit = h.commit;
  for (const s of servers) {
    const role = s.seat === "connected" ? (s.report?.role ?? "follower") : s.seat;
    const seen = s.report?.term ?? 0;
    const last = h.lanes.findLast((l) => l.server === s.server);
    if (!last || last.role !== role || !same(last.term, seen)) h.lanes.push({ at: now, server: s.server, role, term: seen });
    if (role === "gone" && last && last.role !== "gone" && last.role !== "empty") h.marks.push({ at: now, kind: "crash", server: s.server, text: `S${s.server} crashed` });
    term = most(term, seen);
    commit = most(commit, s.report?.commitIndex ?? 0);
  }
  if (!same(term, h.terms.at(-1)?.term ?? 0)) h.terms.push({ at: now, term });
  if (less(h.commit, commit)) {
    h.marks.push({ at: now, kind: "commit", server: leaderOf(servers)?.server ?? 0, text: `index ${commit} committed` });
    h.commit = commit;
  }
}

export function note(h: History, line: StoryLine): void {
  if (line.kind === "fault") h.marks.push({ at: line.at, kind: "fault", server: line.server, text: line.text });
}

/** The stretch of time that the tape shows: it doubles when the playhead reaches the end, so that the head is seen to travel. */
export function tapeSpan(elapsed: number): number {
  const steps = [2, 5, 10, 20, 30, 60, 120, 300, 600, 1200].map((s) => s * 1000);
  return steps.find((s) => elapsed <= s * 0.96) ?? KEEP_MS;
}

/** The distance between two labels of the axis: round, and at least 80 px. */
export function axisStep(span: number, width: number): number {
  const least = (80 / Math.max(1, width)) * span;
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  return [1, 2, 5, 10].map((m) => m * power).find((s) => s >= least) ?? 10 * power;
}
