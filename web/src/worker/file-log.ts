/**
 * A log in two files, of which the one with the higher generation counts. Replacing writes the other file: first its
 * content, then, flushed, the accounts that make it count. A tab that dies at any moment in between therefore finds
 * either the old log or the new one.
 */
import type { Content } from "./disk.js";

/** Where the accounts stand in a file, each in a block of its own, and where the log begins. */
const accountsAt = [0, 4096] as const;
const logAt = 8192;

/**
 * What a file says of itself. It is there twice, and one of the two is written in turn when a write is flushed: it gets
 * to the disk with the next write at the latest. So it lags behind what is confirmed and never runs ahead, and a crash
 * tears one of the two at most.
 */
interface Account {
  generation: number; // 0: the file does not count
  confirmed: number; // bytes of the log that were flushed
  start: number; // of the log in the file
  turn: 0 | 1; // which of the two is written next
}

export class FileLog {
  private constructor(
    private current: FileSystemSyncAccessHandle,
    private other: FileSystemSyncAccessHandle,
    private account: Account,
    private size: number, // of the log, in bytes
  ) {}

  /** Both files become empty, the first one counts. */
  static create(a: FileSystemSyncAccessHandle, b: FileSystemSyncAccessHandle): FileLog {
    a.truncate(0);
    b.truncate(0);
    b.flush();
    const log = new FileLog(b, a, { generation: 0, confirmed: 0, start: logAt, turn: 0 }, 0);
    log.replace(new Uint8Array(0));
    return log;
  }

  /**
   * If neither file has an account of itself, both are damaged, or lost: one has it as soon as the log is made. Then
   * all of the larger file is the log, in which nobody will recognise one, and it is not to be taken for a new one.
   */
  static read(a: FileSystemSyncAccessHandle, b: FileSystemSyncAccessHandle): FileLog {
    const [ofA, ofB] = [readAccount(a), readAccount(b)];
    const first = ofA.generation === ofB.generation ? a.getSize() >= b.getSize() : ofA.generation > ofB.generation;
    const [current, other, account] = first ? [a, b, ofA] : [b, a, ofB];
    return new FileLog(current, other, account, Math.max(0, current.getSize() - account.start));
  }

  content(): Content {
    const bytes = new Uint8Array(this.size);
    let done = 0;
    while (done < bytes.length) {
      const n = this.current.read(bytes.subarray(done), { at: this.account.start + done });
      if (n === 0) throw new Error(`the log ends after ${done} of ${bytes.length} bytes`);
      done += n;
    }
    return { bytes, confirmed: this.account.confirmed };
  }

  append(bytes: Uint8Array): true {
    writeAll(this.current, bytes, this.account.start + this.size);
    this.current.flush();
    return this.confirm(this.size + bytes.length);
  }

  replace(bytes: Uint8Array): true {
    const generation = this.account.generation + 1;
    const account: Account = { generation, confirmed: bytes.length, start: logAt, turn: 0 };
    this.other.truncate(0);
    // All before the log is written, since to fill a hole in it later would need room.
    writeAll(this.other, new Uint8Array(logAt), 0);
    writeAll(this.other, bytes, logAt);
    this.other.flush();
    for (const at of accountsAt) writeAll(this.other, accountBytes(account), at);
    this.other.flush();
    [this.current, this.other, this.account, this.size] = [this.other, this.current, account, bytes.length];
    this.other.truncate(0); // gives the room back; if this is lost the lower generation does
    return true;
  }

  cut(size: number): true {
    this.current.truncate(this.account.start + size);
    this.current.flush();
    return this.confirm(size);
  }

  close(): void {
    this.current.close();
    this.other.close();
  }

  /** All of the log is flushed. */
  private confirm(size: number): true {
    const { account } = this;
    this.size = account.confirmed = size;
    if (account.start === logAt) writeAll(this.current, accountBytes(account), accountsAt[account.turn]);
    account.turn = account.turn === 0 ? 1 : 0;
    return true;
  }
}

/** A full disk shows itself as a short write in some browsers, as an exception in others. */
export function writeAll(handle: FileSystemSyncAccessHandle, bytes: Uint8Array, at: number): void {
  const n = handle.write(bytes, { at });
  if (n !== bytes.length) throw new Error(`the disk took ${n} of ${bytes.length} bytes: it is full`);
}

const magic = 0x32676f4c; // "Log2", little-endian
const magicBefore = 0x31676f4c; // "Log1": magic, generation, its complement, magic; the log from byte 16 on
const halfBytes = 16;

/** Magic, generation, confirmed, and the complement of all that: one that is torn does not match itself. */
function accountBytes({ generation, confirmed }: Account): Uint8Array {
  const view = new DataView(new ArrayBuffer(2 * halfBytes));
  view.setUint32(0, magic, true);
  view.setUint32(4, generation, true);
  view.setBigUint64(8, BigInt(confirmed), true);
  for (let i = 0; i < halfBytes; i++) view.setUint8(halfBytes + i, ~view.getUint8(i));
  return new Uint8Array(view.buffer);
}

/** The later of the two accounts. */
function readAccount(handle: FileSystemSyncAccessHandle): Account {
  let found: Account = { generation: 0, confirmed: 0, start: 0, turn: 0 };
  accountsAt.forEach((at, place) => {
    const view = viewOf(handle, at, 2 * halfBytes);
    if (view?.getUint32(0, true) !== magic) return;
    for (let i = 0; i < halfBytes; i++) if (view.getUint8(halfBytes + i) !== (~view.getUint8(i) & 0xff)) return;
    const [generation, confirmed] = [view.getUint32(4, true), Number(view.getBigUint64(8, true))];
    if (found.generation > 0 && confirmed < found.confirmed) return;
    found = { generation, confirmed, start: logAt, turn: place === 0 ? 1 : 0 };
  });
  return found.generation > 0 ? found : readAccountBefore(handle);
}

/** The version before confirmed nothing. What has no account at all, but was there, had some. */
function readAccountBefore(handle: FileSystemSyncAccessHandle): Account {
  const view = viewOf(handle, 0, halfBytes);
  const generation = view?.getUint32(4, true) ?? 0;
  const framed = view?.getUint32(0, true) === magicBefore && view.getUint32(12, true) === magicBefore;
  const whole = framed && view.getUint32(8, true) === ~generation >>> 0;
  if (!whole) return { generation: 0, confirmed: 1, start: 0, turn: 0 };
  return { generation, confirmed: 0, start: halfBytes, turn: 0 };
}

/** null if the file ends before. */
function viewOf(handle: FileSystemSyncAccessHandle, at: number, length: number): DataView | null {
  const bytes = new Uint8Array(length);
  return handle.read(bytes, { at }) === length ? new DataView(bytes.buffer) : null;
}
