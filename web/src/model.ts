/**
 * What the Worker tells the page, and the page the Worker. The page holds one Model (store.ts) and draws it; it never decides anything about Raft.
 * There are two Workers: a live tab's (wasm/tab) and the lab's (wasm/session), which knows more and can do more; both speak of the cluster in the same words.
 *
 * Numbers of Raft are unsigned 64-bit. Where one fits a JavaScript number exactly it is one, else it comes as decimal text: see U64.
 * Times called `at`, `sent`, `due`, `now` are milliseconds of cluster time with fractions, on the room's clock.
 */
export type U64 = number | string;

export type Role = "follower" | "candidate" | "leader" | "preCandidate";

/** This tab's server, as `window.raftPlayground.status()` returns it. */
export interface Status {
  server: number | null; // null: this tab watches
  role: Role | null;
  term: U64;
  leader: number | null; // whom this server takes for the leader of its term
  commitIndex: U64;
  lastIndex: U64;
  appliedIndex: U64;
  stateHash: string; // of the applied key-value state, hexadecimal
  connected: boolean; // to the relay
  disk: Disk;
}

export type Disk = "opfs" | "indexeddb" | "memory" | "none"; // none: a watcher

export interface LogCell {
  term: U64;
  kind: "command" | "noop" | "configuration";
  text: string; // the command in words, e.g. `x = 1`, at most 40 characters
}

/** A server as it last described itself, and what the room says of it. */
export interface ServerView {
  server: number;
  seat: "empty" | "connected" | "gone"; // gone: leased, but its tab is closed: crashed
  self: boolean; // this tab's own
  name: string;
  hidden: boolean;
  disk: Disk;
  roundTrip: number | null; // ms of real time to the relay
  machine?: Machine; // in the lab
  report: Report | null; // null: it has not described itself (yet); it may be a server of another kind
}

/** What the lab knows of a server's machine beyond what the server knows itself. A machine that is down has seat "gone". */
export interface Machine {
  state: "running" | "paused" | "down" | "damaged"; // damaged: down, and its disk cannot be read: it must be wiped
  member: "voter" | "learner" | "none"; // by its own configuration
  clock: number; // seconds of its clock in a second of cluster time
  slowestWrite: number; // ms that a write of its disk takes at most
  inbox: number; // frames that wait for a paused machine
}

/** What a server says of itself (raft/server writes it). */
export interface Report {
  server: number;
  at: number;
  role: Role;
  term: U64;
  votedFor: number | null;
  leader: number | null;
  commitIndex: U64;
  lastIndex: U64;
  lastTerm: U64;
  appliedIndex: U64;
  stateHash: string;
  encoding: string; // of its calls: "colon"
  timer: { elapsed: number; timeout: number; longest: number } | null; // ms at `at`; null for a leader
  votes: { server: number; state: "requested" | "granted" | "denied" }[]; // a candidate's election
  votesNeeded: number;
  quorums: Quorum[]; // by its configuration in force; two while that is joint; none: it is a server of another kind
  peers: { server: number; match: U64; next: U64 }[]; // a leader's followers
  log: { first: U64; cells: LogCell[] }; // the last 64 entries
  badFrames: number; // frames that it could not decode, since it started
}

/** Voters of whom a majority decides, as the server counts (raft/quorum.go). */
export interface Quorum {
  voters: number[];
  needed: number; // so many of them are a majority
  agreed: number; // so many have agreed: of a candidate's, who votes for it; of a leader's, who is known to store the next entry to commit; else 0
}

/** What became of a message. */
export interface Message {
  seq: number;
  from: number; // a server, or ≥ 1001: a client
  to: number;
  kind: "RequestVote" | "RequestVoteReply" | "PreVote" | "PreVoteReply" | "AppendEntries" | "AppendEntriesReply" | "InstallSnapshot" | "InstallSnapshotReply" | "TimeoutNow" | "TimeoutNowReply" | "request" | "answer" | "unknown";
  term: U64; // the sender's term in it, 0 if it has none
  ok: boolean; // of a reply: granted, success
  entryCount: number;
  label: string; // in a word or two: "vote?", "yes", "no", "x = 3", "stored to 4"
  sent: number; // of a Flight that was held: when it was let go
  due: number; // when it arrives, or would have
  held?: boolean; // it stands still until it is let go
  fate: "sent" | "cut" | "down" | "full" | "lost" | "dropped";
  lostAt: number | null; // when it was lost under way
}

/** A message on its way: a frame, decoded by the Worker. */
export interface Flight extends Message {
  entries: U64[]; // terms of the first five entries
  bytes: number;
  text: string; // the frame itself, cut at 2,000 characters
}

/** One line of the story. */
export interface StoryLine {
  id: number; // grows; unique in this tab
  at: number;
  server: number; // 0: the network or a person
  kind: string; // the event's kind as raft/explain.Kind names it ("voteGranted"), or "badFrame", "fault", "client"
  weight: "key" | "detail"; // heartbeats, timer resets and such are detail
  text: string; // "S2 votes for S1 in term 3."
  why: string; // the rule and its reason in one or two sentences, may be empty
  section: string; // "§5.2", may be empty
  term: U64;

  // Of a server's event, where the Worker tells them:
  rule?: string; // the line of Figure 2 or 13: "RequestVote RPC, receiver rule 2"
  reason?: string; // as raft/explain.Reason names it: "logBehind"
  index?: U64; // the place in its log that it is about, of several the last
  peer?: number; // the other server concerned
}

/** How a server makes sure of what it answers to a get (raft/wire/frame.go). */
export type ReadKind = "log" | "readIndex" | "lease" | "local";

/** What became of a client's request made in this tab. */
export interface ClientRequest {
  id: number;
  op: "put" | "get" | "delete" | "cas";
  key: string;
  value: string; // put, cas: what is written; get: what was read, once done
  expected?: string; // cas: what must be there
  read?: ReadKind; // get: none: as the servers are set
  server: number; // the server that was asked last
  state: "pending" | "done" | "refused" | "unknown";
  found: boolean; // get: the key exists; cas: what was expected was there, and value was written
  index: U64; // done: the index at which it committed
  term: U64; // done: the term of the entry there
  detail: string; // in words: "committed at index 48", "S1 is not the leader, S3 is", "timed out: it may or may not have happened"
}

export interface Link {
  from: number;
  to: number;
  up: boolean;
  latency: number; // ms of cluster time, one way
  jitter: number;
  loss?: number; // probabilities, in the lab
  duplicate?: number;
  reorder?: number;
  held?: boolean; // frames stop on it
}

export interface Room {
  room: string;
  size: number;
  started: boolean;
  rate: number;
  watchers: number;
  links: Link[];
  majorities: number[]; // how many of 0, 1, … 9 voters are a majority, as the servers count now
}

/** What is wrong with a live room, and what its people can decide. */
export interface Advice {
  text: string;
  choices: Choice[];
}

export interface Choice {
  label: string;
  cost: string; // what the decision may cost, in words
  seats: SeatsChange;
}

/** A decision about the seats of a room. */
export interface SeatsChange {
  new?: boolean; // the room is new, or begins anew: nobody has a seat
  give?: number[]; // these servers will not come back: their seats are free
  empty?: boolean; // give: the next ones there start empty, without being taken in by a leader
}

export type Connection =
  | { state: "connecting" }
  | { state: "open" }
  | { state: "lost" | "refused"; retryAt: number; attempt: number; why: string }; // epoch ms; refused: the relay's why

/** From the Worker, at most one a frame, four a second to a hidden page; a member that is absent did not change. */
export interface Batch {
  clock?: { now: number; rate: number }; // cluster time at the moment of posting
  connection?: Connection;
  room?: Room;
  self?: Status;
  watching?: string; // why this tab only watches: "This room has 3 servers. You are watching."
  advice?: Advice[]; // all that there is to say about the room itself
  servers?: ServerView[]; // all of them, when any changed
  flights?: Flight[]; // new ones
  lost?: { seq: number; fate: Flight["fate"]; at: number }[];
  story?: StoryLine[]; // new ones, oldest first
  requests?: ClientRequest[]; // new and changed ones
  notice?: string; // something to tell once, in words
  qr?: { size: number; rows: string[] }; // the room's link; a row is a string of 0 and 1

  // Of the lab only.
  lab?: Lab;
  /**
   * jump: the playhead stands at another moment of the same branch; `flights` are all there are, and nothing is animated.
   * run: another run or another branch; all that was known before is void, and the batch holds all of it: story, history, requests too.
   */
  moment?: "jump" | "run";
  history?: HistoryPart; // beside batches of a live room, from which the page works its history out itself
}

/** The lab: what is known of the run beyond the cluster's state at the moment that is looked at. */
export interface Lab {
  seed: string; // decimal
  end: number; // the branch has been lived as far as this; clock.now is the playhead, ≤ end
  branch: number; // of branches: the one that is looked at
  branches: Branch[]; // ascending by id; at least one
  off: string[]; // IDs of rules that no server keeps now
  modified?: string[]; // those of them that are no extensions (raft.Extensions): without them this is not the paper's Raft any more; absent: none
  properties: Property[];
  chaos: boolean; // faults are drawn as time goes on
  traps: { number: number; text: string }[]; // harm that waits for its moment, in words; by its number the deed "disarm" takes it away
}

/** One way that the run went. To act in the past makes a branch; what came of it without the act is kept. */
export interface Branch {
  id: number; // 1, 2, …
  parent: number; // 0: none
  at: number; // where it leaves its parent
  end: number;
  text: string; // the act that made it, in words
}

/** A safety property, whether it held up to the moment that is looked at. */
export interface Property {
  name: string; // "Election Safety"
  text: string; // what it says, in one sentence
  broken: { at: number; text: string; servers: number[]; index: U64 } | null;
}

/** Changes of a branch's history, on the whole branch as far as it was lived, not only to the playhead. */
export interface HistoryPart {
  whole: boolean; // these are all; else they come after those that are known
  terms: { at: number; term: U64 }[];
  lanes: { at: number; server: number; role: Role | "gone" | "empty" | "paused"; term: U64 }[];
  marks: { at: number; kind: "write" | "fault" | "commit" | "crash" | "election" | "violation"; server: number; text: string }[];
  commit: U64;
}

/** From the page to the Worker. */
export type ToWorker =
  | { type: "start"; room: string; place: string; relay: string; link: string; seat: "any" | "watch"; size: number | null; encoding: string; hint: number | null; hidden: boolean }
  | { type: "drawn" } // the page has drawn the last batch, or is hidden and will not, and wants the next
  | { type: "hidden"; hidden: boolean }
  | { type: "request"; id: number; op: ClientRequest["op"]; key: string; value: string; expected?: string; read?: ReadKind; server: number | null } // null: find the leader
  | { type: "network"; id: number; change: NetworkChange }
  | { type: "seats"; id: number; seats: SeatsChange }
  | { type: "reconnect" } // do not wait for retryAt
  | { type: "stop" };

/** As the hub takes it, times in ms. */
export interface NetworkChange {
  rate?: number;
  start?: true;
  latency?: number;
  jitter?: number;
  links?: { from: number; to: number; up?: boolean; latency?: number; jitter?: number }[];
}

/** A lab.Run as its JSON (raft/lab/run.go); times in µs. */
export interface LabRun {
  version: number;
  config: { servers: number; latency: number; jitter: number; disk?: number; json?: boolean; off?: string[]; clients?: number; keys?: number; think?: number; patience?: number; chaos?: number; heal?: number; [more: string]: unknown };
  seed: number | string;
  actions?: (LabAction & { at: number })[];
}

/** A lab.Action as its JSON (raft/lab/run.go) without its time; times in µs. `off`, of "rules": all that are off from now on. */
export interface LabAction {
  do: string;
  server?: number;
  to?: number;
  servers?: number[];
  when?: string;
  down?: number;
  rate?: number;
  disk?: number;
  link?: { latency: number; jitter: number; loss?: number; duplicate?: number; reorder?: number };
  key?: string;
  value?: string;
  expected?: string;
  read?: ReadKind;
  off?: string[];
  [more: string]: unknown;
}

/** The next moment at which a step ends. */
export type Stop = "event" | "message" | "role" | "election" | "commit" | "violation";

/** From the page to the lab's Worker, beside drawn, hidden, request and network (rate and links) of a live room. Each with an id is answered once. */
export type ToLab =
  | { type: "open"; id: number; run: LabRun | null; at: number; rate: number } // another run, null: the one that the lab begins with; at a moment of it; answers { at, hash } as of Moment once it is open
  | { type: "seek"; id: number; at: number } // to a moment of this branch; beyond its end it is lived further, 60 s at most
  | { type: "step"; id: number; to: Stop; back: boolean } // answers { at, text }, an error if there is no such moment within 60 s; the clock is paused then
  | { type: "branch"; id: number; branch: number; at: number | null } // look at another branch, null: where its end is
  | { type: "act"; id: number; action: LabAction } // at the playhead; in the past it makes a branch
  | { type: "frame"; id: number; seq: number } // answers FrameDetails
  | { type: "frameAct"; id: number; seq: number; act: "drop" | "hold" | "release" | "deliver" | "duplicate" | "edit"; text?: string } // edit: text is the frame's new content
  | { type: "inboxes"; id: number } // answers Inbox[]
  | { type: "timers"; id: number; act: "spread" | "align" } // election timers: apart from each other, or all at the same moment
  | { type: "chaos"; id: number; on: boolean }
  | { type: "replay"; id: number; from: number; until: number; details: boolean } // answers Replay: all that happened in a stretch of this branch, 60 s at most, as far as the playhead; details: events of that weight, too. Another one takes its place
  | { type: "moment"; id: number }; // answers Moment

/** All about a frame under way. */
export interface FrameDetails {
  seq: number;
  from: number;
  to: number;
  sent: number;
  due: number;
  held: boolean;
  name: string; // "AppendEntries"
  fields: { name: string; value: string; meaning: string }[]; // in the figure's order
  forms: FrameForm[]; // the frame in each encoding
  encoding: string; // that of the form in which it travels
  draft: string; // the text with which an edit of it begins
  bytes: number;
  whole: boolean; // what is shown in its own encoding is all of it; else its first 16 KB, with … after them
  next: string[]; // what its receiver would do with it now, in words: found by letting a copy of the receiver receive it
}

/** A frame in one encoding. */
export interface FrameForm {
  encoding: string; // "colon"
  title: string;
  text: string; // empty: it cannot be written so
}

/** The frames on their way to a server, in the order in which they arrive; those that wait in a paused server first. */
export interface Inbox {
  server: number;
  frames: { seq: number; from: number; name: string; label: string; due: number; held: boolean; waiting: boolean }[];
}

/**
 * A stretch of a branch, lived once more to tell all of it. Of more than 4,000 messages those that ended first are left out, of more than 2,000 events the oldest:
 * it then begins later.
 */
export interface Replay {
  from: number; // it is complete from here on; but of what was lost in the moment of its sending, before, nothing is told
  to: number; // the playhead, or where it was asked to end
  messages: Message[]; // that were under way at any time in it, ascending by sent
  leftOut: number; // messages
  events: StoryLine[]; // of servers; each has the id of its line in the story if it is there, else one of its own, always the same
  lanes: HistoryPart["lanes"]; // what every server is at the beginning, and the changes
}

/** What a link or a file holds: a run, a moment of it, and by what one knows that it is the same. */
export interface Moment {
  run: LabRun;
  at: number; // ms
  hash: string; // of the world's state, hexadecimal
}

/** From the Worker to the page. */
export type FromWorker =
  | { type: "loading"; fraction: number } // of the WebAssembly file
  | { type: "ready" } // the lab's program has been loaded and takes wishes
  | { type: "failed"; reason: "wasm" | "worker"; detail: string }
  | { type: "batch"; batch: Batch }
  | { type: "answer"; id: number; ok: boolean; value: unknown; error: string }; // to whatever carried an id
