import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readCore } from "../sources.mjs";
import { excerpt, missedBy, placesOf, rulesIn } from "../src/story/core.js";

const root = join(process.env.RAFT_WEB ?? ".", "..");
const go = (path: string) => readFileSync(join(root, path), "utf8");
const core = readCore(root);

/** The constants of a block, the first of which is given. */
const constants = (path: string, first: string) => [...(go(path).split(new RegExp(`^\\t${first} `, "m"))[1] ?? "")
  .split(/^\)/m)[0]!.matchAll(/^\t([A-Z]\w+)/gm)].map(([, name = ""]) => name);

test("every kind of event has a source, and its marked lines name it", () => {
  const kinds = ["Started", ...constants("raft/event.go", "Started")];
  assert.ok(kinds.length > 30, `only ${kinds.length} kinds found`);
  const missing = kinds.filter((k) => !core.kinds[k.charAt(0).toLowerCase() + k.slice(1)]?.length);
  assert.deepEqual(missing, [], "kinds of events that no function of raft/*.go emits as Event{Kind: …}");
  for (const kind of kinds) {
    for (const place of core.kinds[kind.charAt(0).toLowerCase() + kind.slice(1)] ?? []) {
      const lines = core.functions[place.at]!.text.split("\n");
      assert.ok(place.marks.length > 0 && place.marks.every((m) => new RegExp(`\\b${kind}\\b`).test(lines[m] ?? "")),
        `${kind}: ${place.marks}`);
    }
  }
});

test("every rule of the catalogue is there, and has a source that asks for it", () => {
  const ids = [...go("raft/rules.go").matchAll(/^\t\{\w+, "(\w+)",/gm)].map(([, id]) => id);
  assert.ok(ids.length > 30, `only ${ids.length} rules found`);
  assert.deepEqual(core.rules.map((r) => r.id), ids);
  assert.deepEqual(core.rules.filter((r) => r.places.length === 0).map((r) => r.id), [],
    "rules that no function asks for by keeps(…)");
  for (const rule of core.rules) {
    assert.match(rule.sentence, /^[A-Z].*\.$/);
    assert.match(rule.protects, /^[A-Z][a-z]+( [A-Z][\w-]+)*$/);
  }
  assert.deepEqual(core.rules.filter((r) => r.extension).map((r) => r.id), ["preVote", "checkQuorum", "leaderLoyalty",
    "leaderWrites"]);
});

test("an event whose code asks for a rule that is off is not to be trusted, and no other is", () => {
  const off = ["commitOnlyCurrentTerm", "leaderNoOp"];
  assert.deepEqual(missedBy(core, { kind: "commitAdvanced", reason: "majorityStored" }, off).map((r) => r.id),
    ["commitOnlyCurrentTerm"]);
  assert.deepEqual(missedBy(core, { kind: "commitAdvanced", reason: "leaderSaidSo" }, off), []);
  assert.deepEqual(missedBy(core, { kind: "commitAdvanced", reason: "majorityStored" }, []), []);
});

test("what a place says is what the file says at that line", () => {
  for (const of of core.functions) {
    const lines = go(of.file).split("\n").slice(of.line - 1, of.line - 1 + of.text.split("\n").length);
    assert.equal(lines.join("\n"), of.text, `${of.file}:${of.line}`);
    assert.match(of.text, new RegExp(`^func (\\(.*?\\) )?${of.name}\\(`, "m"));
  }
});

test("rules tell their stories: what breaks, and how", () => {
  const told = core.rules.filter((r) => r.stories.length > 0);
  assert.ok(told.length >= 30, `${told.length} rules have a story`);
  const figure8 = core.rules.find((r) => r.id === "commitOnlyCurrentTerm")?.stories[0];
  assert.equal(figure8?.title, "Commit of an older-term entry by counting (Figure 8)");
  assert.match(figure8?.text ?? "", /^S1 leads term 2 .* travel together\.$/);
  assert.match(figure8?.breaks ?? "", /State Machine Safety/);
});

test("an event's reason tells which of several places it came from", () => {
  const names = (reason?: string) => placesOf(core, "commitAdvanced", reason).map((p) => core.functions[p.at]?.name);
  assert.ok(names().length >= 3);
  assert.ok(names("majorityStored").includes("advanceCommitIndex") && !names("majorityStored")
    .includes("learnCommitIndex"));
  assert.ok(names("leaderSaidSo").includes("learnCommitIndex") && !names("leaderSaidSo")
    .includes("advanceCommitIndex"));
  assert.deepEqual(placesOf(core, "client"), []);
  const commit = core.functions.findIndex((f) => f.name === "advanceCommitIndex");
  assert.ok(rulesIn(core, commit).some((r) => r.id === "commitOnlyCurrentTerm"));
});

test("a long function is shown around the lines that are meant, a short one whole", () => {
  const text = Array.from({ length: 40 }, (_, i) => `line ${i}`).join("\n");
  const cut = excerpt({ name: "f", file: "raft/x.go", line: 100, text }, [20], false);
  assert.deepEqual([cut.lines[0]?.number, cut.lines.length, cut.whole, cut.lines.find((l) => l.marked)],
    [116, 9, false, { number: 120, text: "line 20", marked: true }]);
  assert.equal(excerpt({ name: "f", file: "raft/x.go", line: 100, text }, [20], true).lines.length, 40);
  assert.ok(excerpt({ name: "f", file: "raft/x.go", line: 1, text: "a\nb\nc" }, [1], false).whole);
});
