import { Drawn } from "./drawn.js";
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

/** Set by build.mjs: the name of the Worker's script, beside this one. */
declare const __WORKER_URL__: string;

/** The Worker with this tab's server, as a source of the store. */
export class WorkerSource implements Source {
  private worker = new Worker(new URL(__WORKER_URL__, import.meta.url), { name: "raft server" });
  private drawn: Drawn;
  private seat: number | null = null; // whose hint is written

  constructor(private store: Store, joining: Joining) {
    store.code = joining.room;
    store.link = joining.link;
    this.drawn = new Drawn(store, this);
    this.worker.addEventListener("message", (e: MessageEvent<FromWorker>) => this.receive(e.data));
    this.worker.addEventListener("error", (e) => store.setBoot({ state: "failed", reason: "worker", detail: e.message ?? "the Worker could not be loaded" }));
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
    store.connect(this);
    if (joining.rate !== null) this.setRateOnce(joining.rate);
  }

  post(message: ToWorker): void {
    this.worker.postMessage(message);
  }

  private receive(message: FromWorker): void {
    if (message.type === "batch") {
      this.store.apply(message.batch);
      this.keepHint(message.batch.self?.server ?? null);
      this.drawn.applied();
    } else this.store.hear(message);
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
