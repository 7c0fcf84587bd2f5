import type { Source, Store } from "./store.js";

// Between a batch and the frame after which the next one is wanted: what moves is moved by the clock, not by batches.
const REST_MS = 20; // thirty a second
const REAL_TIME_REST_MS = 45; // sixteen a second, where nobody can follow single events
// after which a page that is visible and still not drawn (a frame that is scrolled out of sight) takes the next batch
const UNDRAWN_MS = 250;

/**
 * Asks a Worker for the next batch, but only after a frame with the last one was drawn. A hidden page draws nothing and
 * asks at once, so that what scripts read (api.ts) stays true; the Worker then sends less often.
 */
export class Drawn {
  private wanted: { frame: number; timers: ReturnType<typeof setTimeout>[] } | null = null;

  constructor(private store: Store, private source: Source) {
    document.addEventListener("visibilitychange", () => {
      source.post({ type: "hidden", hidden: document.hidden });
      if (document.hidden && this.wanted) this.want(); // that frame will not come
    });
  }

  /** A batch was applied: the next is wanted soon. */
  applied(): void {
    if (document.hidden) return this.want();
    const wanted = { frame: 0, timers: [setTimeout(() => (wanted.frame = requestAnimationFrame(() => this.want())),
      this.store.rate > 0.3 ? REAL_TIME_REST_MS : REST_MS), setTimeout(() => this.want(), UNDRAWN_MS)] };
    this.wanted = wanted;
  }

  /** Asks for the next batch, once a batch. */
  private want(): void {
    if (this.wanted) {
      cancelAnimationFrame(this.wanted.frame);
      this.wanted.timers.forEach(clearTimeout);
      this.wanted = null;
    }
    this.source.post({ type: "drawn" });
  }
}
