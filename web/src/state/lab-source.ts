import { LAB } from "./capabilities.js";
import { Drawn } from "./drawn.js";
import type { FromWorker, LabCatalogue, ToLab, ToWorker } from "../model.js";
import { reducedMotion } from "../view/motion.js";
import type { Source, Store } from "./store.js";
import { Film, FILM_RATE, findFilm, type Take } from "./film.js";
import { FirstWords, wasHere } from "../inspector/first-words.js";
import { keepOffline } from "./offline.js";
import { openAddress } from "../share/opening.js";
import { startWorker } from "./start-worker.js";

/** Set by build.mjs: the name of the Worker's script, beside this one. */
declare const __LAB_WORKER_URL__: string;

/**
 * 1 s of watching = 20 ms of cluster time: a message of 15 ms is under way for three quarters of a second.
 */
export const FIRST_RATE = 0.02;

const HELD = 50; // wishes that may wait until the lab has a run; more are refused

// Where the film begins, ms of watching.
const KNOWN_MS = 4_800; // for returning visitors: a leader is there, a write is committed
const STILL_MS = 2_500; // where motion is reduced: a picture of an election, at which the clock stands

/** The Worker with the simulated cluster, as a source of the store. */
class LabSource implements Source {
  readonly can = LAB;
  private worker = startWorker(__LAB_WORKER_URL__, "raft lab");
  private drawn: Drawn;
  private film: Film | null = null;
  private held: (ToWorker | ToLab)[] | null = []; // wishes of the page from before a run was open; null: one is open
  private opening = 0; // the wish that opens one

  constructor(private store: Store) {
    this.drawn = new Drawn(store, this);
    this.worker.addEventListener("message", (e: MessageEvent<FromWorker>) => this.receive(e.data));
    this.worker.addEventListener("error", (e) => store.setBoot({ state: "failed", reason: "worker",
      detail: e.message || "The Worker could not be loaded." }));
    this.post({ type: "hidden", hidden: document.hidden });
  }

  post(message: ToWorker | ToLab): void {
    if (this.held && message.type === "regard") return; // a film answers nothing
    if (this.film && message.type === "network" && message.change.rate !== undefined) {
      this.film.setRate(message.change.rate);
      this.store.answer(message.id, true, null, "");
    } else if (!this.held || (!this.film && (message.type === "open" || !("id" in message)))) {
      if (message.type === "open") this.opening = message.id;
      this.worker.postMessage(message);
    }
    else if (this.held.length < HELD) this.held.push(message);
    else if ("id" in message) this.store.answer(message.id, false, null,
      `The lab is still being loaded, and ${HELD} wishes wait for it.`);
  }

  /** Plays the film until the lab has loaded, and then continues the film's run in the lab. */
  playFilm(film: Film): void {
    this.film = film;
  }

  private async takeOver(film: Film): Promise<void> {
    const { at, rate } = film.stop();
    this.film = null;
    await this.store.askLab((id) => ({ type: "open", id, run: null, at, rate }))
      .catch((why: Error) => this.store.notice(why.message));
  }

  /** Sends the held wishes, since a run is open. */
  private letGo(): void {
    const { held } = this;
    this.held = null;
    for (const message of held ?? []) this.worker.postMessage(message);
    this.store.regard();
    if (held) void this.learn();
  }

  private async learn(): Promise<void> {
    try {
      this.store.learn((await this.store.askLab((id) => ({ type: "catalogue", id }))) as LabCatalogue);
    } catch (why) {
      this.store.notice((why as Error).message);
    }
  }

  private receive(message: FromWorker): void {
    if (message.type === "ready" && this.film) void this.takeOver(this.film);
    if (message.type === "batch") {
      this.store.recorded = false;
      this.store.apply(message.batch);
      this.drawn.applied();
      return;
    }
    this.store.hear(message);
    if (message.type === "answer" && message.ok && message.id === this.opening) this.letGo();
  }
}

/**
 * Starts the lab with the run that the address names behind its #, now and whenever that changes. Rejects if
 * a part of the page does not load.
 */
export async function openLab(store: Store): Promise<void> {
  const source = new LabSource(store);
  const embedded = document.documentElement.dataset["page"] === "embed";
  const framed = embedded ? import("../embed/frame.js").then((m) => m.startFrame(store)) : null;
  if (!embedded) onceRunning(store, keepOffline);
  const open = () => openAddress(location.hash, FIRST_RATE);
  const takes = location.hash === "" ? findFilm() : null;
  if (takes) source.playFilm(openFilm(store, takes));
  store.connect(source);
  if (!takes) void open();
  addEventListener("hashchange", open);
  await framed;
}

function openFilm(store: Store, takes: Take[]): Film {
  const known = wasHere();
  const still = reducedMotion();
  store.pace = FILM_RATE;
  const film = new Film(store, takes, still ? STILL_MS : known ? KNOWN_MS : 0, still ? 0 : FILM_RATE);
  if (!known) new FirstWords(store);
  return film;
}

/**
 * Runs `then` once the lab itself has arrived, film or no film: files for later visits must not delay those
 * that are needed now.
 */
function onceRunning(store: Store, then: () => void): void {
  const stop = store.onBatch(() => {
    if (store.recorded) return;
    stop();
    then();
  });
}
