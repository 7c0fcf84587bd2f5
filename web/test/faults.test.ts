import assert from "node:assert/strict";
import { test } from "node:test";
import { withDial } from "../src/faults/network.js";
import { wrongs } from "../src/faults/wrong.js";
import { turned } from "../src/stage/link.js";
import { QUALITIES } from "../src/model.js";
import { store } from "../src/state/store.js";
import { labOf } from "./lab-scenes.js";
import { room } from "./scenes.js";

test("a dial changes one quality of a link and keeps the others exactly", () => {
  const link = { from: 1, to: 2, up: true, latency: 15_000, jitter: 5_123, loss: 0.123, duplicate: 0, reorder: 0.2 };
  const [latency, loss] = [QUALITIES[0]!, QUALITIES[2]!];
  assert.deepEqual(withDial(link, latency, 40), { latency: 40_000, jitter: 5_123, loss: 0.123, duplicate: 0,
    reorder: 0.2, bandwidth: 0 });
  const bandwidth = QUALITIES.find((q) => q.name === "bandwidth")!;
  assert.equal(withDial(link, bandwidth, 2_500).bandwidth, 2_500);
  assert.deepEqual(withDial(link, loss, 57).loss, 0.57);
});

test("what is wrong now: what the lab tells, then what is held and what is still to come", () => {
  assert.deepEqual(wrongs(labOf(), []), []);
  const down = { text: "S1 is down", words: "Restart", acts: [{ do: "restart", server: 1 }] };
  const list = wrongs(labOf({ chaos: true, wrong: [down] }), [7, 8]);
  assert.deepEqual(list.map((w) => [w.text, w.words]), [["S1 is down", "Restart"], ["2 messages are held", "Release"],
    ["Faults happen by themselves", "No more"]]);
  assert.deepEqual(list[1]?.acts, [{ do: "releaseFrame", frame: 7 }, { do: "releaseFrame", frame: 8 }]);
  assert.equal(wrongs(null, [7])[0]?.text, "One message is held");
});

test("a link is turned by the deeds of those directions that are not as wanted", () => {
  const between = (up: boolean, back: boolean) => store.apply({ room: room(3, { links: [
    { from: 1, to: 2, up, latency: 0, jitter: 0 }, { from: 2, to: 1, up: back, latency: 0, jitter: 0 }] }) });
  const words = (wanted: "whole" | "cut" | "forward" | "backward") =>
    turned(1, 2, wanted).map((a) => `${a.do} ${a.server} ${a.to}`).join();
  between(true, true);
  assert.deepEqual([words("whole"), words("cut"), words("forward"), words("backward")],
    ["", "cut 1 2,cut 2 1", "cut 2 1", "cut 1 2"]);
  between(false, true);
  assert.deepEqual([words("whole"), words("cut"), words("forward"), words("backward")],
    ["mend 1 2", "cut 2 1", "mend 1 2,cut 2 1", ""]);
});
