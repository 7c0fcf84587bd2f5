/**
 * Runs the real Worker (its bundle), with the real WebAssembly program, in Node: node worker.mjs BUNDLE WASM WASM_EXEC.
 * What the browser would give it comes from platform.mjs. Prints what is wrong and ends with 1, or ends with 0.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { runInThisContext } from "node:vm";
import { Disk, Room, webSocketOf } from "./platform.mjs";

const [bundle, wasm, wasmExec] = process.argv.slice(2);
const disk = new Disk();
const room = new Room();

let posted = [];
globalThis.self = globalThis;
globalThis.postMessage = (message) => {
  posted.push(structuredClone(message));
  if (message.type === "batch") setTimeout(() => say({ type: "drawn" }), 1);
};
globalThis.importScripts = () => runInThisContext(readFileSync(wasmExec, "utf8"), { filename: "wasm_exec.js" });
globalThis.fetch = async () => new Response(readFileSync(wasm), { headers: { "Content-Type": "text/plain" } });
globalThis.WebSocket = webSocketOf(room);
Object.defineProperty(globalThis, "navigator", { value: { storage: { getDirectory: async () => disk.root } } });

const say = (message) => globalThis.onmessage({ data: message });
const source = readFileSync(bundle, "utf8");

function startWorker(hint) {
  posted = [];
  runInThisContext(`(() => {${source}})()`, { filename: "worker.js" });
  say({ type: "start", room: "smoke", relay: "ws://relay", link: "http://relay/r/smoke", seat: "any", size: 1,
    encoding: "colon", hint, hidden: false });
}

async function until(what, find) {
  for (const end = Date.now() + 15_000; Date.now() < end; ) {
    const found = find();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`after 15 s: not ${what}. The page was told:\n${posted.slice(-5).map((m) => JSON.stringify(m))
    .join("\n")}`);
}

const batches = () => posted.filter((m) => m.type === "batch").map((m) => m.batch);
const self = (holds) => () => batches().map((b) => b.self).findLast((s) => s && holds(s));
const answered = (id) => () => posted.find((m) => m.type === "answer" && m.id === id);

// A new tab takes a seat, leads its room of one, and commits a write.
startWorker(null);
const first = await until("a leader", self((s) => s.role === "leader"));
assert.deepEqual([first.server, first.disk, first.connected], [1, "opfs", true]);
assert.deepEqual(room.joins[0], { server: null, lease: null, watch: true, binary: true, size: 1, hidden: false });
const loading = posted.filter((m) => m.type === "loading").map((m) => m.fraction);
assert.ok(loading.length > 0 && loading.at(-1) === 1, `the progress ended at ${loading.at(-1)}`);
say({ type: "request", id: 1, op: "put", key: "x", value: "1 ü", server: null });
const put = await until("an answer to the write", answered(1));
assert.deepEqual([put.ok, put.value.state, put.value.detail], [true, "done", "committed at index 2"]);
say({ type: "network", id: 2, change: { rate: 1 } });
assert.equal((await until("an answer to the change", answered(2))).ok, true);
const qr = batches().map((b) => b.qr).find((q) => q);
assert.ok(qr.rows.length === qr.size && qr.rows.every((row) => row.length === qr.size && /^[01]+$/.test(row)),
  "the link's code is not square");
assert.ok(batches().some((b) => b.story?.some((line) => line.kind === "becameLeader" && line.server === 1)),
  "the story does not tell of the election");
const term = first.term;

// A reload is a crash and a restart of the same server with its log.
say({ type: "stop" });
await new Promise((resolve) => setTimeout(resolve, 50));
startWorker(1);
const second = await until("the same server", self((s) => s.role === "leader" && s.lastIndex >= 3));
assert.ok(second.term > term, `term ${second.term} follows term ${term}`);
assert.deepEqual(room.joins[1], { server: 1, lease: room.lease, claim: 1, made: "ab", watch: true, binary: true,
  size: 1, hidden: false, disk: "opfs" });
say({ type: "request", id: 3, op: "get", key: "x", value: "", server: 1 });
const got = await until("an answer to the read", answered(3));
assert.deepEqual([got.value.found, got.value.value], [true, "1 ü"]);

// A disk that fails stops the server, in words.
disk.left = 0;
say({ type: "request", id: 4, op: "put", key: "y", value: "2", server: 1 });
const watching = await until("the end of the server", () => batches().map((b) => b.watching).find((w) => w));
assert.match(watching, /S1 has stopped.*the machine is off/);

// A panic is told, and the program takes no more.
globalThis.raftPlaygroundTab.text(Date.now());
const failed = await until("word of the panic", () => posted.find((m) => m.type === "failed"));
assert.equal(failed.reason, "worker");
assert.match(failed.detail, /index out of range/);
process.exit(0);
