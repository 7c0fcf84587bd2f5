/**
 * Which seat of the room this tab may claim: one whose disk and lease are in this browser and that no other
 * tab holds. Holding is a Web Lock, taken for the life of the Worker; it also keeps the browser from freezing
 * the tab. Where locks are missing (pages without a secure context) a seat is offered to every tab; the relay
 * gives it to one at a time, and the disk knows the claim of the last one (disk.ts).
 */
import { memoryDisk, openStore, type SeatDisk, type SeatStore } from "./disk.js";
import type { Disk } from "../model.js";

/** How long a seat's old tab is waited for: a reload lets go of its lock and its files a moment late. */
const releaseMilliseconds = 1000;

/** A seat that this tab holds: its disk is open and its lock taken. */
export interface HeldSeat {
  readonly disk: SeatDisk;
  readonly kind: Disk;
  release(): void;
}

export class Seats {
  private candidates: number[] | null = null;

  private constructor(
    private readonly place: string,
    private readonly store: SeatStore,
  ) {}

  /**
   * The place of a room in this origin's storage is its code, and before it the path that the relay is below, if any.
   */
  static async open(place: string): Promise<Seats> {
    return new Seats(place, await openStore(place));
  }

  get kind(): Disk {
    return this.store.kind;
  }

  /**
   * The next seat that can be claimed; null when there are no more, and then the next call begins anew. So
   * does one with a hint, which is the seat that this tab had before: it comes first.
   */
  async next(hint: number | null): Promise<HeldSeat | null> {
    if (this.candidates === null || hint !== null) this.candidates = hintedFirst(await this.store.list(), hint);
    for (let server = this.candidates.shift(); server !== undefined; server = this.candidates.shift()) {
      const release = await holdLock(this.place, server, server === hint ? releaseMilliseconds : 0);
      if (release === null) continue;
      const disk = await this.openReleased(server);
      if (disk !== null) return held(disk, this.kind, release);
      release();
    }
    this.candidates = null;
    return null;
  }

  /**
   * A new disk for a seat that the room has just given. When the lasting store cannot make one the seat gets a disk in
   * memory, whose kind says so.
   */
  async create(server: number, ticket: string, claim: number): Promise<HeldSeat> {
    const release = await holdLock(this.place, server, releaseMilliseconds);
    if (release !== null) {
      try {
        return held(await this.store.create(server, ticket, claim), this.kind, release);
      } catch {
        release();
      }
    }
    return held(memoryDisk(server, ticket, claim), "memory", () => undefined);
  }

  /** The lock is ours, so a file that is still held belongs to a tab that is going away. */
  private async openReleased(server: number): Promise<SeatDisk | null> {
    const end = performance.now() + releaseMilliseconds / 2;
    for (;;) {
      const disk = await this.store.open(server);
      if (disk !== null || performance.now() > end) return disk;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function hintedFirst(servers: number[], hint: number | null): number[] {
  return [...servers.filter((server) => server === hint), ...servers.filter((server) => server !== hint)];
}

function held(disk: SeatDisk, kind: Disk, unlock: () => void): HeldSeat {
  return {
    disk,
    kind,
    release: () => {
      disk.close();
      unlock();
    },
  };
}

/** The function that lets the lock go, or null if another tab holds it. */
function holdLock(place: string, server: number, waitMilliseconds: number): Promise<(() => void) | null> {
  const locks = (navigator as { locks?: LockManager }).locks;
  if (locks === undefined) return Promise.resolve(() => undefined);
  const options: LockOptions = waitMilliseconds === 0 ? { ifAvailable: true }
    : { signal: AbortSignal.timeout(waitMilliseconds) };
  return new Promise((resolve) => {
    locks
      .request(`raft-playground:${place}:${server}`, options, (lock) => {
        if (lock === null) return resolve(null);
        return new Promise<void>((release) => resolve(release));
      })
      .catch(() => resolve(null));
  });
}
