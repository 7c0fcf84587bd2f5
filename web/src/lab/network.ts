import type { LabAction, Link } from "../model.js";
import { span } from "../words.js";
import { inMicros, MS } from "../time.js";

/** The network's qualities as a person sets them, and what they mean for elections. */

export interface Dial {
  name: "latency" | "jitter" | "loss" | "duplicate" | "reorder";
  words: string;
  most: number; // of the slider
  unit: "ms" | "%";
}

export const DIALS: Dial[] = [
  { name: "latency", words: "Latency", most: 200, unit: "ms" },
  { name: "jitter", words: "Jitter", most: 100, unit: "ms" },
  { name: "loss", words: "Loss", most: 90, unit: "%" },
  { name: "duplicate", words: "Duplicates", most: 90, unit: "%" },
  { name: "reorder", words: "Reordering", most: 90, unit: "%" },
];

/** What a dial stands at for a link: ms, or percent. */
export function dialOf(link: Link, name: Dial["name"]): number {
  if (name === "latency" || name === "jitter") return Math.round((link[name] / MS) * 10) / 10;
  return Math.round((link[name] ?? 0) * 100);
}

/** A link's qualities with one of them at another place, as an action has them: µs and probabilities. */
export function withDial(link: Link, name: Dial["name"], value: number): NonNullable<LabAction["link"]> {
  const at = (n: Dial["name"]) => (n === name ? value : dialOf(link, n));
  const chance = (n: Dial["name"]) => Math.min(100, at(n)) / 100;
  return { latency: inMicros(at("latency")), jitter: inMicros(at("jitter")), loss: chance("loss"), duplicate: chance("duplicate"), reorder: chance("reorder") };
}

/** A link's qualities as an action has them, exactly. */
export const qualities = (l: Link): NonNullable<LabAction["link"]> => ({ latency: l.latency, jitter: l.jitter, loss: l.loss ?? 0, duplicate: l.duplicate ?? 0, reorder: l.reorder ?? 0 });

export interface Stability {
  words: "stable" | "strained" | "no leader can last";
  sentence: string;
  arithmetic: string;
}

/**
 * Whether a leader can be elected and stay: broadcastTime ≪ electionTimeout (§5.6). The time of a broadcast is a round trip and a write of the disk.
 * Loss from 0 to 1; `shortest` is the shortest election timeout.
 */
export function stability(latency: number, jitter: number, loss: number, write: number, shortest: number): Stability {
  const trip = 2 * (latency + jitter) + write;
  const share = Math.round((trip / shortest) * 100);
  const through = (1 - loss) ** 2; // call and reply
  const words = share > 100 ? "no leader can last" : share > 33 || through < 0.6 ? "strained" : "stable";
  const reason = { stable: "", strained: through < 0.6 && share <= 33 ? ` But of ten calls only ${Math.round(through * 10)} are answered.` : " Elections fail now and then, or repeat.", "no leader can last": " Votes arrive when the next timer has run out already." }[words];
  const disk = write > 0 ? ` + ${span(write)} for the disk` : "";
  return {
    words,
    sentence: `A round trip of up to ${span(trip)} is ${share} % of the shortest election timeout: ${words}.${reason}`,
    arithmetic: `2 × (${span(latency)} + ${span(jitter)})${disk} = ${span(trip)}; ${span(trip)} ÷ ${span(shortest)} = ${share} %`,
  };
}
