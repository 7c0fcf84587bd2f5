import assert from "node:assert/strict";
import { test } from "node:test";
import { nothingLived } from "../src/state/lived.js";
import { Chronicle, type Stretch } from "../src/diagram/chronicle.js";
import { messageOf } from "../src/inspector/messages.js";
import type { Message, Replay, StoryLine } from "../src/model.js";
import { flight } from "./scenes.js";

const message = (seq: number, sent: number, change: Partial<Message> = {}): Message =>
  ({ ...messageOf(flight(1, 2, "AppendEntries", { sent, due: sent + 15 })), seq, ...change });
const event = (id: number, at: number, weight: StoryLine["weight"] = "key"): StoryLine =>
  ({ id, at, server: 1, kind: "voteGranted", weight, text: `Line ${id}.`, why: "", section: "", term: 1 });
const replay = (from: number, to: number, change: Partial<Replay> = {}): Replay =>
  ({ from, to, messages: [], leftOut: 0, events: [], lanes: [], ...change });

/** A chronicle whose questions are answered by hand. */
function asked() {
  const questions: (Stretch & { details: boolean; answer: (r: Replay) => Promise<void>; refuse: () =>
    Promise<void> })[] = [];
  let drawn = 0;
  const settled = () => new Promise<void>((done) => setImmediate(done));
  const c = new Chronicle(
    ({ from, to }, details) => new Promise((resolve, reject) =>
      questions.push({ from, to, details, answer: (r) => (resolve(r), settled()),
      refuse: () => (reject(new Error("on its way")), settled()) })),
    () => drawn++,
  );
  return { c, questions, drawn: () => drawn };
}

const everything = { from: -Infinity, to: Infinity };

test("a stretch is asked for once, with a margin, and no later than the playhead", async () => {
  const { c, questions, drawn } = asked();
  c.need({ from: 400_000, to: 900_000 }, 800_000, false, true);
  c.need({ from: 400_000, to: 900_000 }, 800_000, false, true);
  assert.deepEqual(questions.map((q) => [q.from, q.to, q.details]), [[150_000, 800_000, false]]);
  await questions[0]!.answer(replay(150_000, 800_000, { messages: [message(1, 500_000)] }));
  assert.ok(drawn() > 0);
  c.need({ from: 400_000, to: 900_000 }, 800_000, false, true);
  c.need({ from: 200_000, to: 700_000 }, 800_000, false, true);
  assert.equal(questions.length, 1, "what is known is not asked for");
  c.need({ from: 100_000, to: 600_000 }, 800_000, false, true);
  assert.equal(questions.length, 2, "what is not, is");
  await questions[1]!.answer(replay(0, 800_000));
  c.need({ from: 100_000, to: 600_000 }, 800_000, true, true);
  assert.equal(questions[2]?.details, true, "details were not told");
});

test("while the clock runs, what batches tell is added; when it stops, the stretch is asked for whole", async () => {
  const { c, questions } = asked();
  c.need({ from: 0, to: 500 }, 100, false, false);
  c.take({ flights: [flight(1, 2, "AppendEntries", { seq: 7, sent: 101, due: 116 })], clock: { now: 102, rate: 0.1 } });
  await questions[0]!.answer(replay(0, 100, { messages: [message(5, 80), message(6, 90)] }));
  c.take({ lost: [{ seq: 6, fate: "lost", at: 103 }] });
  c.take({ flights: [flight(1, 2, "AppendEntries", { seq: 5, sent: 110, due: 125 })] });
  assert.deepEqual(c.between(everything).map((m) => [m.seq, m.sent, m.due, m.fate]),
    [[5, 80, 125, "sent"], [6, 90, 105, "lost"], [7, 101, 116, "sent"]],
    "told while the answer was awaited, and after it; what is let go was sent when it was sent");
  c.need({ from: 0, to: 500 }, 200, false, false);
  assert.equal(questions.length, 1);
  c.need({ from: 0, to: 500 }, 200, false, true);
  assert.deepEqual([questions[1]?.from, questions[1]?.to], [0, 200]);
});

test("an answer of before a jump is void, and another run's messages are forgotten at once", async () => {
  const { c, questions } = asked();
  c.need({ from: 0, to: 500 }, 400, false, true);
  c.take({ moment: "jump", flights: [flight(1, 2, "AppendEntries", { seq: 9, sent: 90, due: 105 })] });
  await questions[0]!.answer(replay(0, 400, { messages: [message(1, 300)] }));
  assert.deepEqual(c.between(everything).map((m) => m.seq), [9]);
  c.need({ from: 0, to: 500 }, 100, false, true);
  assert.equal(questions.length, 2);
  c.take({ moment: "run", flights: [] });
  assert.equal(c.between(everything).length, 0);
});

test("a question that cannot be answered now is asked again", async () => {
  const { c, questions } = asked();
  c.need({ from: 0, to: 500 }, 400, false, true);
  await questions[0]!.refuse();
  c.need({ from: 0, to: 500 }, 400, false, true);
  assert.equal(questions.length, 2);
});

test("what was too much to tell is said, and not asked for again until something else is looked at", async () => {
  const { c, questions } = asked();
  const wide = { from: 1_000_000, to: 21_000_000 };
  c.need(wide, 30_000_000, false, true);
  await questions[0]!.answer(replay(15_000_000, 30_000_000, { leftOut: 900, messages: [message(1, 16_000_000)] }));
  assert.equal(c.since(wide), 15_000_000);
  c.need(wide, 30_000_000, false, true);
  assert.equal(questions.length, 1);
  const near = { from: 2_000_000, to: 3_000_000 };
  c.need(near, 30_000_000, false, true);
  await questions[1]!.answer(replay(1_500_000, 3_500_000));
  assert.equal(c.since(near), null);
});

test("events and roles are the replay's where it was, and the story's and the history's elsewhere", async () => {
  const { c, questions } = asked();
  const story = [event(1, 50), event(2, 150), event(3, 350), event(4, 360, "detail")];
  assert.deepEqual(c.events(everything, story, true).map((l) => l.id), [1, 2, 3, 4]);
  c.need({ from: 200, to: 400 }, 300, false, true);
  await questions[0]!.answer(replay(100, 300, { events: [event(2, 150), event(1e15, 160)],
    lanes: [{ at: 100, server: 1, role: "leader", term: 2 }] }));
  assert.deepEqual(c.events(everything, story, false).map((l) => l.id), [1, 2, 1e15, 3]);
  assert.deepEqual(c.events({ from: 155, to: 400 }, story, true).map((l) => l.id), [1e15, 3, 4]);
  const lanes = [{ at: 0, server: 1, role: "follower" as const, term: 0 }, { at: 120, server: 1, role: "gone" as const,
    term: 0 }, { at: 310, server: 1, role: "candidate" as const, term: 3 }];
  assert.deepEqual(c.lanes({ ...nothingLived(), lanes }).map((l) => [l.at, l.role]),
    [[0, "follower"], [100, "leader"], [310, "candidate"]]);
});

test("of very many messages those that were sent first are forgotten, and known to be", async () => {
  const { c, questions } = asked();
  c.need({ from: 0, to: 500 }, 100, false, false);
  await questions[0]!.answer(replay(0, 100));
  for (let i = 0; i < 100; i++)
    c.take({ flights: Array.from({ length: 100 },
    (_, k) => flight(1, 2, "AppendEntries", { sent: i * 100 + k, due: i * 100 + k + 10 })) });
  const kept = c.between(everything);
  assert.ok(kept.length >= 6_000 && kept.length <= 7_200, `${kept.length} messages`);
  assert.ok(kept.at(-1)!.sent === 9_999 && kept[0]!.sent > 0);
  c.need({ from: 0, to: 500 }, 9_999, false, true);
  assert.equal(questions.length, 2);
});
