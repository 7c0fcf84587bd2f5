import type { ClientRequest, Connection, LabAction, Link, Moment, NetworkChange, Property, ReadKind, Report, RoomState,
  ServerView, Status, Stop, StoryLine, U64 } from "./model.js";
import type { Capability } from "./state/capabilities.js";
import type { Store } from "./state/store.js";
import { inMicros, inMillis } from "./view/time.js";

/**
 * `window.raftPlayground`: the page for scripts of courses and tests. It exists as soon as the page's script
 * runs and stays the same object.
 *
 *     const p = window.raftPlayground;
 *     const stop = p.on("leader", ({ leader, term }) => console.log(`S${leader} leads term ${term}`));
 *     await p.request({ op: "put", key: "x", value: "1" });        // → { index: 2, term: 1, found: false, value: "1" }
 *     await p.network({ links: [{ from: 1, to: 2, up: false }] }); // cut one direction of a link
 *     stop();
 *
 * The lab offers more: any moment of any run, and all that can be done to a cluster. Each promise resolves
 * once the page shows what it did. `network({ rate: 0 })` pauses, another rate plays.
 *
 *     await p.open("#1?size=5&seed=42");       // a link, or what stands behind its #
 *     await p.seek(300);                       // ms of cluster time
 *     await p.step("election");                // on to the next one: → { at: 1074.9, text: "S3 leads term 2." }
 *     await p.step("S4 leads and x=2 committed");
 *     await p.act({ do: "crash", server: 3 }); // in the past it makes a branch
 *     const { at, hash, properties } = await p.lab();
 *
 * Numbers of Raft that do not fit a JavaScript number exactly come as decimal text. In a live room the lab's
 * calls reject with an Error.
 */
export interface RaftPlayground {
  /** This tab's server. `server` is null until the room has given it one, and for good if this tab watches. */
  status(): Status;
  /** Every seat of the room as this tab knows it, with what the server in it last reported of itself. */
  cluster(): Cluster[];
  /**
   * Asks `server`, or whoever leads. Resolves when the command is committed, or the value was read; rejects with an
   * Error whose message says what happened: refused, or timed out with the outcome unknown. A "cas" writes the value if
   * `expected` is there; `found` says whether it was. A "get" may say how it is read.
   */
  request(request: { op: ClientRequest["op"]; key: string; value?: string; server?: number
    | null; expected?: string; read?: ReadKind }): Promise<Outcome>;
  /**
   * Changes the room's network or clock. Times in ms. Resolves when the room has taken it, rejects with
   * the room's reason.
   */
  network(change: NetworkChange): Promise<void>;
  /** The lab, with the moment that is shown. */
  lab(): Promise<LabState>;
  /** Goes to a moment of this branch, ms; beyond its end the run is continued, by 60 s at most. */
  seek(at: number): Promise<void>;
  /**
   * Goes on, or back, to where this next comes true, and pauses there. `to` may be any goal in the words of
   * raft/lab/goal. Rejects if it does not come true within 60 s.
   */
  step(to: Stop | string, back?: boolean): Promise<{ at: number; text: string }>;
  /**
   * Does something to the cluster at the moment that is shown. Times in µs, as raft/lab's Action has them.
   * In a live room only actions on the network exist: cut, mend, partition, hold, release, network, heal and
   * those on a frame; it rejects with the room's reason.
   */
  act(action: LabAction): Promise<void>;
  /** Opens a link: an address, or the part behind its #. Rejects with what is wrong with it. */
  open(link: string): Promise<void>;
  /**
   * Calls fn with each event of the type from now on; returns a function that stops it. An exception in fn
   * is reported and does no other harm.
   */
  on<T extends keyof Events>(type: T, fn: (event: Events[T]) => void): () => void;
}

export interface Cluster extends Status {
  seat: ServerView["seat"];
  self: boolean;
  hidden: boolean;
  votedFor: number | null;
}

/** The lab at the moment that is shown. Two labs with the same hash are in the same state. */
export interface LabState {
  at: number; // ms of cluster time
  end: number; // ms: the branch has been lived up to here
  hash: string; // of the world's state, hexadecimal
  seed: string;
  branch: number;
  branches: number[];
  off: string[]; // the IDs of rules that are off
  properties: { name: string; holds: boolean; broken: Property["broken"] }[]; // up to `at`
  run: Moment["run"];
}

export interface Outcome {
  index: U64;
  term: U64; // of the entry at index
  found: boolean; // get: the key exists; delete: it did exist; cas: `expected` was there, and the value was written
  value: string; // put, cas: what was, or was to be, written; get: what was read
}

export interface Events {
  ready: Status; // this tab is in the room
  leader: { leader: number | null; term: U64 }; // this tab's knowledge of who leads changed
  commit: { commitIndex: U64 }; // the highest commitIndex known here changed: it only grows, except when the lab moves
  role: { server: number; role: Report["role"]; term: U64 }; // a server's role or term changed
  room: RoomInMillis;
  connection: Connection;
  story: StoryLine;
  seek: { at: number }; // the lab shows another moment, of this run or of another
  // a safety property is broken at the moment that is shown
  violation: { property: string; at: number; text: string; servers: number[]; index: U64 };
}

/** A room as scripts know it: its links count in ms. */
export type RoomInMillis = Omit<RoomState, "links"> & { links: (Omit<Link, "hold"> & { held?: boolean })[] };

declare global {
  interface Window {
    raftPlayground: RaftPlayground;
  }
}

export function scriptingSurface(store: Store): RaftPlayground {
  const listeners = new Map<keyof Events, Set<(event: never) => void>>();
  const emit = <T extends keyof Events>(type: T, event: Events[T]): void => {
    for (const fn of listeners.get(type) ?? []) {
      try {
        (fn as (event: Events[T]) => void)(event);
      } catch (why) {
        reportError(why);
      }
    }
  };
  watch(store, emit);
  return {
    status: () => ({ ...store.self }),
    cluster: () => store.servers.map(clusterMember),
    request: async ({ op, key, value = "", server = null, expected, read }) => {
      if (op !== "put" && op !== "get" && op !== "delete" && op !== "cas")
        throw new TypeError(`request: op must be "put", "get", "delete" or "cas", not ${JSON.stringify(op)}`);
      if (typeof key !== "string" || key === "") throw new TypeError("request: key must be a text that is not empty");
      if (typeof value !== "string") throw new TypeError("request: value must be a text");
      const done = (await store.request(op, key, value, server, { ...(expected !== undefined && { expected }),
        ...(read && { read }) })) as ClientRequest;
      return { index: done.index, term: done.term, found: done.found, value: done.value };
    },
    network: async (change) => {
      await store.network(changeInMicros(change));
    },
    lab: () => labState(store),
    seek: async (at) => {
      if (!(Number.isFinite(at) && at >= 0))
        throw new TypeError(`seek: at must be milliseconds from 0 on, not ${String(at)}`);
      await shown(store, able(store, "seek").askLab((id) => ({ type: "seek", id, at: inMicros(at) })));
    },
    step: async (to, back = false) => {
      const stop = able(store, "seek").askLab((id) => ({ type: "step", id, to, back }));
      const { at, text } = await shown(store, stop as Promise<{ at: number; text: string }>);
      return { at: inMillis(at), text };
    },
    act: async (action) => {
      if (typeof action?.do !== "string")
        throw new TypeError("act: the action must say what to do, such as { do: \"crash\", server: 1 }");
      await shown(store, store.askLab((id) => ({ type: "act", id, action })));
    },
    open: async (link) => {
      able(store, "runs");
      if (typeof link !== "string") throw new TypeError(`open: link must be a text, not ${String(link)}`);
      const { openLink } = await import("./share/opening.js");
      await shown(store, openLink(link.slice(link.indexOf("#") + 1), store.pace));
    },
    on: (type, fn) => {
      const set = listeners.get(type) ?? new Set();
      listeners.set(type, set.add(fn as (event: never) => void));
      return () => set.delete(fn as (event: never) => void);
    },
  };
}

/** The same with its time in ms. */
const ofMillis = <T extends { at: number }>(what: T): T => ({ ...what, at: inMillis(what.at) });

function roomInMillis(room: RoomState): RoomInMillis {
  const link = ({ hold, ...l }: Link) => ({ ...l, latency: inMillis(l.latency), jitter: inMillis(l.jitter),
    ...(hold && { held: true }) });
  return { ...room, links: room.links.map(link) };
}

function changeInMicros(change: NetworkChange): NetworkChange {
  const delays = <T extends { latency?: number; jitter?: number }>(c: T): T => ({
    ...c,
    ...(c.latency !== undefined && { latency: inMicros(c.latency) }),
    ...(c.jitter !== undefined && { jitter: inMicros(c.jitter) }),
  });
  return delays({ ...change, ...(change.links && { links: change.links.map(delays) }) });
}

/** The store, if its source has the capability. Otherwise throws an Error worded for a script's author. */
function able(store: Store, what: Capability): Store {
  if (store.can[what]) return store;
  throw new Error("This page is a live room. Only the lab, the page at the relay's /, can do that.");
}

const SHOWN_MS = 500;

/**
 * Resolves once the page shows what the lab did, that is, with the next batch after the answer. A wish that
 * changes nothing brings no batch.
 */
async function shown<T>(store: Store, done: Promise<T>): Promise<T> {
  const value = await done;
  await new Promise<void>((resolve) => {
    const stop = store.onBatch(() => end());
    const timer = setTimeout(() => end(), SHOWN_MS);
    const end = (): void => {
      clearTimeout(timer);
      stop();
      resolve();
    };
  });
  return value;
}

async function labState(store: Store): Promise<LabState> {
  const { at, hash, run } = (await able(store, "runs").askLab((id) => ({ type: "moment", id }))) as Moment;
  const lab = store.lab;
  if (!lab) throw new Error("The lab has not opened a run yet.");
  const properties = lab.properties.map((p) => ({ name: p.name, holds: p.broken === null, broken: p.broken &&
    ofMillis(p.broken) }));
  return { at: inMillis(at), end: inMillis(Math.max(at, lab.end)), hash, seed: lab.seed, branch: lab.branch,
    branches: lab.branches.map((b) => b.id), off: [...lab.off], properties, run };
}

function clusterMember(s: ServerView): Cluster {
  const r = s.report;
  return {
    server: s.server,
    seat: s.seat,
    self: s.self,
    hidden: s.hidden,
    role: r?.role ?? null,
    term: r?.term ?? 0,
    votedFor: r?.votedFor ?? null,
    leader: r?.leader ?? null,
    commitIndex: r?.commitIndex ?? 0,
    lastIndex: r?.lastIndex ?? 0,
    appliedIndex: r?.appliedIndex ?? 0,
    stateHash: r?.stateHash ?? "",
    connected: s.seat === "connected",
    disk: s.disk,
  };
}

/** Compares the store after each batch with what was last told. */
function watch(store: Store, emit: <T extends keyof Events>(type: T, event: Events[T]) => void): void {
  let ready = false;
  let leader = "";
  let commit: U64 = 0;
  let broken = new Set<string>();
  const roles = new Map<number, string>();
  store.onBatch((batch) => {
    if (batch.connection) emit("connection", batch.connection);
    if (batch.room) emit("room", roomInMillis(batch.room));
    if (!ready && store.connection.state === "open" && store.room) {
      ready = true;
      emit("ready", { ...store.self });
    }
    if (batch.moment) emit("seek", { at: inMillis(store.now()) });
    for (const s of batch.servers ?? []) {
      const now = s.seat === "connected" && s.report ? `${s.report.role} ${s.report.term}` : "";
      if (s.report && now !== "" && roles.get(s.server) !== now)
        emit("role", { server: s.server, role: s.report.role, term: s.report.term });
      roles.set(s.server, now);
    }
    const known = knownLeader(store);
    if (`${known.leader} ${known.term}` !== leader) {
      leader = `${known.leader} ${known.term}`;
      emit("leader", known);
    }
    const committed = store.commitIndex;
    if (String(committed) !== String(commit)) {
      commit = committed;
      emit("commit", { commitIndex: commit });
    }
    for (const line of batch.story ?? []) emit("story", ofMillis(line));
    if (batch.lab) {
      for (const { name, broken: how } of batch.lab.properties)
        if (how && !broken.has(name)) emit("violation", { property: name, ...ofMillis(how) });
      broken = new Set(batch.lab.properties.filter((p) => p.broken).map((p) => p.name));
    }
  });
}

function knownLeader(store: Store): { leader: number | null; term: U64 } {
  const { leader, term } = store;
  return leader?.report ? { leader: leader.server, term: leader.report.term } : { leader: null, term };
}
