import assert from "node:assert/strict";
import { test } from "node:test";
import { LAB, ROOM } from "../src/state/capabilities.js";
import { scriptingSurface } from "../src/api.js";
import { axisStep, tapeSpan } from "../src/state/lived.js";
import type { ToLab, ToWorker } from "../src/model.js";
import { Store, type Topic } from "../src/state/store.js";
import { SCENES, answers, command, election, flight, report, room, steady, view } from "./scenes.js";
import { MS } from "../src/view/time.js";

function storeWith(batches = steady()): Store {
  const store = new Store();
  for (const batch of batches) store.apply(batch);
  return store;
}

test("every scene of the tests can be applied", () => {
  for (const scene of Object.values(SCENES)) assert.ok(storeWith(scene()).room);
});

test("a batch changes what it names and nothing else", () => {
  const store = storeWith();
  const told: Topic[] = [];
  store.subscribe((changed) => told.push(...changed));
  const servers = store.servers;
  store.apply({ story: [] });
  assert.deepEqual(told, ["story"]);
  assert.equal(store.servers, servers);
});

test("cluster time runs by the rate, stands when paused, and stands without a connection", () => {
  const store = storeWith();
  store.apply({ clock: { now: 5_000_000, rate: 0.1 } });
  const at = performance.now();
  assert.ok(Math.abs(store.now(at + 1_000) - store.now(at) - 100_000) < 1e-3);
  store.apply({ clock: { now: 5_100_000, rate: 0 } });
  assert.equal(store.now(at + 9_000), 5_100_000);
  store.apply({ clock: { now: 5_100_000, rate: 1 } });
  store.apply({ connection: { state: "lost", retryAt: 0, attempt: 1, why: "" } });
  assert.equal(store.now(at + 50_000), store.now(at + 60_000));
});

test("a room whose clock begins anew gets a new time line", () => {
  const store = storeWith();
  assert.ok(Math.abs((store.lived.begin ?? 0) - 1_000_000) < 5_000);
  store.apply({ clock: { now: 20_000, rate: 0.1 } });
  assert.ok(Math.abs((store.lived.begin ?? 0) - 20_000) < 5_000);
});

test("small errors of the clock are worn off, not jumped over", () => {
  const store = storeWith();
  store.apply({ clock: { now: 1_000_000, rate: 1 } });
  store.apply({ clock: { now: 1_030_000, rate: 1 } });
  assert.ok(store.now() < 1_015_000, `jumped to ${store.now()}`);
  store.apply({ clock: { now: 9_000_000, rate: 1 } });
  assert.ok(store.now() >= 8_999_000);
});

test("what a strip says is not said once more on the stage", () => {
  const store = storeWith();
  store.apply({ watching: "You are watching.", notice: "You are watching." });
  assert.equal(store.view.notice, "");
  store.apply({ notice: "The link is copied." });
  assert.equal(store.view.notice, "The link is copied.");
});

test("histories are bounded", () => {
  const store = storeWith();
  for (let i = 0; i < 30; i++) {
    store.apply({ flights: Array.from({ length: 40 }, () => flight(1, 2, "AppendEntries")),
      story: Array.from({ length: 60 },
      (_, k) => ({ id: i * 60 + k, at: 1e9 + i, server: 1, kind: "x", weight: "detail" as const, text: "S1 waits.",
      why: "", section: "", term: 1 })) });
    store.apply({ requests: Array.from({ length: 4 },
      (_, k) => ({ id: i * 4 + k, op: "get" as const, key: "x", value: "", server: 1, state: "pending" as const,
      found: false, index: 0, term: 0, detail: "" })) });
  }
  assert.equal(store.flights.size, 500);
  assert.equal(store.story.length, 1_000);
  assert.equal(store.story.at(-1)?.id, 1_799);
  assert.equal(store.requests.length, 50);
});

test("twenty minutes of changes stay, and each server's state before them", () => {
  const store = storeWith([{ room: room(3), clock: { now: 0, rate: 1 },
    servers: [view(1, { report: report(1, { term: 1 }) })] }]);
  for (let minute = 1; minute <= 60; minute++)
    store.apply({ clock: { now: minute * 60_000_000, rate: 1 }, servers: [view(1, { report: report(1, { term: 1 }) }),
    view(2, { report: report(2, { term: minute }) })] });
  const { begin, end, lanes, terms } = store.lived;
  assert.ok(end - (begin ?? 0) <= 20 * 60_000_000 + 10_000_000);
  assert.ok(lanes.length < 40);
  assert.ok(lanes.some((l) => l.server === 1), "the lane of a quiet server must not be forgotten");
  assert.equal(terms.at(-1)?.term, 60);
});

test("a frame that is lost under way is marked", () => {
  const store = storeWith();
  const f = flight(1, 2, "RequestVote");
  store.apply({ flights: [f] });
  store.apply({ lost: [{ seq: f.seq, fate: "cut", at: 475 }, { seq: 99_999, fate: "cut", at: 1 }] });
  assert.deepEqual([store.flights.get(f.seq)?.fate, store.flights.get(f.seq)?.lostAt], ["cut", 475]);
  assert.equal(store.flights.has(99_999), false);
});

test("deleted entries become ghosts, at most 64", () => {
  const store =
    storeWith([{ servers: [view(1, { report: report(1, { cells: [command(1, "a = 1"), command(1, "b = 1")] }) })] }]);
  store.apply({ servers: [view(1, { report: report(1, { cells: [command(2, "a = 2")] }) })] });
  assert.deepEqual(store.ghosts.map((g) => g.index), [1, 2]);
});

test("the headline is the newest key event, or the one that is read", () => {
  const store = storeWith(election());
  assert.equal(store.headline?.id, 6);
  store.show({ reading: 4 });
  assert.equal(store.headline?.text, "S4 asks for votes in term 4.");
});

test("the story is in the order in which things happened, not in which they were heard of; "
  + "what was before a new clock stays before it", () => {
  const store = storeWith();
  const told = (id: number, at: number) => ({ id, at, server: 1, kind: "becameLeader", weight: "key" as const,
    text: `line ${id}`, why: "", section: "", term: 1 });
  const end = store.now();
  store.apply({ story: [told(1001, end + 62), told(1002, end + 70)] });
  store.apply({ story: [told(1003, end + 60), told(1004, end + 70)] });
  assert.deepEqual(store.story.slice(-4).map((l) => l.id), [1003, 1001, 1002, 1004]);
  store.lived.end = 60_000_000;
  store.apply({ clock: { now: 5, rate: 0 }, story: [told(1005, 5)] });
  store.apply({ story: [told(1006, 3)] });
  assert.deepEqual(store.story.slice(-4).map((l) => l.id), [1002, 1004, 1006, 1005]);
  assert.equal(store.headline?.id, 1005);
});

test("pause and play keep the pace", () => {
  const sent: (ToWorker | ToLab)[] = [];
  const store = storeWith();
  store.connect({ can: ROOM, post: (m) => sent.push(m) });
  store.togglePause();
  store.apply({ room: room(3, { rate: 0 }), clock: { now: 1, rate: 0 } });
  store.togglePause();
  assert.deepEqual(sent.map((m) => (m.type === "network" ? m.change.rate : null)), [0, 0.005]);
});

test("raftPlayground: requests resolve with the outcome and reject in words", async () => {
  const sent: (ToWorker | ToLab)[] = [];
  const store = storeWith();
  store.connect({ can: ROOM, post: (m) => sent.push(m) });
  const api = scriptingSurface(store);
  const put = api.request({ op: "put", key: "x", value: "1" });
  const get = api.request({ op: "get", key: "y", server: 3 });
  assert.deepEqual(sent.map((m) => (m.type === "request" ? [m.op, m.key, m.value, m.server] : [])),
    [["put", "x", "1", null], ["get", "y", "", 3]]);
  store.answer(1, true, { id: 1, op: "put", key: "x", value: "1", server: 2, state: "done", found: true, index: 5,
    term: 7, detail: "" }, "");
  store.answer(2, false, null, "S3 is not the leader, S2 is");
  assert.deepEqual(await put, { index: 5, term: 7, found: true, value: "1" });
  await assert.rejects(get, /S3 is not the leader/);
  void api.request({ op: "cas", key: "x", expected: "1", value: "2" }).catch(() => {});
  void api.request({ op: "get", key: "x", read: "local", server: 2 }).catch(() => {});
  assert.deepEqual(sent.slice(2), [
    { type: "request", id: 3, op: "cas", key: "x", value: "2", server: null, expected: "1" },
    { type: "request", id: 4, op: "get", key: "x", value: "", server: 2, read: "local" },
  ]);
  await assert.rejects(api.request({ op: "put", key: "" }), /key must be/);
});

test("what is asked before there is a cluster waits for it, as long as it is not too much", async () => {
  const sent: (ToWorker | ToLab)[] = [];
  const store = new Store();
  const asked = Array.from({ length: 50 }, () => store.request("put", "x", "1", null));
  await assert.rejects(store.request("put", "x", "1", null), /not started yet, and 50 wishes wait for it/);
  store.connect({ can: ROOM, post: (m) => sent.push(m) });
  assert.deepEqual(sent.map((m) => "id" in m && m.id), asked.map((_, i) => i + 1));
  store.answer(1, true, "done", "");
  assert.equal(await asked[0], "done");
});

test("raftPlayground: events come once each, and a listener that throws harms nobody", () => {
  const store = new Store();
  const api = scriptingSurface(store);
  const told: string[] = [];
  const reported: unknown[] = [];
  globalThis.reportError = (why: unknown) => void reported.push(why);
  api.on("leader", () => {
    throw new Error("a listener's own fault");
  });
  api.on("ready", (s) => told.push(`ready S${s.server}`));
  api.on("leader", (e) => told.push(`leader ${e.leader} of ${e.term}`));
  api.on("commit", (e) => told.push(`commit ${e.commitIndex}`));
  const stop = api.on("role", (e) => told.push(`S${e.server} ${e.role}`));
  assert.equal(api.status().server, null);
  const batches = steady();
  store.apply(batches[0] ?? {});
  stop();
  for (const batch of batches.slice(1)) store.apply(batch);
  assert.deepEqual(told, ["ready S2", "S1 leader", "S2 follower", "S3 follower", "leader 1 of 1", "commit 3",
    "leader 2 of 2", "commit 5"]);
  assert.equal(reported.length, 2);
  assert.equal(api.cluster().length, 3);
});

test("the tape's stretch grows in steps, its labels are at least 80 px apart", () => {
  assert.deepEqual([0, 1_900, 1_990, 59_000, 1_190_000, 9_600_000].map((ms) => tapeSpan(ms * MS)),
    [2_000, 2_000, 5_000, 120_000, 2_400_000, 10_000_000].map((ms) => ms * MS));
  assert.deepEqual([0, 193, 1_900].map((ms) => tapeSpan(ms * MS, 200 * MS)), [200, 500, 2_000].map((ms) => ms * MS));
  for (const stretch of [2_000_000, 60_000_000, 1_200_000_000])
    for (const width of [328, 768, 1_408]) assert.ok((axisStep(stretch, width) / stretch) * width >= 80);
});

test("messages are gone through one after the other, and one that is held is among them however long", () => {
  const s = new Store();
  const flights = [flight(1, 2, "AppendEntries", { sent: 400_000, due: 490_000 }),
    flight(1, 3, "AppendEntries", { sent: 300_000, due: 310_000, held: true }),
    flight(1, 4, "AppendEntries", { sent: 400_000, due: 495_000, fate: "lost" }),
    flight(1, 5, "AppendEntries", { sent: 300_000, due: 310_000 })];
  s.apply({ clock: { now: 473_000, rate: 0 }, flights });
  const went = [];
  for (let i = 0; i < 3; i++) {
    const next = s.nextFlight();
    if (next) s.select({ kind: "flight", seq: next.seq });
    went.push(next?.to);
  }
  assert.deepEqual(went, [2, 3, 2]);
});

test("who waits for the cluster is told when it ends, and so is who asks it afterwards", async () => {
  const store = storeWith();
  store.connect({ can: ROOM, post: () => {} });
  const waits = store.network({ rate: 0 });
  store.hear({ type: "failed", reason: "worker", detail: "panic" });
  await assert.rejects(waits, /The cluster has ended/);
  await assert.rejects(store.network({ rate: 1 }), /The cluster has ended/);
});

test("what is pointed at is told to the Worker, whose answers stay until there are others", () => {
  const store = storeWith();
  const posted: (ToLab | ToWorker)[] = [];
  store.connect({ can: LAB, post: (message) => void posted.push(message) });
  store.show({ cell: { server: 2, index: 5 } });
  store.show({ hover: 1 });
  store.show({ cell: null, side: [1, 4] });
  assert.deepEqual(posted, [{ type: "regard", cell: { server: 2, index: 5 }, side: [] },
    { type: "regard", cell: null, side: [1, 4] }]);
  const told: Topic[] = [];
  store.subscribe((changed) => told.push(...changed));
  store.apply({ answers: answers(3, { entry: "S2 has no entry at index 5." }) });
  store.apply({ moment: "jump", servers: store.servers });
  assert.equal(store.answers?.entry, "S2 has no entry at index 5.");
  assert.equal(told[0], "servers");
});
