import assert from "node:assert/strict";
import { test } from "node:test";
import type { Machine, ServerView } from "../src/model.js";
import { deedOf, deedsFor, isolation, rejoining, type Cluster } from "../src/lab/deeds.js";
import { linksAsNow, withDial } from "../src/lab/network.js";
import { wrongs } from "../src/lab/wrong.js";
import { labOf } from "./lab-scenes.js";
import { answers, report, room, view } from "./scenes.js";

const machine = (change: Partial<Machine> = {}): Machine => ({ state: "running", member: "voter", clock: 1, slowestWrite: 0, inbox: 0, ...change });

/** Five servers, S1 leads; those of `down` are down. */
function cluster(down: number[] = [], change: Partial<Record<number, Partial<ServerView>>> = {}): Cluster {
  const servers = [1, 2, 3, 4, 5].map((s) => {
    const leads = s === 1;
    const peers = leads ? [2, 3, 4, 5].map((p) => ({ server: p, match: 1, next: 2 })) : [];
    const gone = down.includes(s);
    return view(s, { self: false, seat: gone ? "gone" : "connected", machine: machine(gone ? { state: "down" } : {}), report: gone ? null : report(s, { role: leads ? "leader" : "follower", term: 1, timer: leads ? null : { elapsed: 0, timeout: 200, longest: 300 }, peers, appliedIndex: 1 }), ...change[s] });
  });
  return { servers, links: room(5).links, answers: answers(5) };
}

const deed = (id: number, name: string, c: Cluster) => {
  const found = deedOf(id, name, c);
  assert.ok(found, `there is no deed ${name}`);
  return found;
};

test("what cannot be done stays in its place, with the reason", () => {
  const all = deedsFor(2, cluster()).flat().map((d) => d.name);
  assert.deepEqual(deedsFor(2, cluster([2])).flat().map((d) => d.name), all);
  assert.equal(deed(2, "restart", cluster()).not, "S2 runs.");
  assert.equal(deed(2, "restart", cluster([2])).not, "");
  assert.equal(deed(2, "restart", cluster([], { 2: { machine: machine({ state: "paused" }) } })).not, "S2 is paused, not down.");
  assert.equal(deed(2, "crash", cluster([2])).not, "S2 is down.");
  assert.equal(deed(1, "campaign", cluster()).not, "It leads, and has no election timer.");
  assert.equal(deed(2, "remove", cluster([1])).not, "Nobody leads now, and only a leader can change that.");
});

test("who would cost the cluster its majority is asked for once more, and others are not", () => {
  const stopped = "Only S1, S2 and S3 of 5 voters run. Without S2 no leader can be elected and nothing can be committed.";
  const removed = "Of the 4 voters that stay only 2 run: they could not commit anything any more.";
  const c = { ...cluster([4, 5]), answers: answers(5, { losses: [{ server: 2, stopped, removed }] }) };
  assert.deepEqual(["crash", "power", "pause", "cut", "remove"].map((name) => deed(2, name, c).warning), [stopped, stopped, stopped, stopped, removed]);
  assert.deepEqual([deed(4, "restart", c).warning, deed(4, "remove", c).warning, deed(2, "crash", cluster()).warning], ["", "", ""]);
  assert.match(deed(2, "wipe", cluster()).warning, /vote twice/);
});

test("each fault has its way back", () => {
  assert.deepEqual(deed(2, "crash", cluster()).undo, [{ do: "restart", server: 2 }]);
  assert.deepEqual(deed(2, "pause", cluster()).undo, [{ do: "resume", server: 2 }]);
  const paused = cluster([], { 2: { machine: machine({ state: "paused" }) } });
  assert.deepEqual(deed(2, "pause", paused).acts, [{ do: "resume", server: 2 }]);
  const fast = deed(2, "clock", cluster([], { 2: { machine: machine({ clock: 4 }) } }));
  assert.deepEqual([fast.acts, fast.undo], [[{ do: "clock", server: 2, rate: 1 }], [{ do: "clock", server: 2, rate: 4 }]]);
});

test("what every link was set to is set again, also where they were not alike", () => {
  const { links } = cluster();
  const calm = { latency: 15_000, jitter: 5_000, loss: 0, duplicate: 0, reorder: 0 };
  assert.deepEqual(linksAsNow(links), [{ do: "network", link: calm }]);
  const acts = linksAsNow(links.map((l) => (l.from === 4 && l.to === 5 ? { ...l, loss: 0.125 } : l)));
  assert.equal(acts.length, 20);
  assert.deepEqual(acts.filter((a) => a.link?.loss !== 0), [{ do: "network", server: 4, to: 5, link: { ...calm, loss: 0.125 } }]);
  assert.deepEqual(linksAsNow([]), []);
});

test("a server is cut off by one deed where the rest is whole, and else without touching the other cuts", () => {
  const whole = cluster();
  assert.deepEqual(isolation(2, whole), [{ do: "partition", servers: [2] }]);
  assert.deepEqual(rejoining(2, whole), [{ do: "partition", servers: [1, 2, 3, 4, 5] }]);
  const other = { ...whole, links: whole.links.map((l) => (l.from === 4 && l.to === 5 ? { ...l, up: false } : l)) };
  const acts = isolation(2, other);
  assert.equal(acts.length, 8);
  const undo = deed(2, "cut", other).undo;
  assert.deepEqual(undo, [{ do: "partition", servers: [1, 2, 3, 4, 5] }, { do: "cut", server: 4, to: 5 }], "the way back leaves the other cut");
  assert.ok(acts.every((a) => a.do === "cut" && (a.server === 2 || a.to === 2)));
});

test("members are those that the answers name, whatever they know of it themselves", () => {
  const joining = { ...cluster([], { 5: { machine: machine({ member: "none" }) } }), answers: answers(5, { voters: [1, 2, 3, 4], learners: [5] }) };
  assert.deepEqual(deed(5, "add", joining).acts, [{ do: "reconfigure", servers: [1, 2, 3, 4, 5], learners: [] }]);
  assert.deepEqual(deed(4, "remove", joining).acts, [{ do: "reconfigure", servers: [1, 2, 3], learners: [5] }]);
  assert.equal(deed(5, "campaign", joining).not, "It has no vote.");
});

test("a dial changes one quality of a link and keeps the others", () => {
  const link = { from: 1, to: 2, up: true, latency: 15_000, jitter: 5_000, loss: 0.1, duplicate: 0, reorder: 0.2 };
  assert.deepEqual(withDial(link, "latency", 40), { latency: 40_000, jitter: 5_000, loss: 0.1, duplicate: 0, reorder: 0.2 });
  assert.deepEqual(withDial(link, "loss", 25).loss, 0.25);
});

test("what is wrong now is listed once each, with what rights it", () => {
  assert.deepEqual(wrongs(cluster().servers, cluster().links, labOf(), []), []);
  const hurt = cluster([1], { 2: { machine: machine({ state: "paused" }) }, 3: { seat: "gone", machine: machine({ state: "damaged" }) }, 4: { machine: machine({ clock: 0.5, slowestWrite: 50_000 }) } });
  const links = hurt.links.map((l) => ({ ...l, loss: 0.1, hold: l.from === 2 && l.to === 1, up: (l.from <= 2) === (l.to <= 2) }));
  const list = wrongs(hurt.servers, links, labOf({ chaos: true }), [7, 8]);
  assert.deepEqual(list.map((w) => [w.text, w.words]), [
    ["S1 is down", "Restart"],
    ["S2 is paused", "Go on"],
    ["S3 cannot read its disk", "Wipe and restart"],
    ["S4’s clock runs at 0.5×", "Right it"],
    ["S4’s disk takes up to 50 ms", "Quick again"],
    ["The network is cut: S3, S4 and S5 | S1 and S2", "Mend"],
    ["What S2 sends S1 is held", "Let go"],
    ["All links lose up to 10 %", "Stop that"],
    ["2 messages are held", "Let go"],
    ["Faults happen by themselves", "No more"],
  ]);
  assert.deepEqual(list[7]?.acts, [{ do: "network", link: { latency: 15_000, jitter: 5_000, loss: 0, duplicate: 0, reorder: 0 } }]);
  const oneWay = cluster().links.map((l) => ({ ...l, up: !(l.from === 3 && l.to === 1) }));
  assert.deepEqual(wrongs(cluster().servers, oneWay, null, []), [{ text: "S1 – S3: only S1 to S3", words: "Mend", acts: [{ do: "mend", server: 3, to: 1 }] }]);
});
