import { Drawn } from "../drawn.js";
import type { FromWorker, ToLab, ToWorker } from "../model.js";
import type { Source, Store } from "../store.js";
import { keepOffline } from "./offline.js";
import { openAddress } from "./opening.js";
import { startWorker } from "./start-worker.js";

/** Set by build.mjs: the name of the Worker's script, beside this one. */
declare const __LAB_WORKER_URL__: string;

/** 1 s of watching = 20 ms of cluster time: a message of 15 ms is under way for three quarters of a second (LOOK §9). */
export const FIRST_RATE = 0.02;

/** The Worker with the simulated cluster, as a source of the store. */
export class LabSource implements Source {
  private worker = startWorker(__LAB_WORKER_URL__, "raft lab");
  private drawn: Drawn;

  constructor(private store: Store) {
    store.connect(this);
    this.drawn = new Drawn(store, this);
    this.worker.addEventListener("message", (e: MessageEvent<FromWorker>) => this.receive(e.data));
    this.worker.addEventListener("error", (e) => store.setBoot({ state: "failed", reason: "worker", detail: e.message ?? "the Worker could not be loaded" }));
    this.post({ type: "hidden", hidden: document.hidden });
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

/** Starts the lab with what the address names behind its #, now and whenever that changes. */
export function openLab(store: Store): void {
  new LabSource(store);
  if (document.documentElement.dataset["page"] === "embed") void import("../embed/frame.js").then((m) => m.startFrame(store));
  else onceRunning(store, keepOffline);
  const open = () => openAddress(location.hash, FIRST_RATE);
  void open();
  addEventListener("hashchange", open);
}

function onceRunning(store: Store, then: () => void): void {
  const stop = store.onBatch(() => {
    stop();
    then();
  });
}
