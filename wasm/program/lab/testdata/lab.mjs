// Runs lab.wasm in Node as the lab's Worker does, with a page that draws at once, and sees that it plays.
// Usage: node lab.mjs lab.wasm wasm_exec.js [measure]
import { readFileSync } from "node:fs";
import { runInThisContext } from "node:vm";

const [, , wasm, exec, mode] = process.argv;
runInThisContext(readFileSync(exec, "utf8"));

const answers = new Map();
let batches = 0;
let bytes = 0;
let state = {};
let posts = 0;
globalThis.raftPlaygroundHost = {
  post(text) {
    posts++;
    bytes += text.length;
    const message = JSON.parse(text);
    if (message.type === "answer") answers.set(message.id, message);
    if (message.type !== "batch") return;
    batches++;
    state = { ...state, ...message.batch };
    drawn = true;
  },
  failed(detail) {
    throw new Error(detail);
  },
};

const go = new globalThis.Go();
const { instance } = await WebAssembly.instantiate(readFileSync(wasm), go.importObject);
void go.run(instance);
const lab = globalThis.raftPlaygroundLab;
let now = 1e12;
let drawn = true;
let lastID = 0;

function tick() {
  if (drawn) {
    drawn = false;
    lab.page(now, '{"type":"drawn"}');
  }
  return lab.tick(now);
}

/** ms of processor time so far: what other programs take does not count. */
function worked() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Lets ms of real time pass and returns how long the program worked. */
function run(ms) {
  const begun = worked();
  for (const end = now + ms; now < end; ) now += Math.max(1, tick());
  return worked() - begun;
}

function ask(message) {
  const id = ++lastID;
  const begun = worked();
  lab.page(now, JSON.stringify({ id, ...message }));
  while (!answers.has(id)) run(1);
  const took = worked() - begun;
  const answer = answers.get(id);
  if (!answer.ok) throw new Error(`${JSON.stringify(message)}: ${answer.error}`);
  return { ...answer, took };
}

function expect(what, ok) {
  if (!ok) throw new Error(`expected ${what}; the state is ${JSON.stringify(state).slice(0, 2000)}`);
}

ask({ type: "open", run: null, at: 0, rate: 0.02 });
run(6000);
expect("S3 to lead term 1", state.servers.find((s) => s.report?.role === "leader")?.server === 3 &&
  state.servers[2].report.term === 1);
expect("x = 3 to be committed", state.servers[2].report.commitIndex === 2);
expect("about thirty batches a second at most", batches > 20 && batches < 220);
ask({ type: "network", change: { rate: 1 } });
ask({ type: "act", action: { do: "crash", server: 3 } });
run(2000);
const leader = state.servers.find((s) => s.report?.role === "leader");
expect("another server to lead a later term", leader && leader.server !== 3 && leader.report.term > 1);
const { value: moment } = ask({ type: "moment" });
ask({ type: "open", run: moment.run, at: moment.at, rate: 0 });
expect("a link to open the same state", ask({ type: "moment" }).value.hash === moment.hash);
console.log("plays");

if (mode === "measure") measure();

/**
 * Prints what the lab costs: the share of a core in real time, and how long it takes to go to any moment of ten
 * minutes of chaos.
 */
function measure() {
  for (const servers of [3, 5, 9]) {
    ask({ type: "open", run: { version: 1, config: { servers, latency: 15000, jitter: 5000 }, seed: 7 }, at: 2e6,
      rate: 1 });
    run(1000);
    bytes = posts = 0;
    const took = run(20000);
    console.log(`${servers} servers at real time: ${(took / 200).toFixed(1)} % of a core, ${(posts / 20)
      .toFixed(0)} messages and ${(bytes / 20 / 1024).toFixed(0)} KiB a second`);
  }
  for (const chaos of [0, 600e6]) {
    const run10 = { version: 1, config: { servers: 5, latency: 15000, jitter: 5000,
      ...(chaos ? { clients: 3, keys: 4, think: 500000, patience: 2000000 } : {}) }, seed: 7 };
    const opened = ask({ type: "open", run: run10, at: 600e6, rate: 0 });
    const times = [];
    for (let i = 0; i < 60; i++) times.push(ask({ type: "seek", at: ((i * 7919) % 600) * 1e6 + 500e3 }).took);
    times.sort((a, b) => a - b);
    console.log(`ten minutes${chaos ? " with clients"
      : ""}: opened in ${opened.took.toFixed(0)} ms; a seek takes ${times[30].toFixed(0)} ms, at most ${times[59]
      .toFixed(0)} ms`);
  }
  console.log(`memory ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`);
}
process.exit(0);
