/**
 * The dedicated Worker of studies: it loads the program that answers questions about many runs (wasm/studies).
 * A question is one call that may take many seconds; what it has to say meanwhile it posts. To give up is to end this Worker. A classic worker, as worker.ts.
 */
import { loadProgram } from "./program.js";

declare const self: DedicatedWorkerGlobalScope;

/** What the Go program registers as globalThis.raftPlaygroundStudies: it answers the JSON of a StudyQuestion with an id (src/lab/study.ts). */
interface Studies {
  ask(now: number, question: string): void;
}

let studies: Studies | null = null;
let early: unknown[] = []; // asked before the program had loaded

const failed = (detail: string) => self.postMessage({ type: "failed", detail });

self.onmessage = (event: MessageEvent<unknown>) => {
  if (studies === null) early.push(event.data);
  else ask(studies, event.data);
};

Object.assign(globalThis, { raftPlaygroundHost: { post: (message: string) => self.postMessage(JSON.parse(message)), failed } });

loadProgram((fraction) => self.postMessage({ type: "loading", fraction }), failed).then(
  () => {
    const program = (globalThis as unknown as { raftPlaygroundStudies?: Studies }).raftPlaygroundStudies;
    if (program === undefined) return; // it has ended already: failed was called
    studies = program;
    for (const question of early) ask(program, question);
    early = [];
  },
  (error: unknown) => failed(error instanceof Error ? error.message : String(error)),
);

function ask(program: Studies, question: unknown): void {
  program.ask(performance.timeOrigin + performance.now(), JSON.stringify(question));
}
