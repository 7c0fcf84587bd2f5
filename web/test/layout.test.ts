import assert from "node:assert/strict";
import { test } from "node:test";
import { along, inside, lane, covers, noteBox, reasonBox, reasonSide, ring, spareLabels, spareReason, voteDot,
  wall } from "../src/stage/layout.js";

const STAGES: [number, number][] = [[800, 504], [704, 384], [704, 356], [640, 372], [1440, 504], [800, 330], [500, 330],
  [604, 306], [390, 338], [360, 270]];

test("the ring: S1 at the top, clockwise, every node and its label inside the stage, at all sizes and counts", () => {
  for (const [width, height] of STAGES) {
    for (let n = 1; n <= 9; n++) {
      const { points, r, compact } = ring(width, height, n);
      const where = `${n} servers on ${width}×${height}`;
      assert.equal(points.length, n);
      const label = compact ? { side: 13, near: 12 } : { side: 40, near: 16 };
      for (const [i, p] of points.entries()) for (const [j, q] of points.entries()) {
        if (i === j) continue;
        assert.ok(Math.hypot(p.x - q.x, p.y - q.y) > 2 * r + 18 + 8, `${where}: S${i + 1} and S${j + 1} meet`);
        const low = i === 0 ? p.y - r - label.near - 20 : p.y + r + label.near; // the upper edge of its name
        const away = Math.hypot(q.x - Math.max(p.x - label.side, Math.min(p.x + label.side, q.x)),
          q.y - Math.max(low, Math.min(low + 20, q.y)));
        assert.ok(away > r + 9, `${where}: the name of S${i + 1} stands in S${j + 1}`);
      }
      for (const p of points) {
        assert.ok(p.x - r - 9 >= 0 && p.x + r + 9 <= width, `${where}: x ${p.x}`);
        assert.ok(p.y - r - 9 >= 0 && p.y + r + (compact ? 12 : 18) + 18 <= height, `${where}: y ${p.y}`);
        assert.ok(p.y >= (points[0]?.y ?? 0) - 1e-9, `${where}: S1 is not at the top`);
      }
      if (n > 2) assert.ok((points[1]?.x ?? 0) > (points[0]?.x ?? 0), `${where}: not clockwise`);
    }
  }
});

test("on a stage that is too low for a ring no server stands upon another", () => {
  for (const [width, height, most] of [[375, 143, 5], [360, 184, 5], [390, 195, 7], [320, 112, 4], [464, 130, 7],
    [604, 112, 9]] as const) {
    for (let n = 1; n <= most; n++) {
      const { points, r } = ring(width, height, n);
      for (const [i, p] of points.entries()) {
        assert.ok(p.x - r >= 0 && p.x + r <= width && p.y - r >= 0 && p.y + r <= height,
          `${n} on ${width}×${height}: S${i + 1} is beyond the stage`);
        for (const q of points.slice(i + 1))
          assert.ok(Math.hypot(p.x - q.x, p.y - q.y) >= 2 * r + 18,
          `${n} on ${width}×${height}: S${i + 1} meets another, ${Math.hypot(p.x - q.x, p.y - q.y)} px away`);
      }
    }
  }
});

test("the ring keeps what is asked to be kept free", () => {
  for (const p of ring(800, 504, 5, { right: 320, bottom: 0 }).points) assert.ok(p.x + 60 < 480);
  for (const p of ring(360, 578, 3, { right: 0, bottom: 268 }).points) assert.ok(p.y + 50 < 578 - 268);
});

test("lanes: edge to edge, and the two directions never meet", () => {
  const a = { x: 100, y: 100 };
  const b = { x: 400, y: 100 };
  const there = lane(a, b, 32);
  const back = lane(b, a, 32);
  assert.deepEqual([there.from.x, there.to.x, there.from.y], [138, 362, 106]);
  assert.equal(there.from.y - back.from.y, 12);
  assert.deepEqual(along(there, 0.5), { x: 250, y: 106 });
  assert.equal(lane({ x: 0, y: 0 }, { x: 0, y: 10 }, 32).angle, 90);
});

test("vote dots are the ring in small, inside the diamond", () => {
  for (let n = 1; n <= 9; n++) {
    const top = voteDot(1, n, 32);
    assert.ok(Math.abs(top.x) < 1e-9 && top.y < 0);
    for (let k = 1; k <= n; k++) {
      const d = voteDot(k, n, 32);
      assert.ok(Math.abs(d.x) + Math.abs(d.y) + 4 * Math.SQRT2 <= 0.95 * Math.SQRT2 * 32 + 2.5, `dot ${k} of ${n}`);
    }
  }
});

test("labels: the more important first, none within 40 px of another or on a node, at most six", () => {
  const wanted = [{ at: { x: 0, y: 0 } }, { at: { x: 30, y: 0 } }, { at: { x: 0, y: 41 } }, { at: { x: 200, y: 200 } }];
  assert.deepEqual(spareLabels(wanted, { points: [{ x: 210, y: 200 }], names: [], r: 32 }), [wanted[0], wanted[2]]);
  assert.deepEqual(spareLabels([{ at: { x: 100, y: 0 } }], { points: [{ x: 165, y: 0 }], names: [], r: 32 }), [],
    "half of a label stands in a node");
  assert.deepEqual(spareLabels([{ at: { x: 100, y: 0 } }],
    { points: [], names: [{ left: 130, right: 220, top: -5, bottom: 17 }], r: 32 }), [], "its end stands in a name");
  const many = Array.from({ length: 20 }, (_, i) => ({ at: { x: 50 * i, y: 0 } }));
  assert.equal(spareLabels(many, { points: [], names: [], r: 32 }).length, 6);
});

test("the reason of a lost message stands where there is room", () => {
  const on = (points: { x: number; y: number }[]) => ({ ...ring(800, 504, 3), points });
  assert.equal(reasonSide({ x: 400, y: 200 }, on([])), "right");
  assert.equal(reasonSide({ x: 750, y: 200 }, on([])), "left");
  assert.equal(reasonSide({ x: 400, y: 200 }, on([{ x: 480, y: 190 }])), "left");
  assert.equal(reasonSide({ x: 400, y: 200 }, on([{ x: 480, y: 190 }, { x: 320, y: 190 }])), "none");
});

test("a wall stands between two groups, away from every node, or there is none", () => {
  const { points, r } = ring(800, 500, 5);
  const of = (servers: number[]) => servers.map((s) => points[s - 1]!);
  const [one, other] = [of([1, 2, 5]), of([3, 4])];
  const w = wall(one, other, r)!;
  const side = (p: { x: number; y: number }) =>
    ((w.to.x - w.from.x) * (p.y - w.from.y) - (w.to.y - w.from.y) * (p.x - w.from.x)) / Math.hypot(w.to.x - w.from.x,
    w.to.y - w.from.y);
  const sign = Math.sign(side(one[0]!));
  for (const p of one) assert.ok(side(p) * sign > 0);
  for (const p of other) assert.ok(side(p) * sign < 0);
  for (const p of points) assert.ok(Math.abs(side(p)) >= r);
  assert.equal(wall(of([1, 3]), of([2, 4, 5]), r), null);
});

test("what is said at a server near the edge ends within the stage", () => {
  for (const [width, servers] of [[390, 5], [390, 3], [360, 7]] as const) {
    const words = 44 + 6.4 * "Paused, 12 waiting".length;
    for (const p of ring(width, 420, servers).points) {
      const x = inside(p.x, words, width);
      assert.ok(x - words / 2 >= 0 && x + words / 2 <= width, `${x} of ${width}`);
      if (p.x - words / 2 >= 0 && p.x + words / 2 <= width) assert.equal(x, p.x);
    }
  }
});

test("what is said of a lost message stands on no name and on nothing that is said already", () => {
  const five = ring(800, 504, 5);
  const at = { x: 400, y: 260 };
  const empty = { ...five, points: [], names: [] };
  assert.equal(reasonSide(at, empty), "right");
  assert.equal(reasonSide({ x: at.x + 100, y: at.y + 6 }, empty, [reasonBox(at, "right")]), "right");
  assert.equal(reasonSide({ x: at.x + 5, y: at.y + 6 }, empty, [reasonBox(at, "right")]), "left");
  assert.equal(reasonSide({ x: at.x + 20, y: at.y + 6 }, empty, [reasonBox(at, "right"), reasonBox(at, "left")]),
    "none");
  const name = { left: 410, right: 480, top: 240, bottom: 262 };
  assert.equal(reasonSide(at, { ...empty, names: [name] }), "left");
});

test("what is said of a lost message covers no cross of another", () => {
  const empty = { ...ring(390, 338, 5), points: [], names: [] };
  const at = { x: 200, y: 160 };
  const untold = { at: { x: at.x + 70, y: at.y - 10 }, reason: "none" } as const;
  assert.equal(spareReason(at, empty, []), "right");
  assert.equal(spareReason(at, empty, [untold]), "left");
  assert.equal(spareReason(at, empty, [{ ...untold, reason: "right" }]), "left");
  assert.equal(spareReason(at, empty, [{ at: { x: at.x + 30, y: at.y + 30 }, reason: "right" }]), "none",
    "it is said there");
  assert.ok(covers({ at, reason: "right" }, untold.at), "a cross that comes later, too");
  assert.ok(!covers({ at, reason: "left" }, untold.at));
  assert.ok(!covers({ at, reason: "none" }, untold.at));
});

test("a note on the stage covers no server and no name, on any screen and with any number of servers", () => {
  for (const [width, height] of [[800, 504], [640, 420], [800, 330], [390, 338], [360, 300]] as const) {
    for (const servers of [3, 4, 5, 7, 9]) {
      const r = ring(width, height, servers);
      for (const letters of [12, 40, 56]) {
        const note = noteBox(letters, r, []);
        assert.ok(note.left >= 0 && note.right <= width && note.top >= 0 && note.bottom <= height,
          `${width}×${height}, ${servers}: ${JSON.stringify(note)}`);
        if (width < 640 && servers > (height > 300 ? 5 : 3)) continue; // there it covers as little as it can
        const covered = r.names.findIndex((n) => n.left < note.right && note.left < n.right && n.top < note.bottom &&
          note.top < n.bottom);
        assert.equal(covered, -1,
          `${width}×${height}, ${servers} servers, ${letters} letters: on the name of S${covered + 1}`);
      }
    }
  }
});

test("long names have room beside each other while a room waits", () => {
  for (const [width, height] of [[800, 504], [1100, 600], [740, 460]] as const) {
    const r = ring(width, height, 5, { right: 320, bottom: 0, names: 150 });
    const apart = r.names.every((a, i) => r.names.every((b, j) => i === j || a.right <= b.left || b.right <= a.left ||
      a.bottom <= b.top || b.bottom <= a.top));
    assert.ok(apart && r.free === width - 320);
  }
});

test("on a low and wide stage no server stands in the rings of another's broken promise", () => {
  for (const [width, height] of [[800, 209], [800, 253], [640, 286]] as const) {
    const { points, names, r } = ring(width, height, 5);
    const reach = r + 20; // of the outer ring
    points.forEach((p, i) => points.forEach((q, j) => {
      if (i === j) return;
      assert.ok(Math.hypot(p.x - q.x, p.y - q.y) >= 2 * reach,
        `${width}×${height}: the rings of S${i + 1} and S${j + 1} meet`);
      const name = names[j]!;
      const away = Math.hypot(p.x - Math.max(name.left, Math.min(name.right, p.x)),
        p.y - Math.max(name.top, Math.min(name.bottom, p.y)));
      assert.ok(away >= reach, `${width}×${height}: the name of S${j + 1} stands in the rings of S${i + 1}`);
    }));
  }
});

test("nothing of a ring stands in what is kept free above it", () => {
  const { points, names, r, height } = ring(390, 317, 5, { right: 0, bottom: 0, top: 38 });
  assert.ok(points.every((p) => p.y - r >= 38 && p.y + r <= height) &&
    names.every((n) => n.top >= 38 && n.bottom <= height));
});
