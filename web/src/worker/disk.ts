/**
 * Where a server's disk lives in a browser, and with it the lease of its seat. The two are one thing: who loses the log
 * loses the lease, so a server whose disk is gone can never come back under its old id and vote a second time in a term
 * (§5.2, story 24 of raft/scenario).
 *
 * Three backends, tried in this order:
 *  - OPFS (file-disk.ts): write and flush are synchronous. Needs a secure context.
 *  - IndexedDB (row-disk.ts): a write is durable when its transaction completes. A phone on http://192.168… has
 *    only this one.
 *  - memory: nothing survives the tab, so no lease is kept either.
 *
 * A disk has one owner, the claim that took it last (IDENTITY.md). Locks keep two tabs from one disk where
 * there are locks; where there are none, and when a tab thaws that was frozen, the claim does: every write
 * looks, in one step with writing, whether the disk is still its claim's.
 *
 * Nothing here knows Raft: a log is a row of bytes that grows (append) or is exchanged as a whole (replace). Each
 * backend keeps account of how many of them it has confirmed, so that a log which lost its end is not taken for one
 * whose last write a crash interrupted.
 */
import type { Disk } from "../model.js";
import { openFileStore } from "./file-disk.js";
import { openRowStore } from "./row-disk.js";

/** Another claim has taken the disk, which may hold more by now than this tab's server remembers. */
export class Superseded extends Error {
  constructor() {
    super("another tab of this browser has taken its disk");
  }
}

/** What is on a disk, for package wal to judge (raft/wal/doc.go says what a crash may leave of it). */
export interface Content {
  bytes: Uint8Array;
  /** So many of the first bytes are known to have been durable. More than there are: some are lost. */
  confirmed: number;
}

/** One seat's disk, open. A call that finds another claim rejects with Superseded and changes nothing. */
export interface SeatDisk {
  readonly server: number;
  readonly ticket: string;
  /** The claim that took the disk last, as of opening; 0: none has. */
  readonly claim: number;
  /** Makes the disk this claim's, which must be higher than that of any before, and answers the whole log. */
  take(claim: number): Promise<Content>;
  /** Checks that the disk still belongs to the claim that took it here. */
  confirm(): Promise<void>;
  /**
   * These return true if their change is durable now, else a promise that resolves when it is. They copy the
   * bytes before they return.
   */
  append(bytes: Uint8Array): true | Promise<void>;
  replace(bytes: Uint8Array): true | Promise<void>;
  /** Leaves so many of the first bytes, at least those that are confirmed. */
  cut(size: number): true | Promise<void>;
  close(): void;
}

/**
 * All seats of one room whose disk and ticket are in this browser. A ticket is the lease and what else the program
 * wants to keep beside it: text.
 */
export interface SeatStore {
  readonly kind: Disk;
  /** The servers whose disk and ticket are here, in ascending order. */
  list(): Promise<number[]>;
  /** Opens a seat; null if it is not here, not whole, or held by another tab. */
  open(server: number): Promise<SeatDisk | null>;
  /**
   * Makes a new, empty disk for a seat that the room has just leased to this tab, and takes it for this
   * claim. What an earlier life of the room left there is removed.
   */
  create(server: number, ticket: string, claim: number): Promise<SeatDisk>;
}

/** The best backend that works here. Every probe writes, since some private windows offer what they then refuse. */
export async function openStore(place: string): Promise<SeatStore> {
  try {
    return await openFileStore(place);
  } catch {
    // No OPFS, or one without synchronous handles: go on with the next.
  }
  try {
    return await openRowStore(place);
  } catch {
    return memoryStore();
  }
}

function memoryStore(): SeatStore {
  return {
    kind: "memory",
    list: () => Promise.resolve([]),
    open: () => Promise.resolve(null),
    create: (server, ticket, claim) => Promise.resolve(memoryDisk(server, ticket, claim)),
  };
}

/** Takes everything and keeps nothing: the server has only its own memory. */
export function memoryDisk(server: number, ticket: string, claim: number): SeatDisk {
  const nothing: Content = { bytes: new Uint8Array(0), confirmed: 0 };
  return {
    server,
    ticket,
    claim,
    take: () => Promise.resolve(nothing),
    confirm: () => Promise.resolve(),
    append: () => true,
    replace: () => true,
    cut: () => true,
    close: () => undefined,
  };
}
