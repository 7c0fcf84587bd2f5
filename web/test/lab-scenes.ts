import type { Batch, LivedPart, Lab } from "../src/model.js";
import { election, room } from "./scenes.js";

/** The lab as its Worker would tell it, for tests and for looking at the page without one (dev/). */

const PROPERTIES = ["Election Safety", "Leader Append-Only", "Log Matching", "Leader Completeness",
  "State Machine Safety"];

export const labOf = (change: Partial<Lab> = {}): Lab => ({
  seed: "42",
  end: 473_000,
  branch: 1,
  branches: [{ id: 1, parent: 0, at: 0, end: 473_000, text: "the run from its start" }],
  off: [],
  modified: [],
  properties: PROPERTIES.map((name) => ({ name, text: "It holds.", broken: null })),
  chaos: false,
  traps: [],
  wrong: [],
  ...change,
});

const HISTORY: LivedPart = {
  whole: true,
  terms: [{ at: 30_000, term: 1 }, { at: 90_000, term: 2 }, { at: 400_000, term: 3 }, { at: 440_000, term: 4 }],
  lanes: [
    ...[1, 2, 3, 4, 5].map((server) => ({ at: 0, server, role: "follower" as const, term: 0 })),
    { at: 30_000, server: 3, role: "candidate", term: 1 },
    { at: 60_000, server: 3, role: "follower", term: 1 },
    { at: 90_000, server: 1, role: "candidate", term: 2 },
    { at: 110_000, server: 1, role: "leader", term: 2 },
    { at: 311_000, server: 1, role: "gone", term: 2 },
    { at: 350_000, server: 5, role: "paused", term: 2 },
    { at: 380_000, server: 5, role: "follower", term: 2 },
    { at: 400_000, server: 2, role: "candidate", term: 3 },
    { at: 440_000, server: 4, role: "candidate", term: 4 },
  ],
  marks: [
    { at: 110_000, kind: "election", server: 1, text: "S1 leads term 2" },
    { at: 180_000, kind: "write", server: 1, text: "put x = 1" },
    { at: 210_000, kind: "commit", server: 1, text: "index 1 committed" },
    { at: 244_000, kind: "write", server: 1, text: "put x = 3" },
    { at: 280_000, kind: "commit", server: 1, text: "index 2 committed" },
    { at: 311_000, kind: "crash", server: 1, text: "S1 crashed" },
    { at: 311_000, kind: "fault", server: 1, text: "you crashed S1" },
  ],
  commit: 2,
};

/** S1 crashed, S4 asks for votes, in the lab. */
export function labElection(): Batch[] {
  const [before, , , now] = election();
  return [{ ...before, ...now, moment: "run", self: { ...before!.self!, server: null, disk: "none" },
    servers: now!.servers!.map((s) => ({ ...s, self: false, hidden: false })),
    room: room(5, { room: "lab", rate: 0.02 }), clock: { now: 473_000, rate: 0 }, lab: labOf(), lived: HISTORY }];
}

/** The same in the past of the second of three branches, with a rule off and a promise broken. */
function labBranches(): Batch[] {
  const [now] = labElection();
  const properties = labOf().properties.map((p, i) => (i === 4
    ? { ...p, broken: { at: 300_000, text: "S1 applied x = 3 at index 2, S5 applied x = 9.", servers: [1, 5],
    index: 2 } } : p));
  const branches = [{ id: 1, parent: 0, at: 0, end: 473_000, text: "the run from its start" },
    { id: 2, parent: 1, at: 250_000, end: 1_800_000, text: "you crashed S1" },
    { id: 3, parent: 2, at: 311_000, end: 900_000, text: "you cut S1 off" }];
  return [{ ...now!, lab: labOf({ branch: 2, branches, end: 1_800_000, off: ["preVote", "commitOnlyCurrentTerm"],
    modified: ["commitOnlyCurrentTerm"], properties }),
    lived: { ...HISTORY, marks: [...HISTORY.marks, { at: 1_300_000, kind: "violation", server: 5,
    text: "State Machine Safety broken" }] } }];
}

export const LAB_SCENES: Record<string, () => Batch[]> = { labElection, labBranches };
