/**
 * The dedicated Worker of a live tab. It is the platform that the Go program stands on: WebSocket, timer, storage, locks, postMessage. It decides nothing
 * about Raft and nothing about the room; everything that thinks is Go (wasm/tab). A dedicated Worker, because its timers and its
 * socket go on unthrottled while the tab is hidden.
 *
 * It is a classic worker (`new Worker(__WORKER_URL__)`, bundled as one script): wasm_exec.js comes in by importScripts.
 */
import type { FromWorker, ToWorker } from "../model.js";
import { Seats, type HeldSeat } from "./seat.js";
import { loadProgram } from "./program.js";

declare const self: DedicatedWorkerGlobalScope;

/** What the Go program registers as globalThis.raftPlaygroundTab. `now` is the epoch time in ms, with fractions, and never goes back. Each call runs to its end. */
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

/** What Go calls, globalThis.raftPlaygroundHost (package tab, type Host). None of these calls back into the Tab before it returns. */
interface Host {
  connect(url: string): void;
  disconnect(): void;
  send(text: string): void;
  post(message: string): void;
  seek(room: string, hint: number): void;
  create(server: number, ticket: string): void;
  leave(setAside: boolean): void;
  append(bytes: Uint8Array): boolean;
  replace(bytes: Uint8Array): boolean;
  failed(detail: string): void;
}

/** A relay that takes nothing must not fill this tab's memory: frames beyond this are dropped, as on any network. */
const sendBufferBytes = 4 << 20;

const now = () => performance.timeOrigin + performance.now();
const post = (message: FromWorker) => self.postMessage(message);

let tab: Tab | null = null;
let early: ToWorker[] = []; // what the page said before the program had loaded
let socket: WebSocket | null = null;
let seats: Seats | null = null;
let seat: HeldSeat | null = null;
let turn: Promise<void> = Promise.resolve();
let failed = false;

self.onmessage = (event: MessageEvent<ToWorker>) => {
  if (tab !== null) tab.page(now(), JSON.stringify(event.data));
  else if (!failed) early.push(event.data);
};

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
  post: (message) => post(JSON.parse(message) as FromWorker),
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
  failed: stop,
};

void run();

async function run(): Promise<void> {
  Object.assign(globalThis, { raftPlaygroundHost: host });
  try {
    await loadProgram((fraction) => post({ type: "loading", fraction }), stop);
  } catch (error) {
    failed = true;
    early = [];
    post({ type: "failed", reason: "wasm", detail: words(error) });
    return;
  }
  const program = (globalThis as unknown as { raftPlaygroundTab?: Tab }).raftPlaygroundTab;
  if (program === undefined) return; // it has ended already: stop says why
  tab = program;
  for (const message of early) program.page(now(), JSON.stringify(message));
  early = [];
  tick();
}

function tick(): void {
  if (tab !== null) setTimeout(tick, tab.tick(now()));
}

/** The program has panicked or ended. Its server has crashed, so its socket and its locks go. */
function stop(detail: string): void {
  if (failed) return; // the first reason is the one that counts
  failed = true;
  tab = null;
  disconnect();
  seat?.release();
  seat = null;
  post({ type: "failed", reason: "worker", detail });
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

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
