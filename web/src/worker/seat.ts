/**
 * Which seat of the room this tab may claim: one whose disk and lease are in this browser and that no other tab holds. Holding is a Web Lock, taken for the life
 * of the Worker; it also keeps the browser from freezing the tab. Where locks are missing (pages without a secure context) the relay's
 * answer "that seat is in use" decides alone.
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
    private readonly room: string,
    private readonly hint: number | null,
    private readonly store: SeatStore,
  ) {}

  static async open(room: string, hint: number | null): Promise<Seats> {
    return new Seats(room, hint, await openStore(room));
  }

  get kind(): Disk {
    return this.store.kind;
  }

  /** The next seat that can be claimed: the hinted one first, which is this tab's before a reload, then the others; null when there are no more. */
  async next(): Promise<HeldSeat | null> {
    this.candidates ??= hintedFirst(await this.store.list(), this.hint);
    for (let server = this.candidates.shift(); server !== undefined; server = this.candidates.shift()) {
      const release = await holdLock(this.room, server, server === this.hint ? releaseMilliseconds : 0);
      if (release === null) continue;
      const disk = await this.openReleased(server);
      if (disk !== null) return held(disk, this.kind, release);
      release();
    }
    return null;
  }

  /** A new disk for a seat that the room has just given. When the lasting store cannot make one the seat gets a disk in memory, whose kind says so. */
  async create(server: number, ticket: string): Promise<HeldSeat> {
    const release = await holdLock(this.room, server, releaseMilliseconds);
    if (release !== null) {
      try {
        return held(await this.store.create(server, ticket), this.kind, release);
      } catch {
        release();
      }
    }
    return held(memoryDisk(server, ticket), "memory", () => undefined);
  }

  setAside(server: number): Promise<void> {
    return this.store.setAside(server);
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
function holdLock(room: string, server: number, waitMilliseconds: number): Promise<(() => void) | null> {
  const locks = (navigator as { locks?: LockManager }).locks;
  if (locks === undefined) return Promise.resolve(() => undefined);
  const options: LockOptions = waitMilliseconds === 0 ? { ifAvailable: true } : { signal: AbortSignal.timeout(waitMilliseconds) };
  return new Promise((resolve) => {
    locks
      .request(`raft-playground:${room}:${server}`, options, (lock) => {
        if (lock === null) return resolve(null);
        return new Promise<void>((release) => resolve(release));
      })
      .catch(() => resolve(null));
  });
}
