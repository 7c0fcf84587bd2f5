import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

/**
 * Raft's arithmetic is written once, in Go (raft/quorum.go, raft/explain): how many are a majority, who decides
 * together, how an election stands, what is not committed and why, what a network means for elections. The page is told
 * the answers. This test looks for what it would take to work them out in TypeScript. Where a sign of that may stand,
 * since it is only shown or passed on, the file is named with the reason.
 */
const SIGNS: { what: string; sign: RegExp; allowed: Record<string, string> }[] = [
  {
    what: "how servers count, as a report says it",
    sign: /\.(quorums|agreed|votesNeeded)\b|(?<!majority)\.needed\b/,
    allowed: {},
  },
  {
    what: "a function about a majority",
    sign: /(?<!\.)\b(?:decide\w*|votersOf|needed|tally|together)\s*\(|\b(?:majority|majorities|quorum\w*)\s*\(/,
    allowed: { "state/store.ts": "decide: about a room's seats" },
  },
  {
    what: "a half of many",
    sign: new RegExp(
      /(?:\.length|\.size|\bsize|\bcount|servers|voters|\bn)\)?\s*(?:\/\s*2|>>>?\s*1)\b/.source + "|" +
        /Math\.(?:floor|ceil|trunc)\([^()]*\/\s*2\)/.source,
    ),
    allowed: {},
  },
  {
    what: "votes",
    sign: /\.votes\b/,
    allowed: { "stage/node.ts": "a dot for each", "stage/raft-stage.ts": "are they others than those that are drawn?" },
  },
  {
    what: "who has a vote",
    sign: /\b(voters|learners)\b|\bmember\s*===\s*"voter"/,
    allowed: {
    },
  },
  {
    what: "what a leader knows of its followers",
    sign: /\.peers\b|\.match\b(?!\()/,
    allowed: { "log/logs.ts": "the triangles under the cells", "log/raft-log-grid.ts": "they are drawn" },
  },
  {
    what: "who leads",
    sign: /\.role\s*[!=]==\s*"leader"|\bleaders?Of\s*\(/,
    allowed: {
      "state/lived.ts": "who led at a moment of the time line",
      "time/tape.ts": "a thicker lane",
      "study/raft-comparison.ts": "a thicker lane",
      "header/raft-header.ts": "is it another than is drawn?",
    },
  },
  {
    what: "who is cut off",
    sign: /\bparted\s*\(|\breach\([^)]*\)\s*\|\||\.every\([^;]*\b(?:up|isUp|cutState)\(/,
    allowed: { "room/raft-room.ts": "what its links are, which the button turns" },
  },
  {
    what: "who has committed an entry",
    sign: /less\([^()]*commitIndex,\s*(?:index|open)\)/,
    allowed: { "log/logs.ts": "filled or outlined cells", "stage/node.ts": "the same in small" },
  },
  {
    what: "which log is newer",
    sign: /\.lastTerm\b/,
    allowed: {
      "inspector/raft-inspector.ts": "it is shown",
      "stage/raft-stage.ts": "is it another than is drawn?",
      "log/raft-log-grid.ts": "is it another than is drawn?",
    },
  },
  {
    what: "terms in an order",
    sign: /\b(?:less|most)\([^()]*\bterm\b/i,
    allowed: {
      "state/lived.ts": "the band of terms",
      "stage/flights.ts": "is it a frame with a term?",
    },
  },
  {
    what: "a rule of Raft by its name",
    sign: /"(?:commitOnlyCurrentTerm|majorityDecides|twoMajorities|oneVotePerTerm|onlyVotersCount)"/,
    allowed: {},
  },
  {
    what: "an election timeout against something",
    sign: /\.longest\s*[/*]|\/\s*shortest/,
    allowed: {},
  },
];

const src = join(process.env["RAFT_WEB"] ?? "..", "src");
const files = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((f) => f.endsWith(".ts") && f !== "model.ts")
  .sort();

/** Without comments: those in a line of their own, and those behind code. */
const code = (text: string): string => text.replace(/\/\*[^]*?\*\//g, "").replace(/(^|[\s;,{(])\/\/ .*$/gm, "$1");

const read = (file: string): string => code(readFileSync(join(src, file), "utf8"));

function signsIn(text: string, file: string): string[] {
  return SIGNS.flatMap(({ what, sign, allowed }) => {
    const found = file in allowed ? null : code(text).match(sign);
    return found ? [`${file}: ${what}: ${found[0]}`] : [];
  });
}

test("no word of Raft's arithmetic is in TypeScript", () => {
  assert.ok(files.length > 50, `only ${files.length} files in ${src}`);
  assert.deepEqual(files.flatMap((f) => signsIn(read(f), f)), []);
});

test("nothing is allowed that is not there any more", () => {
  const stale = SIGNS.flatMap(({ what, sign, allowed }) => Object.keys(allowed)
    .filter((f) => !files.includes(f) || !sign.test(read(f))).map((f) => `${f}: ${what}`));
  assert.deepEqual(stale, []);
});

/** The Workers' programs put the core's answers into the page's words: they do no arithmetic of Raft either. */
const GO_SIGNS = [/\/\s*2\s*\+\s*1\b/, /(?:[Ss]hortest|[Ll]ongest)Timeout\s*=\s*\d/];

test("no word of Raft's arithmetic is in the programs of the Workers", () => {
  const wasm = join(src, "..", "..", "wasm");
  const programs = readdirSync(wasm, { recursive: true, encoding: "utf8" })
    .filter((f) => f.endsWith(".go") && !f.endsWith("_test.go"));
  assert.ok(programs.length > 50, `only ${programs.length} files in ${wasm}`);
  assert.deepEqual(programs.flatMap((f) => GO_SIGNS.flatMap((sign) =>
    code(readFileSync(join(wasm, f), "utf8")).match(sign)?.[0] ?? []).map((found) => `${f}: ${found}`)), []);
  assert.ok(["missing := t.room.Size/2 + 1 - connected", "\tshortestTimeout = 150"]
    .every((line) => GO_SIGNS.some((sign) => sign.test(line))), "what was in them before would not be found");
});

test("what was in TypeScript before would be found", () => {
  const before = [
    "return quorums.every((q) => among(servers, q) >= q.needed);",
    "const many = store.majority(size);",
    "return ids.slice(0, Math.floor(ids.length / 2));",
    "const left = servers.length >> 1;",
    'votes.filter((v) => v.state === "granted").length; r.votes;',
    'const voters = inside.filter((s) => s.machine?.member === "voter");',
    "leader.report.peers.filter((p) => !less(p.match, index)).length",
    "const others = servers.filter((s) => !less(s.report.commitIndex, index));",
    'return servers.filter((s) => s.seat === "connected" && s.report?.role === "leader");',
    "const leader = leaderOf(store.servers);",
    "const groups = parted(ids, up);",
    "groups.filter((g) => g.some((other) => reach(server, other) || reach(other, server)));",
    "const clean = groups.every((g) => g.every((a) => g.every((b) => a === b || up(a, b))));",
    "return same(a.lastTerm, b.lastTerm) ? less(a.lastIndex, b.lastIndex) : true;",
    "if (less(entry.term, leader.report.term)) return why;",
    'if (off.includes("commitOnlyCurrentTerm")) return "";',
    "const share = Math.round((trip / shortest) * 100);",
  ];
  for (const line of before) assert.notDeepEqual(signsIn(line, "some.ts"), [], line);
  assert.deepEqual(signsIn("/** the majority(5) of 5 / 2 */ const x = 1; // servers.length / 2", "some.ts"), []);
});
