import assert from "node:assert/strict";
import { test } from "node:test";
import type { Report, ServerView } from "../src/model.js";
import { cursor } from "../src/cursor.js";
import { question } from "../src/why.js";
import { leaderOf } from "../src/logs.js";
import { quorumsOf } from "../src/quorum.js";
import { command, MAJORITIES, noop, report, room, view } from "./scenes.js";

const of = (changes: (Partial<Report> & { cells?: Report["log"]["cells"] })[], gone: number[] = []): ServerView[] =>
  changes.map((c, i) => view(i + 1, { seat: gone.includes(i + 1) ? "gone" : "connected",
  report: report(i + 1, { at: 100_000, ...c }) }));
const ask = (servers: ServerView[], links = room(servers.length).links, off: string[] = []) =>
  question({ servers, links, quorums: quorumsOf(servers, leaderOf(servers), MAJORITIES), off, now: 100_000 });

test("at the start nobody leads because everybody waits; the shortest timer is named", () => {
  const q = ask(of([{ term: 0, timer: { elapsed: 100_000, timeout: 200_000, longest: 300_000 } },
    { term: 0, timer: { elapsed: 100_000, timeout: 140_000, longest: 300_000 } },
    { term: 0, timer: { elapsed: 0, timeout: 300_000, longest: 300_000 } }]));
  assert.equal(q?.ask, "Why does nobody lead?");
  assert.match(q?.answer.join(" ") ?? "", /S2 longest, for 40 ms more\. .*It needs 2 of 3/);
});

test("with a minority running nobody can lead", () => {
  const q = ask(of([{ term: 3 }, { term: 3 }, { term: 3 }], [2, 3]));
  assert.equal(q?.ask, "Why does nobody lead term 3?");
  assert.match(q?.answer.join(" ") ?? "", /needs 2 of 3 votes, and only 1 of the servers runs/);
});

test("a candidate: who refused, who is down, whose link is cut, who has not answered", () => {
  const votes = [{ server: 1, state: "granted" as const }, { server: 2, state: "denied" as const },
    { server: 3, state: "requested" as const }, { server: 4, state: "requested" as const },
    { server: 5, state: "requested" as const }];
  const servers = of([{ role: "candidate", term: 4, votes, votesNeeded: 3 }, { term: 4 }, { term: 3 }, { term: 3 },
    { term: 3 }], [3]);
  const links = room(5).links.map((l) => (l.from === 1 && l.to === 4 ? { ...l, up: false } : l));
  assert.equal(ask(servers, links)?.answer.join(" "),
    "S1 has 1 of the 3 votes it needs: S2 refused, S3 is down, the link to S4 is cut, S5 has not answered yet.");
});

test("two candidates of a term: the votes are split", () => {
  const candidate = { role: "candidate" as const, term: 2, votesNeeded: 3, votes: [] };
  const q = ask(of([candidate, candidate, { term: 2 }, { term: 2 }, { term: 2 }]));
  assert.equal(q?.answer.length, 3);
  assert.match(q?.answer.at(-1) ?? "", /they are split/);
});

test("an old leader does not lead a newer term", () => {
  const q = ask(of([{ role: "leader", term: 2, timer: null }, { role: "candidate", term: 3, votesNeeded: 2, votes: [] },
    { term: 2 }]));
  assert.equal(q?.ask, "Why does nobody lead term 3?");
});

const log = [noop(1), command(1, "x = 1")];

test("an entry that too few store: who is down, cut off or has not received it", () => {
  const links = room(5).links.map((l) => (l.from === 1 && l.to === 4 ? { ...l, up: false } : l));
  const servers = of([{ role: "leader", term: 1, cells: log, commitIndex: 1, timer: null, peers: [] },
    { cells: log, commitIndex: 1 }, { cells: log.slice(0, 1) }, { cells: log.slice(0, 1) }, { cells: log.slice(0, 1) }],
    [3]);
  const q = ask(servers, links);
  assert.equal(q?.ask, "Why is index 2 not committed?");
  assert.equal(q?.answer.join(" "),
    "It is on 2 of 5; the leader, S1, needs 3. S3 does not run. The link between S1 and S4 is cut. "
    + "S5 has not received it yet.");
});

test("an entry of an older term on a majority: the rule of Figure 8", () => {
  const q = ask(of([{ role: "leader", term: 4, cells: log, commitIndex: 1, timer: null }, { term: 4, cells: log },
    { term: 4, cells: log.slice(0, 1) }]));
  assert.equal(q?.section, "§5.4.2");
  assert.match(q?.answer[0] ?? "", /on 2 of 3, a majority\. But its term 1 is not the leader's term 4/);
});

test("stored by a majority, and the leader has not heard: the answers are on their way", () => {
  const q = ask(of([{ role: "leader", term: 1, cells: log, commitIndex: 1, timer: null,
    peers: [{ server: 2, match: 1, next: 3 }, { server: 3, match: 1, next: 3 }] }, { cells: log }, { cells: log }]));
  assert.match(q?.answer[0] ?? "", /on 3 of 3\. S1, the leader, knows of 1 and needs 2/);
});

test("when a leader has committed all there is nothing to ask", () => {
  assert.equal(ask(of([{ role: "leader", term: 1, cells: log, commitIndex: 2, timer: null }, { cells: log },
    { cells: log }])), null);
  assert.equal(question({ servers: [], links: [], quorums: [], off: [], now: 0 }), null);
});

const joint = (agreed: [number, number]) => [{ voters: [1, 4, 5], needed: 2, agreed: agreed[0] },
  { voters: [1, 2, 3], needed: 2, agreed: agreed[1] }];

test("while the configuration changes two majorities are counted, as the core does", () => {
  const leader = { role: "leader" as const, term: 1, cells: log, commitIndex: 1, timer: null, peers: [],
    quorums: joint([3, 1]) };
  const few = { cells: log.slice(0, 1) };
  const q = ask(of([leader, few, few, { cells: log }, { cells: log }]));
  assert.equal(q?.answer.join(" "),
    "It is on 3 of 3 and 1 of 3; the leader, S1, needs 2 and 2. S2 and S3 have not received it yet.");
  assert.equal(q?.section, "§6");
  const more = ask(of([leader, { cells: log }, few, { cells: log }, { cells: log }]));
  assert.equal(more?.answer.join(" "),
    "It is on 3 of 3 and 2 of 3. S1, the leader, knows of 3 and 1 and needs 2 and 2: "
    + "the answers are still on their way.");
  const candidate = { role: "candidate" as const, term: 2,
    votes: [1, 4, 5].map((server) => ({ server, state: "granted" as const })), votesNeeded: 2, quorums: joint([3, 1]),
    lastIndex: 3 };
  assert.equal(ask(of([candidate, {}, {}, {}, {}]))?.answer[0], "S1 has 3 of the 2 and 1 of the 2 votes it needs.");
  const down = ask(of([{ term: 2, quorums: joint([0, 0]), lastIndex: 3 }, {}, {}, {}, {}], [2, 3]));
  assert.match(down?.answer[0] ?? "", /^A leader needs 2 of 3 and 2 of 3 votes, and only 3 of the servers run\.$/);
});

test("servers that decide without a majority are counted as they count", () => {
  const quorums = [{ voters: [1, 2, 3, 4, 5], needed: 2, agreed: 1 }];
  const few = { cells: log.slice(0, 1) };
  const q = ask(of([{ role: "leader", term: 1, cells: log, commitIndex: 1, timer: null, quorums }, { cells: log }, few,
    few, few]));
  assert.match(q?.answer.join(" ") ?? "", /^It is on 2 of 5\. S1, the leader, knows of 1 and needs 2: the answers/);
  assert.match(ask(of([{ quorums, lastIndex: 3 }, {}, {}, {}, {}], [3, 4, 5]))?.answer.join(" ") ?? "",
    /It needs 2 of 5\.$/);
});

test("Figure 8: what others have committed is not said to be uncommitted", () => {
  const [older, newer] = [[command(1, "x = 1")], [command(2, "x = 2")]];
  const servers = of([{ cells: older, commitIndex: 1 }, { cells: older, commitIndex: 1 },
    { cells: older, commitIndex: 1 }, { cells: older }, { role: "leader", term: 4, cells: newer, timer: null }], [1]);
  const q = ask(servers);
  assert.equal(q?.ask, "Is index 1 committed?");
  assert.equal(q?.answer[0],
    "S1, S2 and S3 committed the entry of term 1 there. S5, the leader, lacks it, and has one of term 2.");
  const counted = of([{ role: "leader", term: 3, cells: older, timer: null }, { cells: older }, { cells: older }]);
  assert.equal(ask(counted)?.section, "§5.4.2");
  assert.equal(ask(counted, room(3).links, ["commitOnlyCurrentTerm"])?.section, "§5.3",
    "without that rule it is not what the entry waits for");
});

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
