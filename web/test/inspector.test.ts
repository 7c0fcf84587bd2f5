import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pair, ServerView } from "../src/model.js";
import { report, view } from "./scenes.js";

// As much of a browser as the views need to be loaded; nothing is drawn.
Object.assign(globalThis, {
  document: { addEventListener() {}, createComment: () => ({}), createTreeWalker: () => ({}) },
  matchMedia: () => ({ matches: false, addEventListener() {} }),
});

const damaged = { state: "damaged", member: "voter", clock: 1, slowestWrite: 0, inbox: 0 } as const;

interface Template {
  strings: readonly string[];
  values: readonly unknown[];
}

/** A template as the text that it would show. */
function shown(what: unknown): string {
  if (Array.isArray(what)) return what.map(shown).join("");
  if (typeof what === "symbol" || what === undefined || what === null) return "";
  if (typeof what !== "object") return String(what);
  const { strings, values } = what as Template;
  return strings.map((s, i) => s + shown(values[i])).join("");
}

const words = (html: string) => html.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ").trim();

async function said(of: ServerView): Promise<string> {
  const { stateOf } = await import("../src/inspector/raft-inspector.js");
  return words(shown(stateOf(of)));
}

/** A server that has applied so much, with so many keys, of which these are told. */
const has = (appliedIndex: number, keys: number, pairs: Pair[], change: Partial<ServerView> = {}) =>
  view(1, { report: report(1, { appliedIndex, state: { keys, pairs } }), ...change });

test("the state of a server: its keys, and as of which index", async () => {
  const one = [{ key: "x", value: "1" }];
  assert.equal(await said(has(3, 1, one)), "Key-value state 1 key as of index 3, the last one applied. x = 1");
  const some = [{ key: "a", value: "" }, { key: "b", value: "bbb…", bytes: 700 }];
  const rows = "a = empty b = bbb… 700 bytes";
  assert.equal(await said(has(9, 2, some)), `Key-value state 2 keys as of index 9, the last one applied. ${rows}`);
  const first = "Key-value state 1000 keys as of index 1200, the last one applied. The first 2 of them:";
  assert.equal(await said(has(1200, 1000, some)), `${first} ${rows}`);
});

test("where no state is, or none is known, words say so", async () => {
  assert.equal(await said(has(0, 0, [])), "Key-value state No keys: nothing is applied yet.");
  assert.equal(await said(has(4, 0, [])), "Key-value state No keys as of index 4, the last one applied.");
  assert.match(await said(view(1, { self: false, report: report(1) })),
    /Not known here: a tab tells others only a hash/);
  assert.equal(await said(view(1, { report: null })), "", "a server that has not said anything");
});

test("a server that is down has nothing in memory; its snapshot is what it has", async () => {
  const lost = "Key-value state S1 is down: nothing is left in its memory.";
  const again = "Once it runs it applies its log again, as far as that is known to be committed.";
  assert.equal(await said(has(0, 0, [], { seat: "gone" })), `${lost} ${again}`);
  assert.equal(await said(view(1, { seat: "gone", report: null })), lost);
  assert.equal(await said(has(0, 0, [], { seat: "gone", machine: damaged })), lost);
  const snapshot = "Its snapshot holds 1 key as of index 8, the last one applied. x = 2";
  assert.equal(await said(has(8, 1, [{ key: "x", value: "2" }], { seat: "gone" })), `${lost} ${snapshot}`);
});
