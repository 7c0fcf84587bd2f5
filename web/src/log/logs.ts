import type { LogCell, Property, Report, ServerView, U64 } from "../model.js";
import { distance, less, most, plus, same } from "../view/numbers.js";

/**
 * The log grid as data: its cells and how each is drawn. Pure functions of the servers' reports.
 */

export interface GridCell {
  index: U64;
  column: number;
  cell: LogCell | null; // null: missing here while others have it
  untold: boolean; // … or not missing: the server has an entry there but has not reported it
  committed: boolean;
  applied: boolean;
}

export interface GridRow {
  server: number;
  seat: ServerView["seat"];
  self: boolean;
  leader: boolean;
  cells: GridCell[]; // without those that are compacted
  compacted: { columns: number; through: U64 } | null; // what only its snapshot holds: the first columns of the row
  commit: number; // columns that are committed here, counted from the first
  match: number | null; // column under which the leader's matchIndex for this server stands
  next: number | null;
}

export interface Grid {
  first: U64;
  columns: number; // that any server uses
  rows: GridRow[];
  conflicts: Set<number>; // columns in which terms differ
  seenBy: number | null; // the leader whose match and next are drawn
  leaders: number[]; // all current leaders, the newest term first
}

export const FEW_COLUMNS = 8; // up to which cells also show their commands, unless a person chose otherwise

const COLUMNS = 64; // the number of entries that a server reports

/**
 * The grid, with the followers' progress as one of the leaders knows it: `seenBy`, or the first, which leads
 * the newest term.
 */
export function grid(servers: ServerView[], leaders: number[] = [], seenBy: number | null = null): Grid {
  const reports = servers.flatMap((s) => (s.report ? [s.report] : []));
  const last = reports.reduce<U64>((m, r) => most(m, r.lastIndex), 0);
  const first = distance(last, COLUMNS) > 0 ? plus(last, 1 - COLUMNS) : 1;
  const columns = Math.max(0, distance(last, first) + 1);
  const seen = leaders.find((l) => l === seenBy) ?? leaders[0] ?? null;
  const leader = servers.find((s) => s.server === seen) ?? null;
  const rows = servers.filter((s) => s.seat !== "empty")
    .map((s) => row(s, first, columns, leader, leaders.includes(s.server)));
  const conflicts = new Set<number>();
  for (let c = 0; c < columns; c++) {
    const terms = rows.flatMap((r) => r.cells[c - (r.compacted?.columns ?? 0)]?.cell?.term ?? []);
    if (terms.some((t) => !same(t, terms[0] ?? 0))) conflicts.add(c);
  }
  return { first, columns, rows, conflicts, seenBy: seen, leaders };
}

function row(view: ServerView, first: U64, columns: number, leader: ServerView | null, leads: boolean): GridRow {
  const r = view.report;
  const cells: GridCell[] = [];
  const compacted = r ? compactedOf(r, first, columns) : null;
  for (let column = compacted?.columns ?? 0; column < columns; column++) {
    const index = plus(first, column);
    const cell = r ? cellAt(r, index) : null;
    cells.push({ index, column, cell, untold: r !== null && isUntold(r, index), committed: cell !== null &&
      r !== null && !less(r.commitIndex, index), applied: cell !== null && r !== null &&
      !less(r.appliedIndex, index) });
  }
  const commit = r ? clamp(distance(r.commitIndex, first) + 1, 0, columns) : 0;
  const peer = leader && leader.server !== view.server ? leader.report?.peers.find((p) => p.server === view.server)
    : undefined;
  const at = (index: U64): number | null => (distance(index, first) >= 0 && !same(index, 0) ? distance(index, first)
    : null);
  return { server: view.server, seat: view.seat, self: view.self, leader: leads, cells, compacted, commit,
    match: peer ? at(peer.match) : null, next: peer ? at(peer.next) : null };
}

/**
 * A report shows the last 64 entries; one that shows fewer and does not begin at 1 has no more: the rest is in
 * the snapshot (§7).
 */
function compactedOf(r: Report, first: U64, columns: number): GridRow["compacted"] {
  if (r.log.cells.length >= COLUMNS) return null;
  const gone = clamp(distance(r.log.first, first), 0, columns);
  return gone > 0 ? { columns: gone, through: plus(r.log.first, -1) } : null;
}

const clamp = (n: number, low: number, high: number): number => Math.max(low, Math.min(high, n));

/** The entry of a server at an index, null if it has none there (or reports only later ones). */
export function cellAt(report: Report, index: U64): LogCell | null {
  return report.log.cells[distance(index, report.log.first)] ?? null;
}

/** Whether the server has an entry there that it has not reported: logs reach a new page last. */
export const isUntold = (report: Report, index: U64): boolean => cellAt(report, index) === null &&
  !less(index, report.log.first) && !less(report.lastIndex, index);

export interface Removed {
  server: number;
  index: U64;
  cell: LogCell;
}

/** The entries of a server that were deleted, or replaced at the same index: they visibly leave. */
export function removed(before: Report | null | undefined, after: Report | null): Removed[] {
  if (!before || !after) return [];
  const gone: Removed[] = [];
  before.log.cells.forEach((cell, i) => {
    const index = plus(before.log.first, i);
    if (less(index, after.log.first)) return; // scrolled out of the report
    const now = cellAt(after, index);
    if (!now || !same(now.term, cell.term)) gone.push({ server: after.server, index, cell });
  });
  return gone;
}

/** Why an entry is marked red: the property that is broken at it, or an empty text. */
export function brokenAt(properties: Property[], server: number, index: U64): string {
  const p = properties.find(({ broken }) => broken && !same(broken.index, 0) && same(broken.index, index) &&
    broken.servers.includes(server));
  return p?.broken ? `${p.name} is broken: ${p.broken.text}` : "";
}

/**
 * commitIndex as one line down the grid: a step after the last committed cell of each row. Rows are `pitch` apart,
 * columns `step` wide, both with their gaps. Returns an SVG path.
 */
export function commitLine(commits: number[], step: number, pitch: number, gap: { x: number; y: number }): string {
  let path = "";
  commits.forEach((commit, i) => {
    const x = commit * step - gap.x / 2;
    const top = i * pitch - gap.y / 2;
    path += i === 0 ? `M${x} ${top}` : `H${x}`;
    path += `V${top + pitch}`;
  });
  return path;
}
