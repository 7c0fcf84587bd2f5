import { Drawn } from "../drawn.js";
import type { FromWorker, LabRun, ToLab, ToWorker } from "../model.js";
import type { Source, Store } from "../store.js";

/** Set by build.mjs: the name of the Worker's script, beside this one. */
declare const __LAB_WORKER_URL__: string;

/** What the lab shows first. */
export interface Opening {
  run: LabRun | null; // null: the run that the lab begins with
  at: number; // ms of cluster time
  rate: number; // cluster time for each second of watching
}

/** 1 s of watching = 20 ms of cluster time: a message of 15 ms is under way for three quarters of a second (LOOK §9). */
export const FIRST_RATE = 0.02;

/** The Worker with the simulated cluster, as a source of the store. */
export class LabSource implements Source {
  private worker = new Worker(new URL(__LAB_WORKER_URL__, import.meta.url), { name: "raft lab" });
  private drawn: Drawn;

  constructor(private store: Store, opening: Opening) {
    store.connect(this);
    this.drawn = new Drawn(store, this);
    this.worker.addEventListener("message", (e: MessageEvent<FromWorker>) => this.receive(e.data));
    this.worker.addEventListener("error", (e) => store.setBoot({ state: "failed", reason: "worker", detail: e.message ?? "the Worker could not be loaded" }));
    this.post({ type: "hidden", hidden: document.hidden });
    store.askLab((id) => ({ type: "open", id, ...opening })).catch((why: Error) => store.notice(why.message));
  }

  post(message: ToWorker | ToLab): void {
    this.worker.postMessage(message);
  }

  private receive(message: FromWorker): void {
    if (message.type === "batch") {
      this.store.apply(message.batch);
      this.drawn.applied();
    } else this.store.hear(message);
  }
}

/** Starts the lab with what the address names behind its #. */
export function openLab(store: Store): void {
  new LabSource(store, { run: null, at: 0, rate: FIRST_RATE });
}
