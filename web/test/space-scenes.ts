import type { Batch, Flight, LivedPart, Property, Role, ServerView, StoryLine } from "../src/model.js";
import { MS } from "../src/view/time.js";
import { answers, command, noop, report, room, view } from "./scenes.js";

/** A moment of the lab as its Worker would tell it, for tests and for looking at the page without one (dev/). */

const PROPERTIES: [name: string, text: string][] = [
  ["Election Safety", "At most one leader can be elected in a given term."],
  ["Leader Append-Only", "A leader never overwrites or deletes entries in its log; it only appends new entries."],
  ["Log Matching",
    "If two logs contain an entry with the same index and term, then the logs are identical "
    + "in all entries up through the given index."],
  ["Leader Completeness",
    "If a log entry is committed in a given term, then that entry will be present in the logs "
    + "of the leaders for all higher-numbered terms."],
  ["State Machine Safety",
    "If a server has applied a log entry at a given index to its state machine, no other server will "
    + "ever apply a different log entry for the same index."],
];

/**
 * S3 is elected, writes x = 3, and one answer is lost; then S3 crashes and S1 asks for votes. `ms`: where the playhead
 * stands; what happens is written down in ms, too.
 */
export function labRun(ms: number, off: string[] = [], broken: Property["broken"] = null): Batch[] {
  const now = ms * MS;
  const flights: Flight[] = [];
  const story: StoryLine[] = [];
  const others = (s: number) => [1, 2, 3, 4, 5].filter((o) => o !== s);
  const send = (from: number, to: number, kind: Flight["kind"], sent: number, took: number,
    change: Partial<Flight> = {}): number => {
    flights.push({ seq: flights.length + 1, from, to, kind, term: 1, ok: true, entries: [], entryCount: 0, label: "",
      sent: sent * MS, due: (sent + took) * MS, fate: "sent", lostAt: null, bytes: 60, text: "", ...change });
    return sent + took;
  };
  const say = (at: number, server: number, kind: string, text: string, change: Partial<StoryLine> = {}) =>
    story.push({ id: 0, at: at * MS, server, kind, weight: "key", text, why: "", section: "§5.2", term: 1,
      ...change });
  say(150, 3, "becameCandidate", "S3 heard nothing for 150 ms and asks for votes in term 1; it needs 3.",
    { reason: "electionTimeout" });
  for (const o of others(3)) {
    const at = send(3, o, "RequestVote", 150, 12 + o, { label: "vote?" });
    say(at, o, "voteGranted", `S${o} votes for S3 in term 1.`, { peer: 3 });
    send(o, 3, "RequestVoteReply", at, 11 + o, o === 5 ? { label: "yes", fate: "lost", lostAt: (at + 8) * MS }
      : { label: "yes" });
  }
  say(176, 3, "becameLeader", "S3 leads term 1 with 3 of 5 votes.",
    { why: "A majority can elect only one leader in a term." });
  for (let t = 176; t < 420; t += 50) {
    for (const o of others(3)) {
      const entries = t === 226 ? { entries: [1], entryCount: 1, label: "x = 3" } : {};
      const at = send(3, o, "AppendEntries", t, 11 + o, entries);
      say(at, o, "timerReset", `S${o} starts its timer anew, 210 ms: S3, the leader, is alive.`,
        { weight: "detail", reason: "heartbeat", peer: 3 });
      if (t === 226) say(at, o, "entriesAppended", `S${o} stores entry 2 of S3.`,
        { weight: "detail", index: 2, peer: 3, section: "§5.3" });
      send(o, 3, "AppendEntriesReply", at, 10 + o, { label: `stored to ${t >= 226 ? 2 : 1}` });
    }
  }
  say(258, 3, "commitAdvanced", "S3 commits index 2: 3 of 5 store it.",
    { reason: "majorityStored", index: 2, section: "§5.3",
    why: "An entry of its own term that a majority stores is committed." });
  for (const o of others(3)) say(287 + o, o, "commitAdvanced",
    `S${o} commits index 2: S3, the leader, has committed it.`, { reason: "leaderSaidSo", index: 2, peer: 3,
    section: "§5.3" });
  say(430, 3, "fault", "S3 crashed.", { server: 0, section: "" });
  say(600, 1, "becameCandidate", "S1 heard nothing for 176 ms and asks for votes in term 2; it needs 3.", { term: 2 });
  for (const o of others(1)) send(1, o, "RequestVote", 600, 14 + o, o === 3
    ? { label: "vote?", term: 2, fate: "down", lostAt: 617 * MS } : { label: "vote?", term: 2 });
  story.sort((a, b) => a.at - b.at);
  story.forEach((l, i) => (l.id = i + 1));
  const lane = (at: number, server: number, role: Role | "gone", term: number): LivedPart["lanes"][number] =>
    ({ at: at * MS, server, role, term });
  const lanes = [...[1, 2, 3, 4, 5].map((s) => lane(0, s, "follower", 0)), lane(150, 3, "candidate", 1),
    ...others(3).map((s) => lane(162 + s, s, "follower", 1)), lane(176, 3, "leader", 1), lane(430, 3, "gone", 1),
    lane(600, 1, "candidate", 2)].sort((a, b) => a.at - b.at);
  const log = [noop(1), command(1, "x = 3")];
  const servers: ServerView[] = [1, 2, 3, 4, 5].map((s) =>
    view(s, { self: false, ...(s === 1 && ms >= 600 && { tally: "1 of 3" }), disk: "memory",
      machine: { state: s === 3 && ms >= 430 ? "down" : "running", member: "voter", clock: 1, slowestWrite: 2 * MS,
      inbox: 0 }, seat: s === 3 && ms >= 430 ? "gone" : "connected",
      report: report(s, { at: now, role: s === 1 && ms >= 600 ? "candidate" : s === 3 ? "leader" : "follower",
      term: s === 1 && ms >= 600 ? 2 : 1, cells: log, commitIndex: 2, votesNeeded: 3, votes: s === 1 && ms >= 600
      ? [1, 2, 3, 4, 5].map((v) => ({ server: v, state: v === 1 ? ("granted" as const) : ("requested" as const) }))
      : [] }) }),
  );
  const properties = PROPERTIES.map(([name, text], i): Property => ({ name, text, broken: i === 0 ? broken : null }));
  return [
    {
      moment: "run",
      connection: { state: "open" },
      clock: { now, rate: 0 },
      room: room(5, { room: "lab", rate: 0 }),
      answers: answers(5),
      self: { server: null, role: null, term: 0, leader: null, commitIndex: 0, lastIndex: 0, appliedIndex: 0,
        stateHash: "", connected: true, disk: "none" },
      lab: { seed: "7", end: 620 * MS, branch: 1, branches: [{ id: 1, parent: 0, at: 0, end: 620 * MS, text: "" }], off,
        modified: off, properties, chaos: false, traps: [], wrong: [] },
      servers,
      flights,
      story,
      lived: { whole: true, terms: [{ at: 0, term: 0 }, { at: 150 * MS, term: 1 }, { at: 600 * MS, term: 2 }], lanes,
        marks: [{ at: 150 * MS, kind: "election", server: 3, text: "S3 asks for votes" }], commit: 2 },
    },
  ];
}

/**
 * Logs in every state that a cell can have: compacted, a configuration, differing terms, a broken promise, two leaders.
 */
function logStates(): Batch[] {
  const config = (term: number) => ({ term, kind: "configuration" as const, text: "1,2,3,4" });
  const cells = [command(2, "x = 3"), config(2), command(2, "y = 5"), noop(4), command(4, "z = 26")];
  const log = (first: number, own: typeof cells) => ({ first, cells: own, lastIndex: first + own.length - 1 });
  const own = (first: number, list: typeof cells) =>
    ({ log: { first, cells: list }, lastIndex: log(first, list).lastIndex });
  const [base] = labRun(620, ["commitOnlyCurrentTerm"]);
  const early = Array.from({ length: 6 }, (_, i) => (i % 3 === 0 ? noop(1) : command(1, `k${i} = ${i}`)));
  const servers = [
    view(1, { self: false, report: report(1, { role: "leader", term: 4, commitIndex: 10, timer: null,
      peers: [{ server: 2, match: 11, next: 12 }, { server: 3, match: 6, next: 7 }, { server: 4, match: 9, next: 10 }],
      ...own(7, cells) }) }),
    view(2, { self: false, report: report(2, { term: 4, commitIndex: 9, ...own(5, [...early.slice(4), ...cells]) }) }),
    view(3, { self: false, report: report(3,
      { term: 3, commitIndex: 6, ...own(1, [...early, command(3, "q = 1"), command(3, "q = 2")]) }) }),
    view(4, { self: false, report: report(4, { role: "leader", term: 2, commitIndex: 8, timer: null,
      ...own(1, [...early, ...cells.slice(0, 3)]) }) }),
  ];
  const properties = base!.lab!.properties.map((p) => (p.name === "State Machine Safety"
    ? { ...p, broken: { at: 600 * MS, text: "S1 applied x = 3 at index 7, S3 applied q = 1.", servers: [1, 3],
    index: 7 } } : p));
  return [{ ...base!, room: room(4, { room: "lab", rate: 0 }), answers: answers(4), servers,
    lab: { ...base!.lab!, properties } }];
}

export const SPACE_SCENES: Record<string, () => Batch[]> = {
  space: () => labRun(620),
  logs: logStates,
  spacePast: () => labRun(300),
  spaceBroken: () => labRun(620, ["oneVotePerTerm"], { at: 380 * MS, text: "S1 and S3 both lead term 1.",
    servers: [1, 3], index: 0 }),
};
