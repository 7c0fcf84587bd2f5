/**
 * The dedicated Worker of the lab: it runs the program of the simulated cluster (wasm/program/lab), turns its clock,
 * and carries messages between it and the page. Everything that thinks is Go. A classic worker, as worker.ts:
 * wasm_exec.js comes in by importScripts.
 */
import { now, post, runProgram } from "./program.js";

/** What the Go program registers as globalThis.raftPlaygroundLab. Each call runs to its end. */
interface Lab {
  page(now: number, message: string): void;
  tick(now: number): number; // ms until the next one is wanted
}

let lab: Lab | null = null; // null: its clock does not run
let timer: ReturnType<typeof setTimeout> | undefined;

runProgram<Lab>({
  name: "raftPlaygroundLab",
  host: {},
  hear(program, message) {
    program.page(now(), message);
    tick(); // what was asked may be wanted sooner than the next tick
  },
  begin(program) {
    lab = program;
    post({ type: "ready" });
    tick();
  },
  end() {
    lab = null;
    clearTimeout(timer);
  },
});

function tick(): void {
  clearTimeout(timer);
  if (lab !== null) timer = setTimeout(tick, lab.tick(now()));
}
