/** Disks in IndexedDB: a ticket a seat in one store, the pieces of its log in another. */
import type { SeatDisk, SeatStore } from "./disk.js";

/** Rejects where there is no IndexedDB, or one that does not write. */
export async function openRowStore(room: string): Promise<SeatStore> {
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
