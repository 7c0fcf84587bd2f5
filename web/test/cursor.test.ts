import assert from "node:assert/strict";
import { test } from "node:test";
import { cursor } from "../src/state/cursor.js";

const line = (id: number, at: number, server: number, text: string, kind = "commitAdvanced", index?: number) =>
  ({ id, at, server, kind, weight: "key" as const, text, why: "", section: "", term: 1, ...(index ? { index } : {}) });
const story = [line(1, 10, 1, "S1 commits index 2.", "commitAdvanced", 2),
  line(2, 20, 2, "S2 commits index 2.", "commitAdvanced", 2), line(3, 500, 0, "S1 is cut from S2 and S3.", "fault")];
const idle = { selection: null, hover: null, reading: null, open: null, everything: false, line: null, teller: null,
  about: null, later: false, cell: null } as unknown as Parameters<typeof cursor>[0]["view"];
const at = (view: object, paused = false) => cursor({ view: { ...idle, ...view }, story, headline: story[1]!, paused });

test("one cursor: what is pointed at, wherever, else the event at which the clock stands", () => {
  assert.deepEqual(at({ line: 1 }), { servers: [1, 2], cells: [{ server: 1, index: 2 }, { server: 2, index: 2 }],
    lines: [1, 2], at: 10 });
  assert.deepEqual(at({ line: 3 }).servers, [1, 2, 3]);
  assert.deepEqual(at({ cell: { server: 2, index: 2 } }), { servers: [2], cells: [{ server: 2, index: 2 }], lines: [2],
    at: null });
  assert.deepEqual(at({ hover: 3 }).servers, [3]);
  assert.deepEqual(at({}, true).lines, [1, 2]);
  assert.deepEqual(at({}).lines, [], "while the clock runs nothing is pointed at by itself");
});
