// Generated from wasm/contract, which says the same in Go: go generate ./wasm/contract

/**
 * Answers answer a viewer's questions about the cluster at the moment shown. The core's arithmetic answers
 * (package explain): the page only shows it.
 */
export interface Answers {
  why: Question | null; // null: there is a leader, and its whole log is committed
  majority: Majority;
  sides: Side[]; // of a network that is cut into two or three, the largest first; else none
  leaders: number[]; // who leads, the newest term first
  half: number[]; // a leader and the servers it reaches that are no majority: one side of a cut
  entry: string; // on the one that the page regards; empty: it regards none
  /** In the lab, where faults and changes of the members are made: */
  stability: Stability | null; // null: there is no link
  cut: string[]; // what each side could do of the one that the page regards
  rivals: number[]; // two who could hold elections at the same time, or fewer
}

/** Question is why something has not happened (yet). */
export interface Question {
  ask: string;
  answer: string[]; // sentences
  section: string;
}

/** Majority says what a majority is, and whether there is one. */
export interface Majority {
  needed: string; // "3 of 5", of a joint configuration "2 of 3 and 3 of 5"
  rule: string; // the same in words
  together: string; // the largest group that could decide together, or comes nearest: "2 of 5"
  decides: boolean; // the group can elect a leader and commit
}

/** Side is one side of a network that is cut, and what it can do: "majority 3 of 5", "2 of 5: cannot elect". */
export interface Side {
  servers: number[];
  words: string;
}

/** Stability says whether a leader can be elected and stay on this network (§5.6). */
export interface Stability {
  stable: boolean;
  sentence: string;
  arithmetic: string;
  section: string;
}

/** Regard says what the page points at: the next Answers include that. It is not answered. */
export interface Regard {
  cell: CellPlace | null; // null: none
  side: number[]; // one side of a cut that is being chosen; empty: none
}

/** CellPlace is a place in the log of a server. */
export interface CellPlace {
  server: number;
  index: U64;
}

/** Role is what a server is at a moment. */
export type Role = "follower" | "candidate" | "leader" | "preCandidate";

/** Disk is where a server keeps its log; "none": it watches, and has no log. */
export type Disk = "opfs" | "indexeddb" | "memory" | "none";

/** Status is this tab's server, as window.raftPlayground.status() returns it. */
export interface Status {
  server: number | null; // null: this tab watches
  role: Role | null;
  term: U64;
  leader: number | null; // the server that it takes for the leader of its term
  commitIndex: U64;
  lastIndex: U64;
  appliedIndex: U64;
  stateHash: string; // of the applied key-value state, hexadecimal
  connected: boolean; // to the relay
  disk: Disk;
}

/** ServerView is a server as it last described itself, and what the room knows of it. */
export interface ServerView {
  server: number;
  seat: Seat;
  self: boolean; // this tab's own
  name: string;
  hidden: boolean;
  disk: Disk;
  roundTrip: Micros | null; // of real time, to the relay and back
  machine?: Machine; // in the lab
  report: Report | null; // null: it has not described itself (yet), or is of another kind
  tally?: string; // of a candidate: how its election stands, "2 of 3" votes
}

/**
 * Seat says whether a seat of a room is taken. "gone": it is leased, but its tab is closed: the server has
 * crashed.
 */
export type Seat = "empty" | "connected" | "gone";

/**
 * Machine is what the lab knows of a server's machine beyond what the server knows itself. A machine that is
 * down has seat "gone".
 */
export interface Machine {
  state: MachineState;
  member: Membership; // by its own configuration
  clock: number; // seconds of its clock in a second of cluster time
  slowestWrite: Micros; // the longest that a write of its disk takes
  inbox: number; // frames that wait for a paused machine
}

/** MachineState says whether a machine runs. "damaged": it is down, and its disk cannot be read: it must be wiped. */
export type MachineState = "running" | "paused" | "down" | "damaged";

/** Membership is a server's part in a configuration. */
export type Membership = "voter" | "learner" | "none";

/** Report is a server's description of itself. */
export interface Report {
  server: number;
  at: Micros;
  role: Role;
  term: U64;
  votedFor: number | null;
  leader: number | null;
  commitIndex: U64;
  lastIndex: U64;
  lastTerm: U64;
  appliedIndex: U64;
  stateHash: string;
  state?: State; // absent: of another tab's server it is not known
  encoding: string; // of its calls, by its name in package wire
  timer: Timer | null; // null for a leader
  votes: Vote[]; // a candidate's election
  votesNeeded: number;
  quorums: Quorum[]; // by its configuration; two while that is joint; none: it is of another kind
  peers: Peer[]; // a leader's followers
  log: Log;
  badFrames: U64; // frames that it could not decode, since it started
}

/** State is the key-value state of a server as of its appliedIndex; of one that is down, its snapshot's. */
export interface State {
  keys: number; // how many there are
  pairs: Pair[]; // the first 32 of them at most, in the order of their keys' bytes
}

/** Pair is a key and its value. A "·" replaces characters that cannot be shown. */
export interface Pair {
  key: string;
  value: string; // at most 200 characters; if it is cut it ends in "…"
  bytes?: number; // of a value that is cut: of the whole
}

/** Timer is an election timer. */
export interface Timer {
  elapsed: Micros; // when the report was made
  timeout: Micros;
  longest: Micros; // that the server would draw
}

/** Vote is one line of a candidate's election. */
export interface Vote {
  server: number;
  state: VoteState;
}

/** VoteState says how a vote stands. */
export type VoteState = "requested" | "granted" | "denied";

/**
 * Quorum holds voters of whom a majority decides, as the server counts (raft/quorum.go). A candidate counts
 * those that vote for it; a leader, those known to store the next entry that it can commit; others count
 * none.
 */
export interface Quorum {
  voters: number[];
  needed: number; // how many of them are a majority
  agreed: number;
}

/** Peer is a leader's view of one follower. */
export interface Peer {
  server: number;
  match: U64;
  next: U64;
}

/** Log is the end of a server's log: its last 64 entries. */
export interface Log {
  first: U64;
  cells: LogCell[];
}

/** LogCell is one entry of a log. */
export interface LogCell {
  term: U64;
  kind: CellKind;
  text: string; // the command in words, such as `x = 1`, at most 40 characters
}

/** CellKind is a kind of entries. */
export type CellKind = "command" | "noop" | "configuration";

/** RoomState is the room itself: its network and its clock. */
export interface RoomState {
  room: string;
  size: number;
  started: boolean;
  rate: number; // of the cluster's clock: seconds in a second of real time
  watchers: number;
  links: Link[];
}

/** Link is one direction between two servers. */
export interface Link extends Qualities {
  from: number;
  to: number;
  up: boolean;
  hold?: boolean; // frames stop on it
}

/** Advice says what is wrong with a live room, and what its people can decide. */
export interface Advice {
  text: string;
  choices: Choice[];
}

/** Choice is one decision about a room. */
export interface Choice {
  label: string;
  cost: string; // what the decision may cost, in words
  seats: SeatsChange;
}

/** SeatsChange is a decision about the seats of a room, as the hub takes it. */
export interface SeatsChange {
  new?: boolean; // the room is new, or begins anew: nobody has a seat
  give?: number[]; // these servers will not come back: their seats are free
  empty?: boolean; // give: the next ones there start empty, without being taken in by a leader
}

/** Connection is the state of the connection to the relay. The other fields are there if it is lost or refused. */
export interface Connection {
  state: ConnectionState;
  retryAt?: number; // epoch ms of real time
  attempt?: number;
  why?: string; // refused: what the relay says
}

/** ConnectionState says whether there is a connection. */
export type ConnectionState = "connecting" | "open" | "lost" | "refused";

/** Clock is cluster time at the moment of posting. */
export interface Clock {
  now: Micros;
  rate: number;
}

/** Lab describes a run beyond the cluster's state at the moment shown. */
export interface Lab {
  seed: string; // decimal
  end: Micros; // the branch has been lived as far as this; clock.now is the playhead, ≤ end
  branch: number; // of branches: the one that is looked at
  branches: Branch[]; // ascending by id; at least one
  off: string[]; // IDs of rules that no server keeps now
  /** Those of them that are no extensions (raft.Extensions): without them it is no longer the paper's Raft. */
  modified: string[];
  properties: Property[];
  chaos: boolean; // faults are drawn as time goes on
  traps: Trap[];
  wrong: LabWrong[]; // of machines and links, with what repairs it
}

/** Branch is one way that the run went. An act in the past makes a branch; the history without it is kept. */
export interface Branch {
  id: number; // 1, 2, …
  parent: number; // 0: none
  at: Micros; // where it leaves its parent
  end: Micros;
  text: string; // the act that made it, in words
}

/** Property is a safety property, and whether it held up to the moment that is looked at. */
export interface Property {
  name: string; // "Election Safety"
  text: string; // what it says, in one sentence
  broken: Broken | null;
}

/** Broken says how a property was broken. */
export interface Broken {
  at: Micros;
  text: string;
  servers: number[];
  index: U64;
}

/** Trap is a harm that waits for its moment. The deed "disarm" removes it by its number. */
export interface Trap {
  number: number;
  text: string;
}

/**
 * LivedPart holds changes of a branch's history, on the whole branch as far as it was lived, not only to the
 * playhead.
 */
export interface LivedPart {
  whole: boolean; // these are all; else they come after those that are known
  terms: TermChange[];
  lanes: LaneChange[];
  marks: Mark[];
  commit: U64;
}

/** TermChange says since when the highest term has had its value. */
export interface TermChange {
  at: Micros;
  term: U64;
}

/** LaneChange says since when a server has had its role or state. */
export interface LaneChange {
  at: Micros;
  server: number;
  role: Lane;
  term: U64;
}

/** Lane is what a server is on the time line: a Role, or why it has none. */
export type Lane = "follower" | "candidate" | "leader" | "preCandidate" | "gone" | "empty" | "paused";

/** Mark is something on the time line. */
export interface Mark {
  at: Micros;
  kind: MarkKind;
  server: number;
  text: string;
}

/** MarkKind is a kind of marks. */
export type MarkKind = "write" | "fault" | "commit" | "crash" | "election" | "violation";

/** Stepped answers a Step: where it ended, and what happens there. */
export interface Stepped {
  at: Micros;
  text: string;
}

/** Acted answers an Act that was done. */
export interface Acted {
  at: Micros;
  branch: number;
  undo: LabAction[]; // the actions that undo it; none: it is final
}

/** FrameDetails is all about a frame under way. */
export interface FrameDetails {
  seq: number;
  from: number;
  to: number;
  sent: Micros;
  due: Micros;
  held: boolean;
  name: MessageKind;
  fields: Field[]; // in the order in which frames have them
  forms: FrameForm[]; // it in each encoding that has calls, and in its own
  encoding: string; // in which it travels
  draft: string; // the text with which an edit of it begins
  bytes: number;
  whole: boolean; // its own encoding shows all of it; else its first 16 KB, with … after them
  next: string[]; // what a copy of its receiver does with it now, in words
  /** What can be done to it, but for the edit, which has a form. */
  deeds: LabOffer[];
}

/** FrameForm is a frame in one encoding. */
export interface FrameForm {
  encoding: string;
  title: string;
  text: string; // empty: it cannot be written so
}

/** Field is one argument or result of a call. */
export interface Field {
  name: string;
  value: string;
  meaning: string;
}

/**
 * Inbox holds the frames on their way to a server, in the order in which they arrive; those that wait in a
 * paused server first.
 */
export interface Inbox {
  server: number;
  frames: InboxFrame[];
}

/** InboxFrame is a frame of an Inbox. */
export interface InboxFrame {
  seq: number;
  from: number;
  name: MessageKind;
  label: string;
  due: Micros;
  held: boolean;
  waiting: boolean; // in the paused server
}

/**
 * Replay is a stretch of a branch, lived again to tell all of it. Of more than 4,000 messages those that
 * ended first are left out, of more than 2,000 events the oldest: it then begins later.
 */
export interface Replay {
  /** It is complete from here on. Messages lost before that, as they were sent, are not included. */
  from: Micros;
  to: Micros; // the playhead, or where it was asked to end
  messages: Message[];
  leftOut: number; // messages
  events: StoryLine[];
  lanes: LaneChange[]; // what every server is at the beginning, and the changes
}

/** Moment is the content of a link or a file: a run, a moment of it, and the hash of its state there. */
export interface Moment {
  run: LabRun;
  at: Micros;
  hash: string; // of the world's state, hexadecimal
}

/**
 * U64 is a number of Raft, which has 64 bits. It is a number where JavaScript holds it exactly, else decimal
 * text.
 */
export type U64 = number | string;

/** Micros is a time in whole microseconds: of cluster time, on the room's clock, if nothing else is said. */
export type Micros = number;

/** FromStudy is what the Worker for studies tells the page. */
export type FromStudy =
  | ({ type: "loading" } & Loading)
  | ({ type: "failed" } & Failed)
  | ({ type: "progress" } & Progress)
  | ({ type: "answer" } & Answer);

/** Progress says how far a study is. */
export interface Progress {
  id: number;
  fraction: number;
  words: string;
  part: unknown; // the part of the answer found so far
}

/**
 * Batch is news for the page. It comes at most once a frame, four times a second to a hidden page; an absent
 * member has not changed.
 */
export interface Batch {
  clock?: Clock;
  connection?: Connection;
  room?: RoomState;
  self?: Status;
  watching?: string; // why this tab only watches, in words
  advice?: Advice[]; // all advice about the room itself
  servers?: ServerView[]; // all of them, when any changed
  answers?: Answers; // all of them, when any changed
  flights?: Flight[]; // new ones
  lost?: Loss[];
  story?: StoryLine[]; // new ones, oldest first
  requests?: ClientRequest[]; // new and changed ones
  notice?: string; // something to tell once, in words
  qr?: QR; // the room's link
  /** Of the lab only. */
  lab?: Lab;
  moment?: MomentKind;
  lived?: LivedPart; // a live room's page derives it from the batches
}

/**
 * MomentKind says that a batch is of another moment than the one before. "jump": the playhead stands at
 * another moment of the same branch; the flights of the batch are all there are, and nothing is animated.
 * "run": another run or another branch; all that was known before is void, and the batch holds everything:
 * story, history and requests too.
 */
export type MomentKind = "jump" | "run";

/** QR is a code as rows of 0 and 1. */
export interface QR {
  size: number;
  rows: string[];
}

/** Message is a message and what became of it. */
export interface Message {
  seq: number;
  from: number; // a server, or ≥ 1001: a client
  to: number;
  kind: MessageKind;
  term: U64; // the sender's term in it, 0 if it has none
  ok: boolean; // of a reply: granted, success
  entryCount: number;
  label: string; // in a word or two: "vote?", "yes", "no", "x = 3", "stored to 4"
  sent: Micros; // of a Flight that was held: when it was released
  due: Micros; // when it arrives, or would have
  held?: boolean; // it stands still until it is released
  fate: Fate;
  lostAt: Micros | null; // when it was lost under way
}

/** MessageKind is a kind of messages. */
export type MessageKind =
  | "RequestVote"
  | "RequestVoteReply"
  | "PreVote"
  | "PreVoteReply"
  | "AppendEntries"
  | "AppendEntriesReply"
  | "InstallSnapshot"
  | "InstallSnapshotReply"
  | "TimeoutNow"
  | "TimeoutNowReply"
  | "request"
  | "answer"
  | "unknown";

/** Fate is what the network did with a message. */
export type Fate = "sent" | "cut" | "down" | "full" | "lost" | "dropped";

/** Flight is a message on its way: a frame, decoded by the Worker. */
export interface Flight extends Message {
  entries: U64[]; // terms of the first five entries
  bytes: number;
  text: string; // the frame itself, cut at 2,000 characters
}

/** Loss corrects a Flight that the page already has. */
export interface Loss {
  seq: number;
  fate: Fate;
  at: Micros;
}

/** StoryLine is one line of the story. */
export interface StoryLine {
  id: number; // grows; unique in this tab
  at: Micros;
  server: number; // 0: the network or a person
  /** The event's kind as raft/explain.Kind names it ("voteGranted"), or "badFrame", "fault", "client". */
  kind: string;
  weight: Weight;
  text: string; // "S2 votes for S1 in term 3."
  why: string; // the rule and its reason in one or two sentences, may be empty
  section: string; // "§5.2", may be empty
  term: U64;
  /** Of a server's event, if the Worker knows them: */
  rule?: string; // the line of Figure 2 or 13: "RequestVote RPC, receiver rule 2"
  reason?: string; // as raft/explain.Reason names it: "logBehind"
  index?: U64; // the log index concerned, of several the last
  peer?: number; // the other server concerned
}

/** Weight separates what matters in a story from details: heartbeats, timer resets and such. */
export type Weight = "key" | "detail";

/** ClientRequest is a client's request made in this tab, and its outcome. */
export interface ClientRequest {
  id: number;
  op: Op;
  key: string;
  value: string; // put, cas: what is written; get: what was read, once done
  expected?: string; // cas: what must be there
  read?: ReadKind; // get: absent: as the servers are set
  server: number; // the server that was asked last
  state: RequestState;
  found: boolean; // get: the key exists; cas: what was expected was there, and value was written
  index: U64; // done: the index at which it committed
  term: U64; // done: the term of the entry there
  /**
   * In words: "committed at index 48", "S1 is not the leader, S3 is", "timed out: it may or may not have
   * happened".
   */
  detail: string;
}

/** Op is what a client asks for. */
export type Op = "put" | "get" | "delete" | "cas";

/** ReadKind is how a server makes sure that its answer to a get is current (raft/wire/frame.go). */
export type ReadKind = "log" | "readIndex" | "lease" | "local";

/** RequestState says how a request stands. "unknown": it may or may not have happened. */
export type RequestState = "pending" | "done" | "refused" | "unknown";

/**
 * FromWorker is what a Worker tells its page. The Worker's own script tells how far its program is, the
 * program tells the rest.
 */
export type FromWorker =
  | ({ type: "loading" } & Loading)
  | { type: "ready" }
  | ({ type: "failed" } & Failed)
  | ({ type: "batch" } & Posted)
  | ({ type: "answer" } & Answer);

/** Loading says how much of the WebAssembly file has loaded, from 0 to 1. */
export interface Loading {
  fraction: number;
}

/** Failed says that there is no program, or no longer one. */
export interface Failed {
  reason: Failure;
  detail: string;
}

/** Failure is what failed. */
export type Failure = "wasm" | "worker";

/** Posted carries a batch. */
export interface Posted {
  batch: Batch;
}

/** Answer is the outcome of one message of the page that carried an id. */
export interface Answer {
  id: number;
  ok: boolean;
  value: unknown;
  error: string;
}

/** ToWorker is what the page of a live room tells its Worker. */
export type ToWorker =
  | ({ type: "start" } & Start)
  | { type: "drawn" }
  | ({ type: "hidden" } & Hidden)
  | ({ type: "regard" } & Regard)
  | ({ type: "request" } & Request)
  | ({ type: "network" } & Network)
  | ({ type: "seats" } & Seats)
  | { type: "reconnect" }
  | { type: "stop" };

/** Start is the first message. */
export interface Start {
  room: string;
  place: string; // the room in the storage of the page's origin
  relay: string;
  link: string;
  seat: Claim;
  size: number | null;
  encoding: string; // of its calls, by its name in package wire
  hint: number | null; // the seat of this browser to look for first
  hidden: boolean;
}

/** Claim is the part that a tab wants in a room. */
export type Claim = "any" | "watch";

/** Hidden says whether the page is hidden. */
export interface Hidden {
  hidden: boolean;
}

/** Request asks a server for something. */
export interface Request {
  id: number;
  op: Op;
  key: string;
  value: string;
  expected?: string;
  read?: ReadKind;
  server: number | null; // null: the leader
}

/** Network changes the network or the clock. */
export interface Network {
  id: number;
  change: NetworkChange;
}

/** NetworkChange says what is to change of the network, as the hub takes it. */
export interface NetworkChange extends Wanted {
  rate?: number;
  start?: true;
  links?: LinkChange[];
}

/** LinkChange says what is to change of one direction of a link. */
export interface LinkChange extends Wanted {
  from: number;
  to: number;
  up?: boolean;
}

/** Seats decides about the seats of a room. */
export interface Seats {
  id: number;
  seats: SeatsChange;
}

/**
 * ToLab is what the page tells the lab's Worker, beside drawn, hidden, regard, request and network (rate and
 * links) of a live room.
 */
export type ToLab =
  | ({ type: "open" } & Open)
  | ({ type: "seek" } & Seek)
  | ({ type: "step" } & Step)
  | ({ type: "branch" } & LookAtBranch)
  | ({ type: "act" } & Act)
  | ({ type: "frame" } & LookAtFrame)
  | ({ type: "deeds" } & AskForDeeds)
  | ({ type: "inboxes" } & LookAtInboxes)
  | ({ type: "chaos" } & SetChaos)
  | ({ type: "replay" } & LookBack)
  | ({ type: "moment" } & TellMoment)
  | ({ type: "catalogue" } & AskForCatalogue);

/**
 * Open opens another run, null: the one that the lab begins with; at a moment of it. Answers as TellMoment
 * does, without the run, once it is open.
 */
export interface Open {
  id: number;
  run: LabRun | null;
  at: Micros;
  rate: number;
}

/** Seek goes to a moment of this branch; beyond its end it is lived further, 60 s at most. Answers { at }. */
export interface Seek {
  id: number;
  at: Micros;
}

/**
 * Step goes to where something next comes true, and pauses the clock there. Answers Stepped, or an error if
 * it does not come true within 60 s.
 */
export interface Step {
  id: number;
  to: Stop | string; // that, or any goal in the words of raft/lab/goal
  back: boolean; // to just before it last came true
}

/** Stop is a goal at which steps end that has a name of its own. */
export type Stop = "event" | "message" | "role" | "election" | "commit" | "violation";

/** LookAtBranch looks at another branch. Answers { at }. */
export interface LookAtBranch {
  id: number;
  branch: number;
  at: Micros | null; // null: where its end is
}

/**
 * Act does something to the cluster at the playhead; in the past it makes a branch. Answers Acted, or an
 * error that says why it would change nothing.
 */
export interface Act {
  id: number;
  action: LabAction;
}

/** AskForDeeds asks what can be done to a server now. Answers LabOffer[][], in groups. */
export interface AskForDeeds {
  id: number;
  server: number;
}

/** AskForCatalogue asks what deeds there are at all. Answers LabCatalogue. */
export interface AskForCatalogue {
  id: number;
}

/** LookAtFrame asks about a frame under way. Answers FrameDetails. */
export interface LookAtFrame {
  id: number;
  seq: number;
}

/** LookAtInboxes asks which frames are on their way to each server. Answers a list of Inbox. */
export interface LookAtInboxes {
  id: number;
}

/** SetChaos begins to draw faults as time goes on, or ends it. */
export interface SetChaos {
  id: number;
  on: boolean;
}

/**
 * LookBack asks for all that happened in a stretch of this branch, 60 s at most, as far as the playhead.
 * Answers Replay. A later LookBack replaces it.
 */
export interface LookBack {
  id: number;
  from: Micros;
  until: Micros;
  details: boolean; // events of that weight, too
}

/** TellMoment asks for the Moment that is shown. */
export interface TellMoment {
  id: number;
}

/**
 * Argument is a number that a deed takes besides its target. Its range is in the unit of the Action's field:
 * an Action beyond it is refused.
 */
export interface LabArgument {
  name: string; // the field of an Action; of a link's quality behind "link."
  least: number;
  most: number;
  control?: LabControl; // absent: no form asks for it
}

/** Control is how a form asks for an Argument: as a choice of a few values. */
export interface LabControl {
  words: string;
  unit: string; // shown to people: "ms" or "×"
  choices: number[]; // in the Action's unit
}

/**
 * Catalogue is what a page needs for menus, forms and traps of deeds, in any world. What can be done at a
 * moment, and to which server, is for Offers to say.
 */
export interface LabCatalogue {
  deeds: LabDescription[];
  moments: LabOccasion[]; // that a form of traps offers
  arguments: LabArgument[];
}

/** Description is what is known of a deed. */
export interface LabDescription {
  do: string;
  words: string; // on a button
  meaning: string; // one sentence
  trap?: string; // words for a trap that does it, before a server's name; absent: none
  room?: boolean; // it can also be done in a live room
}

/** Occasion is an event at a server. */
export interface LabOccasion {
  when: string;
  words: string; // what a goal says of a server to which it happens
}

/**
 * Harshness is what real networks, disks and hosts do to servers beyond the faults that come and go as
 * actions. The zero value adds nothing: a run without it takes the course that it always took. Times are µs
 * of cluster time.
 */
export interface LabHarshness {
  /**
   * Stray is the probability that a copy of a frame between two servers goes astray: it arrives up to
   * StrayFor later, whoever has crashed, restarted or been elected meanwhile, and each time with a chance of
   * one half yet another time. StrayFor ≥ 1 ms where there are strays.
   */
  stray?: number;
  strayFor?: number;
  /**
   * SendLag and SavedLag are the longest times that a server's host takes to send a frame, and to tell the
   * server that a write is durable, each drawn anew. The two do not wait for each other. A host that is
   * killed neither sends nor tells what still lagged.
   */
  sendLag?: number;
  savedLag?: number;
  maxChunk?: number; // most bytes of a snapshot in one message; 0: as raft.Options says
  ownOrder?: boolean; // every server lists the keys of its snapshots in an order of its own
  /**
   * Room is the size, in bytes, of the largest snapshot that the last server takes; 0: no limit. With it,
   * that server need never be repaired.
   */
  room?: number;
  /**
   * Serve is for how long, once Config.Heal has passed after the chaos, every request must be answered within
   * the client's patience; 0: none must.
   */
  serve?: number;
}

/** Offer is a deed, or several that are one to a person, aimed at a server or at a frame at a given moment. */
export interface LabOffer {
  name: string; // of its place in the menu, whatever stands there now
  words: string;
  meaning: string; // one sentence
  not: string; // why it cannot be done now; empty: it can
  warning: string; // what the cluster loses by it; empty: nothing that it cannot bear
  acts: LabAction[]; // one after the other, at the same moment
  done: string; // that it was done, for the way back: "S1 crashed."
  to?: number[]; // of a transfer: to whom in particular leadership can be handed over
}

/** Run determines a simulation: two Worlds of the same Run are in the same state at the same time. */
export interface LabRun {
  version: number;
  config: LabConfig;
  seed: U64;
  actions?: (LabAction & { at: number })[]; // ascending by At; those of the same time happen in this order
}

/** Config is what the world is like. Times are microseconds of cluster time. */
export interface LabConfig {
  servers: number; // 1 to 9
  /** the first so many of them are the cluster at the start, the others wait to be added; 0: all */
  voters?: number;
  latency: number; // of every link, one way, at the start and after healing
  jitter: number;
  /** the longest that a write takes; times are drawn from 0 to it; 0: no time at all */
  disk?: number;
  json?: boolean; // servers with an even number call in JSON, not colon
  /**
   * Encodings are the encodings of servers' calls (wire.Callable): S1 has the first, S2 the second, and so
   * on, round and round. Empty: as JSON says.
   */
  encodings?: string[];
  /**
   * Election timeouts are drawn from ElectionMin to ElectionMax of a server's own clock (§5.2), whole
   * milliseconds; both 0: 150 to 300 ms.
   */
  electionMin?: number;
  electionMax?: number;
  /**
   * FirstElapsed says of each server how much of its first election timeout has passed at the start, in
   * percent, 1 to 99. Empty: 75 for all.
   */
  firstElapsed?: number[];
  off?: string[]; // the IDs of rules that no server keeps at the start, see raft.Rules
  compactAfter?: number; // as server.Options says: 0 means 4096, -1 never
  /** what makes a Get linearizable: "log", which "" means too, "readIndex" or "lease" */
  reads?: string;
  clients?: number; // up to 50, each with one operation at a time
  keys?: number; // that they use, at least 1 if there are clients
  think?: number; // how long a client rests between two operations, on average
  patience?: number; // how long it waits for an answer
  chaos?: number; // how long faults happen, from the start
  heal?: number; // how long after it service must have returned
  /**
   * Harsh is nil if the world is not harsh. It is not written to once the run is made: copies of the Config
   * share it.
   */
  harsh?: LabHarshness;
}

/**
 * Action is something that is done to the world at a moment. One that does not apply, such as the crash of a
 * server that is down, changes nothing.
 */
export interface LabAction {
  do: string;
  /** the server it is done to; 0: whoever leads then, in the highest term; Network: every server */
  server?: number;
  /** the other end of a link, 0: all others; Transfer: the next leader, 0: whoever has most of the log */
  to?: number;
  /** Partition: one side, none: Server alone; Reconfigure: the voters, none: those of now */
  servers?: number[];
  /** Reconfigure: servers that are to get the log without a vote, as far as they have none */
  learners?: number[];
  /**
   * Careful is an operator's caution: Wipe, FlipBit and Reconfigure are done only if in every configuration
   * that may be in force, now or then, a majority of the voters still has its disk. A wiped server never
   * returns, not even by Heal (story 24 of raft/scenario).
   */
  careful?: boolean;
  /**
   * Hang makes SlowDisk a disk that finishes no write at all, until it is given a speed again. With Careful
   * only if the cluster can do without that server, which then does not count as missing.
   */
  hang?: boolean;
  /**
   * Frame is the number of a frame under way between servers (View.Frames). 0: the first to arrive of those
   * from Server to To, each 0 meaning any server.
   */
  frame?: number;
  text?: string; // EditFrame, InjectFrame: the frame, at most 64 KiB
  /** Binary says that Text is the frame's bytes in base64 (RFC 4648, section 4), which travel in a binary message. */
  binary?: boolean;
  /**
   * When sets a trap: the action is done, once, when this comes true. One of Occasions is an event at Server,
   * or with Server 0 at the first server it happens to. Any other is a goal in words; with Server 0 the
   * action is then done to the one server that the goal names, else to the one where the event happened, else
   * to whoever leads. Disarm takes one trap away, Heal all.
   */
  when?: string;
  skip?: number; // of one of Occasions: how many such events pass before the one that is meant
  /**
   * Crash, PowerLoss, Wipe, FailDisk, FillDisk: after how long it restarts by itself once it is down; 0: it
   * does not
   */
  down?: number;
  rate?: number; // Clock: seconds of this server in a second of cluster time, 0.01 to 100
  disk?: number; // SlowDisk: the longest that a write takes
  link?: LabLink; // Network
  key?: string; // Put, Get, Delete, CompareAndSwap
  value?: string;
  expected?: string; // CompareAndSwap: what must be there for Value to be written
  /** Get: "log", "readIndex", "lease" or "local" (wire.Read); empty: as Config.Reads says */
  read?: string;
  /** Disarm: the trap's number; traps of a run are counted from 1, in the order of their setting */
  trap?: number;
  off?: string[]; // Rules: the IDs of those that are off from now on
}

/** Link is what one direction between two servers is like. */
export type LabLink = Qualities;

/** Wrong is something that is not as in a calm cluster, and what mends it. */
export interface LabWrong {
  text: string; // "S1 is down"
  words: string; // on the button
  acts: LabAction[];
}

/** Qualities describe one direction between two servers. */
export interface Qualities {
  latency: number; // one way, µs of cluster time
  jitter: number; // the delay is drawn evenly from latency ± jitter, and never less than 0
  /** Probabilities, 0 to 1, that a frame is lost, comes twice, or takes longer and lets later ones pass. */
  loss?: number;
  duplicate?: number;
  reorder?: number;
  /** Bytes that leave in a second of cluster time, one frame after the other. 0: all leave at once. */
  bandwidth?: number;
}

/** Wanted says what a link is to be like. Fields that are nil stay as they are. */
export interface Wanted {
  latency?: number;
  jitter?: number;
  loss?: number;
  duplicate?: number;
  reorder?: number;
  bandwidth?: number;
}

/** Quality describes one quality of a link. */
export interface Quality {
  name: keyof Qualities;
  /**
   * How a person sets it: one unit of its dial is Per of the quality, and the dial goes from 0 to End in
   * steps of Step.
   */
  title: string;
  unit: string;
  per: number;
  end: number;
  step: number;
  zero?: string; // what the dial says at 0, if that is not a number
  /** What a link with this fault does ("lose"); healing sets it to 0. Empty: it is not a fault. */
  fault?: string;
}

/** CompareQuestion asks how two runs differ, from their start to a time. */
export interface CompareQuestion {
  left: LabRun;
  right: LabRun;
  until: Micros; // at most an hour
}

/** Comparison is two runs beside each other. */
export interface Comparison {
  until: Micros;
  divergence: Divergence | null; // null: nothing is different
  left: Track;
  right: Track;
}

/** Divergence is the first moment at which the two runs differ. "" means that nothing happens in a run then. */
export interface Divergence {
  at: Micros;
  left: string;
  right: string;
}

/** Track is what happened in one run. */
export interface Track {
  history: LivedPart;
  /** the lines that matter: at most mostStory, from a little before the divergence on */
  story: StoryLine[];
  commit: U64;
}

/**
 * ElectionsQuestion asks how long a cluster has no leader after its leader crashed, for every latency with
 * every range of timeouts.
 */
export interface ElectionsQuestion {
  servers: number; // 3 to 9
  seed: number; // of the first election; the others have the seeds after it
  runs: number; // elections for each point, 1 to 1000
  latencies: Micros[];
  timeouts: Timeout[];
}

/**
 * Timeout is a range from which election timeouts are drawn, in whole ticks of 1000 µs, more than a
 * heartbeat's 50.
 */
export interface Timeout {
  least: Micros;
  most: Micros;
}

/** ElectionPoint is the result of the elections with one latency and one range of timeouts. */
export interface ElectionPoint {
  latency: Micros; // one way
  least: Micros;
  most: Micros;
  runs: number;
  median: Micros | null; // from the crash to the next leader; null: half of the runs found none
  worst: Micros | null; // the 95th percentile; null: one run of twenty found none
  split: number; // the part of the runs in which a term ended without a leader
  none: number; // the part of the runs without a leader within 10 s
}

/** FindQuestion asks for a run in which a safety property breaks when no server keeps some rules. */
export interface FindQuestion {
  off: string[]; // IDs of raft.Rules; those of Figure 2's extensions are off in any case
  seconds: number; // of searching; the search ends soon after
}

/** Found is a run in which a property breaks, as short as could be found. */
export interface Found {
  run: LabRun;
  at: Micros; // when the property breaks
  property: string;
  text: string;
  actions: string[]; // what is done in the run, in words, in order
  how: How;
  looked: number; // situations, or seeds, that were examined
}

/**
 * How says how a run was found. "search": no run within the bounds is shorter; "chance": it was found with a
 * random seed, then shortened as far as possible.
 */
export type How = "search" | "chance";

/**
 * HistoryQuestion asks what the clients of a run did from its start to a time, and whether one order of it
 * explains all that they were told (§8).
 */
export interface HistoryQuestion {
  run: LabRun;
  until: Micros; // at most an hour
}

/** ClientHistory is what clients asked and were told. */
export interface ClientHistory {
  /** where it ends: earlier than asked for if there were more than mostOperations */
  until: Micros;
  leftOut: number; // operations called later
  operations: Operation[];
  wrong: Wrong[]; // ascending by the time of the answer
  undecided: string[]; // keys for which mostSteps did not suffice
}

/** Operation is one request of a client and its answer, in order of the calls. */
export interface Operation {
  client: number; // 0: that of actions, which may ask for several things at once
  kind: Op;
  key: string;
  /** put, cas: what was written; get: what was found, cut at mostCharacters */
  value: string;
  expected?: string; // cas: what the value had to be, cut likewise
  /** get, delete: the key existed; cas: what was expected was there */
  found: boolean;
  server: number; // the server that answered; 0: none
  called: Micros;
  /** null: there was no answer, or one that leaves open whether it happened */
  returned: Micros | null;
  refused: boolean; // it did not happen and never will
  /** when it can be taken to have happened; null: never, or it is not known */
  effect: Micros | null;
  place: number; // its place in the order of effects on its key, from 1; 0: none
}

/** Wrong is an answer that no order explains. */
export interface Wrong {
  operation: number; // whose answer it is, from 0
  /** operations whose answers it contradicts, by time of the answer; may be empty */
  against: number[];
  text: string; // what is wrong, in one sentence
}

/** The qualities, in the order in which they are told. */
export const QUALITIES: Quality[] = [
  {"name":"latency", "title":"Latency", "unit":"ms", "per":1000, "end":200, "step":1},
  {"name":"jitter", "title":"Jitter", "unit":"ms", "per":1000, "end":100, "step":1},
  {"name":"loss", "title":"Loss", "unit":"%", "per":0.01, "end":90, "step":1, "zero":"none", "fault":"lose"},
  {"name":"duplicate", "title":"Duplicates", "unit":"%", "per":0.01, "end":90, "step":1, "zero":"none",
    "fault":"double"},
  {"name":"reorder", "title":"Reordering", "unit":"%", "per":0.01, "end":90, "step":1, "zero":"none",
    "fault":"reorder"},
  {"name":"bandwidth", "title":"Bandwidth", "unit":"B/s", "per":1, "end":5000, "step":100, "zero":"unlimited",
    "fault":"transmit"},
];
