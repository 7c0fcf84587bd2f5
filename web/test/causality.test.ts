import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message, StoryLine } from "../src/model.js";
import { arrivalKey, causes, effects, eventKey, future, lanesOf, past, sendKey, stamped, type Lanes,
  type Stamped } from "../src/diagram/causality.js";

const message = (seq: number, from: number, to: number, sent: number, due: number,
  change: Partial<Message> = {}): Message => ({ seq, from, to, kind: "RequestVote", term: 1, ok: true, entryCount: 0,
  label: "", sent, due, fate: "sent", lostAt: null, held: false, ...change });
const event = (id: number, server: number, at: number, kind = "voteGranted"): StoryLine =>
  ({ id, at, server, kind, weight: "key", text: `S${server} does ${kind}.`, why: "", section: "", term: 1 });

/** S1 asks S2 and S3 for votes; S2 grants and answers; the question to S3 is lost; S3 does something of its own. */
const election = (): Lanes =>
  lanesOf(
    [message(1, 1, 2, 10, 20), message(2, 1, 3, 10, 25, { fate: "lost", lostAt: 18 }),
      message(3, 2, 1, 20, 32, { kind: "RequestVoteReply" })],
    [event(1, 1, 10, "becameCandidate"), event(2, 2, 20), event(3, 1, 32, "becameLeader"), event(4, 3, 30, "started")],
    100,
  );

test("a vote's past holds the request for it, and nothing that was independent", () => {
  const lanes = election();
  const before = past(lanes, eventKey(2));
  assert.deepEqual([...before].sort(), [eventKey(1), arrivalKey(1), sendKey(1)].sort());
  assert.ok(past(lanes, eventKey(3)).has(eventKey(2)), "the leader's past holds the vote");
  assert.ok(!past(lanes, eventKey(3)).has(eventKey(4)), "what S3 did on its own caused nothing");
});

test("a lost message has no arrival, and no effect", () => {
  const lanes = election();
  assert.ok(!lanes.points.has(arrivalKey(2)));
  assert.deepEqual(effects(lanes, sendKey(2)).filter((k) => k === arrivalKey(2)), []);
});

test("the future is the past turned round", () => {
  const lanes = election();
  for (const a of lanes.points.keys())
    for (const b of lanes.points.keys())
    assert.equal(past(lanes, b).has(a), future(lanes, a).has(b), `${a} before ${b}`);
  for (const a of lanes.points.keys()) assert.ok(!past(lanes, a).has(a));
});

test("at one moment: the message arrives, the server acts, and then it sends", () => {
  assert.deepEqual(election().order.get(2), [arrivalKey(1), eventKey(2), sendKey(3)]);
  assert.deepEqual(election().order.get(1)?.slice(0, 2), [eventKey(1), sendKey(1)]);
});

test("without any delay an answer still comes after its question", () => {
  const lanes = lanesOf([message(1, 1, 2, 5, 5), message(2, 2, 1, 5, 5), message(3, 1, 2, 5, 5)], [event(1, 2, 5)], 10);
  assert.deepEqual(lanes.order.get(1), [sendKey(1), arrivalKey(2), sendKey(3)]);
  assert.ok(past(lanes, arrivalKey(3)).has(sendKey(1)));
  for (const key of lanes.points.keys()) assert.ok(!past(lanes, key).has(key), `${key} would be its own cause`);
});

test("what is later than the moment that is looked at has not happened", () => {
  const lanes = lanesOf([message(1, 1, 2, 10, 20)], [event(1, 2, 20)], 15);
  assert.deepEqual([...lanes.points.keys()], [sendKey(1)]);
});

test("a held message has not arrived", () => {
  assert.deepEqual([...lanesOf([message(1, 1, 2, 10, 20, { held: true })], [], 50).points.keys()], [sendKey(1)]);
});

const less = (a: Stamped, b: Stamped): boolean => [...a.clock].every(([lane, n]) => n <= (b.clock.get(lane) ?? 0)) &&
  a.point.key !== b.point.key;

test("vector clocks say the same as the graph", () => {
  const random = ((seed: number) => () => (seed = (seed * 48271) % 2147483647) / 2147483647)(7);
  const messages = Array.from({ length: 60 }, (_, i) => {
    const sent = Math.floor(random() * 200);
    return message(i + 1, 1 + Math.floor(random() * 4), 1 + Math.floor(random() * 4), sent,
      sent + Math.floor(random() * 30));
  }).sort((a, b) => a.sent - b.sent).map((m, i) => ({ ...m, seq: i + 1 }));
  const lanes = lanesOf(messages,
    Array.from({ length: 20 }, (_, i) => event(i + 1, 1 + (i % 4), Math.floor(random() * 220))), 1_000);
  const all = stamped(lanes);
  assert.equal(all.length, lanes.points.size);
  const place = new Map(all.map((s, i) => [s.point.key, i]));
  for (const s of all)
    for (const cause of causes(lanes, s.point.key)) assert.ok(place.get(cause)! < place.get(s.point.key)!);
  for (const a of all) for (const b of all) assert.equal(less(a, b), past(lanes, b.point.key).has(a.point.key),
    `${a.point.key} before ${b.point.key}`);
});
