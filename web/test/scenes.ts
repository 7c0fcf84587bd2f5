import type { Answers, Batch, Flight, LogCell, Report, RoomState, ServerView, StoryLine } from "../src/model.js";

/** Moments of a room as the Worker would tell them, for tests and for looking at the page without one (dev/). */

export const command = (term: number, text: string): LogCell => ({ term, kind: "command", text });
export const noop = (term: number): LogCell => ({ term, kind: "noop", text: "no-op" });

export function report(server: number, change: Partial<Report> & { cells?: LogCell[] } = {}): Report {
  const { cells = [], ...rest } = change;
  return {
    server,
    at: 473_000,
    role: "follower",
    term: 1,
    votedFor: null,
    leader: null,
    commitIndex: 0,
    lastIndex: cells.length,
    lastTerm: cells.at(-1)?.term ?? 0,
    appliedIndex: rest.commitIndex ?? 0,
    stateHash: "9f3ac1d2e48b7705",
    encoding: "colon",
    timer: { elapsed: 60_000, timeout: 240_000, longest: 300_000 },
    votes: [],
    votesNeeded: 0,
    quorums: [],
    peers: [],
    log: { first: 1, cells },
    badFrames: 0,
    ...rest,
  };
}

export function view(server: number, change: Partial<ServerView> = {}): ServerView {
  return { server, seat: "connected", self: server === 2, name: "", hidden: false, disk: "opfs", roundTrip: 400,
    report: null, ...change };
}

/** What is answered of servers that all run, S1 leading. */
export function answers(size: number, change: Partial<Answers> = {}): Answers {
  const ids = Array.from({ length: size }, (_, i) => i + 1);
  const needed = ["", "1 of 1", "2 of 2", "2 of 3", "3 of 4", "3 of 5"][size] ?? "";
  return {
    why: null,
    majority: { needed, rule: `${needed} servers make a majority`, together: `${size} of ${size}`, decides: true },
    sides: [],
    leaders: size > 0 ? [1] : [],
    half: ids.slice(0, [0, 0, 1, 1, 2, 2][size]),
    stability: { stable: true,
      sentence: "A round trip of up to 40 ms is 27 % of the shortest election timeout: stable.",
      arithmetic: "2 × (15 ms + 5 ms) = 40 ms; 40 ms ÷ 150 ms = 27 %", section: "§5.6" },
    entry: "",
    cut: [],
    rivals: ids.slice(1, 3),
    ...change,
  };
}

export function room(size: number, change: Partial<RoomState> = {}): RoomState {
  const ids = Array.from({ length: size }, (_, i) => i + 1);
  const links = ids.flatMap((from) => ids.filter((to) => to !== from)
    .map((to) => ({ from, to, up: true, latency: 15_000, jitter: 5_000 })));
  return { room: "k7m2qx", size, started: true, rate: 0.1, watchers: 0, links, ...change };
}

let seq = 0;
export function flight(from: number, to: number, kind: Flight["kind"], change: Partial<Flight> = {}): Flight {
  return { seq: ++seq, from, to, kind, term: 4, ok: true, entries: [], entryCount: 0, label: "", sent: 468_000,
    due: 483_000, fate: "sent", lostAt: null, bytes: 61, text: `${from}>${to}:RequestVotes:Request:4:4:2:2:call=17`,
    ...change };
}

const QR = { size: 25, rows: Array.from({ length: 25 },
  (_, y) => Array.from({ length: 25 }, (_, x) => ((x * 7 + y * 11 + ((x * y) % 5)) % 3 === 0 ||
  (x < 7 && y < 7 && (x % 6 === 0 || y % 6 === 0 || (x > 1 && x < 5 && y > 1 && y < 5))) ? "1" : "0")).join("")) };

const said = (id: number, at: number, server: number, kind: string, text: string, why: string, section: string,
  term = 4, weight: StoryLine["weight"] = "key"): StoryLine => ({ id, at, server, kind, text, why, section, term,
  weight });

const joined: Batch = {
  connection: { state: "open" },
  self: { server: 2, role: "follower", term: 4, leader: null, commitIndex: 1, lastIndex: 2, appliedIndex: 1,
    stateHash: "9f3a", connected: true, disk: "opfs" },
  qr: QR,
};

/** Five servers, S1 crashed, S4 asks for votes. */
export function election(): Batch[] {
  const two = [command(2, "x = 1"), command(2, "x = 3")];
  const three = [...two, command(2, "y = 5")];
  const servers = (crashed: boolean): ServerView[] => [
    view(1, crashed ? { seat: "gone", report: report(1, { term: 2, cells: three, commitIndex: 2 }) }
      : { report: report(1, { role: "leader", term: 2, cells: three, commitIndex: 2, timer: null }) }),
    view(2, { report: report(2, { term: crashed ? 4 : 2, cells: two, commitIndex: 1, votedFor: 4,
      timer: { elapsed: 20_000, timeout: 290_000, longest: 300_000 } }) }),
    view(3, { report: report(3, { term: 2, cells: two, commitIndex: 1, timer: { elapsed: 190_000, timeout: 260_000,
      longest: 300_000 } }), hidden: true }),
    view(4, {
      ...(crashed && { tally: "2 of 3" }),
      report: report(4, {
        role: crashed ? "candidate" : "follower",
        term: crashed ? 4 : 2,
        cells: two,
        commitIndex: 1,
        votedFor: 4,
        votesNeeded: 3,
        votes: crashed ? [{ server: 1, state: "requested" }, { server: 2, state: "requested" },
          { server: 3, state: "denied" }, { server: 4, state: "granted" }, { server: 5, state: "granted" }] : [],
        timer: { elapsed: 60_000, timeout: 270_000, longest: 300_000 },
      }),
    }),
    view(5, { report: report(5, { term: crashed ? 4 : 2, cells: two, commitIndex: 1, votedFor: 4,
      timer: { elapsed: 10_000, timeout: 295_000, longest: 300_000 } }) }),
  ];
  return [
    { ...joined, room: room(5), answers: answers(5, { leaders: [] }), clock: { now: 10_000, rate: 0.1 },
      servers: [1, 2, 3, 4, 5].map((s) => view(s,
      { report: report(s, { role: s === 3 ? "candidate" : "follower", term: 1 }) })) },
    { clock: { now: 90_000, rate: 0.1 }, answers: answers(5), servers: servers(false) },
    { clock: { now: 311_000, rate: 0.1 }, servers: servers(false),
      requests: [{ id: 1, op: "put", key: "y", value: "5", server: 1, state: "unknown", found: false, index: 0, term: 0,
      detail: "timed out: it may or may not have happened" }, { id: 2, op: "put", key: "x", value: "3", server: 1,
      state: "done", found: true, index: 2, term: 1, detail: "committed at index 2" }] },
    {
      clock: { now: 473_000, rate: 0 },
      room: room(5, { rate: 0 }),
      answers: answers(5, { leaders: [], why: { ask: "Why does nobody lead term 4?",
        answer: ["S4 has 2 of the 3 votes it needs: S3 refused, S1 is down, S2 has not answered yet."],
        section: "§5.2" }, majority: { ...answers(5).majority, together: "4 of 5" } }),
      servers: servers(true),
      flights: [
        flight(4, 3, "RequestVote", { label: "vote?", sent: 466_000, due: 480_000 }),
        flight(2, 4, "RequestVoteReply", { label: "yes", sent: 466_000, due: 479_000 }),
        flight(4, 1, "RequestVote", { label: "vote?", sent: 460_000, due: 474_000, fate: "down", lostAt: 471_000 }),
      ],
      story: [
        said(1, 244_000, 0, "client", "Client sets x = 3 on S1.", "", ""),
        said(2, 280_000, 1, "CommitAdvanced", "S1 commits index 2.", "A majority stores it.", "§5.3", 2),
        said(3, 311_000, 1, "fault", "S1 crashed.", "Its tab was closed.", "", 2),
        said(4, 462_000, 4, "BecameCandidate", "S4 asks for votes in term 4.",
          "S1 stopped answering. S4’s timer ran out first, so it raised its term and asked everyone. "
          + "It has 2 votes and needs 1 more.", "§5.2"),
        said(5, 470_000, 2, "VoteGranted", "S2 votes for S4 in term 4.",
          "A server gives one vote a term, to a candidate whose log is at least as up to date.", "§5.2, §5.4.1"),
        said(6, 471_000, 5, "VoteGranted", "S5 votes for S4 in term 4.",
          "A server gives one vote a term, to a candidate whose log is at least as up to date.", "§5.2, §5.4.1"),
      ],
    },
  ];
}

/** Three servers, S2 leads and replicates; one link is cut one way. */
export function steady(): Batch[] {
  const log = [noop(1), command(1, "x = 1"), command(1, "x = 2"), noop(2), command(2, "name = Ada"),
    command(2, "z = 26")];
  const links = room(3).links.map((l) => (l.from === 1 && l.to === 3 ? { ...l, up: false } : l));
  return [
    { ...joined, self: { ...joined.self!, role: "leader", term: 2, leader: 2 }, room: room(3, { links }),
      answers: answers(3), clock: { now: 1_000_000, rate: 0.1 },
      servers: [1, 2, 3].map((s) => view(s,
      { report: report(s, { at: 1_000_000, role: s === 1 ? "leader" : "follower", term: 1, cells: log.slice(0, 3),
      commitIndex: 3, timer: s === 1 ? null : { elapsed: 30_000, timeout: 200_000, longest: 300_000 } }) })) },
    { clock: { now: 2_400_000, rate: 0.1 } },
    {
      clock: { now: 3_900_000, rate: 0.005 },
      room: room(3, { links, rate: 0.005 }),
      answers: answers(3, { leaders: [2] }),
      servers: [
        view(1, { report: report(1, { at: 3_900_000, term: 2, cells: log.slice(0, 5), commitIndex: 4, leader: 2,
          votedFor: 2, timer: { elapsed: 12_000, timeout: 220_000, longest: 300_000 } }) }),
        view(2, { report: report(2, { at: 3_900_000, role: "leader", term: 2, cells: log, commitIndex: 5, leader: 2,
          votedFor: 2, timer: null, peers: [{ server: 1, match: 5, next: 7 }, { server: 3, match: 5, next: 6 }] }) }),
        view(3, { report: report(3, { at: 3_900_000, term: 2, cells: [...log.slice(0, 2), command(1, "q = 9"),
          ...log.slice(3, 5)], commitIndex: 4, leader: 2, votedFor: null, timer: { elapsed: 40_000, timeout: 170_000,
          longest: 300_000 } }) }),
      ],
      flights: [
        flight(2, 1, "AppendEntries", { term: 2, label: "z = 26", entries: [2], entryCount: 1, sent: 3_893_000,
          due: 3_912_000, text: "2>1:AppendEntries:Request:2:2:5:2:5:call=31:entries=2,set z=26" }),
        flight(2, 3, "AppendEntries", { term: 2, label: "3 entries", entries: [2, 2, 2], entryCount: 6, sent: 3_895_000,
          due: 3_910_000 }),
        flight(1, 2, "AppendEntriesReply", { term: 2, label: "stored to 5", sent: 3_890_000, due: 3_908_000 }),
        flight(3, 1, "AppendEntries", { term: 1, label: "", sent: 3_894_000, due: 3_911_000 }),
        flight(1001, 2, "request", { term: 0, label: "z = 26", sent: 3_899_000, due: 3_899_000 }),
      ],
      story: [
        said(1, 3_100_000, 2, "BecameLeader", "S2 leads term 2.",
          "2 of 3 said yes: a majority can elect only one leader in a term.", "§5.2", 2),
        said(2, 3_500_000, 2, "CommitAdvanced", "S2 commits index 5.",
          "A majority of the servers stores it, and it is of the leader's own term.", "§5.3, §5.4.2", 2),
        said(3, 3_620_000, 1, "CommitAdvanced", "S1 commits index 4.", "The leader said so with its next message.",
          "§5.3", 2),
        said(4, 3_640_000, 3, "CommitAdvanced", "S3 commits index 4.", "The leader said so with its next message.",
          "§5.3", 2),
      ],
      requests: [
        { id: 1, op: "put", key: "name", value: "Ada", server: 2, state: "done", found: true, index: 5, term: 1,
          detail: "committed at index 5" },
        { id: 2, op: "put", key: "z", value: "26", server: 2, state: "pending", found: false, index: 0, term: 0,
          detail: "S2 has it; on 1 of 3" },
        { id: 3, op: "get", key: "x", value: "2", server: 1, state: "done", found: true, index: 4, term: 1,
          detail: "read" },
      ],
    },
  ];
}

/** Two of three tabs are here. */
function waiting(): Batch[] {
  return [{ ...joined, self: { ...joined.self!, term: 0 }, room: room(3, { started: false }),
    answers: answers(3, { majority: { ...answers(3).majority, together: "2 of 3" } }), clock: { now: 0, rate: 0 },
    servers: [view(1, { report: report(1, { at: 0, term: 0 }) }),
    view(2, { report: report(2, { at: 0, term: 0, timer: { elapsed: 100_000, timeout: 190_000, longest: 300_000 } }) }),
    view(3, { seat: "empty", disk: "none" })] }];
}

/** The relay is gone, and this browser has no disk. */
function lost(): Batch[] {
  return [...steady(), { connection: { state: "lost", retryAt: Date.now() + 4_000, attempt: 2,
    why: "closed with code 1006" }, self: { ...joined.self!, disk: "memory" } }];
}

/** A watcher of a long run with two changes of term, a log that is longer than the grid, and a deleted end. */
function watching(): Batch[] {
  const long = Array.from({ length: 30 }, (_, i) => (i % 9 === 0 ? noop(Math.floor(i / 9) + 1)
    : command(Math.floor(i / 9) + 1, `k${i} = ${i}`)));
  const servers = (extra: LogCell[]): ServerView[] => [1, 2, 3, 4, 5]
    .map((s) => view(s, { self: false,
    report: report(s, { at: 9_000_000, role: s === 3 ? "leader" : "follower", term: 4, leader: 3, cells: s === 5
    ? [...long.slice(0, 26), ...extra] : long, commitIndex: s === 5 ? 24 : 28, timer: s === 3 ? null
    : { elapsed: 20_000 * s, timeout: 200_000, longest: 300_000 } }) }));
  return [
    { ...joined, self: { ...joined.self!, server: null, disk: "none" },
      watching: "This room has 5 servers. You are watching.", room: room(5), answers: answers(5),
      clock: { now: 1_000_000, rate: 1 }, servers: servers([command(3, "old = 1"), command(3, "old = 2")]) },
    { clock: { now: 9_000_000, rate: 0.1 }, servers: servers([command(3, "old = 1"), command(3, "old = 2")]) },
  ];
}

export const SCENES: Record<string, () => Batch[]> = { election, steady, waiting, lost, watching };
