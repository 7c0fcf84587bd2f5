import type { Lab, LabWrong } from "../model.js";

/** One deviation from a calm cluster, and what mends it. */
export interface Wrong extends LabWrong {
  chaos?: false; // no more faults are drawn
}

/** All that is wrong now: the lab's faults, then messages that are held, and chaos. */
export function wrongs(lab: Lab | null, held: number[]): Wrong[] {
  const list: Wrong[] = [...(lab?.wrong ?? [])];
  if (held.length > 0) list.push({ text: held.length === 1 ? "One message is held" : `${held.length} messages are held`,
    words: "Release", acts: held.map((frame) => ({ do: "releaseFrame", frame })) });
  if (lab?.chaos) list.push({ text: "Faults happen by themselves", words: "No more", acts: [], chaos: false });
  return list;
}
