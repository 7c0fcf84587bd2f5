import assert from "node:assert/strict";
import { test } from "node:test";
import { brokenAt, commitLine, grid, removed } from "../src/log/logs.js";
import { distance, less, most, plus } from "../src/view/numbers.js";
import { command, noop, report, view } from "./scenes.js";

const HUGE = "18446744073709551610";

test("64-bit numbers are compared, added and subtracted exactly", () => {
  assert.equal(distance(HUGE, "18446744073709551600"), 10);
  assert.equal(plus("9007199254740993", 2), "9007199254740995");
  assert.equal(plus("9007199254740993", -10), 9007199254740983);
  assert.ok(less(9, 10) && less("9", "10") && !less(HUGE, 5));
  assert.equal(most(3, HUGE), HUGE);
});

const log = [noop(1), command(1, "x = 1"), command(2, "x = 2")];
const three = () => [
  view(1, { report: report(1, { role: "leader", term: 2, cells: log, commitIndex: 2, timer: null,
    peers: [{ server: 2, match: 2, next: 4 }, { server: 3, match: 0, next: 1 }] }) }),
  view(2, { report: report(2, { term: 2, cells: log.slice(0, 2), commitIndex: 1 }) }),
  view(3, { report: report(3, { term: 2, cells: [noop(1), command(1, "x = 1"), command(1, "old = 1")] }) }),
];

test("the grid: a row a server, missing cells where others have one, columns that differ", () => {
  const g = grid(three(), [1]);
  assert.equal(g.columns, 3);
  assert.deepEqual(g.rows.map((r) => r.cells.map((c) => c.cell?.term ?? null)), [[1, 1, 2], [1, 1, null], [1, 1, 1]]);
  assert.deepEqual(g.rows.map((r) => r.commit), [2, 1, 0]);
  assert.deepEqual([...g.conflicts], [2]);
  assert.deepEqual(g.rows.map((r) => [r.match, r.next]), [[null, null], [1, 3], [null, 0]]);
  assert.equal(g.seenBy, 1);
});

test("the grid shows the last 64 entries, at indices beyond 2^53 too", () => {
  const cells = Array.from({ length: 64 }, () => command(7, "x = 1"));
  const g =
    grid([view(1, { report: report(1, { cells, lastIndex: HUGE, commitIndex: "18446744073709551600",
    log: { first: "18446744073709551547", cells } }) })]);
  assert.equal(g.columns, 64);
  assert.equal(g.first, "18446744073709551547");
  assert.equal(g.rows[0]?.commit, 54);
  assert.equal(g.rows[0]?.cells[63]?.index, HUGE);
});

test("an empty room has an empty grid; free seats have no row", () => {
  assert.deepEqual(grid([]).rows, []);
  assert.equal(grid([view(1, { seat: "empty" }), view(2)]).rows.length, 1);
});

test("with two leaders the logs show what the chosen one knows, or else the newer one", () => {
  const leader = (server: number, term: number, match: number) => view(server,
    { report: report(server, { term, role: "leader", lastIndex: 3,
    log: { first: 1, cells: [noop(1), command(1, "x = 1"), command(1, "x = 2")] },
    peers: [{ server: 3, match, next: match + 1 }] }) });
  const servers = [leader(1, 1, 1), leader(2, 4, 2), view(3, { report: report(3, { term: 4 }) })];
  const leaders = [2, 1];
  assert.deepEqual(grid(servers, leaders).leaders, [2, 1]);
  assert.deepEqual(grid(servers, leaders).rows.map((r) => r.leader), [true, true, false]);
  assert.deepEqual([null, 1, 3].map((by) => grid(servers, leaders, by)).map((g) => [g.seenBy, g.rows[2]?.match]),
    [[2, 1], [1, 0], [2, 1]]);
});

test("entries that were deleted or overwritten are seen to leave; those that scrolled out are not", () => {
  const before = report(3, { cells: [noop(1), command(1, "a = 1"), command(1, "b = 1")] });
  assert.deepEqual(removed(before, report(3, { cells: [noop(1), command(2, "a = 2")] }))
    .map((r) => [r.index, r.cell.text]), [[2, "a = 1"], [3, "b = 1"]]);
  assert.deepEqual(removed(before, report(3, { log: { first: 3, cells: [command(1, "b = 1")] } })), []);
  assert.deepEqual(removed(null, before), []);
});

test("commitIndex is one line that steps from row to row", () => {
  assert.equal(commitLine([2, 1], 36, 31, { x: 4, y: 3 }), "M70 -1.5V29.5H34V60.5");
  assert.equal(commitLine([], 36, 31, { x: 4, y: 3 }), "");
});

test("what only a snapshot holds is one stretch of its row", () => {
  const cells = [command(2, "x = 9"), command(2, "y = 1")];
  const compacted = view(2, { report: report(2, { term: 2, cells: [], commitIndex: 5, lastIndex: 5,
    log: { first: 4, cells } }) });
  const whole = view(1, { report: report(1,
    { role: "leader", term: 2, commitIndex: 5, cells: [noop(1), command(1, "a = 1"), command(1, "b = 1"),
    ...cells] }) });
  const g = grid([whole, compacted]);
  assert.deepEqual(g.rows.map((r) => r.compacted), [null, { columns: 3, through: 3 }]);
  assert.deepEqual(g.rows[1]?.cells.map((c) => [c.index, c.cell?.text]), [[4, "x = 9"], [5, "y = 1"]]);
  assert.deepEqual([...g.conflicts], []);
});

test("a longer log's beginning is out of sight, not compacted", () => {
  const cells = Array.from({ length: 64 }, () => command(1, "x = 1"));
  const g = grid([view(1, { report: report(1, { cells, lastIndex: 100, log: { first: 37, cells } }) })]);
  assert.equal(g.rows[0]?.compacted, null);
});

test("a broken promise marks its entry at the servers concerned, and nothing else", () => {
  const properties = [{ name: "State Machine Safety", text: "",
    broken: { at: 1, text: "S1 applied a at index 2, S5 applied b.", servers: [1, 5], index: 2 } },
    { name: "Election Safety", text: "", broken: { at: 1, text: "two leaders", servers: [1, 3], index: 0 } },
    { name: "Log Matching", text: "", broken: null }];
  assert.equal(brokenAt(properties, 1, 2), "State Machine Safety is broken: S1 applied a at index 2, S5 applied b.");
  assert.deepEqual([brokenAt(properties, 2, 2), brokenAt(properties, 1, 3), brokenAt(properties, 1, 0),
    brokenAt([], 1, 2)], ["", "", "", ""]);
});

test("an entry of which a server has told nothing is not said to be missing", () => {
  const untold = view(1, { report: report(1, { lastIndex: 2, commitIndex: 1, log: { first: 0, cells: [] } }) });
  const short = view(2, { report: report(2, { lastIndex: 1, log: { first: 1, cells: [noop(1)] } }) });
  assert.deepEqual(grid([untold, short]).rows.map((r) => r.cells.map((c) => c.untold)), [[true, true], [false, false]]);
});
