/**
 * Disks in IndexedDB: a ticket a seat in one store, with the claim that took the disk last and an account of its
 * log, and the pieces of the log, its rows, in another. A row is there as a whole or not at all: nothing is torn.
 */
import { Superseded, type Content, type SeatDisk, type SeatStore } from "./disk.js";

/** What is kept of a seat beside its log. The version before kept the ticket alone. */
interface Kept {
  ticket: string;
  claim: number;
  rows?: Rows; // none: the version before wrote the log
}

/** What a log must have, written with each of its rows. */
interface Rows {
  last: number; // the number of the last one; 0: none was written
  bytes: number; // in all of them
}

/** What one row will hold. */
interface Gathered {
  pieces: Uint8Array[];
  instead: boolean; // of all rows before it
}

/** Rejects where there is no IndexedDB, or one that does not write. */
export async function openRowStore(place: string): Promise<SeatStore> {
  const database = await openDatabase();
  const seat = (server: number) => `${place}/${server}`;
  // The probe is a real write, which private windows of some browsers refuse.
  const probe = change(database);
  probe.objectStore("tickets").put("probe", "probe");
  await completed(probe);
  return {
    kind: "indexeddb",
    list: async () => {
      const keys = await answer(database.transaction("tickets").objectStore("tickets").getAllKeys(within(place)));
      return keys.map((key) => Number(String(key).slice(place.length + 1)));
    },
    open: async (server) => {
      const kept = keptOf(await answer(database.transaction("tickets").objectStore("tickets").get(seat(server))));
      return kept && new RowSeat(database, seat(server), server, kept);
    },
    create: async (server, ticket, claim) => {
      const made = change(database);
      made.objectStore("log").delete(rowsOf(seat(server)));
      const kept: Kept = { ticket, claim, rows: { last: 0, bytes: 0 } };
      made.objectStore("tickets").put(kept, seat(server));
      await completed(made);
      return new RowSeat(database, seat(server), server, kept);
    },
  };
}

function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("raft-playground", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("tickets"); // "{place}/{server}" → Kept
      request.result.createObjectStore("log"); // ["{place}/{server}", n] → bytes, in the order of n
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB cannot be opened"));
    request.onblocked = () => reject(new Error("IndexedDB is blocked by another version of this page"));
  });
}

/**
 * Nothing keeps another tab from the same rows, so every transaction that writes first reads which claim has
 * the disk. Transactions on the same stores run in the order of creation, in all tabs together: nothing comes
 * between that check and the write.
 */
class RowSeat implements SeatDisk {
  readonly ticket: string;
  readonly claim: number;
  private mine: number; // the claim that took the disk here
  private last = 0; // the number of the last row; the next one gets the next number
  private writing: Promise<void> = Promise.resolve(); // the last write; it fails if one before it has failed
  private gathered: Gathered | null = null; // what is written next
  private closed = false;
  private readonly underWay = new Set<IDBTransaction>();

  constructor(
    private readonly database: IDBDatabase,
    private readonly seat: string,
    readonly server: number,
    kept: Kept,
  ) {
    this.ticket = kept.ticket;
    this.claim = this.mine = kept.claim;
  }

  async take(claim: number): Promise<Content> {
    const taking = change(this.database);
    const [tickets, log] = [taking.objectStore("tickets"), taking.objectStore("log")];
    let content: Content = { bytes: new Uint8Array(0), confirmed: 0 };
    await this.ifKept(taking, (kept) => kept.claim < claim, (kept) => {
      const keys: IDBRequest<IDBValidKey[]> = log.getAllKeys(rowsOf(this.seat));
      const rows: IDBRequest<Uint8Array[]> = log.getAll(rowsOf(this.seat));
      rows.onsuccess = () => {
        const bytes = joined(rows.result);
        // The version before kept no account. That a row of its log is missing is seen in the bytes.
        const numbers = keys.result as [string, number][];
        const account = kept.rows ?? { last: numbers.at(-1)?.[1] ?? 0, bytes: bytes.length };
        content = { bytes, confirmed: account.bytes };
        this.last = account.last;
        tickets.put({ ...kept, claim, rows: account } satisfies Kept, this.seat);
      };
    });
    this.mine = claim;
    return content;
  }

  confirm(): Promise<void> {
    return this.ifKept(this.database.transaction("tickets"), (kept) => kept.claim === this.mine);
  }

  append(bytes: Uint8Array): Promise<void> {
    return this.write(bytes, false);
  }

  replace(bytes: Uint8Array): Promise<void> {
    return this.write(bytes, true);
  }

  /** Nothing is ever torn here, and what is confirmed is not cut. */
  cut(): Promise<void> {
    return Promise.reject(new Error("rows are not cut"));
  }

  /** The database is the store's. A transaction that hangs would keep every tab of this origin from it. */
  close(): void {
    this.closed = true;
    for (const transaction of this.underWay) {
      try {
        transaction.abort();
      } catch {
        // It is ending already.
      }
    }
  }

  /**
   * Writes one row at a time. What comes while it is under way is gathered in the next one: all tabs of this origin
   * wait for each other's transactions, so a queue of them here would be a queue for every tab.
   */
  private write(bytes: Uint8Array, instead: boolean): Promise<void> {
    const next = (this.gathered ??= this.gather());
    if (instead) [next.pieces, next.instead] = [[], true];
    next.pieces.push(bytes.slice());
    return this.writing;
  }

  private gather(): Gathered {
    const next: Gathered = { pieces: [], instead: false };
    this.writing = this.writing.finally(() => (this.gathered = null))
      .then(() => this.writeRow(joined(next.pieces), next.instead));
    return next;
  }

  /** A disk with another last row than this one's was written by another tab. */
  private writeRow(row: Uint8Array, instead: boolean): Promise<void> {
    if (this.closed) return Promise.reject(new Error("the disk is closed"));
    const number = (this.last += 1);
    const writing = change(this.database);
    const [tickets, log] = [writing.objectStore("tickets"), writing.objectStore("log")];
    const ours = (kept: Kept) => kept.claim === this.mine && kept.rows?.last === number - 1;
    return this.ifKept(writing, ours, (kept) => {
      if (instead) log.delete(rowsOf(this.seat));
      log.put(row, [this.seat, number]);
      const rows: Rows = { last: number, bytes: (instead ? 0 : (kept.rows?.bytes ?? 0)) + row.length };
      tickets.put({ ...kept, rows } satisfies Kept, this.seat);
    });
  }

  /**
   * Goes on with the transaction if the seat's record is right, and resolves when it is complete; otherwise
   * undoes it and rejects with Superseded.
   */
  private ifKept(
    transaction: IDBTransaction,
    right: (kept: Kept) => boolean,
    goOn: (kept: Kept) => void = () => undefined,
  ): Promise<void> {
    let superseded = false;
    const looking = transaction.objectStore("tickets").get(this.seat);
    looking.onsuccess = () => {
      const kept = keptOf(looking.result);
      superseded = kept === null || !right(kept);
      if (kept === null || superseded) transaction.abort();
      else goOn(kept);
    };
    this.underWay.add(transaction);
    return completed(transaction)
      .catch((error: unknown) => {
        throw superseded ? new Superseded() : error;
      })
      .finally(() => this.underWay.delete(transaction));
  }
}

function keptOf(value: unknown): Kept | null {
  if (typeof value === "string") return { ticket: value, claim: 0 };
  return (value as Kept | undefined) ?? null;
}

/** One atomic change of the database. "strict": complete means on disk, not only handed to the operating system. */
function change(database: IDBDatabase): IDBTransaction {
  return database.transaction(["tickets", "log"], "readwrite", { durability: "strict" });
}

function joined(rows: Uint8Array[]): Uint8Array {
  const content = new Uint8Array(rows.reduce((sum, row) => sum + row.length, 0));
  let at = 0;
  for (const row of rows) {
    content.set(row, at);
    at += row.length;
  }
  return content;
}

function within(place: string): IDBKeyRange {
  return IDBKeyRange.bound(`${place}/1`, `${place}/9`);
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
