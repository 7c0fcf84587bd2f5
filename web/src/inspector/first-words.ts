import { play } from "../view/motion.js";
import type { Store } from "../state/store.js";
import { keep, stored } from "../state/stored.js";

const TURN_MS = 1_500; // after the last sentence
const RING_MS = 2_000;

/** The key under which a first visit is remembered. */
const KEY = "raft-seen";

export const wasHere = (): boolean => stored(KEY) !== null;

/**
 * One sentence for each event of the first seconds, then an invitation. The first key or touch
 * ends them, and so does anything that takes the lab elsewhere: a person who acts needs no more of them.
 */
export class FirstWords {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private inputs = new AbortController();
  private stopBatches: () => void;
  private readonly seed: string | undefined; // of the run that they are about
  private said = false; // all but the invitation

  constructor(private store: Store) {
    this.seed = store.lab?.seed;
    this.stopBatches = store.onBatch((batch) => {
      const elsewhere = batch.moment === "jump" || batch.story?.some((l) => l.kind === "fault") ||
        (store.lab?.branches.length ?? 1) > 1 || store.lab?.seed !== this.seed;
      if (elsewhere) this.end();
      else if (!this.said) this.say();
    });
    for (const input of ["pointerdown", "keydown", "wheel"])
      addEventListener(input, () => this.end(), { signal: this.inputs.signal, capture: true, passive: true });
    this.say();
  }

  private say(): void {
    const { story, answers, view } = this.store;
    const enough = answers?.majority.needed;
    const leader = story.find((l) => l.kind === "becameLeader")?.server;
    const candidate = story.find((l) => l.kind === "becameCandidate")?.server;
    const committed = story.some((l) => l.kind === "commitAdvanced" && l.server === leader && String(l.index) === "2");
    let words = "Five servers, no leader. Whose timer ends first?";
    if (candidate) words = `S${candidate} asks everyone for a vote.`;
    if (leader) words = `${enough} said yes. S${leader} leads term 1.`;
    if (story.some((l) => l.kind === "client")) words = "A write is sent to everyone…";
    if (committed) words = `…and is committed once ${enough} have it.`;
    if (view.opening !== words) this.store.show({ opening: words });
    if (!committed || !leader) return;
    this.said = true;
    this.timer = setTimeout(() => this.invite(leader), TURN_MS);
  }

  private invite(leader: number): void {
    if (this.store.boot.state === "failed") return this.end(); // a film cannot be crashed
    this.store.show({ opening: `Your turn: click S${leader} and crash it.` });
    const ring = () => {
      play(document.querySelector(`.node[data-server="${leader}"] .flash`),
        [{ opacity: 0.8, transform: "scale(1)" }, { opacity: 0, transform: "scale(1.8)" }], 480);
      this.timer = setTimeout(ring, RING_MS);
    };
    ring();
  }

  private end(): void {
    this.stopBatches();
    this.inputs.abort();
    clearTimeout(this.timer);
    this.store.show({ opening: null });
    keep(KEY, "1");
  }
}
