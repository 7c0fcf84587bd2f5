import assert from "node:assert/strict";
import { test } from "node:test";
import { QUALITIES, type Link, type Machine, type ServerView } from "../src/model.js";
import { withDial } from "../src/lab/network.js";
import { wrongs } from "../src/lab/wrong.js";
import { labOf } from "./lab-scenes.js";
import { report, room, view } from "./scenes.js";

const machine = (change: Partial<Machine> = {}): Machine =>
  ({ state: "running", member: "voter", clock: 1, slowestWrite: 0, inbox: 0, ...change });

/** Five servers, S1 leads; those of `down` are down. */
function cluster(down: number[] = [], change: Partial<Record<number,
  Partial<ServerView>>> = {}): { servers: ServerView[]; links: Link[] } {
  const servers = [1, 2, 3, 4, 5].map((s) => {
    const leads = s === 1;
    const peers = leads ? [2, 3, 4, 5].map((p) => ({ server: p, match: 1, next: 2 })) : [];
    const gone = down.includes(s);
    return view(s, { self: false, seat: gone ? "gone" : "connected", machine: machine(gone ? { state: "down" } : {}),
      report: gone ? null : report(s, { role: leads ? "leader" : "follower", term: 1, timer: leads ? null
      : { elapsed: 0, timeout: 200, longest: 300 }, peers, appliedIndex: 1 }), ...change[s] });
  });
  return { servers, links: room(5).links };
}

test("a dial changes one quality of a link and keeps the others", () => {
  const link = { from: 1, to: 2, up: true, latency: 15_000, jitter: 5_000, loss: 0.1, duplicate: 0, reorder: 0.2 };
  assert.deepEqual(withDial(link, QUALITIES[0]!, 40), { latency: 40_000, jitter: 5_000, loss: 0.1, duplicate: 0,
    reorder: 0.2, bandwidth: 0 });
  const bandwidth = QUALITIES.find((q) => q.name === "bandwidth")!;
  assert.equal(withDial(link, bandwidth, 2_500).bandwidth, 2_500);
  assert.deepEqual(withDial(link, QUALITIES[2]!, 25).loss, 0.25);
});

test("what is wrong now is listed once each, with what rights it", () => {
  assert.deepEqual(wrongs(cluster().servers, cluster().links, labOf(), []), []);
  const hurt = cluster([1], { 2: { machine: machine({ state: "paused" }) },
    3: { seat: "gone", machine: machine({ state: "damaged" }) },
    4: { machine: machine({ clock: 0.5, slowestWrite: 50_000 }) } });
  const links = hurt.links.map((l) => ({ ...l, loss: 0.1, hold: l.from === 2 && l.to === 1,
    up: (l.from <= 2) === (l.to <= 2) }));
  const list = wrongs(hurt.servers, links,
    labOf({ chaos: true, wrong: [{ text: "S1 is down", words: "Restart", acts: [{ do: "restart", server: 1 }] }] }),
    [7, 8]);
  assert.deepEqual(list.map((w) => [w.text, w.words]), [
    ["S1 is down", "Restart"],
    ["The network is cut: S3, S4 and S5 | S1 and S2", "Mend"],
    ["What S2 sends S1 is held", "Release"],
    ["All links lose up to 10 %", "Stop"],
    ["2 messages are held", "Release"],
    ["Faults happen by themselves", "No more"],
  ]);
  assert.deepEqual(list[3]?.acts,
    [{ do: "network", link: { latency: 15_000, jitter: 5_000, loss: 0, duplicate: 0, reorder: 0,
      bandwidth: 0 } }]);
  assert.equal(wrongs([], room(3).links.map((l) => ({ ...l, bandwidth: l.from * 500 })), null, [])[0]?.text,
    "All links transmit up to 1500 B/s");
  const oneWay = cluster().links.map((l) => ({ ...l, up: !(l.from === 3 && l.to === 1) }));
  assert.deepEqual(wrongs(cluster().servers, oneWay, null, []),
    [{ text: "S1 – S3: only S1 to S3", words: "Mend", acts: [{ do: "mend", server: 3, to: 1 }] }]);
});
