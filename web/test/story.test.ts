import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { StoryLine } from "../src/model.js";
import { mergeStory, splitHeading, storyRows, subjectOf, SUBJECTS, tell } from "../src/story/story.js";

const line = (id: number, at: number, text: string, kind = "commitAdvanced",
  weight: StoryLine["weight"] = "key"): StoryLine => ({ id, at, server: 0, kind, weight, text, why: "", section: "",
  term: 1 });

/** Every sentence of the core, all said by S1, with its kind: the test table of raft/explain. */
const SENTENCES = [...readFileSync(join(process.env.RAFT_WEB ?? ".", "../raft/explain/explain_test.go"), "utf8")
  .replace(/" \+\n\s+"/g, "").matchAll(/Kind: raft\.(\w+)[^"]*?\},\s+"(S\d[^"]+)",\s+"/g)]
  .map(([, kind = "", text = ""]) => ({ kind: kind.charAt(0).toLowerCase() + kind.slice(1), text }));

test("what several servers did alike is one row, newest first", () => {
  const rows = mergeStory([line(1, 100, "S2 leads term 1.", "becameLeader"), line(2, 140, "S3 commits index 1."),
    line(3, 150, "S5 commits index 1."), line(4, 155, "S2 commits index 1.")], 10);
  assert.deepEqual(rows.map((r) => r.text), ["S2, S3, S5 commit index 1", "S2 leads term 1"]);
  assert.deepEqual(rows[0]?.lines.map((l) => l.id), [4, 3, 2]);
  assert.deepEqual(rows.map((r) => [r.key, r.id, r.at]), [[2, 4, 155], [1, 1, 100]]);
});

test("what was said long before, of something else or of another kind is not merged; the list has a limit", () => {
  assert.equal(mergeStory([line(1, 0, "S2 commits index 1."), line(2, 900_000, "S3 commits index 1.")], 10).length, 2);
  assert.equal(mergeStory([line(1, 0, "S2 commits index 1."), line(2, 1, "S3 commits index 2.")], 10).length, 2);
  assert.equal(mergeStory([line(1, 0, "S2 is back.", "fault"), line(2, 1, "S3 is back.", "started")], 10).length, 2);
  assert.equal(mergeStory(Array.from({ length: 50 }, (_, i) => line(i, i, `The link ${i} is cut.`)), 10).length, 10);
});

test("only sentences that are right for several servers are said of several", () => {
  assert.ok(SENTENCES.length > 30, `only ${SENTENCES.length} sentences found`);
  const merged = new Map<string, string>();
  for (const { kind, text } of SENTENCES) {
    // told of others, and heartbeats: below
    if (kind === "voteDenied" || (kind === "timerReset" && text.endsWith("is alive."))) continue;
    const [row, ...others] = mergeStory([line(1, 0, text, kind), line(2, 1, text.replace(/^S1/, "S4"), kind)], 10);
    if (others.length === 0) merged.set(kind, row?.text ?? "");
  }
  assert.deepEqual([...merged.keys()].sort(), ["commitAdvanced", "entriesAppended", "entriesTruncated", "leaderKnown",
    "started", "voteGranted"]);
  for (const text of merged.values())
    assert.match(text, /^S1, S4 (commit|store|remove|follow|start as followers|vote for) /);
});

test("a candidate that several refuse is told of in one line", () => {
  const rows = mergeStory([2, 4, 5]
    .map((s) => ({ ...line(s, s, `S${s} refuses S1 its vote in term 3.`, "voteDenied"), server: 1 })), 10);
  assert.deepEqual(rows.map((r) => r.text), ["S2, S4, S5 refuse S1 their vote in term 3"]);
  assert.deepEqual(splitHeading("S1, S2, S4, S5 refuse S3 their vote in term 3"),
    { title: "S1, S2, S4, S5 refuse S3 their vote", rest: "In term 3." });
  assert.deepEqual(splitHeading("S1, S2, S4, S5, S6, S7 vote for S3 in term 1"),
    { title: "S1, S2, S4, S5, S6, S7 vote for S3", rest: "In term 1." });
});

test("the seats are taken by several servers", () => {
  const said = (text: string) => mergeStory([1, 2, 3].map((s) => line(s, 0, `S${s} ${text}`, "fault")), 10)
    .map((r) => r.text);
  assert.deepEqual([said("takes its seat."), said("is back.")],
    [["S1, S2, S3 take their seats"], ["S1, S2, S3 are back"]]);
  assert.equal(said("is gone: its tab was closed, reloaded or lost its connection.").length, 3);
});

test("every sentence of the core has a heading, nine of ten of at most forty characters "
  + "and none of more than fifty, and loses nothing", () => {
  const long = SENTENCES.map(({ text }) => splitHeading(text).title).filter((title) => title.length > 40);
  assert.ok(long.length <= SENTENCES.length / 10, `too long for a heading:\n${long.join("\n")}`);
  for (const { text } of SENTENCES) {
    const { title, rest } = splitHeading(text);
    assert.ok(title.length <= 50, `${title.length} characters: ${title} (of: ${text})`);
    assert.match(title, /^S\d+\b/);
    if (rest) assert.match(rest, /^[A-Z0-9…].*[^.]\.$/);
    for (const number of text.match(/\d+/g) ?? [])
      assert.ok(`${title} ${rest}`.includes(number), `${number} is lost of: ${text}`);
  }
});

test("a heading parts a sentence where it makes sense", () => {
  assert.deepEqual(splitHeading("S1 commits index 3."), { title: "S1 commits index 3", rest: "" });
  assert.deepEqual(splitHeading("A client asks S3 to write x = 2 if it is 1."),
    { title: "A client asks S3 to write x = 2", rest: "If it is 1." });
  assert.deepEqual(splitHeading("S1 commits index 3: S3, the leader, has committed it."),
    { title: "S1 commits index 3", rest: "S3, the leader, has committed it." });
  assert.deepEqual(splitHeading("S1 commits index 3: 2 of 3 store it."),
    { title: "S1 commits index 3", rest: "2 of 3 store it." });
  assert.deepEqual(splitHeading("S1 heard nothing for 168 ms and asks for votes in term 2; it needs 3."),
    { title: "S1 asks for votes in term 2", rest: "It heard nothing for 168 ms; it needs 3." });
  assert.deepEqual(splitHeading("S1, S2, S3 start as followers in term 0 with an empty log."),
    { title: "S1, S2, S3 start as followers in term 0", rest: "Each has an empty log." });
  assert.deepEqual(splitHeading("S1 starts as a follower in term 0 with an empty log."),
    { title: "S1 starts as a follower in term 0", rest: "It has an empty log." });
  assert.deepEqual(splitHeading("S1 gets the vote of S2 and has 2 of the 2 votes it needs."),
    { title: "S1 gets the vote of S2", rest: "It has 2 of the 2 votes it needs." });
  assert.deepEqual(splitHeading("S1 hands over its leadership to somebody who is better."),
    { title: "S1 hands over its leadership …", rest: "… to somebody who is better." });
  assert.deepEqual(splitHeading("S5, a pre-candidate until now, steps down: term 3 has begun."),
    { title: "S5 steps down", rest: "It was a pre-candidate until now: term 3 has begun." });
  assert.deepEqual(splitHeading("The election timer of S1 runs out, because you said so."),
    { title: "The election timer of S1 runs out", rest: "Because you said so." });
  assert.deepEqual(splitHeading("The disk of S5 takes up to 100 ms for a write."),
    { title: "A write of S5 takes up to 100 ms", rest: "" });
  assert.deepEqual(splitHeading("S2 uses the joint configuration at index 2: 5 old and 3 new voters."),
    { title: "S2 uses the joint configuration", rest: "At index 2: 5 old and 3 new voters." });
  assert.deepEqual(splitHeading("S1 puts a snapshot in the place of its log."),
    { title: "S1 compacts its log", rest: "A snapshot takes its place." });
  assert.deepEqual(splitHeading("The AppendEntries of S1 to S2 is held on its way."),
    { title: "The AppendEntries of S1 to S2 is held", rest: "On its way." });
  assert.deepEqual(splitHeading("S1, S2, S3, S4, S5 start as followers in term 2 with a log up to index 4."),
    { title: "S1, S2, S3, S4, S5 start as followers", rest: "In term 2 with a log up to index 4." });
});

test("rows are worked out once for a story, with and without its details", () => {
  const story = [line(1, 0, "S1 leads term 1.", "becameLeader"), line(2, 1, "S2 follows S1, the leader of term 1.",
    "leaderKnown", "detail")];
  assert.equal(storyRows(story, true).length, 2);
  assert.equal(storyRows(story, false).length, 1);
  assert.equal(storyRows(story, false), storyRows(story, false));
});

test("heartbeats that follow each other are one line, whatever leader and however many", () => {
  const beat = (id: number, server: number, leader = 1): StoryLine =>
    ({ ...line(id, id * 10, `S${server} starts its timer anew, 210 ms: S${leader}, the leader, is alive.`, "timerReset",
    "detail"), server });
  const rows = mergeStory([beat(1, 2), beat(2, 3), beat(3, 2), line(4, 40, "S2 commits index 1."), beat(5, 2),
    { ...beat(6, 3), reason: "heartbeat", peer: 1 }], 10);
  assert.deepEqual(rows.map((r) => r.text), ["Heartbeats of S1 reach S2, S3", "S2 commits index 1",
    "Heartbeats of S1 reach S2, S3"]);
  assert.deepEqual(rows.map((r) => [r.key, r.id, r.lines.length, r.heartbeats]),
    [[5, 6, 2, true], [4, 4, 1, false], [1, 3, 3, true]]);
  const other = mergeStory([{ ...beat(1, 2), text: "S2 starts its timer anew, 210 ms: it gave S1 its vote.",
    reason: "gaveVote" }, beat(2, 3)], 10);
  assert.equal(other.length, 2);
  assert.equal(mergeStory([2, 3, 4, 5, 6].map((s) => beat(s, s)), 10)[0]?.text, "Heartbeats of S1 reach 5 servers");
});

test("every kind of event is about something, and all subjects are used", () => {
  const kinds = [...readFileSync(join(process.env.RAFT_WEB ?? ".", "../raft/explain/names.go"), "utf8")
    .split("reasonNames")[0]!.matchAll(/raft\.\w+:\s+"(\w+)"/g)].map(([, k = ""]) => k);
  assert.ok(kinds.length > 30);
  const of = new Map(kinds.map((k) => [k, subjectOf(k)]));
  assert.deepEqual([...new Set([...of.values(), subjectOf("client")])].sort(), Object.keys(SUBJECTS).sort());
  for (const k of kinds.filter((k) => subjectOf(k) === "elections"))
    assert.match(k, /^(term|became|leaderKnown|timer|vote|preVote|transfer|timeoutNow)/, `${k} is not about elections`);
});

test("a story is told of one server, of one subject, up to the playhead; the same lists as long as nothing changes",
  () => {
  const story = [{ ...line(1, 10, "S1 leads term 1.", "becameLeader"), server: 1 },
    { ...line(2, 20, "S2 commits index 1."), server: 2 }, { ...line(3, 30, "S1 commits index 1."), server: 1 }];
  const ids = (t: Parameters<typeof tell>[1]) => [tell(story, t).past.map((l) => l.id),
    tell(story, t).later.map((l) => l.id)];
  assert.deepEqual(ids({ teller: null, about: null, told: Infinity }), [[1, 2, 3], []]);
  assert.deepEqual(ids({ teller: null, about: null, told: 20 }), [[1, 2], [3]]);
  assert.deepEqual(ids({ teller: 1, about: null, told: 20 }), [[1], [3]]);
  assert.deepEqual(ids({ teller: 1, about: "log", told: 50 }), [[3], []]);
  const first = tell(story, { teller: null, about: null, told: 20 });
  assert.equal(tell(story, { teller: null, about: null, told: 25 }).past, first.past,
    "no work while the playhead passes nothing");
  assert.equal(tell(story, { teller: null, about: null, told: Infinity }).past, story);
});
