import assert from "node:assert/strict";
import { test } from "node:test";
import { mermaid, shiviz, type Origin } from "../src/diagram/diagram-export.js";
import { messageOf } from "../src/inspector/messages.js";
import { messageWords, picture, SPAN, timeAt, xOf, zoomed, type Frame } from "../src/diagram/spacetime.js";
import { nothingLived } from "../src/state/lived.js";
import { flight } from "./scenes.js";
import { labRun } from "./space-scenes.js";
import { MS } from "../src/view/time.js";

const [batch] = labRun(620);
const all = (batch!.flights ?? []).map((f) => messageOf(f));
const story = (batch!.story ?? []).filter((l) => l.server > 0 && l.weight === "key");
const history = { ...nothingLived(), lanes: batch!.lived?.lanes ?? [] };
const frame: Frame = { from: 100 * MS, span: 400 * MS, width: 864, height: 200, now: 620 * MS };
const origin: Origin = { title: "Raft playground, seed 7, 0.100 to 0.600 s",
  modified: "Modified Raft: oneVotePerTerm is off", link: "http://127.0.0.1/#1?seed=7" };

test("time and place are each other's inverse, and a zoom keeps what stands under the pointer", () => {
  for (const at of [100, 123.4, 499].map((ms) => ms * MS))
    assert.ok(Math.abs(timeAt(frame, xOf(frame, at)) - at) < 1e-6);
  const to = zoomed(frame, 2, 300);
  assert.equal(to.span, 200 * MS);
  assert.ok(Math.abs(timeAt({ ...frame, ...to }, 300) - timeAt(frame, 300)) < 1e-6);
  assert.equal(zoomed(frame, 1e9, 300).span, SPAN.least);
  assert.equal(zoomed(frame, 1e-9, 300).span, SPAN.most);
});

test("a lane a server; messages run from lane to lane; a lost one stops before it is there", () => {
  const p = picture(frame, [1, 2, 3, 4, 5], all, story, history);
  assert.deepEqual(p.lanes.map((l) => l.name), ["S1", "S2", "S3", "S4", "S5"]);
  const yOf = new Map(p.lanes.map((l) => [l.lane, l.y]));
  for (const a of p.arrows.filter((x) => !x.lost))
    assert.deepEqual([a.y1, a.y2], [yOf.get(a.message.from), yOf.get(a.message.to)]);
  const lost = p.arrows.filter((a) => a.lost);
  assert.deepEqual(lost.map((a) => [a.message.from, a.message.to, a.message.kind]), [[5, 3, "RequestVoteReply"]]);
  assert.ok(lost[0]!.x2 < xOf(frame, lost[0]!.message.due) && lost[0]!.y2 > yOf.get(3)!);
  assert.ok(p.dots.some((d) => d.line.kind === "becameLeader" && d.y === yOf.get(3)));
});

test("roles and terms are stretches of the lanes, up to the playhead", () => {
  const p = picture({ ...frame, now: 300 * MS }, [1, 2, 3, 4, 5], all, story, history);
  const of3 = p.stretches.filter((s) => s.y === p.lanes[2]?.y);
  assert.deepEqual(of3.map((s) => [s.role, s.term]), [["follower", 0], ["candidate", 1], ["leader", 1]]);
  assert.ok(Math.abs(of3.at(-1)!.x + of3.at(-1)!.width - xOf(frame, 300 * MS)) < 1e-6);
  assert.deepEqual(of3.map((s) => s.number), [true, true, false], "a term's number stands where it begins");
});

test("of too many messages heartbeats are left out first, and that is told", () => {
  const many = [...Array.from({ length: 400 },
    (_, i) => flight(1, 2, "AppendEntries", { sent: (110 + i / 2) * MS, due: (120 + i / 2) * MS })),
    flight(1, 2, "RequestVote", { sent: 110 * MS, due: 120 * MS })];
  const p = picture(frame, [1, 2], many.map((f) => messageOf(f)), [], history);
  assert.deepEqual([p.arrows.map((a) => a.message.kind), p.leftOut], [["RequestVote"], 400]);
  const answered = Array.from({ length: 300 }, (_, i) => flight(2, 1, "AppendEntriesReply",
    { sent: (120 + i) * MS, due: (130 + i) * MS, ok: i !== 7 }));
  const wide = picture(frame, [1, 2], [...many, ...answered].map((f) => messageOf(f)), [], history);
  assert.deepEqual([wide.arrows.map((a) => `${a.message.kind} ${a.message.ok}`), wide.leftOut],
    [["RequestVote true", "AppendEntriesReply false"], 699]);
});

test("clients share a lane below the servers, if there are any", () => {
  const asked = [flight(1001, 2, "request", { sent: 200 * MS, due: 200 * MS }),
    flight(2, 1003, "answer", { sent: 220 * MS, due: 220 * MS })].map((f) => messageOf(f));
  const p = picture(frame, [1, 2], asked, [], history);
  assert.deepEqual(p.lanes.map((l) => l.name), ["S1", "S2", "Clients"]);
  assert.equal(p.arrows.length, 2);
});

test("a message in a sentence", () => {
  const m = all.find((x) => x.kind === "RequestVote" && x.to === 2)!;
  assert.equal(messageWords(m, "RequestVote", 620 * MS), "RequestVote, vote?, of S3 to S2 took 14 ms.");
  assert.equal(messageWords(m, "RequestVote", 155 * MS), "RequestVote, vote?, of S3 to S2 is under way for 14 ms.");
  assert.equal(messageWords(all.find((x) => x.fate === "lost")!, "Reply to RequestVote", 620 * MS),
    "Reply to RequestVote, yes, of S5 to S3 was lost after 8 ms.");
});

// Mermaid is too large to be a dependency for this. Its parser, 11.17.2, has read what came of all nineteen runs of the
// gallery, of nine servers on a hostile network, and of keys and values such as "end", "a;b", "%%{init: {}}%%",
// "-->>S1: hi", "<br/>", "$$x$$" and line ends: a statement for each line, and every text as it stands there.
test("Mermaid: every line is of a sequence diagram's grammar, says that Raft is modified, and where the run is", () => {
  const text = mermaid(all, story, origin, 620 * MS);
  const [, title = "", , kind = "", ...rest] = text.trimEnd().split("\n");
  assert.match(title, /^title: "[^"]*Modified Raft – oneVotePerTerm is off"$/);
  assert.equal(kind, "sequenceDiagram");
  const odd = mermaid([messageOf(flight(1001, 2, "request",
    { sent: 1, due: 2, label: "a;b#\r\nS1->>S2: c = %%%{init: 0}%%\u2028", term: 0 }))], [], { ...origin, link: "" },
    10).trimEnd().split("\n");
  assert.equal(odd.length, 7, "whatever a client writes, a message is one line");
  assert.match(odd[6]!, /^ {2}C1->>S2: (?!.*%%)[^:;#\r\u2028]+$/);
  for (const line of rest)
    assert.match(line,
    /^ {2}(%% \S+|participant [SC]\d+|Note over [SC]\d+: [^:;#\n]+|[SC]\d+(->>|-x)[SC]\d+: [^:;#\n]+)$/);
  assert.ok(text.includes(origin.link));
  const place = (part: string) => rest.findIndex((l) => l.includes(part));
  assert.ok(place("S3->>S2: RequestVote, vote?") < place("Note over S2: S2 votes for S3"),
    "what caused it stands above");
  assert.ok(place("S5-xS3: Reply to RequestVote") > 0);
});

test("Mermaid: of what would be too long to be drawn, what says that all is well is left out, and that is told", () => {
  const many = Array.from({ length: 1500 },
    (_, i) => messageOf(flight(1, 2, "AppendEntries", { sent: i, due: i + 9 })));
  const text = mermaid([...many, ...all], story, origin, 2000 * MS);
  assert.ok(text.length < 50_000, `${text.length} characters`);
  assert.match(text, /^ {2}%% \d{4} messages that say that all is well are left out$/m);
  assert.ok(!text.includes("Heartbeat") && text.includes("S3->>S2: RequestVote, vote?"));
  assert.ok(!mermaid(all, story, origin, 620 * MS).includes("left out"));
});

/** Every message is in the log twice: where it is sent, and where it is received, whose clock knows of the sending. */
function followsSending(found: Record<string, string>[]): number {
  const clocks = found.map((g) => JSON.parse(g["clock"]!) as Record<string, number>);
  let received = 0;
  for (const [i, { event = "", host = "" }] of found.entries()) {
    const [, message, from = ""] = /^receives (.*) from (\S+)$/.exec(event) ?? [];
    if (message === undefined) continue;
    received++;
    const sent = found.findIndex((g, j) => g["host"] === from && g["event"] === `sends ${message} to ${host}` &&
      (clocks[i]![from] ?? 0) >= clocks[j]![from]!);
    assert.ok(sent >= 0, `${host} ${event}, which nobody has sent before`);
    for (const [other, n] of Object.entries(clocks[sent]!))
      assert.ok((clocks[i]![other] ?? 0) >= n, `${host} ${event}, and does not know what ${from} knew of ${other}`);
  }
  return received;
}

test("ShiViz: its own form reads all of it, every clock grows by one on its own host, and what is received was sent",
  () => {
  const odd = messageOf(flight(1001, 2, "request", { sent: 1, due: 2, label: 'x = 1\r\nS1 {"S1":9}\u2028', term: 0 }));
  const text = shiviz([odd, ...all], story, origin, 620 * MS);
  const found = [...text.matchAll(/(?<event>.*)\n(?<host>\S*) (?<clock>\{.*\})/g)].map((m) => m.groups!);
  assert.equal(found.length * 2, text.trimEnd().split("\n").length, "every line belongs to an event");
  assert.ok(followsSending(found) > 10);
  assert.match(found[0]!["event"]!, /Modified Raft: oneVotePerTerm is off.*http:/);
  const seen = new Map<string, number>();
  for (const { host = "", clock = "" } of found) {
    const own = (JSON.parse(clock) as Record<string, number>)[host];
    assert.equal(own, (seen.get(host) ?? 0) + 1);
    seen.set(host, own!);
  }
  const vote = found.find((g) => g["event"]?.startsWith("S2 votes for S3"))!;
  assert.ok((JSON.parse(vote["clock"]!) as Record<string, number>)["S3"]! >= 2,
    "a vote knows of the candidacy and of its request");
});
