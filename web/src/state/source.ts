import { ROOM } from "./capabilities.js";
import { Drawn } from "./drawn.js";
import type { FromWorker, ToWorker } from "../model.js";
import { startWorker } from "./start-worker.js";
import type { Source, Store } from "./store.js";
import { keep, stored } from "./stored.js";

/** How this tab takes part in a room, read from the address (main.ts). */
export interface Joining {
  room: string;
  place: string; // the room in this origin's storage: relays below other paths have rooms of their own
  relay: string; // base of WebSocket addresses, `ws://host`
  link: string; // the room's page, for others
  watch: boolean;
  size: number | null;
  encoding: string; // of this server's calls, as Go names it
  rate: number | null;
}

/** Only a hint: which seat this tab had before a reload. The lease that proves it is on the Worker's disk. */
const HINT = "raft-seat";

/** Set by build.mjs: the name of the Worker's script, beside this one. */
declare const __WORKER_URL__: string;

/** The Worker with this tab's server, as a source of the store. */
export class WorkerSource implements Source {
  readonly can = ROOM;
  private worker = startWorker(__WORKER_URL__, "raft server");
  private drawn: Drawn;
  private seat: number | null = null; // whose hint is written
  private place: string;

  constructor(private store: Store, joining: Joining) {
    this.place = joining.place;
    store.code = joining.room;
    store.link = joining.link;
    this.drawn = new Drawn(store, this);
    this.worker.addEventListener("message", (e: MessageEvent<FromWorker>) => this.receive(e.data));
    this.worker.addEventListener("error", (e) => store.setBoot({ state: "failed", reason: "worker",
      detail: e.message || "The Worker could not be loaded." }));
    this.post({
      type: "start",
      room: joining.room,
      place: joining.place,
      relay: joining.relay,
      link: joining.link,
      seat: joining.watch ? "watch" : "any",
      size: joining.size,
      encoding: joining.encoding,
      hint: readHint(joining.place),
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
    keep(HINT, `${this.place} ${seat}`, () => sessionStorage);
  }

  /** Sets the rate of `?rate=` once this tab is in the room. */
  private setRateOnce(rate: number): void {
    const stop = this.store.onBatch(() => {
      if (this.store.connection.state !== "open" || !this.store.room) return;
      stop();
      if (this.store.room.rate !== rate) this.store.setRate(rate);
    });
  }
}

function readHint(place: string): number | null {
  const [where, seat] = (stored(HINT, () => sessionStorage) ?? "").split(" ");
  return where === place && Number(seat) > 0 ? Number(seat) : null;
}
