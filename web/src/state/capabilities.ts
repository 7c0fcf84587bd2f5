/**
 * What a source of the store can do. A view, a key or a scripting call asks for the capability that it
 * needs, never for the kind of source; a new ability of a live room is then one entry here.
 */
export interface Capabilities {
  /**
   * The playhead goes to any moment of what was lived and beyond it, by seek or by step, and to other branches. Such a
   * source also tells what happened until then; with another, the store itself notes what it sees.
   */
  readonly seek: boolean;
  /** Deeds on servers and links: crash, pause, delay, hold… Every source takes links up or down, and the rate. */
  readonly deeds: boolean;
  /** A message under way can be looked into, held, changed, delivered or dropped by hand. */
  readonly frames: boolean;
  /** Each rule of Raft can be switched off. */
  readonly rules: boolean;
  /** What is shown is a run, from its seed on: another can be opened, and a link names any moment of it. */
  readonly runs: boolean;
  /** Servers run in people's tabs. Each has a seat, and a link invites others to the free ones. */
  readonly seats: boolean;
}

export type Capability = keyof Capabilities;

/** Whether something that may need a capability works with such a source. */
export const works = (can: Capabilities, { needs }: { needs?: Capability }): boolean => !needs || can[needs];

/** A simulated cluster (state/lab-source.ts). */
export const LAB: Capabilities = { seek: true, deeds: true, frames: true, rules: true, runs: true, seats: false };

/** A live room, by way of this tab's server (source.ts). */
export const ROOM: Capabilities = { seek: false, deeds: false, frames: false, rules: false, runs: false, seats: true };
