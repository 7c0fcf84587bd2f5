/**
 * The dedicated Worker of studies: it runs the program that answers questions about many runs (wasm/program/study). A
 * question is one call that may take many seconds; what it has to say meanwhile it posts. To give up is to end this
 * Worker. A classic worker, as worker.ts.
 */
import { now, runProgram } from "./program.js";

/**
 * What the Go program registers as globalThis.raftPlaygroundStudies: it answers the JSON of a StudyQuestion with
 * an id (src/study/study.ts).
 */
interface Studies {
  ask(now: number, question: string): void;
}

runProgram<Studies>({ name: "raftPlaygroundStudies", host: {}, hear: (studies, question) => studies.ask(now(),
  question) });
