import type { ClientHistory, LabRun, Operation } from "../model.js";
import { names, seconds, span } from "../view/words.js";
import { axis, xOf, type Frame } from "../diagram/spacetime.js";
import { MS, SECOND } from "../view/time.js";

/**
 * The history of clients as shapes: a row per client, time to the right, an operation a box from its call to
 * its answer, its effect a point inside. Pure functions.
 */

export interface Box {
  index: number; // of its operation
  x: number;
  width: number;
  y: number;
  words: "whole" | "short" | "none"; // without the server, or nothing, where the next box on the line is too near
  point: number | null; // px from the box's left edge
  open: boolean; // it has no answer
  wrong: boolean;
}

export interface Row {
  client: number;
  name: string;
  count: number; // of its operations, seen or not
  y: number;
  height: number;
  boxes: Box[];
}

export interface Chart {
  rows: Row[];
  axis: { x: number; words: string }[];
  height: number;
  leftOut: number; // operations within the frame that are not drawn, because there are too many
}

const DRAWN = 300; // boxes at once
const NARROW = 8; // px: the least width of a box, around the middle of its operation
const LETTER = 7.25; // px, of the words above a box
const SERVER = 24; // px, of the server's name behind them
const FIRST = 40; // operations that are shown at first of a longer history
const PATIENCE = SECOND; // the least time that a client waits for an answer (raft/lab/client.go)

/** When the client stops waiting for the operation. */
export const endOf = (o: Operation): number => o.returned ?? o.called + PATIENCE;

/** Whether clients ask anything in a run from a moment on, by themselves or by actions. */
export const asks = (run: LabRun, from: number): boolean => (run.config.clients ?? 0) > 0 ||
  (run.actions ?? []).some((a) => a.at >= from && ["put", "get", "delete", "cas"].includes(a.do));

/** Whether a history known up to a moment can have gone on: a client asks after it, or still waited then. */
export const goesOn = (run: LabRun, h: ClientHistory, until: number): boolean => asks(run, until) ||
  h.operations.some((o) => o.returned === null && endOf(o) >= until);

export const clientName = (client: number): string => (client === 0 ? "Client" : `Client ${client}`);

export function chart(h: ClientHistory, f: Frame, pitch: number): Chart {
  const wrong = new Set(h.wrong.map((w) => w.operation));
  const clients = [...new Set(h.operations.map((o) => o.client))].sort((a, b) => a - b);
  const rows: Row[] = [];
  let y = 0;
  let within = 0;
  for (const client of clients) {
    const own = h.operations.flatMap((o, index) => (o.client === client ? [{ o, index }] : []));
    const { lines, line, next } = stacked(own.map(({ o }) => o));
    const boxes = own.flatMap(({ o, index }, i): Box[] => {
      const end = o.returned ?? next[i] ?? h.until;
      if (o.called > f.from + f.span || end < f.from) return [];
      const long = xOf(f, Math.min(end, f.from + 2 * f.span)) - xOf(f, o.called);
      const width = Math.max(NARROW, long);
      const x = xOf(f, o.called) - (width - long) / 2;
      const room = (next[i] === undefined ? Infinity : xOf(f, next[i])) - x - (label(o).length + 0.5) * LETTER;
      const words = wrong.has(index) || room >= SERVER ? "whole" : room >= 0 ? "short" : "none";
      return [{ index, x, width, y: y + (line[i] ?? 0) * pitch, words, point: o.effect === null ? null
        : xOf(f, o.effect) - x, open: o.returned === null, wrong: wrong.has(index) }];
    });
    within += boxes.length;
    rows.push({ client, name: clientName(client), count: own.length, y, height: lines * pitch, boxes });
    y += lines * pitch;
  }
  const share = Math.ceil(DRAWN / Math.max(1, rows.length));
  for (const row of rows) if (within > DRAWN) row.boxes = row.boxes.filter((b, i) => b.wrong ||
    i >= row.boxes.length - share);
  return { rows, axis: axis(f), height: y, leftOut: within - rows.reduce((sum, r) => sum + r.boxes.length, 0) };
}

/**
 * The line of its row on which each of a client's operations stands, so that simultaneous ones do not cover
 * each other, and when the next one on its line begins.
 */
function stacked(operations: Operation[]): { lines: number; line: number[]; next: (number | undefined)[] } {
  const ends: number[] = [];
  const last: number[] = [];
  const line: number[] = [];
  const next: (number | undefined)[] = [];
  operations.forEach((o, i) => {
    const free = ends.findIndex((end) => end <= o.called);
    const at = free < 0 ? ends.length : free;
    const before = last[at];
    if (before !== undefined) next[before] = o.called;
    [line[i], ends[at], last[at]] = [at, endOf(o), i];
  });
  return { lines: Math.max(1, ends.length), line, next };
}

/**
 * The part of a history that is shown at first: all of it, or the last operations before a moment, and what
 * follows them if that is short.
 */
export function seen(h: ClientHistory, now: number): { from: number; span: number } {
  const before = h.operations.filter((o) => o.called <= now).length;
  const all = h.operations.length <= FIRST;
  const some = all ? h.operations : h.operations.slice(Math.max(0, before - FIRST), Math.max(FIRST, before));
  const from = some[0]?.called ?? 0;
  const span = Math.max(100 * MS, Math.max(...some.map(endOf)) - from);
  const rest = all ? h.until - from : 0;
  return { from: from - 0.04 * span, span: (rest > span && rest < 1.5 * span ? rest : span) + 0.1 * span };
}

/** The next operation: the same client's, or the nearest in time of another client. */
export function neighbour(h: ClientHistory, index: number, way: "left" | "right" | "up" | "down"): number | null {
  const here = h.operations[index];
  if (!here) return null;
  const all = h.operations.map((o, i) => ({ o, i }));
  if (way === "left" || way === "right") {
    const own = all.filter(({ o }) => o.client === here.client);
    return own[own.findIndex(({ i }) => i === index) + (way === "right" ? 1 : -1)]?.i ?? null;
  }
  const others = all.filter(({ o }) => (way === "down" ? o.client > here.client : o.client < here.client));
  const client = way === "down" ? Math.min(...others.map(({ o }) => o.client))
    : Math.max(...others.map(({ o }) => o.client));
  const apart = (o: Operation) => Math.abs(o.called - here.called);
  return others.filter(({ o }) => o.client === client).reduce<{ o: Operation; i: number }
    | null>((best, x) => (best === null || apart(x.o) < apart(best.o) ? x : best), null)?.i ?? null;
}

// --- words

/** The text in a box: `x=2`, `x? 2`, `x? ∅`, `x ×`, `x:1→2`, `x:1↛2` if 1 was not there. */
export function label(o: Operation): string {
  if (o.kind === "put") return `${o.key}=${o.value}`;
  if (o.kind === "delete") return `${o.key} ×`;
  if (o.kind === "cas") return `${o.key}:${o.expected ?? ""}${missed(o) ? "↛" : "→"}${o.value}`;
  return `${o.key}?${o.returned === null || o.refused ? "" : o.found ? ` ${o.value}` : " ∅"}`;
}

/** Whether a compare-and-swap was answered that another value is there. */
const missed = (o: Operation): boolean => o.kind === "cas" && o.returned !== null && !o.refused && !o.found;

/** An operation in sentences: the request, the answer, and when it took effect or what is wrong. */
export function operationWords(h: ClientHistory, index: number): string {
  const o = h.operations[index];
  if (!o) return "";
  const asked = `${clientName(o.client)} asked at ${seconds(o.called)} s ${{ put: `to write ${o.key} = ${o.value}`,
    get: `for ${o.key}`, delete: `to delete ${o.key}`,
    cas: `to write ${o.key} = ${o.value} if it is ${o.expected ?? ""}` }[o.kind]}.`;
  const wrong = h.wrong.find((w) => w.operation === index);
  return `${asked} ${wrong ? wrong.text : [told(o), effect(h, o)].filter((s) => s).join(" ")}`;
}

/** The answer that the client got. */
function told(o: Operation): string {
  if (o.returned === null) return o.kind === "get" ? "There is no answer."
    : "There is no answer: it may have taken effect at any time since, or never.";
  const at = `after ${span(Math.round((o.returned - o.called) / 100) * 100)}`;
  if (o.refused) return `${names([o.server])} refused ${at}: it did not happen.`;
  if (o.kind === "get") return `${names([o.server])} answered ${o.found ? `${o.key} = ${o.value}`
    : `that there is no ${o.key}`} ${at}.`;
  if (missed(o)) return `${names([o.server])} answered that ${o.key} is not ${o.expected ?? ""} ${at}.`;
  return `${names([o.server])} said that it is done ${at}${o.kind === "delete" && !o.found ? "; there was none" : ""}.`;
}

function effect(h: ClientHistory, o: Operation): string {
  if (o.effect === null) return o.returned !== null && !o.refused && h.undecided.includes(o.key)
    ? "When it took effect is not decided." : "";
  const of = h.operations.filter((x) => x.key === o.key && x.effect !== null).length;
  return `It can be taken to have happened at ${seconds(o.effect)} s, as number ${o.place} of ${of} on ${o.key}.`;
}

/** Whether the history is linearizable, in one sentence, and how many answers are wrong. */
export function verdict(h: ClientHistory): string {
  const { length } = h.wrong;
  const keys = h.undecided.join(", ");
  const more = keys && ` There may be more on ${keys}: there are too many orders to try.`;
  if (length === 1) return `Not linearizable: one answer has no place in any order.${more}`;
  if (length > 1) return `Not linearizable: ${length} answers have no place in any order.${more}`;
  if (keys) return `Not decided for ${keys}: so much was asked at the same time that there are too many orders to try.`;
  return "Linearizable: if each operation takes effect at its ●, a single copy of the data gives every answer.";
}

/** What is left out, in one sentence; empty if nothing is. */
export function leftOutWords(h: ClientHistory): string {
  return h.leftOut > 0
    ? `The first ${h.operations.length} operations, to ${seconds(h.until)} s; ${h.leftOut} later ones are left out.`
    : "";
}
