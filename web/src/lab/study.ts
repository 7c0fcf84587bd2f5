import type { FromStudy, HistoryPart, LabRun, StoryLine, U64 } from "../model.js";
import { startWorker } from "./start-worker.js";

/** Set by build.mjs: the name of the script of the Worker for studies, beside this one. */
declare const __STUDY_WORKER_URL__: string;

/** Questions about whole runs, answered in a Worker of its own (wasm/study), so that the cluster on the stage goes on. */
export type StudyQuestion =
  | { type: "find"; off: string[]; seconds: number } // a run, as short as can be found in so many seconds, in which these rules are missed
  | { type: "compare"; left: LabRun; right: LabRun; until: number } // two runs, to a time
  | { type: "elections"; servers: number; seed: number; runs: number; latencies: number[]; timeouts: { least: number; most: number }[] } // first elections
  | { type: "history"; run: LabRun; until: number }; // what clients did, from the run's start to a time

export interface Found {
  run: LabRun;
  at: number; // when the property breaks
  property: string;
  text: string;
  actions: string[]; // what is done in the run, in words, in order
  how: "search" | "chance"; // search: no run within the bounds is shorter; chance: found with a random seed, then everything left out that can be
  looked: number; // situations, or seeds, that were looked at
}

export interface Comparison {
  until: number;
  divergence: { at: number; left: string; right: string } | null; // the first event that is not the same in both; null: there is none
  left: Track;
  right: Track;
}

/** What happened in one of two runs. */
export interface Track {
  history: HistoryPart;
  story: StoryLine[]; // key lines, at most 200 of them about the divergence
  commit: U64;
}

export interface ElectionPoint {
  latency: number; // one way
  least: number; // of the timeout
  most: number;
  runs: number;
  median: number | null; // until somebody leads; null: nobody did in half of the runs
  worst: number | null; // the 95th percentile
  split: number; // fraction of runs in which a vote was split at least once
  none: number; // fraction in which nobody led within 10 s
}

/** What the clients of a run asked and were told (wasm/study/history.go). */
export interface ClientHistory {
  until: number; // as far as it goes
  leftOut: number; // operations that were asked for later: there are too many
  operations: Operation[]; // in the order of the asking
  wrong: { operation: number; against: number[]; text: string }[]; // answers that no order explains, ascending by their time; earlier ones that they contradict together; in words
  undecided: string[]; // keys with too many orders to try
}

export interface Operation {
  client: number; // 0: that of actions, which may ask for several things at once
  kind: "get" | "put" | "delete" | "cas";
  key: string;
  value: string; // put, cas: what was written; get: what was found
  expected?: string; // cas: what had to be there; none: an empty value
  found: boolean; // get, delete: the key existed; cas: what was expected was there
  server: number; // who answered; 0: nobody did
  called: number;
  returned: number | null; // null: there was no answer, or one that leaves open whether it happened
  refused: boolean; // it did not happen and never will
  effect: number | null; // when it can be taken to have happened; null: never, or it is not known
  place: number; // its effect's in the order of those on its key, from 1; 0: it has none
}

/** One study at a time; a new one ends the old one, and so does stop: then what was asked is answered with null. */
export class Study {
  private worker: Worker | null = null; // at work
  private idle: Worker | null = null; // its program is loaded
  private abandon: () => void = () => {};
  private lastID = 0;

  /** Resolves with the answer; rejects with words to show. `progress` hears how far it is, and for elections each point as it is found. */
  ask<T>(question: StudyQuestion, progress: (fraction: number, words: string, part: unknown) => void): Promise<T | null> {
    this.stop();
    const worker = this.idle ?? startWorker(new URL(__STUDY_WORKER_URL__, import.meta.url).href, "raft study");
    [this.worker, this.idle] = [worker, null];
    const id = ++this.lastID;
    return new Promise<T | null>((resolve, reject) => {
      this.abandon = () => resolve(null);
      const fail = (why: string) => {
        worker.terminate();
        if (this.worker === worker) this.worker = null;
        reject(new Error(why));
      };
      worker.onerror = (e) => fail(e.message || "the Worker could not be loaded");
      worker.onmessage = ({ data }: MessageEvent<FromStudy>) => {
        if (data.type === "loading") progress(0, `Loading the cluster… ${Math.round(data.fraction * 100)} %`, null);
        else if (data.type === "failed") fail(data.detail);
        else if (data.id !== id) return;
        else if (data.type === "progress") progress(data.fraction, data.words, data.part);
        else {
          [this.worker, this.idle] = [null, worker];
          if (data.ok) resolve(data.value as T);
          else reject(new Error(data.error));
        }
      };
      worker.postMessage({ ...question, id });
    });
  }

  /** The program does nothing else while it looks: to end it is to end its Worker. */
  stop(): void {
    this.worker?.terminate();
    this.worker = null;
    this.abandon();
  }

  /** As stop, and the program is not kept for another question either. */
  close(): void {
    this.stop();
    this.idle?.terminate();
    this.idle = null;
  }
}
