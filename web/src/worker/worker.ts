/**
 * The dedicated Worker of a live tab. It is the platform that the Go program stands on: WebSocket, timer, storage,
 * locks, postMessage. It decides nothing about Raft and nothing about the room; everything that thinks is Go
 * (wasm/tab). A dedicated Worker, because its timers and its socket go on unthrottled while the tab is hidden.
 *
 * It is a classic worker (`new Worker(__WORKER_URL__)`, bundled as one script): wasm_exec.js comes in by importScripts.
 */
import { now, runProgram, words } from "./program.js";
import { Superseded, type SeatDisk } from "./disk.js";
import { Seats, type HeldSeat } from "./seat.js";

/** What the Go program registers as globalThis.raftPlaygroundTab. Each call runs to its end. */
interface Tab {
  page(now: number, message: string): void;
  opened(now: number): void;
  text(now: number, message: string): void;
  binary(now: number, message: Uint8Array): void;
  closed(now: number, why: string, after: number): void;
  seat(now: number, server: number, ticket: string, kind: string, claim: number): void;
  taken(now: number, content: Uint8Array, confirmed: number, failure: string): void;
  confirmed(now: number): void;
  superseded(now: number): void;
  noSeat(now: number, kind: string): void;
  saved(now: number, error: string): void;
  tick(now: number): number; // ms until the next one is wanted
}

/**
 * What Go calls beside post and failed (package tab, type Host). None of these calls back into the Tab
 * before it returns.
 */
interface Host {
  connect(url: string): void;
  disconnect(): void;
  send(message: string | Uint8Array<ArrayBuffer>): void; // bytes are good until it returns
  seek(place: string, hint: number): void;
  create(server: number, ticket: string, claim: number): void;
  take(claim: number): void;
  confirm(): void;
  leave(): void;
  append(bytes: Uint8Array): boolean;
  replace(bytes: Uint8Array): boolean;
  cut(size: number): boolean;
}

/** A relay that takes nothing must not fill this tab's memory: frames beyond this are dropped, as on any network. */
const sendBufferBytes = 4 << 20;
const REFUSAL_MS = 3000; // for the relay to say why

let tab: Tab | null = null;
let socket: WebSocket | null = null;
let seats: Seats | null = null;
let seat: HeldSeat | null = null;
let turn: Promise<void> = Promise.resolve();
let passed = 0; // how often in a row the relay would have let a WebSocket in that did not come through

const host: Host = {
  connect(url) {
    disconnect();
    try {
      connect(new WebSocket(url));
    } catch (error) {
      later((t) => t.closed(now(), words(error), 0));
    }
  },
  disconnect,
  send(message) {
    if (socket?.readyState === WebSocket.OPEN && socket.bufferedAmount < sendBufferBytes) socket.send(message);
  },
  seek: (place, hint) => inTurn(() => seek(place, hint === 0 ? null : hint)),
  create: (server, ticket, claim) => inTurn(() => create(server, ticket, claim)),
  take: (claim) => ofDisk(async (disk) => {
    const { bytes, confirmed } = await disk.take(claim);
    return (t) => t.taken(now(), bytes, confirmed, "");
  }, (t, why) => t.taken(now(), new Uint8Array(0), 0, why)),
  confirm: () => ofDisk(async (disk) => {
    await disk.confirm();
    return (t) => t.confirmed(now());
  }, (t) => t.superseded(now())),
  leave() {
    seat?.release();
    seat = null;
  },
  append: (bytes) => write((disk) => disk.append(bytes)),
  replace: (bytes) => write((disk) => disk.replace(bytes)),
  cut: (size) => write((disk) => disk.cut(size)),
};

const stop = runProgram<Tab>({
  name: "raftPlaygroundTab",
  host,
  hear: (program, message) => program.page(now(), message),
  begin(program) {
    tab = program;
    tick();
  },
  /** Its server has crashed, so its socket and its locks go. */
  end() {
    tab = null;
    disconnect();
    seat?.release();
    seat = null;
  },
});

function tick(): void {
  if (tab !== null) setTimeout(tick, tab.tick(now()));
}

function connect(opening: WebSocket): void {
  socket = opening;
  opening.binaryType = "arraybuffer";
  let open = false;
  opening.onopen = () => {
    open = true;
    passed = 0;
    tab?.opened(now());
  };
  opening.onmessage = (event) => {
    if (typeof event.data === "string") tab?.text(now(), event.data);
    else tab?.binary(now(), new Uint8Array(event.data as ArrayBuffer));
  };
  opening.onclose = async (event) => {
    const { why, after } = open ? { why: event.reason, after: 0 } : await refusal(opening.url);
    if (socket !== opening) return; // somebody has asked for another one meanwhile
    socket = null;
    tab?.closed(now(), why, after);
  };
}

/** A browser does not tell why a WebSocket was refused. Its address does, if it is asked by POST (relay.go). */
async function refusal(url: string): Promise<{ why: string; after: number }> {
  try {
    const answer = await fetch(url.replace("ws", "http"), { method: "POST", signal: AbortSignal.timeout(REFUSAL_MS) });
    const after = Number(answer.headers.get("Retry-After")) * 1000 || 0;
    if (answer.ok) {
      const blocked = passed++ > 0; // the first time it may have been refused a moment ago
      return { why: blocked ? "Something between this page and the relay blocks WebSockets" : "", after };
    }
    const inWords = answer.headers.get("Content-Type")?.startsWith("text/plain");
    const text = inWords ? (await answer.text()).trim() : "";
    return { why: text || `The relay's address answers ${answer.status} ${answer.statusText}`, after };
  } catch {
    return { why: "", after: 0 }; // there is nobody
  }
}

/** The old socket reports nothing any more, since the caller already knows. */
function disconnect(): void {
  if (socket === null) return;
  socket.onopen = socket.onmessage = socket.onclose = null;
  socket.close();
  socket = null;
}

async function seek(place: string, hint: number | null): Promise<void> {
  seats ??= await Seats.open(place);
  seat = await seats.next(hint);
  if (seat === null) tab?.noSeat(now(), seats.kind);
  else tab?.seat(now(), seat.disk.server, seat.disk.ticket, seat.kind, seat.disk.claim);
}

async function create(server: number, ticket: string, claim: number): Promise<void> {
  if (seats === null) throw new Error("a seat is sought before one is made");
  seat = await seats.create(server, ticket, claim);
  tab?.seat(now(), server, ticket, seat.kind, claim);
  tab?.taken(now(), new Uint8Array(0), 0, "");
}

/** Asks the seat's disk for something and tells the Tab, unless it has left the seat by then. */
function ofDisk(ask: (disk: SeatDisk) => Promise<(t: Tab) => void>, superseded: (t: Tab, why: string) => void): void {
  const asked = seat;
  if (asked === null) return;
  const tell = (what: (t: Tab) => void) => {
    if (seat === asked && tab !== null) what(tab);
  };
  ask(asked.disk).then(tell, (error: unknown) => {
    if (error instanceof Superseded) tell((t) => superseded(t, error.message));
    else if (seat === asked) stop(`the storage of this browser failed: ${words(error)}`);
  });
}

/** Work on the seats is done in order, so that setting one aside never races with making it anew. */
function inTurn(work: () => Promise<void>): void {
  turn = turn.then(work).catch((error: unknown) => stop(`the storage of this browser failed: ${words(error)}`));
}

/**
 * True if the bytes are durable now. Otherwise, and after an error too, the Tab hears of it by saved, in the order
 * of the writes.
 */
function write(to: (disk: HeldSeat["disk"]) => true | Promise<void>): boolean {
  const writing = seat;
  if (writing === null) {
    later((t) => t.saved(now(), "the disk is closed"));
    return false;
  }
  try {
    const done = to(writing.disk);
    if (done === true) return true;
    done.then(
      () => saved(writing, ""),
      (error: unknown) => (error instanceof Superseded ? superseded(writing) : saved(writing, words(error))),
    );
  } catch (error) {
    later((t) => t.saved(now(), words(error)));
  }
  return false;
}

function saved(writing: HeldSeat, error: string): void {
  if (seat === writing) tab?.saved(now(), error);
}

function superseded(writing: HeldSeat): void {
  if (seat === writing) tab?.superseded(now());
}

/** After the call of Go that is under way. */
function later(call: (t: Tab) => void): void {
  queueMicrotask(() => {
    if (tab !== null) call(tab);
  });
}
