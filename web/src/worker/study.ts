/**
 * The dedicated Worker of studies: it loads the same program as the lab's Worker, and uses the part of it that answers questions about many runs (wasm/study).
 * A question is one call that may take many seconds; what it has to say meanwhile it posts. To give up is to end this Worker. A classic worker, as worker.ts.
 */
import { loadProgram } from "./program.js";

declare const self: DedicatedWorkerGlobalScope;

/** The part of what the Go program registers as globalThis.raftPlaygroundLab that is used here: it answers the JSON of a StudyQuestion with an id (src/lab/study.ts). */
interface Lab {
  study(now: number, question: string): void;
}

let lab: Lab | null = null;
let early: unknown[] = []; // asked before the program had loaded

const failed = (detail: string) => self.postMessage({ type: "failed", detail });

self.onmessage = (event: MessageEvent<unknown>) => {
  if (lab === null) early.push(event.data);
  else ask(lab, event.data);
};

Object.assign(globalThis, { raftPlaygroundHost: { post: (message: string) => self.postMessage(JSON.parse(message)), failed } });

loadProgram((fraction) => self.postMessage({ type: "loading", fraction }), failed).then(
  () => {
    const program = (globalThis as unknown as { raftPlaygroundLab?: Lab }).raftPlaygroundLab;
    if (program === undefined) return; // it has ended already: failed was called
    lab = program;
    for (const question of early) ask(program, question);
    early = [];
  },
  (error: unknown) => failed(error instanceof Error ? error.message : String(error)),
);

function ask(program: Lab, question: unknown): void {
  program.study(performance.timeOrigin + performance.now(), JSON.stringify(question));
}
