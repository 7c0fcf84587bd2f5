/**
 * Where a server's disk lives in a browser, and with it the lease of its seat. The two are one thing: who loses the log loses the lease,
 * so a server whose disk is gone can never come back under its old id and vote a second time in a term (§5.2, RAFT-BUGS 24).
 *
 * Three backends, tried in this order:
 *  - OPFS: two log files and a ticket file in a directory a seat; write and flush are synchronous. Needs a secure context.
 *  - IndexedDB: rows in one store; a write is durable when its transaction completes. A phone on http://192.168… has only this one.
 *  - memory: nothing survives the tab, so no lease is kept either.
 *
 * Nothing here knows Raft: a log is a row of bytes that grows (append) or is exchanged as a whole (replace).
 */
import type { Disk } from "../model.js";

/** One seat's disk, open and held by this Worker alone. */
export interface SeatDisk {
  readonly server: number;
  readonly ticket: string;
  /** The whole log, as of opening. */
  readonly content: Uint8Array;
  /** Both calls copy the bytes before they return. They answer true if the bytes are durable now, else a promise that ends when they are. */
  append(bytes: Uint8Array): true | Promise<void>;
  replace(bytes: Uint8Array): true | Promise<void>;
  close(): void;
}

/** All seats of one room whose disk and ticket are in this browser. A ticket is the lease and what else the program wants to keep beside it: text. */
export interface SeatStore {
  readonly kind: Disk;
  /** The servers whose disk and ticket are here, in ascending order. */
  list(): Promise<number[]>;
  /** Opens a seat; null if it is not here, not whole, or held by another tab. */
  open(server: number): Promise<SeatDisk | null>;
  /** Makes a new, empty disk for a seat that the room has just leased to this tab. What an earlier life of the room left there is removed. */
  create(server: number, ticket: string): Promise<SeatDisk>;
  /** Forgets the ticket: the seat is never claimed again. The log stays until the seat is created anew. The seat must be closed. */
  setAside(server: number): Promise<void>;
}

/** The best backend that works here. Every probe writes, since some private windows offer what they then refuse. */
export async function openStore(room: string): Promise<SeatStore> {
  try {
    return await openFileStore(room);
  } catch {
    // No OPFS, or one without synchronous handles: go on with the next.
  }
  try {
    return await openRowStore(room);
  } catch {
    return memoryStore();
  }
}

// ---- OPFS -------------------------------------------------------------------------------------------------------------------------

const ticketFile = "ticket";
const logFiles = ["log-a", "log-b"] as const;

async function openFileStore(room: string): Promise<SeatStore> {
  const root = await navigator.storage.getDirectory();
  const top = await root.getDirectoryHandle("raft-playground", { create: true });
  await probe(top);
  const rooms = await top.getDirectoryHandle("rooms", { create: true });
  const seats = await rooms.getDirectoryHandle(room, { create: true });
  return {
    kind: "opfs",
    list: () => listFileSeats(seats),
    open: (server) => openFileSeat(seats, server),
    create: (server, ticket) => createFileSeat(seats, server, ticket),
    setAside: async (server) => {
      const directory = await seats.getDirectoryHandle(String(server));
      await directory.removeEntry(ticketFile);
    },
  };
}

async function probe(directory: FileSystemDirectoryHandle): Promise<void> {
  const name = `probe-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
  const handle = await (await directory.getFileHandle(name, { create: true })).createSyncAccessHandle();
  try {
    if (handle.write(new Uint8Array([1]), { at: 0 }) !== 1) throw new Error("the file system takes no bytes");
    handle.flush();
  } finally {
    handle.close();
    await directory.removeEntry(name);
  }
}

async function listFileSeats(seats: FileSystemDirectoryHandle): Promise<number[]> {
  const found: number[] = [];
  for await (const [name, entry] of seats as unknown as AsyncIterable<[string, FileSystemHandle]>) {
    if (entry.kind !== "directory" || !/^[1-9]$/.test(name)) continue;
    if ((await readTicket(entry as FileSystemDirectoryHandle)) !== "") found.push(Number(name));
  }
  return found.sort((a, b) => a - b);
}

/** Empty if there is none, or only the beginning of one: the last byte of a whole one ends the line. */
async function readTicket(seat: FileSystemDirectoryHandle): Promise<string> {
  try {
    const line = await (await (await seat.getFileHandle(ticketFile)).getFile()).text();
    return line.endsWith("\n") ? line.slice(0, -1) : "";
  } catch {
    return "";
  }
}

async function openFileSeat(seats: FileSystemDirectoryHandle, server: number): Promise<SeatDisk | null> {
  const handles: FileSystemSyncAccessHandle[] = [];
  try {
    const directory = await seats.getDirectoryHandle(String(server));
    const ticket = await readTicket(directory);
    if (ticket === "") return null;
    for (const name of logFiles) handles.push(await (await directory.getFileHandle(name)).createSyncAccessHandle());
    const [a, b] = handles as [FileSystemSyncAccessHandle, FileSystemSyncAccessHandle];
    const log = FileLog.read(a, b);
    if (log !== null) return fileSeat(server, ticket, log);
  } catch {
    // Missing, or the exclusive handle is held by another tab: in both cases the seat is not ours to take.
  }
  for (const handle of handles) handle.close();
  return null;
}

/** The order matters: the old ticket goes first, the new one comes last, when the empty log is on disk. A crash in between leaves a seat that nobody claims. */
async function createFileSeat(seats: FileSystemDirectoryHandle, server: number, ticket: string): Promise<SeatDisk> {
  const directory = await seats.getDirectoryHandle(String(server), { create: true });
  await directory.removeEntry(ticketFile).catch((error: unknown) => {
    if (!(error instanceof DOMException && error.name === "NotFoundError")) throw error;
  });
  const handles: FileSystemSyncAccessHandle[] = [];
  try {
    for (const name of logFiles) handles.push(await (await directory.getFileHandle(name, { create: true })).createSyncAccessHandle());
    const [a, b] = handles as [FileSystemSyncAccessHandle, FileSystemSyncAccessHandle];
    const log = FileLog.create(a, b);
    await writeTicket(directory, ticket);
    return fileSeat(server, ticket, log);
  } catch (error) {
    for (const handle of handles) handle.close();
    throw error;
  }
}

async function writeTicket(directory: FileSystemDirectoryHandle, ticket: string): Promise<void> {
  const handle = await (await directory.getFileHandle(ticketFile, { create: true })).createSyncAccessHandle();
  try {
    writeAll(handle, new TextEncoder().encode(`${ticket}\n`), 0);
    handle.flush();
  } finally {
    handle.close();
  }
}

function fileSeat(server: number, ticket: string, log: FileLog): SeatDisk {
  return {
    server,
    ticket,
    content: log.content(),
    append: (bytes) => log.append(bytes),
    replace: (bytes) => log.replace(bytes),
    close: () => log.close(),
  };
}

/**
 * A log in two files, of which the one with the higher generation in a whole header counts. Replacing writes the other file: first its content, then, flushed,
 * the header that makes it count. A tab that dies at any moment in between therefore finds either the old log or the new one.
 */
export class FileLog {
  static readonly headerBytes = 16;
  private static readonly magic = 0x31676f4c; // "Log1", little-endian

  private constructor(
    private current: FileSystemSyncAccessHandle,
    private other: FileSystemSyncAccessHandle,
    private generation: number,
    private end: number,
  ) {}

  /** Both files become empty, the first one counts. */
  static create(a: FileSystemSyncAccessHandle, b: FileSystemSyncAccessHandle): FileLog {
    a.truncate(0);
    b.truncate(0);
    b.flush();
    const log = new FileLog(b, a, 0, 0);
    log.replace(new Uint8Array(0));
    return log;
  }

  /** null if neither file has a whole header: this log was never finished, or is gone. */
  static read(a: FileSystemSyncAccessHandle, b: FileSystemSyncAccessHandle): FileLog | null {
    const [ofA, ofB] = [FileLog.readGeneration(a), FileLog.readGeneration(b)];
    if (ofA === 0 && ofB === 0) return null;
    return ofA > ofB ? new FileLog(a, b, ofA, a.getSize()) : new FileLog(b, a, ofB, b.getSize());
  }

  content(): Uint8Array {
    const bytes = new Uint8Array(this.end - FileLog.headerBytes);
    let done = 0;
    while (done < bytes.length) {
      const n = this.current.read(bytes.subarray(done), { at: FileLog.headerBytes + done });
      if (n === 0) throw new Error(`the log ends after ${done} of ${bytes.length} bytes`);
      done += n;
    }
    return bytes;
  }

  append(bytes: Uint8Array): true {
    writeAll(this.current, bytes, this.end);
    this.current.flush();
    this.end += bytes.length;
    return true;
  }

  replace(bytes: Uint8Array): true {
    this.other.truncate(0);
    writeAll(this.other, bytes, FileLog.headerBytes);
    this.other.flush();
    writeAll(this.other, FileLog.header(this.generation + 1), 0);
    this.other.flush();
    this.generation += 1;
    this.end = FileLog.headerBytes + bytes.length;
    [this.current, this.other] = [this.other, this.current];
    this.other.truncate(0); // gives the room back; if this is lost the lower generation does
    return true;
  }

  close(): void {
    this.current.close();
    this.other.close();
  }

  /** Magic, generation, the generation's complement, magic: a torn header does not match itself. */
  private static header(generation: number): Uint8Array {
    const view = new DataView(new ArrayBuffer(FileLog.headerBytes));
    view.setUint32(0, FileLog.magic, true);
    view.setUint32(4, generation, true);
    view.setUint32(8, ~generation >>> 0, true);
    view.setUint32(12, FileLog.magic, true);
    return new Uint8Array(view.buffer);
  }

  /** 0 if the file has no whole header. */
  private static readGeneration(handle: FileSystemSyncAccessHandle): number {
    const bytes = new Uint8Array(FileLog.headerBytes);
    if (handle.read(bytes, { at: 0 }) !== FileLog.headerBytes) return 0;
    const view = new DataView(bytes.buffer);
    const generation = view.getUint32(4, true);
    const whole = view.getUint32(0, true) === FileLog.magic && view.getUint32(12, true) === FileLog.magic && view.getUint32(8, true) === ~generation >>> 0;
    return whole ? generation : 0;
  }
}

/** A full disk shows itself as a short write in some browsers, as an exception in others. */
function writeAll(handle: FileSystemSyncAccessHandle, bytes: Uint8Array, at: number): void {
  const n = handle.write(bytes, { at });
  if (n !== bytes.length) throw new Error(`the disk took ${n} of ${bytes.length} bytes: it is full`);
}

// ---- IndexedDB --------------------------------------------------------------------------------------------------------------------

async function openRowStore(room: string): Promise<SeatStore> {
  const database = await openDatabase();
  const seat = (server: number) => `${room}/${server}`;
  // The probe is a real write, which private windows of some browsers refuse.
  await completed(transaction(database).put("tickets", "probe", "probe"));
  return {
    kind: "indexeddb",
    list: async () => {
      const keys = await answer(database.transaction("tickets").objectStore("tickets").getAllKeys(within(room)));
      return keys.map((key) => Number(String(key).slice(room.length + 1)));
    },
    open: (server) => openRowSeat(database, seat(server), server),
    create: async (server, ticket) => {
      const change = transaction(database);
      change.clearLog(seat(server));
      await completed(change.put("tickets", seat(server), ticket));
      return rowSeat(database, { seat: seat(server), server, ticket, content: new Uint8Array(0), last: 0 });
    },
    setAside: async (server) => {
      await completed(transaction(database).remove("tickets", seat(server)));
    },
  };
}

function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("raft-playground", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("tickets"); // "{room}/{server}" → ticket
      request.result.createObjectStore("log"); // ["{room}/{server}", n] → bytes, in the order of n
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB cannot be opened"));
    request.onblocked = () => reject(new Error("IndexedDB is blocked by another version of this page"));
  });
}

async function openRowSeat(database: IDBDatabase, seat: string, server: number): Promise<SeatDisk | null> {
  const read = database.transaction(["tickets", "log"]);
  const ticket: unknown = await answer(read.objectStore("tickets").get(seat));
  if (typeof ticket !== "string") return null;
  const rows: Uint8Array[] = await answer(read.objectStore("log").getAll(rowsOf(seat)));
  const keys = (await answer(read.objectStore("log").getAllKeys(rowsOf(seat)))) as [string, number][];
  const content = new Uint8Array(rows.reduce((sum, row) => sum + row.length, 0));
  let at = 0;
  for (const row of rows) {
    content.set(row, at);
    at += row.length;
  }
  return rowSeat(database, { seat, server, ticket, content, last: keys.at(-1)?.[1] ?? 0 });
}

interface RowSeat {
  seat: string;
  server: number;
  ticket: string;
  content: Uint8Array;
  last: number; // the number of the last row; the next one gets the next number
}

/** Transactions on one store run in the order of their making, so the rows are durable in order. */
function rowSeat(database: IDBDatabase, { seat, server, ticket, content, last }: RowSeat): SeatDisk {
  const write = (change: Change, bytes: Uint8Array) => completed(change.put("log", [seat, (last += 1)], bytes.slice()));
  return {
    server,
    ticket,
    content,
    append: (bytes) => write(transaction(database), bytes),
    replace: (bytes) => {
      const change = transaction(database);
      change.clearLog(seat);
      return write(change, bytes);
    },
    close: () => undefined, // the database is the store's
  };
}

/** One atomic change of the database. */
interface Change {
  put(store: "tickets" | "log", key: IDBValidKey, value: string | Uint8Array): IDBTransaction;
  remove(store: "tickets", key: string): IDBTransaction;
  clearLog(seat: string): void;
}

function transaction(database: IDBDatabase): Change {
  // "strict": complete means on disk, not only handed to the operating system.
  const change = database.transaction(["tickets", "log"], "readwrite", { durability: "strict" });
  return {
    put: (store, key, value) => (change.objectStore(store).put(value, key), change),
    remove: (store, key) => (change.objectStore(store).delete(key), change),
    clearLog: (seat) => void change.objectStore("log").delete(rowsOf(seat)),
  };
}

function within(room: string): IDBKeyRange {
  return IDBKeyRange.bound(`${room}/1`, `${room}/9`);
}

function rowsOf(seat: string): IDBKeyRange {
  return IDBKeyRange.bound([seat, 0], [seat, Number.MAX_SAFE_INTEGER]);
}

function completed(change: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    change.oncomplete = () => resolve();
    change.onerror = change.onabort = () => reject(change.error ?? new Error("the browser gave the write up"));
  });
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the browser gave the read up"));
  });
}

// ---- Memory -----------------------------------------------------------------------------------------------------------------------

function memoryStore(): SeatStore {
  return {
    kind: "memory",
    list: () => Promise.resolve([]),
    open: () => Promise.resolve(null),
    create: (server, ticket) => Promise.resolve(memoryDisk(server, ticket)),
    setAside: () => Promise.resolve(),
  };
}

/** Takes everything and keeps nothing: what the server remembers it remembers in its own memory. */
export function memoryDisk(server: number, ticket: string): SeatDisk {
  return { server, ticket, content: new Uint8Array(0), append: () => true, replace: () => true, close: () => undefined };
}
