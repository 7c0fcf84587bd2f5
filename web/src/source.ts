import type { FromWorker, ToWorker } from "./model.js";
import type { Source, Store } from "./store.js";

/** How this tab takes part in a room, read from the address (main.ts). */
export interface Joining {
  room: string;
  relay: string; // base of WebSocket addresses, `ws://host`
  link: string; // the room's page, for others
  watch: boolean;
  size: number | null;
  encoding: "colon" | "json";
  rate: number | null;
}

/** Only a hint: which seat this tab had before a reload. The lease that proves it is on the Worker's disk. */
const HINT = "raft-seat";

// Between a batch and the frame after which the next one is wanted: what moves is moved by the clock, not by batches.
const REST_MS = 20; // thirty a second
const REAL_TIME_REST_MS = 45; // sixteen a second, where nobody can follow single events
const UNDRAWN_MS = 250; // after which a page that is visible and still not drawn (a frame that is scrolled out of sight) takes the next batch

/**
 * The Worker with this tab's server, as a source of the store. It is asked for the next batch only after a frame with the last one was drawn. A hidden
 * page draws nothing and asks at once, so that what scripts read (api.ts) stays true; the Worker then sends less often.
 */
export class WorkerSource implements Source {
  private worker: Worker;
  private wanted: { frame: number; timers: ReturnType<typeof setTimeout>[] } | null = null;
  private seat: number | null = null; // whose hint is written

  constructor(url: string, private store: Store, joining: Joining) {
    store.code = joining.room;
    store.link = joining.link;
    store.connect(this);
    this.worker = new Worker(url, { name: "raft server" });
    this.worker.addEventListener("message", (e: MessageEvent<FromWorker>) => this.receive(e.data));
    this.worker.addEventListener("error", (e) => store.setBoot({ state: "failed", reason: "worker", detail: e.message ?? "the Worker could not be loaded" }));
    document.addEventListener("visibilitychange", () => {
      this.post({ type: "hidden", hidden: document.hidden });
      if (document.hidden && this.wanted) this.want(); // that frame will not come
    });
    this.post({
      type: "start",
      room: joining.room,
      relay: joining.relay,
      link: joining.link,
      seat: joining.watch ? "watch" : "any",
      size: joining.size,
      encoding: joining.encoding,
      hint: readHint(joining.room),
      hidden: document.hidden,
    });
    if (joining.rate !== null) this.setRateOnce(joining.rate);
  }

  post(message: ToWorker): void {
    this.worker.postMessage(message);
  }

  private receive(message: FromWorker): void {
    switch (message.type) {
      case "loading":
        this.store.setBoot({ state: "loading", fraction: message.fraction });
        break;
      case "failed":
        this.store.setBoot({ state: "failed", reason: message.reason, detail: message.detail });
        break;
      case "batch":
        this.store.apply(message.batch);
        this.keepHint(message.batch.self?.server ?? null);
        this.wantSoon();
        break;
      case "answer":
        this.store.answer(message.id, message.ok, message.value, message.error);
        break;
    }
  }

  private wantSoon(): void {
    if (document.hidden) return this.want();
    const wanted = { frame: 0, timers: [setTimeout(() => (wanted.frame = requestAnimationFrame(() => this.want())), this.store.rate > 0.3 ? REAL_TIME_REST_MS : REST_MS), setTimeout(() => this.want(), UNDRAWN_MS)] };
    this.wanted = wanted;
  }

  /** Asks for the next batch, once a batch. */
  private want(): void {
    if (this.wanted) {
      cancelAnimationFrame(this.wanted.frame);
      this.wanted.timers.forEach(clearTimeout);
      this.wanted = null;
    }
    this.post({ type: "drawn" });
  }

  private keepHint(seat: number | null): void {
    if (seat === null || seat === this.seat) return;
    this.seat = seat;
    writeHint(this.store.code, seat);
  }

  /** `?rate=` holds from the moment that this tab is in the room. */
  private setRateOnce(rate: number): void {
    const stop = this.store.onBatch(() => {
      if (this.store.connection.state !== "open" || !this.store.room) return;
      stop();
      if (this.store.room.rate !== rate) this.store.setRate(rate);
    });
  }
}

/** Storage may be forbidden (sandboxed frames, private windows): then there is no hint, and nothing else changes. */
function readHint(room: string): number | null {
  try {
    const [code, seat] = (sessionStorage.getItem(HINT) ?? "").split(" ");
    return code === room && Number(seat) > 0 ? Number(seat) : null;
  } catch {
    return null;
  }
}

function writeHint(room: string, seat: number): void {
  try {
    sessionStorage.setItem(HINT, `${room} ${seat}`);
  } catch {
    // No storage: see readHint.
  }
}
