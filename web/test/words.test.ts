import assert from "node:assert/strict";
import { test } from "node:test";
import { QUALITIES } from "../src/model.js";
import { cutState, cutWords, dialOf, dialWords, linkWords, lostWords, nextCut, nodeWords, rateOfSlider, rateWords,
  roleWords, seconds, sliderOfRate, span, tight } from "../src/view/words.js";
import { report, room, view } from "./scenes.js";

test("times have a unit, a space, and no more digits than help", () => {
  assert.deepEqual([seconds(473_000), seconds(0), seconds(-1_000), seconds(61_234_500)],
    ["0.473", "0.000", "0.000", "61.234"]);
  assert.deepEqual([span(168_000), span(400), span(2_400_000), span(180_000_000)],
    ["168 ms", "0.4 ms", "2.4 s", "3 min"]);
});

test("the rate in words", () => {
  assert.equal(rateWords(0.02), "1 s of watching = 20 ms of cluster time");
  assert.equal(rateWords(1), "Real time");
  assert.equal(rateWords(0), "Paused for the whole room");
});

test("the slider is logarithmic and gives back what it was set to", () => {
  for (const rate of [0.001, 0.01, 0.02, 0.1, 0.5, 1]) assert.equal(rateOfSlider(sliderOfRate(rate)), rate);
  assert.deepEqual([sliderOfRate(0), sliderOfRate(5)], [0, 300]);
});

test("a click takes a link whole → cut → one way → the other way → whole", () => {
  const links = room(3).links;
  const with_ = (ab: boolean, ba: boolean) => links.map((l) => (l.from === 1 && l.to === 2 ? { ...l, up: ab }
    : l.from === 2 && l.to === 1 ? { ...l, up: ba } : l));
  assert.deepEqual([cutState(with_(true, true), 1, 2), cutState(with_(false, false), 1, 2),
    cutState(with_(true, false), 1, 2), cutState(with_(false, true), 1, 2)], ["whole", "cut", "forward", "backward"]);
  assert.deepEqual([nextCut.whole, nextCut.cut, nextCut.forward, nextCut.backward],
    ["cut", "forward", "backward", "whole"]);
  assert.equal(cutWords("backward", 1, 2), "only S2 to S1");
});

test("a link says all that it is like, and a dial what it stands at", () => {
  const link = { latency: 15_000, jitter: 500 };
  assert.equal(linkWords(link), "15 ms ± 0.5 ms");
  assert.equal(linkWords({ ...link, loss: 0.123, reorder: 1, duplicate: 0 }),
    "15 ms ± 0.5 ms, loss 12.3 %, reordering 100 %");
  assert.equal(linkWords({ ...link, bandwidth: 700 }), "15 ms ± 0.5 ms, bandwidth 700 B/s");
  const [latency, , loss] = QUALITIES;
  assert.deepEqual([dialWords(0, latency!), dialWords(dialOf(link, loss!), loss!)], ["0 ms", "none"]);
});

test("a lost message says why", () => {
  assert.equal(lostWords({ fate: "cut", to: 1 }), "lost: link cut");
  assert.equal(lostWords({ fate: "down", to: 1 }), "lost: S1 down");
  assert.equal(lostWords({ fate: "full", to: 1002 }), "lost: queue to client full");
});

test("a node is described in words", () => {
  assert.equal(roleWords(view(1, { seat: "gone" })), "Crashed");
  assert.equal(roleWords(view(1)), "Starting");
  assert.equal(nodeWords(view(2, { report: report(2, { term: 4 }) })),
    "S2, follower, term 4, last index 0, commit index 0, this tab");
});

test("tight commands", () => {
  assert.equal(tight("name = Ada"), "name=Ada");
  assert.equal(tight("name: Ada → Eve"), "name:Ada→Eve");
  assert.equal(tight("x = a: b → c"), "x=a: b → c");
});
