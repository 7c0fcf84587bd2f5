import assert from "node:assert/strict";
import { test } from "node:test";
import { LAB, ROOM } from "../src/state/capabilities.js";
import { scriptingSurface } from "../src/api.js";
import type { Batch, Lab, ToLab, ToWorker } from "../src/model.js";
import { Store } from "../src/state/store.js";
import { answers, report, room, view } from "./scenes.js";

const property = (name: string, at: number | null) => ({ name, text: `${name} holds.`, broken: at === null ? null
  : { at, text: `${name} is broken`, servers: [1, 5], index: 2 } });

const lab = (change: Partial<Lab> = {}): Lab =>
  ({ seed: "42", end: 900_000, branch: 2, branches: [{ id: 1, parent: 0, at: 0, end: 1_200_000, text: "" },
  { id: 2, parent: 1, at: 300_000, end: 900_000, text: "S3 crashes" }], off: ["oneVotePerTerm"],
  modified: ["oneVotePerTerm"], properties: [property("Election Safety", null), property("Log Matching", null)],
  chaos: false, traps: [], wrong: [], ...change });

const leads = (server: number, term: number, commitIndex: number): Batch => ({
  answers: answers(3, { leaders: [server] }),
  servers: [1, 2, 3].map((s) => view(s, { self: false,
    report: report(s, { role: s === server ? "leader" : "follower", leader: server, term, commitIndex }) })),
});

/** A lab whose Worker answers what `answer` says, and what it was asked. */
function inTheLab(answer: (message: ToLab) => unknown = () => null): { store: Store; asked: (ToLab | ToWorker)[] } {
  const store = new Store();
  const asked: (ToLab | ToWorker)[] = [];
  store.connect({
    can: LAB,
    post(message) {
      asked.push(message);
      if (!("id" in message)) return;
      queueMicrotask(() => store.answer(message.id, true, answer(message as ToLab), ""));
      setTimeout(() => store.apply({ lab: lab({ seed: String(asked.length) }) }), 5); // the batch that shows it
    },
  });
  store.apply({ moment: "run", connection: { state: "open" }, room: room(3), lab: lab(),
    clock: { now: 300_000, rate: 0 }, ...leads(1, 3, 2) });
  return { store, asked };
}

test("the scripting surface tells the moment of the lab, with the hash that the Worker has of it", async () => {
  const run = { version: 1, config: { servers: 3, latency: 15_000, jitter: 5_000 }, seed: 42 };
  const { store } = inTheLab(() => ({ run, at: 311_000, hash: "9f" }));
  const api = scriptingSurface(store);
  const state = await api.lab();
  assert.deepEqual(state, {
    at: 311, end: 900, hash: "9f", seed: "42", branch: 2, branches: [1, 2], off: ["oneVotePerTerm"], run,
    properties: [{ name: "Election Safety", holds: true, broken: null },
      { name: "Log Matching", holds: true, broken: null }],
  });
});

test("the scripting surface asks the lab for moments, steps and deeds, and refuses what is none", async () => {
  const { store, asked } = inTheLab((m) => (m.type === "step" ? { at: 500_000, text: "S2 leads term 4." } : null));
  const api = scriptingSurface(store);
  await api.seek(1234.5);
  assert.deepEqual(await api.step("election"), { at: 500, text: "S2 leads term 4." });
  await api.step("role", true);
  await api.act({ do: "crash", server: 3 });
  const said = asked.map(({ ...m }) => ({ ...m, id: 0 }));
  assert.deepEqual(said, [
    { type: "seek", id: 0, at: 1_234_500 },
    { type: "step", id: 0, to: "election", back: false },
    { type: "step", id: 0, to: "role", back: true },
    { type: "act", id: 0, action: { do: "crash", server: 3 } },
  ]);
  await assert.rejects(api.seek(-1), /at must be milliseconds/);
  await assert.rejects(api.seek(Number.NaN), /at must be milliseconds/);
  await assert.rejects(api.act({} as { do: string }), /must say what to do/);
  await assert.rejects(api.open(null as unknown as string), /link must be a text, not null/);
});

test("what was done is shown once the promise is kept", async () => {
  const { store } = inTheLab(() => ({ at: 500_000, text: "" }));
  const api = scriptingSurface(store);
  await api.seek(10);
  assert.equal(store.lab?.seed, "1");
  await api.step("event");
  assert.equal(store.lab?.seed, "2");
  await api.act({ do: "heal" });
  assert.equal(store.lab?.seed, "3");
});

test("a deed goes to whatever the page shows, which does it or says why not", async () => {
  const store = new Store();
  store.connect({
    can: ROOM,
    post(message) {
      if (message.type !== "act") return;
      const does = message.action.do === "cut";
      queueMicrotask(() => store.answer(message.id, does, true, does ? ""
        : "This page is a live room, which cannot do “crash”."));
    },
  });
  const api = scriptingSurface(store);
  await api.act({ do: "cut", server: 1, to: 2 });
  await assert.rejects(api.act({ do: "crash", server: 1 }), /live room, which cannot do “crash”/);
});

test("the scripting surface of a live room says that it is no lab", async () => {
  const api = scriptingSurface(new Store());
  for (const wish of [api.lab(), api.seek(1), api.step("event"), api.open("#1?size=3")])
    await assert.rejects(wish, /This page is a live room/);
});

test("the scripting surface tells each violation once while it stands, and again after it was taken back", () => {
  const { store } = inTheLab();
  const api = scriptingSurface(store);
  const told: string[] = [];
  api.on("violation", (v) => told.push(`${v.property} at ${v.at}`));
  const broken: Batch = { lab: lab({ properties: [property("Election Safety", 400_000),
    property("Log Matching", null)] }) };
  store.apply(broken);
  store.apply(broken);
  assert.deepEqual(told, ["Election Safety at 400"]);
  store.apply({ moment: "jump", clock: { now: 300_000, rate: 0 }, lab: lab() });
  store.apply(broken);
  assert.deepEqual(told, ["Election Safety at 400", "Election Safety at 400"]);
});

test("the scripting surface follows the moment that is looked at, back too", () => {
  const { store } = inTheLab();
  const api = scriptingSurface(store);
  const told: string[] = [];
  api.on("seek", (e) => told.push(`seek ${e.at}`));
  api.on("leader", (e) => told.push(`S${e.leader} of ${e.term}`));
  api.on("commit", (e) => told.push(`commit ${e.commitIndex}`));
  store.apply({ ...leads(2, 4, 5), clock: { now: 600_000, rate: 0 } });
  store.apply({ moment: "jump", ...leads(1, 3, 2), clock: { now: 310_000, rate: 0 } });
  assert.deepEqual(told, ["S2 of 4", "commit 5", "seek 310", "S1 of 3", "commit 2"]);
});
