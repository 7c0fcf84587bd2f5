import type { Lived } from "../state/lived.js";
import type { Batch, Message, Replay, StoryLine } from "../model.js";
import { endOf, messageOf } from "../inspector/messages.js";
import { MS } from "../view/time.js";

/** A stretch of time. */
export interface Stretch {
  from: number;
  to: number;
}

/** Asks the lab for all that happened in a stretch. */
export type Ask = (stretch: Stretch, details: boolean) => Promise<Replay>;

// the margin asked for beyond a stretch, as a part of it and at least: small moves then need no question
const MARGIN = { part: 0.5, least: 100 * MS };
const PLAYING_MS = 1_000; // real time between two questions while the clock runs
// the wait before a question that the lab could not answer, on its way elsewhere, is asked again
const AGAIN_MS = 250;
const MESSAGES = 6_000; // kept at once; those sent first are forgotten

/**
 * What happened in the stretch that the diagram shows. The lab replays all of it when it is first shown,
 * after a jump, and when the clock stops; while the clock runs in between, the batches' contents are added.
 */
export class Chronicle {
  private known = new Map<number, Message>(); // by seq
  // the last answer, and where its question began; null: none of this moment
  private told: (Replay & { details: boolean; asked: number }) | null = null;
  private asked: (Stretch & { details: boolean }) | null = null; // the last question
  private asking: Batch[] | null = null; // the batches since a question whose answer is awaited
  private moment = 0; // counts the jumps: an answer from before a jump is void
  private earliest = 0; // performance.now() of the next question while the clock runs

  /** `changed` is called when there is more to draw. */
  constructor(private ask: Ask, private changed: () => void) {}

  /** Forgets all: it belongs to another moment, or has gaps. */
  clear(): void {
    this.told = this.asked = this.asking = null;
    this.moment++;
  }

  take(batch: Batch): void {
    if (batch.moment) this.clear();
    if (batch.moment === "run") this.known.clear();
    this.asking?.push(batch);
    this.add(batch);
  }

  /** Makes sure that a stretch is known completely, as far as `now`. */
  need(stretch: Stretch, now: number, details: boolean, paused: boolean): void {
    if (this.asking || this.covers(stretch, now, details, paused) || (!paused && performance.now() < this.earliest))
      return;
    const wanted = { ...around(stretch, now), details };
    const { asked } = this;
    // this was answered already, and there was more than an answer holds
    if (asked && asked.from === wanted.from && asked.to === wanted.to && asked.details === details) return;
    this.fetch(wanted, details).catch(() => setTimeout(this.changed, AGAIN_MS));
  }

  /** Asks for a stretch and waits for it. */
  async fetch(stretch: Stretch, details: boolean): Promise<void> {
    const { moment } = this;
    const since: Batch[] = [];
    this.asked = { ...stretch, details };
    this.asking = since;
    try {
      const replay = await this.ask(stretch, details);
      if (moment !== this.moment || this.asking !== since) return;
      this.told = { ...replay, details, asked: stretch.from };
      this.known = new Map(replay.messages.map((m) => [m.seq, m]));
      for (const batch of since) this.add(batch);
    } catch (why) {
      if (this.asking === since) this.asked = null;
      throw why;
    } finally {
      if (this.asking === since) this.asking = null;
      this.earliest = performance.now() + PLAYING_MS;
      this.changed();
    }
  }

  /** The time from which everything is known, if the lab left out a part of the stretch; else null. */
  since(stretch: Stretch): number | null {
    const { told } = this;
    return told && told.from > Math.max(stretch.from, told.asked + 1) ? told.from : null;
  }

  get(seq: number): Message | undefined {
    return this.known.get(seq);
  }

  /** The messages that were under way at any time in a stretch, in the order in which they were sent. */
  between({ from, to }: Stretch): Message[] {
    return [...this.known.values()].filter((m) => m.sent <= to && endOf(m) >= from).sort((a, b) => a.sent - b.sent ||
      a.seq - b.seq);
  }

  /** The events of servers in a stretch: as they were replayed, else as the story has them. */
  events({ from, to }: Stretch, story: StoryLine[], details: boolean): StoryLine[] {
    const { told } = this;
    const elsewhere = story.filter((l) => l.server > 0 && !(told && l.at > told.from && l.at <= told.to));
    const replayed = told?.events.filter((l) => l.at > told.from) ?? [];
    return [...elsewhere, ...replayed].filter((l) => l.at >= from && l.at <= to && (details || l.weight === "key"))
      .sort((a, b) => a.at - b.at || a.id - b.id);
  }

  /** The servers' roles: as they were replayed, else as the history has them. */
  lanes(history: Pick<Lived, "lanes">): Lived["lanes"] {
    const { told } = this;
    if (!told) return history.lanes;
    return [...history.lanes.filter((l) => l.at < told.from), ...told.lanes,
      ...history.lanes.filter((l) => l.at > told.to)];
  }

  private covers({ from, to }: Stretch, now: number, details: boolean, paused: boolean): boolean {
    const { told } = this;
    if (!told || (details && !told.details) || told.from > Math.max(0, from)) return false;
    return !paused || told.to >= Math.min(to, now);
  }

  private add(batch: Batch): void {
    for (const f of batch.flights ?? []) this.known.set(f.seq, messageOf(f, this.known.get(f.seq)));
    for (const l of batch.lost ?? []) {
      const m = this.known.get(l.seq);
      if (m) this.known.set(l.seq, { ...m, held: false, fate: l.fate, lostAt: l.at });
    }
    if (this.known.size > 1.2 * MESSAGES) this.forget();
  }

  private forget(): void {
    const bySent = [...this.known.values()].sort((a, b) => a.sent - b.sent || a.seq - b.seq).slice(-MESSAGES);
    this.known = new Map(bySent.map((m) => [m.seq, m]));
    if (this.told) this.told = { ...this.told, from: Math.max(this.told.from, bySent[0]?.sent ?? 0) };
  }
}

function around({ from, to }: Stretch, now: number): Stretch {
  const margin = Math.max(MARGIN.least, (to - from) * MARGIN.part);
  const until = Math.max(0, Math.min(to + margin, now));
  return { from: Math.min(until, Math.max(0, from - margin)), to: until };
}
