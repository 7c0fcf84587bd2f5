import type { LabAction, Link } from "../model.js";
import { inMicros, MS } from "../time.js";

/** The network's qualities as a person sets them. */

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
  return { latency: inMicros(at("latency")), jitter: inMicros(at("jitter")), loss: chance("loss"),
    duplicate: chance("duplicate"), reorder: chance("reorder") };
}

/** A link's qualities as an action has them, exactly. */
export const qualities = (l: Link): NonNullable<LabAction["link"]> =>
  ({ latency: l.latency, jitter: l.jitter, loss: l.loss ?? 0, duplicate: l.duplicate ?? 0, reorder: l.reorder ?? 0 });
