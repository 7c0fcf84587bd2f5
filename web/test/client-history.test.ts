import assert from "node:assert/strict";
import { test } from "node:test";
import { asks, chart, endOf, goesOn, label, leftOutWords, neighbour, operationWords, seen,
  verdict } from "../src/client/client-history.js";
import { xOf, type Frame } from "../src/diagram/spacetime.js";
import type { ClientHistory, Operation } from "../src/model.js";
import { MS } from "../src/view/time.js";

function operation(client: number, kind: Operation["kind"], value: string, called: number, returned: number | null,
  more: Partial<Operation> = {}): Operation {
  return { client, kind, key: "x", value, found: kind !== "put" && value !== "", server: returned === null ? 0 : 2,
    called: called * MS, returned: returned && returned * MS, refused: false, effect: null, place: 0, ...more };
}

const stale: ClientHistory = {
  until: 1_000_000,
  leftOut: 0,
  operations: [
    operation(1, "put", "1", 100, 130, { effect: 115_000, place: 1 }),
    operation(2, "put", "2", 200, 240, { effect: 220_000, place: 2 }),
    operation(2, "get", "", 300, null),
    operation(1, "get", "1", 400, 410, { server: 1 }),
    operation(1, "put", "3", 500, 510, { refused: true, server: 3 }),
    operation(1, "delete", "", 600, 620, { effect: 610_000, place: 3, found: true }),
  ],
  wrong: [{ operation: 3, against: [0, 1],
    text: "S1 answered x = 1 at 0.410 s, after S2 acknowledged x = 2 at 0.240 s: "
      + "no order of the operations explains it." }],
  undecided: [],
};
const frame: Frame = { from: 0, span: 1_000_000, width: 1064, height: 0, now: 500_000 };

test("a box lies from its call to its answer, and its point within", () => {
  const { rows, height } = chart(stale, frame, 28);
  assert.deepEqual(rows.map((r) => [r.name, r.count, r.y, r.height]),
    [["Client 1", 4, 0, 28], ["Client 2", 2, 28, 28]]);
  assert.equal(height, 56);
  for (const b of rows.flatMap((r) => r.boxes)) {
    const o = stale.operations[b.index]!;
    if (o.returned === null) continue;
    const [from, to] = [xOf(frame, o.called), xOf(frame, o.returned)];
    assert.ok(Math.abs(b.x + b.width / 2 - (from + to) / 2) < 1e-9 &&
      Math.abs(b.width - Math.max(8, to - from)) < 1e-9);
    assert.equal(b.point === null, o.effect === null);
    if (o.effect !== null) assert.ok(Math.abs(b.x + b.point! - xOf(frame, o.effect)) < 1e-9 && b.point! > 0 &&
      b.point! < b.width);
  }
  assert.deepEqual(rows.flatMap((r) => r.boxes.filter((b) => b.wrong).map((b) => b.index)), [3]);
});

test("words stand above a box as far as there is room for them before the next one; those of a wrong answer always do",
  () => {
  const at = (...called: number[]) => ({ ...stale, operations: called.map((c) => operation(1, "put", "1", c, c + 1)),
    wrong: [{ operation: 0, against: [], text: "" }] });
  const words = (h: ClientHistory) => chart(h, frame, 28).rows[0]!.boxes.map((b) => b.words);
  assert.deepEqual(words(at(0, 5, 10, 45, 200)), ["whole", "none", "short", "whole", "whole"]);
});

test("what has no answer is open to the right, as far as its client's next operation or the history goes", () => {
  const [, second] = chart(stale, frame, 28).rows;
  const open = second!.boxes[1]!;
  assert.ok(open.open && Math.abs(open.x + open.width - xOf(frame, 1_000_000)) < 1e-9);
  const next = { ...stale, operations: [operation(1, "put", "1", 0, null), operation(1, "put", "2", 1200, 1250)],
    wrong: [] };
  const [first] = chart(next, { ...frame, span: 2_000_000 }, 28).rows[0]!.boxes;
  assert.ok(Math.abs(first!.x + first!.width - xOf({ ...frame, span: 2_000_000 }, 1_200_000)) < 1e-9);
});

test("operations of one client at the same time stand below each other, and those after them do not", () => {
  const h = { ...stale, operations: [operation(0, "put", "1", 0, 50), operation(0, "put", "2", 10, 60),
    operation(0, "get", "2", 55, 70)], wrong: [] };
  const [row] = chart(h, frame, 28).rows;
  assert.deepEqual([row!.name, row!.height, ...row!.boxes.map((b) => b.y)], ["Client", 56, 0, 28, 0]);
});

test("what is not within the frame is not drawn; of too much the wrong answers and the newest are, and that is told",
  () => {
  assert.deepEqual(chart(stale, { ...frame, from: 240_000, span: 200_000 },
    28).rows.map((r) => r.boxes.map((b) => b.index)), [[3], [1, 2]]);
  const many = Array.from({ length: 400 }, (_, i) => operation(1, "put", String(i), i, i + 0.5));
  const c = chart({ ...stale, operations: many, wrong: [{ operation: 5, against: [], text: "" }] }, frame, 28);
  assert.deepEqual([c.rows[0]!.boxes.length, c.rows[0]!.boxes[0]!.index, c.rows[0]!.boxes[1]!.index, c.leftOut],
    [301, 5, 100, 99]);
});

test("at first all is seen, or the last forty before the playhead", () => {
  const all = seen(stale, 0);
  assert.ok(all.from < 100_000 && all.from + all.span > 620_000 && all.from + all.span > endOf(stale.operations[2]!));
  assert.ok(seen({ ...stale, until: 1_600_000 }, 0).span > 1_500_000, "the rest of the run is short");
  assert.ok(seen({ ...stale, until: 60_000_000 }, 0).span < 1_500_000, "the rest of the run is long");
  const many = Array.from({ length: 400 }, (_, i) => operation(1, "put", String(i), 100 * i, 100 * i + 50));
  const late = seen({ ...stale, operations: many }, 20_050_000);
  assert.ok(late.from > 15_500_000 && late.from <= 16_100_000 && late.from + late.span > 20_050_000 &&
    late.from + late.span < 21_000_000);
  assert.ok(seen({ ...stale, operations: many }, 0).from <= 0);
});

test("arrow keys go along a client's operations, and to the nearest of another client", () => {
  assert.deepEqual([neighbour(stale, 0, "right"), neighbour(stale, 3, "left"), neighbour(stale, 0, "left"),
    neighbour(stale, 5, "right")], [3, 0, null, null]);
  assert.deepEqual([neighbour(stale, 3, "down"), neighbour(stale, 1, "up"), neighbour(stale, 0, "up"),
    neighbour(stale, 2, "down")], [2, 0, null, null]);
});

test("words say what was asked, what was told, and when it took effect or what is wrong", () => {
  assert.deepEqual(stale.operations.map(label), ["x=1", "x=2", "x?", "x? 1", "x=3", "x ×"]);
  assert.equal(label(operation(1, "get", "", 0, 1)), "x? ∅");
  assert.deepEqual([true, false].map((found) => label(operation(1, "cas", "2", 0, 1, { expected: "1", found }))),
    ["x:1→2", "x:1↛2"]);
  const lost = { ...stale, operations: [operation(1, "cas", "2", 0, 1, { expected: "1", found: false })], wrong: [] };
  assert.equal(operationWords(lost, 0),
    "Client 1 asked at 0.000 s to write x = 2 if it is 1. S2 answered that x is not 1 after 1 ms.");
  const words = stale.operations.map((_, i) => operationWords(stale, i));
  assert.equal(words[0],
    "Client 1 asked at 0.100 s to write x = 1. S2 said that it is done after 30 ms. "
    + "It can be taken to have happened at 0.115 s, as number 1 of 3 on x.");
  assert.equal(words[2], "Client 2 asked at 0.300 s for x. There is no answer.");
  assert.equal(words[3], `Client 1 asked at 0.400 s for x. ${stale.wrong[0]!.text}`);
  assert.equal(words[4], "Client 1 asked at 0.500 s to write x = 3. S3 refused after 10 ms: it did not happen.");
  assert.match(words[5]!, /^Client 1 asked at 0.600 s to delete x. S2 said that it is done after 20 ms. It can be/);
  const undecided = { ...stale, undecided: ["x"], wrong: [] };
  assert.match(operationWords(undecided, 3), /When it took effect is not decided\.$/);
});

test("the verdict is plain, also where there is none, and what is left out is told", () => {
  assert.match(verdict(stale), /^Not linearizable: one answer has no place in any order\.$/);
  assert.match(verdict({ ...stale, undecided: ["x"] }),
    /^Not linearizable: one answer .*\. There may be more on x: there are too many orders to try\.$/);
  assert.match(verdict({ ...stale, wrong: [], undecided: ["x", "y"] }), /^Not decided for x, y: /);
  assert.match(verdict({ ...stale, wrong: [] }), /^Linearizable: /);
  assert.equal(leftOutWords(stale), "");
  assert.equal(leftOutWords({ ...stale, leftOut: 4 }),
    "The first 6 operations, to 1.000 s; 4 later ones are left out.");
});

test("whoever swaps asks, too; and a history goes on while somebody asks or waits", () => {
  const run = (actions: { at: number; do: string }[], clients?: number) =>
    ({ version: 1, config: { servers: 3, latency: 15_000, jitter: 0, ...(clients && { clients }) }, seed: "1",
    actions });
  for (const deed of ["put", "get", "delete", "cas"]) assert.ok(asks(run([{ at: 2_000, do: deed }]), 0), deed);
  assert.ok(!asks(run([{ at: 2_000, do: "crash" }]), 0));
  assert.ok(asks(run([], 2), 5_000_000), "clients that ask by themselves");
  const answered = { ...stale, operations: [operation(0, "put", "1", 100, 130)] };
  assert.ok(!goesOn(run([{ at: 100_000, do: "put" }]), answered, 140_000));
  assert.ok(goesOn(run([{ at: 100_000, do: "put" }, { at: 200_000, do: "cas" }]), answered, 140_000));
  assert.ok(goesOn(run([{ at: 100_000, do: "put" }]), { ...stale, operations: [operation(0, "put", "1", 100, null)] },
    140_000), "nobody has answered yet");
});
