import type { Message, StoryLine } from "../model.js";
import { arrived } from "../inspector/messages.js";

/**
 * What could have caused what (Lamport 1978): a happened before b if both are of one server and a came first, or
 * a is the sending of a message and b its arrival, or there is a c between them. Pure functions of the messages
 * and the story.
 */

export interface Point {
  key: string; // "s17": message 17 is sent, "r17": it arrives, "e4": line 4 of the story
  lane: number; // a server, or ≥ 1001: a client
  at: number;
  message?: Message;
  line?: StoryLine;
}

/** The points of every lane in the order in which they happened. */
export interface Lanes {
  points: Map<string, Point>;
  order: Map<number, string[]>;
  place: Map<string, number>; // of a point in its lane's order
}

export const sendKey = (seq: number): string => `s${seq}`;
export const arrivalKey = (seq: number): string => `r${seq}`;
export const eventKey = (id: number): string => `e${id}`;

/** The lanes of all that has happened by a time. */
export function lanesOf(messages: Message[], story: StoryLine[], by: number): Lanes {
  const all: Point[] = [];
  for (const message of messages) {
    if (message.sent <= by) all.push({ key: sendKey(message.seq), lane: message.from, at: message.sent, message });
    if (arrived(message, by)) all.push({ key: arrivalKey(message.seq), lane: message.to, at: message.due, message });
  }
  for (const line of story) if (line.server > 0 && line.at <= by) all.push({ key: eventKey(line.id), lane: line.server,
    at: line.at, line });
  const lanes = new Map<number, Point[]>();
  for (const p of all) {
    const lane = lanes.get(p.lane);
    if (lane) lane.push(p);
    else lanes.set(p.lane, [p]);
  }
  const order = new Map([...lanes].map(([lane, points]) => [lane, inOrder(points)]));
  const place = new Map([...order.values()].flatMap((keys) => keys.map((key, i): [string, number] => [key, i])));
  return { points: new Map(all.map((p) => [p.key, p])), order, place };
}

/**
 * The points of a lane in the order in which they happened. Messages of the same time are ordered by number,
 * so an answer without delay is sent after its request arrived. A server's events come after the first
 * message that arrived at that time and before what it sends in response.
 */
function inOrder(points: Point[]): string[] {
  const number = (p: Point): number => (p.message ? p.message.seq + (p.key.startsWith("r") ? 0.5 : 0) : 0);
  const firstArrival = new Map<number, number>();
  for (const p of points) if (p.key.startsWith("r")) firstArrival.set(p.at, Math.min(firstArrival.get(p.at) ?? Infinity,
    number(p)));
  const rank = (p: Point): number => (p.line ? (firstArrival.get(p.at) ?? -1) + 0.25 : number(p));
  return points.sort((a, b) => a.at - b.at || rank(a) - rank(b) || (a.line?.id ?? 0) - (b.line?.id ?? 0))
    .map((p) => p.key);
}

/** The points that happened directly before a point. */
export function causes(lanes: Lanes, key: string): string[] {
  const p = lanes.points.get(key);
  if (!p) return [];
  const before = lanes.order.get(p.lane)?.[(lanes.place.get(key) ?? 0) - 1];
  const send = key.startsWith("r") ? sendKey(Number(key.slice(1))) : undefined;
  return [before, send].filter((k): k is string => k !== undefined && lanes.points.has(k));
}

/** The points directly after a point. */
export function effects(lanes: Lanes, key: string): string[] {
  const p = lanes.points.get(key);
  if (!p) return [];
  const next = lanes.order.get(p.lane)?.[(lanes.place.get(key) ?? 0) + 1];
  const arrival = key.startsWith("s") ? arrivalKey(Number(key.slice(1))) : undefined;
  return [next, arrival].filter((k): k is string => k !== undefined && lanes.points.has(k));
}

/** Everything that happened before a point, itself not included. */
export const past = (lanes: Lanes, key: string): Set<string> => reach(key, (k) => causes(lanes, k));

/** Everything that a point happened before. */
export const future = (lanes: Lanes, key: string): Set<string> => reach(key, (k) => effects(lanes, k));

function reach(from: string, next: (key: string) => string[]): Set<string> {
  const seen = new Set<string>();
  const open = [from];
  for (let key = open.pop(); key !== undefined; key = open.pop()) {
    for (const k of next(key)) {
      if (seen.has(k)) continue;
      seen.add(k);
      open.push(k);
    }
  }
  seen.delete(from);
  return seen;
}

/**
 * A point with its vector clock (Fidge, Mattern 1988): for every lane, how many of its points happened
 * before this one or are it.
 */
export interface Stamped {
  point: Point;
  clock: Map<number, number>; // by lane
}

/** All points with their clocks, each after all that happened before it. */
export function stamped(lanes: Lanes): Stamped[] {
  const done = new Map<string, Stamped>();
  const order = [...lanes.points.values()].sort((a, b) => a.at - b.at);
  for (const p of order) {
    const open = [p.key];
    while (open.length > 0) {
      const key = open[open.length - 1] as string;
      const before = causes(lanes, key);
      const missing = before.filter((k) => !done.has(k));
      if (missing.length > 0) open.push(...missing);
      else {
        open.pop();
        if (!done.has(key))
          done.set(key, stamp(lanes.points.get(key) as Point, before.map((k) => done.get(k) as Stamped)));
      }
    }
  }
  return [...done.values()];
}

function stamp(point: Point, before: Stamped[]): Stamped {
  const clock = new Map<number, number>();
  for (const b of before) for (const [lane, n] of b.clock) clock.set(lane, Math.max(n, clock.get(lane) ?? 0));
  clock.set(point.lane, (clock.get(point.lane) ?? 0) + 1);
  return { point, clock };
}
