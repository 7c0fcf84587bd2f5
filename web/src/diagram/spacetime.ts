import type { Lived } from "../state/lived.js";
import type { Message, StoryLine, U64 } from "../model.js";
import { same } from "../view/numbers.js";
import { span as spanWords, who } from "../view/words.js";
import { arrivalKey, eventKey, sendKey } from "./causality.js";
import { arrived, endOf } from "../inspector/messages.js";
import { MS, SECOND } from "../view/time.js";

/**
 * The space-time diagram as shapes: a lane per server, time to the right, a message a line from where it was
 * sent to where it arrived. Pure functions.
 */

export interface Frame {
  from: number; // at the left edge of the lanes
  span: number; // across
  width: number; // px of all
  height: number;
  now: number; // the playhead; nothing after it has happened yet
}

/** A stretch of a lane in which role and term are the same. */
export interface Stretch {
  x: number;
  width: number;
  y: number;
  role: Lived["lanes"][number]["role"];
  term: U64;
  number: boolean; // the term's number fits into it, or is new there
}

export interface Arrow {
  message: Message;
  x1: number;
  y1: number;
  x2: number;
  y2: number;
  arrives: boolean;
  lost: boolean;
  heartbeat: boolean;
}

export interface Dot {
  key: string;
  line: StoryLine;
  x: number;
  y: number;
}

export interface Picture {
  lanes: { lane: number; name: string; y: number }[];
  stretches: Stretch[];
  arrows: Arrow[];
  dots: Dot[];
  axis: { x: number; words: string }[];
  now: number; // px
  left: number; // px at which the lanes begin
  bottom: number; // px at which they end
  leftOut: number; // messages that are not drawn, because there are too many
}

export const SPAN = { least: 10 * MS, first: 500 * MS, most: 30 * SECOND }; // across

const LEFT = 52; // px for the names
const RIGHT = 12;
const AXIS = 20; // px below the lanes
const ARROWS = 260; // drawn at once
const CLIENTS = 1001; // the lane of all clients

const isHeartbeat = (m: Message): boolean => m.kind === "AppendEntries" && m.entryCount === 0;

export const scaleOf = (f: Frame): number => Math.max(1, f.width - LEFT - RIGHT) / f.span;

export const xOf = (f: Frame, at: number): number => LEFT + (at - f.from) * scaleOf(f);

export const timeAt = (f: Frame, x: number): number => f.from + (x - LEFT) / scaleOf(f);

/** The frame zoomed by a factor about the time that stands at x. */
export function zoomed(f: Frame, factor: number, x: number): { from: number; span: number } {
  const span = Math.min(SPAN.most, Math.max(SPAN.least, f.span / factor));
  const at = timeAt(f, x);
  return { from: at - ((at - f.from) * span) / f.span, span };
}

export function picture(f: Frame, servers: number[], messages: Message[], story: StoryLine[], history: Pick<Lived,
  "lanes">): Picture {
  const to = f.from + f.span;
  const clients = messages.some((m) => m.from >= CLIENTS || m.to >= CLIENTS);
  const names = [...servers, ...(clients ? [CLIENTS] : [])];
  const bottom = f.height - AXIS;
  const pitch = bottom / Math.max(1, names.length);
  const lanes = names.map((lane, i) => ({ lane, name: lane === CLIENTS ? "Clients" : who(lane),
    y: pitch * (i + 0.5) }));
  const y = new Map(lanes.map((l) => [l.lane, l.y]));
  const yOf = (address: number): number | undefined => y.get(Math.min(address, CLIENTS));
  const { arrows, leftOut } = arrowsOf(f, messages, yOf);
  const dots = story.flatMap((line) => {
    const at = y.get(line.server);
    return at === undefined || line.at < f.from || line.at > to ? []
      : [{ key: eventKey(line.id), line, x: xOf(f, line.at), y: at }];
  });
  return { lanes, stretches: servers.flatMap((s) => stretches(f, s, y.get(s) ?? 0, history)), arrows, dots,
    axis: axis(f), now: xOf(f, f.now), left: LEFT, bottom, leftOut };
}

function arrowsOf(f: Frame, messages: Message[],
  yOf: (address: number) => number | undefined): { arrows: Arrow[]; leftOut: number } {
  const seen = messages.filter((m) => yOf(m.from) !== undefined && yOf(m.to) !== undefined && m.sent <= f.from +
    f.span && endOf(m) >= f.from);
  const shown = spared(seen).slice(-ARROWS);
  const arrows = shown.map((m): Arrow => {
    const [y1 = 0, y2 = 0] = [yOf(m.from), yOf(m.to)];
    const lost = m.fate !== "sent";
    const way = m.due > m.sent ? Math.min(1, Math.max(0.15, (endOf(m) - m.sent) / (m.due - m.sent))) : 1;
    const part = lost ? Math.min(way, 0.85) : 1;
    const [x1, x2] = [xOf(f, m.sent), xOf(f, m.due)];
    return { message: m, x1, y1, x2: x1 + (x2 - x1) * part, y2: y1 + (y2 - y1) * part, arrives: arrived(m, f.now), lost,
      heartbeat: isHeartbeat(m) };
  });
  return { arrows, leftOut: seen.length - shown.length };
}

/**
 * Which messages are left out when there are too many: heartbeats, and then answers that only say that all
 * is well. Otherwise a wide stretch would show only its end.
 */
export const SPARED: ((m: Message) => boolean)[] = [() => false, isHeartbeat, (m) => isHeartbeat(m) ||
  (m.kind === "AppendEntriesReply" && m.ok && m.fate === "sent")];

function spared(seen: Message[]): Message[] {
  const ways = SPARED.map((out) => seen.filter((m) => !out(m)));
  return ways.find((told) => told.length <= ARROWS) ?? ways.at(-1) ?? [];
}

/** A server's lane within the frame, as far as the playhead. */
function stretches(f: Frame, server: number, y: number, history: Pick<Lived, "lanes">): Stretch[] {
  const end = Math.min(f.from + f.span, f.now);
  const changes = history.lanes.filter((l) => l.server === server && l.at <= end);
  const first = Math.max(0, changes.findLastIndex((l) => l.at <= f.from));
  return changes.slice(first).flatMap((l, i, all) => {
    const [a, b] = [Math.max(l.at, f.from), Math.min(all[i + 1]?.at ?? end, end)];
    if (b <= a) return [];
    const [x, right] = [xOf(f, a), xOf(f, b)];
    const before = changes[first + i - 1];
    return [{ x, width: right - x, y, role: l.role, term: l.term, number: right - x >= 20 &&
      (i === 0 || !before || !same(before.term, l.term)) }];
  });
}

/** Labels at least 80 px apart, at round times. */
export function axis(f: Frame): Picture["axis"] {
  const least = 80 / scaleOf(f);
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= least) ?? least;
  const labels = [];
  for (let k = Math.max(0, Math.ceil(f.from / step)); k * step <= f.from + f.span; k++)
    labels.push({ x: xOf(f, k * step), words: `${Number(((k * step) / SECOND).toFixed(6))} s` });
  return labels;
}

/** What became of a message, in a sentence, for the caption and for screen readers. */
export function messageWords(m: Message, name: string, now: number): string {
  const what = `${name}${m.label ? `, ${m.label},` : ""} of ${who(m.from)} to ${who(m.to)}`;
  const took = spanWords(Math.round((endOf(m) - m.sent) / 100) * 100);
  if (m.held) return `${what} is held under way.`;
  if (m.fate !== "sent") return `${what} was lost after ${took}.`;
  return m.due <= now ? `${what} took ${took}.` : `${what} is under way for ${took}.`;
}

/** The two ends of a message, as points. */
export const endsOf = (m: Message): [string, string] => [sendKey(m.seq), arrivalKey(m.seq)];
