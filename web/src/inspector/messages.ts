import type { Flight, Message } from "../model.js";

/**
 * A flight as a message, without its text. A message that was held and released sets out anew, but keeps the
 * time at which it was sent.
 */
export function messageOf(f: Flight, known?: Message): Message {
  const { seq, from, to, kind, term, ok, entryCount, label, sent, due, fate, lostAt, held = false } = f;
  return { seq, from, to, kind, term, ok, entryCount, label, sent: known?.sent ?? sent, due, fate, lostAt, held };
}

/** When a message arrives, or when it was lost. */
export const endOf = (m: Message): number => (m.fate === "sent" ? m.due : (m.lostAt ?? m.due));

/** Whether a message has arrived by a time. */
export const arrived = (m: Message, by: number): boolean => m.fate === "sent" && !m.held && m.due <= by;
