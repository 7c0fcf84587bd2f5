import type { ClientRequest, Connection, NetworkChange, Report, Room, ServerView, Status, StoryLine, U64 } from "./model.js";
import { leaderOf } from "./logs.js";
import type { Store } from "./store.js";

/**
 * `window.raftPlayground`: the page for scripts of courses and tests. It is there as soon as the page's script runs and stays the same object.
 *
 *     const p = window.raftPlayground;
 *     const stop = p.on("leader", ({ leader, term }) => console.log(`S${leader} leads term ${term}`));
 *     await p.request({ op: "put", key: "x", value: "1" });        // → { index: 2, term: 1, found: false, value: "1" }
 *     await p.network({ links: [{ from: 1, to: 2, up: false }] }); // cut one direction of a link
 *     stop();
 *
 * Numbers of Raft that do not fit a JavaScript number exactly come as decimal text.
 */
export interface RaftPlayground {
  /** This tab's server. `server` is null until the room has given it one, and for good if this tab watches. */
  status(): Status;
  /** Every seat of the room as this tab knows it, with what the server in it last reported of itself. */
  cluster(): Cluster[];
  /**
   * Asks `server`, or whoever leads. Resolves when the command is committed, or the value was read; rejects with an Error whose message says what
   * happened: refused, or timed out with the outcome unknown.
   */
  request(request: { op: "put" | "get" | "delete"; key: string; value?: string; server?: number | null }): Promise<Outcome>;
  /** Changes the room's network or clock. Times in ms. Resolves when the room has taken it, rejects with the room's reason. */
  network(change: NetworkChange): Promise<void>;
  /** Calls fn with each event of the type from now on; returns a function that ends it. What fn throws is reported, and harms nothing. */
  on<T extends keyof Events>(type: T, fn: (event: Events[T]) => void): () => void;
}

export interface Cluster extends Status {
  seat: ServerView["seat"];
  self: boolean;
  hidden: boolean;
  votedFor: number | null;
}

export interface Outcome {
  index: U64;
  term: U64; // of the entry at index
  found: boolean; // get: the key exists; delete: it did exist
  value: string; // put: what was written; get: what was read
}

export interface Events {
  ready: Status; // this tab is in the room
  leader: { leader: number | null; term: U64 }; // this tab's knowledge of who leads changed
  commit: { commitIndex: U64 }; // the highest commitIndex known here grew
  role: { server: number; role: Report["role"]; term: U64 }; // a server's role or term changed
  room: Room;
  connection: Connection;
  story: StoryLine;
}

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
    request: async ({ op, key, value = "", server = null }) => {
      if (op !== "put" && op !== "get" && op !== "delete") throw new TypeError(`request: op must be "put", "get" or "delete", not ${JSON.stringify(op)}`);
      if (typeof key !== "string" || key === "") throw new TypeError("request: key must be a text that is not empty");
      if (typeof value !== "string") throw new TypeError("request: value must be a text");
      const done = (await store.request(op, key, value, server)) as ClientRequest;
      return { index: done.index, term: done.term, found: done.found, value: done.value };
    },
    network: async (change) => {
      await store.network(change);
    },
    on: (type, fn) => {
      const set = listeners.get(type) ?? new Set();
      listeners.set(type, set.add(fn as (event: never) => void));
      return () => set.delete(fn as (event: never) => void);
    },
  };
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
  const roles = new Map<number, string>();
  store.onBatch((batch) => {
    if (batch.connection) emit("connection", batch.connection);
    if (batch.room) emit("room", batch.room);
    if (!ready && store.connection.state === "open" && store.room) {
      ready = true;
      emit("ready", { ...store.self });
    }
    for (const s of batch.servers ?? []) {
      const now = s.seat === "connected" && s.report ? `${s.report.role} ${s.report.term}` : "";
      if (s.report && now !== "" && roles.get(s.server) !== now) emit("role", { server: s.server, role: s.report.role, term: s.report.term });
      roles.set(s.server, now);
    }
    const known = knownLeader(store);
    if (`${known.leader} ${known.term}` !== leader) {
      leader = `${known.leader} ${known.term}`;
      emit("leader", known);
    }
    if (String(store.history.commit) !== String(commit)) {
      commit = store.history.commit;
      emit("commit", { commitIndex: commit });
    }
    for (const line of batch.story ?? []) emit("story", line);
  });
}

function knownLeader(store: Store): { leader: number | null; term: U64 } {
  const leading = leaderOf(store.servers);
  if (leading?.report) return { leader: leading.server, term: leading.report.term };
  return { leader: null, term: store.history.terms.at(-1)?.term ?? store.self.term };
}
