/**
 * The dedicated Worker of a live tab. It is the platform that the Go program stands on: WebSocket, timer, storage, locks, postMessage. It decides nothing
 * about Raft and nothing about the room; everything that thinks is Go (wasm/tab). A dedicated Worker, because its timers and its
 * socket go on unthrottled while the tab is hidden.
 *
 * It is a classic worker (`new Worker(__WORKER_URL__)`, bundled as one script): wasm_exec.js comes in by importScripts.
 */
import { now, runProgram, words } from "./program.js";
import { Seats, type HeldSeat } from "./seat.js";

/** What the Go program registers as globalThis.raftPlaygroundTab. Each call runs to its end. */
interface Tab {
  page(now: number, message: string): void;
  opened(now: number): void;
  text(now: number, message: string): void;
  closed(now: number, why: string): void;
  seat(now: number, server: number, ticket: string, kind: string, content: Uint8Array): void;
  noSeat(now: number, kind: string): void;
  saved(now: number, error: string): void;
  tick(now: number): number; // ms until the next one is wanted
}

/** What Go calls beside post and failed (package tab, type Host). None of these calls back into the Tab before it returns. */
interface Host {
  connect(url: string): void;
  disconnect(): void;
  send(text: string): void;
  seek(room: string, hint: number): void;
  create(server: number, ticket: string): void;
  leave(setAside: boolean): void;
  append(bytes: Uint8Array): boolean;
  replace(bytes: Uint8Array): boolean;
}

/** A relay that takes nothing must not fill this tab's memory: frames beyond this are dropped, as on any network. */
const sendBufferBytes = 4 << 20;

let tab: Tab | null = null;
let socket: WebSocket | null = null;
let seats: Seats | null = null;
let seat: HeldSeat | null = null;
let turn: Promise<void> = Promise.resolve();

const host: Host = {
  connect(url) {
    disconnect();
    try {
      connect(new WebSocket(url));
    } catch (error) {
      later((t) => t.closed(now(), words(error)));
    }
  },
  disconnect,
  send(text) {
    if (socket?.readyState === WebSocket.OPEN && socket.bufferedAmount < sendBufferBytes) socket.send(text);
  },
  seek: (room, hint) => inTurn(() => seek(room, hint === 0 ? null : hint)),
  create: (server, ticket) => inTurn(() => create(server, ticket)),
  leave(setAside) {
    const left = seat;
    seat = null;
    left?.release();
    if (left !== null && setAside) inTurn(async () => seats?.setAside(left.disk.server));
  },
  append: (bytes) => write((disk) => disk.append(bytes)),
  replace: (bytes) => write((disk) => disk.replace(bytes)),
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
  opening.onopen = () => tab?.opened(now());
  opening.onmessage = (event) => {
    if (typeof event.data === "string") tab?.text(now(), event.data);
  };
  opening.onclose = (event) => {
    if (socket === opening) socket = null;
    tab?.closed(now(), event.reason);
  };
}

/** The old socket says nothing any more: who disconnects knows. */
function disconnect(): void {
  if (socket === null) return;
  socket.onopen = socket.onmessage = socket.onclose = null;
  socket.close();
  socket = null;
}

async function seek(room: string, hint: number | null): Promise<void> {
  seats ??= await Seats.open(room, hint);
  seat = await seats.next();
  if (seat === null) tab?.noSeat(now(), seats.kind);
  else tab?.seat(now(), seat.disk.server, seat.disk.ticket, seat.kind, seat.disk.content);
}

async function create(server: number, ticket: string): Promise<void> {
  if (seats === null) throw new Error("a seat is sought before one is made");
  seat = await seats.create(server, ticket);
  tab?.seat(now(), server, ticket, seat.kind, seat.disk.content);
}

/** Work on the seats is done one after the other, so that setting one aside never races with making it anew. */
function inTurn(work: () => Promise<void>): void {
  turn = turn.then(work).catch((error: unknown) => stop(`the storage of this browser failed: ${words(error)}`));
}

/** True if the bytes are durable now. Otherwise, and after an error too, the Tab hears of it by saved, in the order of the writes. */
function write(to: (disk: HeldSeat["disk"]) => true | Promise<void>): boolean {
  const writing = seat;
  if (writing === null) {
    later((t) => t.saved(now(), "the disk is closed"));
    return false;
  }
  try {
    const done = to(writing.disk);
    if (done === true) return true;
    const saved = (error: string) => {
      if (seat === writing) tab?.saved(now(), error);
    };
    done.then(
      () => saved(""),
      (error: unknown) => saved(words(error)),
    );
  } catch (error) {
    later((t) => t.saved(now(), words(error)));
  }
  return false;
}

/** After the call of Go that is under way. */
function later(call: (t: Tab) => void): void {
  queueMicrotask(() => {
    if (tab !== null) call(tab);
  });
}
