import type { LabAction, Stop, U64 } from "../model.js";

/**
 * The messages between an embedded lab and the page around it, sent by postMessage. Every message carries {
 * source: "raft-playground", version: 1 }. A course may use the protocol with a plain iframe; the element
 * <raft-playground> (element.ts) uses it on behalf of others. Times are milliseconds of cluster time.
 */
export const SOURCE = "raft-playground";
export const VERSION = 1;

/** From the lab to the page around it. */
export type Told =
  | { type: "loading"; detail: { fraction: number } } // again and again, until it is ready or has failed
  | { type: "failed"; detail: { text: string } } // the lab cannot run, or has ended; the frame says so, too
  | { type: "ready"; detail: { servers: number } } // commands are taken from now on
  | { type: "leader"; detail: { leader: number | null; term: U64 } }
  | { type: "commit"; detail: { commitIndex: U64 } }
  | { type: "violation"; detail: { property: string; at: number; text: string; servers: number[]; index: U64 } }
  | { type: "answer"; id: number; ok: boolean; value: unknown; error: string }; // to a command, once each

/** From the page around it to the lab, obeyed in order. `id` is the sender's, for the answer. */
export type Command = { type: "command"; id: number } & (
  | { command: "play"; rate?: number } // seconds of the cluster in a second, 0.001 to 1; without it as it was
  | { command: "pause" }
  | { command: "seek"; at: number }
  | { command: "step"; to: Stop | string; back?: boolean } // answers { at, text }
  | { command: "act"; action: LabAction } // times in µs
  | { command: "open"; link: string } // as a link's #, or the name of a run of the gallery
  | { command: "state" } // answers as window.raftPlayground.lab() does
  | { command: "ping" } // answered at once, out of turn: the lab is still there
  // link: the part behind the # of the frame's address, which may name another run; errors in it are shown
  // in the frame
  | { command: "show"; link?: string; controls?: string; theme?: string }
);

/** Whether a message belongs to this protocol, in a version that is understood. */
export function isOurs(data: unknown): data is { source: string; version: number; type: unknown } & Record<string,
  unknown> {
  return typeof data === "object" && data !== null && (data as { source?: unknown }).source === SOURCE &&
    (data as { version?: unknown }).version === VERSION;
}
