/**
 * Disks in the browser's private file system (OPFS): two log files, a claim file and a ticket file in a directory a seat. While a tab has them open no other can open them, so
 * nobody else can take the disk meanwhile.
 */
import { Superseded, type SeatDisk, type SeatStore } from "./disk.js";

const ticketFile = "ticket";
const claimFile = "claim";
const logFiles = ["log-a", "log-b"] as const;

/** Rejects where there is no OPFS, or one that does not write. */
export async function openFileStore(room: string): Promise<SeatStore> {
  const root = await navigator.storage.getDirectory();
  const top = await root.getDirectoryHandle("raft-playground", { create: true });
  await probe(top);
  const rooms = await top.getDirectoryHandle("rooms", { create: true });
  const seats = await rooms.getDirectoryHandle(room, { create: true });
  return {
    kind: "opfs",
    list: () => listFileSeats(seats),
    open: (server) => openFileSeat(seats, server),
    create: (server, ticket, claim) => createFileSeat(seats, server, ticket, claim),
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
    handles.push(await (await directory.getFileHandle(claimFile, { create: true })).createSyncAccessHandle()); // a disk of the version before has none
    const [a, b, claims] = handles as [FileSystemSyncAccessHandle, FileSystemSyncAccessHandle, FileSystemSyncAccessHandle];
    const log = FileLog.read(a, b);
    if (log !== null) return fileSeat(server, ticket, log, new ClaimFile(claims));
  } catch {
    // Missing, or the exclusive handle is held by another tab: in both cases the seat is not ours to take.
  }
  for (const handle of handles) handle.close();
  return null;
}

/** The order matters: the old ticket goes first, the new one comes last, when the empty log is on disk. A crash in between leaves a seat that nobody claims. */
async function createFileSeat(seats: FileSystemDirectoryHandle, server: number, ticket: string, claim: number): Promise<SeatDisk> {
  const directory = await seats.getDirectoryHandle(String(server), { create: true });
  await directory.removeEntry(ticketFile).catch((error: unknown) => {
    if (!(error instanceof DOMException && error.name === "NotFoundError")) throw error;
  });
  const handles: FileSystemSyncAccessHandle[] = [];
  try {
    for (const name of [...logFiles, claimFile]) handles.push(await (await directory.getFileHandle(name, { create: true })).createSyncAccessHandle());
    const [a, b, claims] = handles as [FileSystemSyncAccessHandle, FileSystemSyncAccessHandle, FileSystemSyncAccessHandle];
    const log = FileLog.create(a, b);
    claims.truncate(0);
    const taken = new ClaimFile(claims);
    taken.write(claim);
    await writeTicket(directory, ticket);
    return fileSeat(server, ticket, log, taken);
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

function fileSeat(server: number, ticket: string, log: FileLog, claims: ClaimFile): SeatDisk {
  return {
    server,
    ticket,
    claim: claims.claim,
    take: async (claim) => {
      if (claim <= claims.claim) throw new Superseded();
      claims.write(claim);
      return log.content();
    },
    confirm: () => Promise.resolve(), // the files are held
    append: (bytes) => log.append(bytes),
    replace: (bytes) => log.replace(bytes),
    close: () => {
      log.close();
      claims.close();
    },
  };
}

/** The last claim that took the disk, in a file of two places that are written in turn: each holds a number and its complement, so one that is torn does not count. */
class ClaimFile {
  private static readonly placeBytes = 16;
  private last: bigint;

  constructor(private readonly handle: FileSystemSyncAccessHandle) {
    const [a, b] = [this.read(0), this.read(1)];
    this.last = a > b ? a : b;
  }

  /** 0 if no claim has taken it. */
  get claim(): number {
    return Number(this.last);
  }

  write(claim: number): void {
    const number = BigInt(claim);
    const view = new DataView(new ArrayBuffer(ClaimFile.placeBytes));
    view.setBigUint64(0, number, true);
    view.setBigUint64(8, BigInt.asUintN(64, ~number), true);
    writeAll(this.handle, new Uint8Array(view.buffer), ClaimFile.placeBytes * (this.read(0) < this.read(1) ? 0 : 1));
    this.handle.flush();
    this.last = number;
  }

  close(): void {
    this.handle.close();
  }

  private read(place: number): bigint {
    const bytes = new Uint8Array(ClaimFile.placeBytes);
    if (this.handle.read(bytes, { at: place * ClaimFile.placeBytes }) !== bytes.length) return 0n;
    const view = new DataView(bytes.buffer);
    const number = view.getBigUint64(0, true);
    return view.getBigUint64(8, true) === BigInt.asUintN(64, ~number) ? number : 0n;
  }
}

/**
 * A log in two files, of which the one with the higher generation in a whole header counts. Replacing writes the other file: first its content, then, flushed,
 * the header that makes it count. A tab that dies at any moment in between therefore finds either the old log or the new one.
 */
class FileLog {
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
