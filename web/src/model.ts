/**
 * What the Worker tells the page, and the page the Worker. The page holds one Model (store.ts) and draws it; it never decides anything about Raft.
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
  kind: "command" | "noop";
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
  report: Report | null; // null: it has not described itself (yet); it may be a server of another kind
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
  encoding: "colon" | "json"; // of its calls
  timer: { elapsed: number; timeout: number; longest: number } | null; // ms at `at`; null for a leader
  votes: { server: number; state: "requested" | "granted" | "denied" }[]; // a candidate's election
  votesNeeded: number;
  peers: { server: number; match: U64; next: U64 }[]; // a leader's followers
  log: { first: U64; cells: LogCell[] }; // the last 64 entries
  badFrames: number; // frames that it could not decode, since it started
}

/** A frame on its way, decoded by the Worker. */
export interface Flight {
  seq: number;
  from: number; // a server, or ≥ 1001: a client
  to: number;
  kind: "RequestVote" | "RequestVoteReply" | "AppendEntries" | "AppendEntriesReply" | "request" | "answer" | "unknown";
  term: U64; // the sender's term in it, 0 if it has none
  ok: boolean; // of a reply: granted, success
  entries: U64[]; // terms of the first five entries
  entryCount: number;
  label: string; // in a word or two: "vote?", "yes", "no", "x = 3", "stored to 4"
  sent: number;
  due: number;
  fate: "sent" | "cut" | "down" | "full" | "lost" | "dropped";
  lostAt: number | null; // when it was lost under way
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
}

/** What became of a client's request made in this tab. */
export interface ClientRequest {
  id: number;
  op: "put" | "get" | "delete";
  key: string;
  value: string; // put: what is written; get: what was read, once done
  server: number; // the server that was asked last
  state: "pending" | "done" | "refused" | "unknown";
  found: boolean; // get: the key exists
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
}

export interface Room {
  room: string;
  size: number;
  started: boolean;
  rate: number;
  watchers: number;
  links: Link[];
}

export type Connection =
  | { state: "connecting" }
  | { state: "open" }
  | { state: "lost"; retryAt: number; attempt: number; why: string }; // retryAt: epoch ms

/** From the Worker, at most one a frame, four a second to a hidden page; a member that is absent did not change. */
export interface Batch {
  clock?: { now: number; rate: number }; // cluster time at the moment of posting
  connection?: Connection;
  room?: Room;
  self?: Status;
  watching?: string; // why this tab only watches: "This room has 3 servers. You are watching."
  servers?: ServerView[]; // all of them, when any changed
  flights?: Flight[]; // new ones
  lost?: { seq: number; fate: Flight["fate"]; at: number }[];
  story?: StoryLine[]; // new ones, oldest first
  requests?: ClientRequest[]; // new and changed ones
  notice?: string; // something to tell once, in words
  qr?: { size: number; rows: string[] }; // the room's link; a row is a string of 0 and 1
}

/** From the page to the Worker. */
export type ToWorker =
  | { type: "start"; room: string; relay: string; link: string; seat: "any" | "watch"; size: number | null; encoding: "colon" | "json"; hint: number | null; hidden: boolean }
  | { type: "drawn" } // the page has drawn the last batch, or is hidden and will not, and wants the next
  | { type: "hidden"; hidden: boolean }
  | { type: "request"; id: number; op: ClientRequest["op"]; key: string; value: string; server: number | null } // null: find the leader
  | { type: "network"; id: number; change: NetworkChange }
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

/** From the Worker to the page. */
export type FromWorker =
  | { type: "loading"; fraction: number } // of the WebAssembly file
  | { type: "failed"; reason: "wasm" | "worker"; detail: string }
  | { type: "batch"; batch: Batch }
  | { type: "answer"; id: number; ok: boolean; value: unknown; error: string }; // to request and network
