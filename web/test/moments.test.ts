import assert from "node:assert/strict";
import { test } from "node:test";
import { LAB } from "../src/state/capabilities.js";
import { branchTree, reignAt, within, zoomed } from "../src/state/lived.js";
import type { Batch, FromWorker, Lab, StoryLine, ToLab, ToWorker } from "../src/model.js";
import { Store, type Topic } from "../src/state/store.js";
import { command, flight, report, room, view } from "./scenes.js";

/** A lab whose branch was lived for a second: S1 leads from 0.2 s, S2 from 0.7 s. */
const lab = (change: Partial<Lab> = {}): Lab =>
  ({ seed: "42", end: 1_000, branch: 1, branches: [{ id: 1, parent: 0, at: 0, end: 1_000, text: "" }], off: [],
  modified: [], properties: [], chaos: false, traps: [], wrong: [], ...change });

const line = (id: number, at: number, text: string, weight: StoryLine["weight"] = "key"): StoryLine =>
  ({ id, at, server: 1, kind: "becameLeader", weight, text, why: "", section: "", term: 1 });

const run = (change: Partial<Batch> = {}): Batch => ({
  moment: "run",
  lab: lab(),
  connection: { state: "open" },
  room: room(3, { room: "lab", rate: 0 }),
  clock: { now: 1_000, rate: 0 },
  servers: [1, 2, 3].map((s) => view(s,
    { self: false, report: report(s, { cells: [command(1, "x = 1"), command(1, "x = 2")] }) })),
  story: [line(1, 200, "S1 leads term 1."), line(2, 300, "S1 waits.", "detail"), line(3, 700, "S2 leads term 2.")],
  lived: {
    whole: true,
    terms: [{ at: 150, term: 1 }, { at: 650, term: 2 }],
    lanes: [{ at: 200, server: 1, role: "leader", term: 1 }, { at: 660, server: 1, role: "gone", term: 1 },
      { at: 700, server: 2, role: "leader", term: 2 }],
    marks: [{ at: 660, kind: "crash", server: 1, text: "S1 crashed" }],
    commit: 2,
  },
  ...change,
});

function labStore(): { store: Store; said: (ToLab | ToWorker)[]; answer: (value?: unknown) =>
  Promise<void>; refuse: (error: string) => Promise<void> } {
  const store = new Store();
  const said: (ToLab | ToWorker)[] = [];
  const rest = () => new Promise<void>((done) => setTimeout(done));
  const reply = (ok: boolean, value: unknown, error: string) => {
    const last = said.at(-1);
    const message: FromWorker = { type: "answer", id: last && "id" in last ? last.id : 0, ok, value, error };
    store.hear(message);
    return rest();
  };
  store.connect({ can: LAB, post: (message) => said.push(message) });
  store.apply(run());
  return { store, said, answer: (value = null) => reply(true, value, ""),
    refuse: (error) => reply(false, null, error) };
}

const jump = (now: number, change: Partial<Batch> = {}): Batch =>
  ({ moment: "jump", lab: lab(), clock: { now, rate: 0 }, ...change });

test("the headline is of the moment that is looked at, and what comes later is not past", () => {
  const { store } = labStore();
  assert.equal(store.headline?.id, 3);
  const told: Topic[] = [];
  store.subscribe((changed) => told.push(...changed));
  store.apply(jump(500));
  assert.equal(store.headline?.id, 1);
  assert.deepEqual(store.story.map((l) => store.past(l)), [true, true, false]);
  assert.equal(store.behind, 500);
  assert.equal(store.end, 1_000);
  assert.ok(told.includes("story"), "views of the story must hear that its newest line is another one");
  store.apply(jump(700));
  assert.equal(store.headline?.id, 3, "what happens at the playhead has happened");
});

test("a jump leaves no ghosts and no frames of where one came from, and keeps the story", () => {
  const { store } = labStore();
  const old = flight(1, 2, "AppendEntries");
  store.apply({ flights: [old] });
  const now = flight(1, 3, "AppendEntries");
  store.apply(jump(100, { servers: [1, 2, 3].map((s) => view(s, { report: report(s) })), flights: [now] }));
  assert.deepEqual([...store.flights.keys()], [now.seq]);
  assert.equal(store.ghosts.length, 0);
  assert.equal(store.story.length, 3);
  store.apply({ clock: { now: 110, rate: 0.02 },
    servers: [1, 2, 3].map((s) => view(s, { report: report(s, { cells: [command(1, "y = 1")] }) })) });
  store.apply({ clock: { now: 120, rate: 0.02 }, servers: [1, 2, 3].map((s) => view(s, { report: report(s) })) });
  assert.equal(store.ghosts.length, 3, "what is deleted while one watches is still seen to leave");
});

test("another run leaves nothing of the one before", () => {
  const { store } = labStore();
  store.show({ reading: 1 });
  store.apply({ requests: [{ id: 1, op: "put", key: "x", value: "1", server: 1, state: "done", found: false, index: 1,
    term: 1, detail: "" }] });
  store.apply(run({ lab: lab({ seed: "7", end: 0 }), clock: { now: 0, rate: 0.02 }, story: [],
    lived: { whole: true, terms: [], lanes: [], marks: [], commit: 0 } }));
  assert.deepEqual([store.story, store.requests, store.lived.lanes, store.ghosts, store.view.reading, store.headline],
    [[], [], [], [], null, null]);
  assert.equal(store.lab?.seed, "7");
});

test("the lab tells its history, the page does not guess it", () => {
  const { store } = labStore();
  assert.deepEqual([store.lived.begin, store.lived.end, store.lived.lanes.length, store.lived.marks.length],
    [0, 1_000, 3, 1]);
  store.apply({ lab: lab({ end: 1_100 }), clock: { now: 1_100, rate: 0.02 }, servers: store.servers,
    lived: { whole: false, terms: [], lanes: [{ at: 1_050, server: 3, role: "candidate", term: 3 }], marks: [],
    commit: 3 } });
  assert.deepEqual([store.lived.end, store.lived.lanes.length, store.lived.marks.length, store.lived.commit],
    [1_100, 4, 1, 3]);
  assert.deepEqual([0, 250, 680, 900].map((at) => reignAt(store.lived, at)),
    [{ term: 0, leader: null }, { term: 1, leader: 1 }, { term: 2, leader: null }, { term: 2, leader: 2 }]);
});

test("one wish to go elsewhere is under way at a time, and of those that wait the newest wins", async () => {
  const { store, said, answer, refuse } = labStore();
  for (const at of [100, 200, 300, -5]) store.seek(at);
  assert.deepEqual(said.map((m) => (m.type === "seek" ? m.at : m.type)), [100]);
  store.step("event", false);
  assert.equal(said.length, 1, "a step from where one is about to leave would end nobody knows where");
  await answer();
  assert.deepEqual(said.map((m) => (m.type === "seek" ? m.at : m.type)), [100, 0]);
  await refuse("there is no such moment");
  assert.equal(store.view.notice, "there is no such moment");
  for (const to of ["commit", "event", "role"] as const) store.step(to, true);
  assert.deepEqual(said.slice(2).map((m) => (m.type === "step" ? [m.to, m.back] : m.type)), [["commit", true]]);
  await answer({ at: 300, text: "" });
  assert.deepEqual(said.slice(3).map((m) => (m.type === "step" ? m.to : m.type)), ["role"],
    "one step waits for the one under way");
  await answer({ at: 200, text: "" });
  store.goLive();
  assert.deepEqual(said.slice(4).map((m) => (m.type === "seek" ? m.at : m.type)), [1_000]);
});

test("what a step led to is told as long as the clock stands there", async () => {
  const { store, answer } = labStore();
  const stand = (at: number, rate = 0) => store.apply({ clock: { now: at, rate }, room: { ...store.room!, rate } });
  store.step("event", false);
  await answer({ at: 312.471, text: "S3 starts its timer anew, 198 ms: S1, the leader, is alive." });
  assert.equal(store.stepWords, "", "the page does not show it yet");
  stand(312.471);
  assert.match(store.stepWords, /^S3 starts its timer anew/);
  stand(312.471, 0.02);
  assert.equal(store.stepWords, "", "it runs on");
  stand(400);
  assert.equal(store.stepWords, "");
  stand(312.471);
  store.seek(100);
  assert.equal(store.stepWords, "", "it leaves");
});

test("enlarging the time line leaves the moment under the pointer where it is, and never leaves the run", () => {
  const whole = { begin: 0, span: 1_000_000 };
  assert.deepEqual(zoomed(whole, whole, 250_000, 0.5), { begin: 125_000, span: 500_000 });
  assert.deepEqual(zoomed({ begin: 125_000, span: 500_000 }, whole, 250_000, 0.5), { begin: 187_500, span: 250_000 });
  assert.deepEqual(zoomed(whole, whole, 990_000, 0.5), { begin: 495_000, span: 500_000 });
  assert.equal(zoomed({ begin: 125_000, span: 500_000 }, whole, 250_000, 2), null, "all of it is no enlargement");
  assert.equal(zoomed({ begin: 0, span: 25_000 }, whole, 10_000, 0.01)?.span, 20_000, "there is a limit");
  assert.deepEqual(within({ begin: 900_000, span: 250_000 }, whole), { begin: 750_000, span: 250_000 });
  assert.deepEqual(within({ begin: -5_000, span: 250_000 }, whole), { begin: 0, span: 250_000 });
});

test("branches are a tree in the order in which they left each other", () => {
  const branch = (id: number, parent: number, at: number) => ({ id, parent, at, end: 900, text: "" });
  const tree = branchTree([branch(1, 0, 0), branch(2, 1, 500), branch(3, 1, 200), branch(4, 2, 600), branch(9, 7, 10)]);
  assert.deepEqual(tree.map((b) => [b.branch.id, b.depth]), [[1, 0], [3, 1], [2, 1], [4, 2], [9, 0]],
    "one whose parent is forgotten stands by itself");
});
