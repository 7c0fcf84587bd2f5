import type { Batch, Flight } from "../model.js";

/** A message as the diagram remembers it: without its text. */
export type Message = Pick<Flight, "seq" | "from" | "to" | "kind" | "term" | "ok" | "entryCount" | "label" | "sent" | "due" | "fate" | "lostAt" | "held">;

/** The messages of a run, as they were told in batches. Bounded: of more than MESSAGES those that were sent first are forgotten. */
export class Messages {
  private known = new Map<number, Message>(); // by seq, which grows with time

  take(batch: Batch): void {
    if (batch.moment === "run") this.known.clear();
    for (const f of batch.flights ?? []) {
      const { seq, from, to, kind, term, ok, entryCount, label, sent, due, fate, lostAt, held = false } = f;
      this.known.set(seq, { seq, from, to, kind, term, ok, entryCount, label, sent, due, fate, lostAt, held });
    }
    for (const l of batch.lost ?? []) {
      const m = this.known.get(l.seq);
      if (m) this.known.set(l.seq, { ...m, fate: l.fate, lostAt: l.at });
    }
    if (this.known.size > 1.2 * MESSAGES) this.forget();
  }

  get size(): number {
    return this.known.size;
  }

  get(seq: number): Message | undefined {
    return this.known.get(seq);
  }

  /** Those of which any part lies between two times, by when they were sent. */
  between(from: number, to: number): Message[] {
    return [...this.known.values()].filter((m) => m.sent <= to && endOf(m) >= from).sort((a, b) => a.sent - b.sent || a.seq - b.seq);
  }

  private forget(): void {
    const bySent = [...this.known.values()].sort((a, b) => a.sent - b.sent || a.seq - b.seq);
    this.known = new Map(bySent.slice(-MESSAGES).map((m) => [m.seq, m]));
  }
}

export const MESSAGES = 6_000;

/** When a message arrives, or when it was lost. */
export const endOf = (m: Message): number => (m.fate === "sent" ? m.due : (m.lostAt ?? m.due));

/** Whether a message has arrived by a time. */
export const arrived = (m: Message, by: number): boolean => m.fate === "sent" && !m.held && m.due <= by;
