import type { CompareQuestion, ElectionsQuestion, FindQuestion, FromStudy, HistoryQuestion } from "../model.js";
import { startWorker } from "../state/start-worker.js";

/** Set by build.mjs: the name of the script of the Worker for studies, beside this one. */
declare const __STUDY_WORKER_URL__: string;

/**
 * Questions about whole runs, answered in a Worker of its own (wasm/study), so that the cluster on the stage goes on.
 */
export type StudyQuestion =
  | ({ type: "find" } & FindQuestion) // answered by Found, or null
  | ({ type: "compare" } & CompareQuestion) // Comparison
  | ({ type: "elections" } & ElectionsQuestion) // ElectionPoint[]
  | ({ type: "history" } & HistoryQuestion); // ClientHistory

/** One study at a time; a new one ends the old one, and so does stop: then what was asked is answered with null. */
export class Study {
  private worker: Worker | null = null; // at work
  private idle: Worker | null = null; // its program is loaded
  private abandon: () => void = () => {};
  private lastID = 0;

  /**
   * Resolves with the answer; rejects with words to show. `progress` hears how far it is, and for elections each point
   * as it is found.
   */
  ask<T>(question: StudyQuestion, progress: (fraction: number, words: string, part: unknown) => void): Promise<T
    | null> {
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

  /** Ends the Worker, because its program cannot be interrupted while it searches. */
  stop(): void {
    this.worker?.terminate();
    this.worker = null;
    this.abandon();
  }

  /** As stop, but also drops the loaded program. */
  close(): void {
    this.stop();
    this.idle?.terminate();
    this.idle = null;
  }
}
