/**
 * The dedicated Worker of studies: it loads the same program as the lab's Worker, and uses the part of it that answers questions about many runs (wasm/study).
 * A question is one call that may take many seconds; what it has to say meanwhile it posts. To give up is to end this Worker. A classic worker, as worker.ts.
 */
import { loadProgram } from "./program.js";

declare const self: DedicatedWorkerGlobalScope;

/** What the Go program registers as globalThis.raftPlaygroundStudy: answers the JSON of a StudyQuestion with an id (src/lab/study.ts). */
type Ask = (question: string) => void;

let ask: Ask | null = null;
let early: unknown[] = []; // asked before the program had loaded

self.onmessage = (event: MessageEvent<unknown>) => {
  if (ask !== null) ask(JSON.stringify(event.data));
  else early.push(event.data);
};

const failed = (detail: string) => self.postMessage({ type: "failed", detail });

Object.assign(globalThis, { raftPlaygroundHost: { post: (message: string) => self.postMessage(JSON.parse(message)), failed } });

loadProgram((fraction) => self.postMessage({ type: "loading", fraction }), failed).then(
  () => {
    ask = (globalThis as unknown as { raftPlaygroundStudy?: Ask }).raftPlaygroundStudy ?? null;
    for (const question of early) ask?.(JSON.stringify(question));
    early = [];
  },
  (error: unknown) => failed(error instanceof Error ? error.message : String(error)),
);
