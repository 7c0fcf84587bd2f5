import type { HistoryPart, LabRun, StoryLine, U64 } from "../model.js";
import { startWorker } from "./start-worker.js";

/** Questions about many runs, answered in a Worker of its own (wasm/study), so that the cluster on the stage goes on. */
export type StudyQuestion =
  | { type: "find"; off: string[]; seconds: number } // a run, as short as can be found in so many seconds, in which these rules are missed
  | { type: "compare"; left: LabRun; right: LabRun; until: number } // two runs, to a time in ms
  | { type: "elections"; servers: number; seed: number; runs: number; latencies: number[]; timeouts: { least: number; most: number }[] }; // first elections, times in ms

export interface Found {
  run: LabRun;
  at: number; // when the property breaks, ms
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
  latency: number; // one way, ms
  least: number; // of the timeout, ms
  most: number;
  runs: number;
  median: number | null; // ms until somebody leads; null: nobody did in half of the runs
  worst: number | null; // the 95th percentile
  split: number; // fraction of runs in which a vote was split at least once
  none: number; // fraction in which nobody led within 10 s
}

type FromStudy =
  | { type: "loading"; fraction: number }
  | { type: "failed"; reason: string; detail: string }
  | { type: "progress"; id: number; fraction: number; words: string; part: unknown }
  | { type: "answer"; id: number; ok: boolean; value: unknown; error: string };

/** One study at a time; a new one ends the old one, and so does stop: then what was asked is answered with null. */
export class Study {
  private worker: Worker | null = null; // at work
  private idle: Worker | null = null; // its program is loaded
  private abandon: () => void = () => {};
  private lastID = 0;

  constructor(private url: string) {}

  /** Resolves with the answer; rejects with words to show. `progress` hears how far it is, and for elections each point as it is found. */
  ask<T>(question: StudyQuestion, progress: (fraction: number, words: string, part: unknown) => void): Promise<T | null> {
    this.stop();
    const worker = this.idle ?? startWorker(this.url, "raft study");
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
}
