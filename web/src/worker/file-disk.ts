/**
 * Disks in the browser's private file system (OPFS): two log files, a claim file and a ticket file in a
 * directory a seat. While a tab has them open no other can open them, so nobody else can take the disk
 * meanwhile.
 */
import { Superseded, type SeatDisk, type SeatStore } from "./disk.js";
import { FileLog, writeAll } from "./file-log.js";

const ticketFile = "ticket";
const claimFile = "claim";
type Three = [FileSystemSyncAccessHandle, FileSystemSyncAccessHandle, FileSystemSyncAccessHandle];
const logFiles = ["log-a", "log-b"] as const;

/** Rejects where there is no OPFS, or one that does not write. */
export async function openFileStore(place: string): Promise<SeatStore> {
  const root = await navigator.storage.getDirectory();
  const top = await root.getDirectoryHandle("raft-playground", { create: true });
  const rooms = await top.getDirectoryHandle("rooms", { create: true });
  const seats = await rooms.getDirectoryHandle(encodeURIComponent(place), { create: true });
  // The seats that are here are no worse for a disk that is full.
  if ((await listFileSeats(seats)).length === 0) await probe(top);
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

/** Reads the ticket; empty if there is none or only a part: a whole one ends with a newline. */
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
    // A disk of the version before has none.
    handles.push(await (await directory.getFileHandle(claimFile, { create: true })).createSyncAccessHandle());
    const [a, b, claims] = handles as Three;
    return fileSeat(server, ticket, FileLog.read(a, b), new ClaimFile(claims));
  } catch {
    // Missing, or the exclusive handle is held by another tab: in both cases the seat is not ours to take.
  }
  for (const handle of handles) handle.close();
  return null;
}

/**
 * The order matters: the old ticket goes first, the new one comes last, when the empty log is on disk. A crash in
 * between leaves a seat that nobody claims.
 */
async function createFileSeat(
  seats: FileSystemDirectoryHandle,
  server: number,
  ticket: string,
  claim: number,
): Promise<SeatDisk> {
  const directory = await seats.getDirectoryHandle(String(server), { create: true });
  await directory.removeEntry(ticketFile).catch((error: unknown) => {
    if (!(error instanceof DOMException && error.name === "NotFoundError")) throw error;
  });
  const handles: FileSystemSyncAccessHandle[] = [];
  try {
    for (const name of [...logFiles, claimFile]) {
      handles.push(await (await directory.getFileHandle(name, { create: true })).createSyncAccessHandle());
    }
    const [a, b, claims] = handles as Three;
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
    cut: (size) => log.cut(size),
    close: () => {
      log.close();
      claims.close();
    },
  };
}

/**
 * The last claim that took the disk, in a file of two places that are written in turn: each holds a number
 * and its complement, so one that is torn does not count.
 */
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
