import { QUALITIES, type Flight, type Link, type Qualities, type Quality, type Role,
  type ServerView } from "../model.js";
import { MS, SECOND } from "./time.js";

/** Every number and name that the page prints is put into words here, so that one thing is always called the same. */

/** A moment in seconds, `0.473`. */
export const seconds = (at: number): string => (Math.max(0, at) / SECOND).toFixed(3);

/** A length of time with its unit: `168 ms`, `2.40 s`, `3 min`. */
export function span(time: number): string {
  if (time < SECOND) return `${trim(time / MS)} ms`;
  if (time < 60 * SECOND) return `${trim(time / SECOND)} s`;
  return `${trim(time / (60 * SECOND))} min`;
}

/** At most three significant digits, no trailing zeros. */
function trim(n: number): string {
  return String(Number(n.toPrecision(3)));
}

/** The clock's rate in words. */
export function rateWords(rate: number): string {
  if (rate === 0) return "Paused for the whole room";
  if (rate === 1) return "Real time";
  return `1 s of watching = ${span(rate * SECOND)} of cluster time`;
}

/** The slider runs 0 to 300 over the rates 0.001 to 1, a hundred steps a power of ten. */
export const rateOfSlider = (step: number): number => (step >= 300 ? 1
  : Number((10 ** (step / 100 - 3)).toPrecision(2)));

export const sliderOfRate = (rate: number): number =>
  Math.round((Math.log10(Math.min(1, Math.max(0.001, rate))) + 3) * 100);

const ROLES: Record<Role, string> = { follower: "Follower", candidate: "Candidate", leader: "Leader",
  preCandidate: "Pre-candidate" };

/** What a seat is doing, in a word or two. */
export function roleWords(view: ServerView): string {
  if (view.seat === "empty") return "Not here yet";
  if (view.seat === "gone") return "Crashed";
  if (view.report === null) return "Starting";
  return ROLES[view.report.role];
}

/** `S1`, `S1 and S2`, `S1, S2 and S3`. */
export function names(servers: number[]): string {
  const list = servers.map((s) => `S${s}`);
  if (list.length < 2) return list.join("");
  return `${list.slice(0, -1).join(", ")} and ${list[list.length - 1]}`;
}

/** `S1, S2, S3`, by their numbers. */
export const listed = (servers: number[]): string => [...servers].sort((a, b) => a - b).map((s) => `S${s}`).join(", ");

/** `1 key`, `2 keys`. */
export const plural = (n: number, thing: string): string => `${n} ${thing}${n === 1 ? "" : "s"}`;

/** A description of a node for those who hear the page. */
export function nodeWords(view: ServerView): string {
  const r = view.report;
  const parts = [`S${view.server}`, roleWords(view).toLowerCase()];
  if (r && view.seat !== "connected") parts.push(`term ${r.term} on its disk`);
  if (r && view.seat === "connected") {
    parts.push(`term ${r.term}`, `last index ${r.lastIndex}`, `commit index ${r.commitIndex}`);
    if (r.role === "candidate") parts.push(`${view.tally} votes`);
  }
  if (view.self) parts.push("this tab");
  if (view.hidden) parts.push("hidden tab");
  return parts.join(", ");
}

/** Where a server of a room keeps its log. */
export const diskWords = ({ disk }: ServerView): string =>
  ({ opfs: "OPFS, durable", indexeddb: "IndexedDB, durable", memory: "memory only", none: "none" })[disk];

/** Why a frame does not arrive, as it is written beside the cross. */
export const lostWords = ({ fate, to }: Pick<Flight, "fate" | "to">): string =>
  ({ cut: "lost: link cut", down: `lost: ${who(to)} down`, full: `lost: queue to ${who(to)} full`,
    lost: "lost: by the network", dropped: "lost: dropped by you", sent: "" })[fate];

export const who = (address: number): string => (address >= 1001 ? "client" : address === 0 ? "the room"
  : `S${address}`);

const CALLS: Record<Flight["kind"], string> = {
  RequestVote: "RequestVote",
  RequestVoteReply: "Reply to RequestVote",
  PreVote: "PreVote",
  PreVoteReply: "Reply to PreVote",
  AppendEntries: "AppendEntries",
  AppendEntriesReply: "Reply to AppendEntries",
  InstallSnapshot: "InstallSnapshot",
  InstallSnapshotReply: "Reply to InstallSnapshot",
  TimeoutNow: "TimeoutNow",
  TimeoutNowReply: "Reply to TimeoutNow",
  request: "Client's request",
  answer: "Answer to the client",
  unknown: "Frame that is not understood",
};

export function flightName(flight: Pick<Flight, "kind" | "entryCount">): string {
  if (flight.kind === "AppendEntries" && flight.entryCount === 0) return "Heartbeat (AppendEntries)";
  return CALLS[flight.kind];
}

/** Where a quality's dial stands for a link, in the dial's unit. */
export const dialOf = (link: Qualities, q: Quality): number => Math.round(((link[q.name] ?? 0) / q.per) * 10) / 10;

/** What a dial stands at: `15 ms`, `10 %`. */
export const dialWords = (value: number, q: Quality): string => (value === 0 && q.zero ? q.zero : `${value} ${q.unit}`);

/** What a link is like: `15 ms ± 5 ms, loss 10 %`. */
export const linkWords = (link: Qualities): string => `${span(link.latency)} ± ${span(link.jitter)}${QUALITIES
  .filter((q) => q.fault && link[q.name]).map((q) => `, ${q.title.toLowerCase()} ${dialWords(dialOf(link, q), q)}`)
  .join("")}`;

export type Cut = "whole" | "cut" | "forward" | "backward";

/** Whether the link from a server to another carries. */
export const isUp = (links: Link[], from: number, to: number): boolean =>
  links.find((l) => l.from === from && l.to === to)?.up ?? true;

/** The state of the pair of links between a and b; forward: only a → b still carries. */
export function cutState(links: Link[], a: number, b: number): Cut {
  if (isUp(links, a, b)) return isUp(links, b, a) ? "whole" : "forward";
  return isUp(links, b, a) ? "backward" : "cut";
}

/** A click takes a link one further: whole → cut → one way → the other way → whole. */
export const nextCut: Record<Cut, Cut> = { whole: "cut", cut: "forward", forward: "backward", backward: "whole" };

export const cutWords = (state: Cut, a: number, b: number): string =>
  ({ whole: "whole", cut: "cut", forward: `only S${a} to S${b}`, backward: `only S${b} to S${a}` })[state];

/** A command without its blanks, for narrow cells: `x = 3` → `x=3`. */
export const tight = (text: string): string => (text.includes(" = ") ? text.replace(" = ", "=")
  : text.replace(/: (.*) → /, ":$1→"));
