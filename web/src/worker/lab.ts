/**
 * The dedicated Worker of the lab: it loads the program of the simulated cluster (wasm/lab), turns its clock, and carries messages between it and the page.
 * Everything that thinks is Go. A classic worker, as worker.ts: wasm_exec.js comes in by importScripts.
 */
import type { FromWorker, ToLab, ToWorker } from "../model.js";
import { loadProgram } from "./program.js";

declare const self: DedicatedWorkerGlobalScope;

/** What the Go program registers as globalThis.raftPlaygroundLab. `now` is the epoch time in ms, with fractions, and never goes back. Each call runs to its end. */
interface Lab {
  page(now: number, message: string): void;
  tick(now: number): number; // ms until the next one is wanted
}

/** What Go calls, globalThis.raftPlaygroundHost. Neither calls back into the Lab before it returns. */
interface Host {
  post(message: string): void;
  failed(detail: string): void;
}

const now = () => performance.timeOrigin + performance.now();
const post = (message: FromWorker) => self.postMessage(message);

let lab: Lab | null = null;
let early: (ToWorker | ToLab)[] = []; // what the page said before the program had loaded
let failed = false;
let timer: ReturnType<typeof setTimeout> | undefined;

self.onmessage = (event: MessageEvent<ToWorker | ToLab>) => {
  if (lab !== null) {
    lab.page(now(), JSON.stringify(event.data));
    tick(); // what was asked may be wanted sooner than the next tick
  } else if (!failed) early.push(event.data);
};

const host: Host = { post: (message) => post(JSON.parse(message) as FromWorker), failed: stop };

void run();

async function run(): Promise<void> {
  Object.assign(globalThis, { raftPlaygroundHost: host });
  try {
    await loadProgram((fraction) => post({ type: "loading", fraction }), stop);
  } catch (error) {
    fail("wasm", error instanceof Error ? error.message : String(error));
    return;
  }
  const program = (globalThis as unknown as { raftPlaygroundLab?: Lab }).raftPlaygroundLab;
  if (program === undefined) return; // it has ended already: stop says why
  lab = program;
  for (const message of early) program.page(now(), JSON.stringify(message));
  early = [];
  post({ type: "ready" });
  tick();
}

function tick(): void {
  clearTimeout(timer);
  if (lab !== null) timer = setTimeout(tick, lab.tick(now()));
}

/** The program has panicked or ended. */
function stop(detail: string): void {
  fail("worker", detail);
}

/** The first reason is the one that counts. */
function fail(reason: "wasm" | "worker", detail: string): void {
  if (failed) return;
  failed = true;
  lab = null;
  early = [];
  clearTimeout(timer);
  post({ type: "failed", reason, detail });
}
