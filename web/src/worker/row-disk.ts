/** Disks in IndexedDB: a ticket a seat in one store, with the claim that took the disk last, and the pieces of its log in another. */
import { Superseded, type SeatDisk, type SeatStore } from "./disk.js";

/** What is kept of a seat beside its log. The version before kept the ticket alone. */
interface Kept {
  ticket: string;
  claim: number;
}

/** Rejects where there is no IndexedDB, or one that does not write. */
export async function openRowStore(room: string): Promise<SeatStore> {
  const database = await openDatabase();
  const seat = (server: number) => `${room}/${server}`;
  // The probe is a real write, which private windows of some browsers refuse.
  const probe = change(database);
  probe.objectStore("tickets").put("probe", "probe");
  await completed(probe);
  return {
    kind: "indexeddb",
    list: async () => {
      const keys = await answer(database.transaction("tickets").objectStore("tickets").getAllKeys(within(room)));
      return keys.map((key) => Number(String(key).slice(room.length + 1)));
    },
    open: async (server) => {
      const kept = keptOf(await answer(database.transaction("tickets").objectStore("tickets").get(seat(server))));
      return kept && new RowSeat(database, seat(server), server, kept);
    },
    create: async (server, ticket, claim) => {
      const made = change(database);
      made.objectStore("log").delete(rowsOf(seat(server)));
      made.objectStore("tickets").put({ ticket, claim } satisfies Kept, seat(server));
      await completed(made);
      return new RowSeat(database, seat(server), server, { ticket, claim });
    },
  };
}

function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("raft-playground", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("tickets"); // "{room}/{server}" → Kept
      request.result.createObjectStore("log"); // ["{room}/{server}", n] → bytes, in the order of n
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB cannot be opened"));
    request.onblocked = () => reject(new Error("IndexedDB is blocked by another version of this page"));
  });
}

/**
 * Nothing keeps another tab from the same rows, so every transaction that writes reads first, in itself, whose the disk is. Transactions on the same stores run in the order of
 * their making, in all tabs together: between that look and the write there is nobody.
 */
class RowSeat implements SeatDisk {
  readonly ticket: string;
  readonly claim: number;
  private mine: number; // the claim that took the disk here
  private last = 0; // the number of the last row; the next one gets the next number

  constructor(
    private readonly database: IDBDatabase,
    private readonly seat: string,
    readonly server: number,
    kept: Kept,
  ) {
    this.ticket = kept.ticket;
    this.claim = this.mine = kept.claim;
  }

  async take(claim: number): Promise<Uint8Array> {
    const taking = change(this.database);
    let rows: IDBRequest<Uint8Array[]> | null = null;
    let keys: IDBRequest<IDBValidKey[]> | null = null;
    await this.ifKept(taking, (kept) => kept.claim < claim, () => {
      taking.objectStore("tickets").put({ ticket: this.ticket, claim } satisfies Kept, this.seat);
      rows = taking.objectStore("log").getAll(rowsOf(this.seat));
      keys = taking.objectStore("log").getAllKeys(rowsOf(this.seat));
    });
    this.mine = claim;
    const numbers = keys!.result as [string, number][];
    this.last = numbers.at(-1)?.[1] ?? 0;
    return joined(rows!.result);
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

  close(): void {} // the database is the store's

  private write(bytes: Uint8Array, instead: boolean): Promise<void> {
    const row = bytes.slice();
    const number = (this.last += 1);
    const writing = change(this.database);
    return this.ifKept(writing, (kept) => kept.claim === this.mine, () => {
      const log = writing.objectStore("log");
      if (instead) log.delete(rowsOf(this.seat));
      log.put(row, [this.seat, number]);
    });
  }

  /** Goes on with the transaction if what is kept of the seat is right, and ends when it is complete; else it undoes it and rejects with Superseded. */
  private ifKept(transaction: IDBTransaction, right: (kept: Kept) => boolean, goOn: () => void = () => undefined): Promise<void> {
    let superseded = false;
    const looking = transaction.objectStore("tickets").get(this.seat);
    looking.onsuccess = () => {
      const kept = keptOf(looking.result);
      superseded = kept === null || !right(kept);
      if (superseded) transaction.abort();
      else goOn();
    };
    return completed(transaction).catch((error: unknown) => {
      throw superseded ? new Superseded() : error;
    });
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
