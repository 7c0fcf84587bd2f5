import type { Batch } from "../model.js";
import type { Store } from "./store.js";
import { inMicros } from "../view/time.js";

/** What the lab reported at this moment, ms of watching, when the film was recorded (wasm/film). */
export interface Take {
  at: number;
  batch: Batch;
}

export const FILM_RATE = 0.02; // at which it was recorded
const FRAME_MS = 50;

/**
 * The first seconds of the lab's first run, recorded from the lab itself and part of the page (build.mjs).
 * They play while the lab loads; it then goes on from where the film is. The film can be paused and played
 * at any rate; all other wishes wait for the lab.
 */
export class Film {
  private next = 0; // of the takes
  private elapsed: number; // ms of watching at FILM_RATE, at `read`
  private read = performance.now();
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(private store: Store, private takes: Take[], from: number, private rate: number) {
    this.elapsed = from;
    store.recorded = true;
    this.timer = setInterval(() => this.show(), FRAME_MS);
    this.show();
    this.setClock();
  }

  /** The clock's rate from now on. */
  setRate(rate: number): void {
    this.elapsed = this.position();
    this.read = performance.now();
    this.rate = rate;
    const { room } = this.store;
    if (room) this.store.apply({ room: { ...room, rate } });
    this.setClock();
  }

  /** Ends the film; returns where and at which rate the lab goes on. */
  stop(): { at: number; rate: number } {
    clearInterval(this.timer);
    return { at: inMicros(this.position() * FILM_RATE), rate: this.rate };
  }

  private get last(): number {
    return this.takes.at(-1)?.at ?? 0;
  }

  private position(): number {
    return Math.min(this.last, this.elapsed + ((performance.now() - this.read) * this.rate) / FILM_RATE);
  }

  private show(): void {
    const now = this.position();
    for (let take = this.takes[this.next]; take && take.at <= now; take = this.takes[++this.next]) {
      const { clock, room } = take.batch;
      this.store.apply({ ...take.batch, ...(clock && { clock: { ...clock, rate: this.rate } }),
        ...(room && { room: { ...room, rate: this.rate } }) });
    }
    if (now < this.last) return;
    clearInterval(this.timer);
    this.setClock();
  }

  /** Sets the clock to the film's position. If the lab takes longer than the film, its last picture stays. */
  private setClock(): void {
    const now = this.position();
    this.store.apply({ clock: { now: inMicros(now * FILM_RATE), rate: now < this.last ? this.rate : 0 } });
  }
}

/** The film that is part of this page; null if none is. */
export function findFilm(): Take[] | null {
  const text = document.getElementById("film")?.textContent;
  return text ? (JSON.parse(text) as Take[]) : null;
}
