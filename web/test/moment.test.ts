import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { plainRun, readFile, readLink, withParameters, writeFile, writeLink, type Seen } from "../src/share/moment.js";
import { MAX_FILE, textOf } from "../src/share/opening.js";
import { changed } from "../src/share/runs.js";
import type { LabAction, LabRun, Moment } from "../src/model.js";
import { inMicros } from "../src/view/time.js";

/** Numbers from 0 to below n, the same each time. */
function dice(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

/** Any moment of any run; what people type stands in it as it is. */
function anyMoment(draw: (n: number) => number): Moment {
  const servers = 1 + draw(9);
  const deeds = ["crash", "partition", "put", "network", "rules"];
  const words = ["x", "a b", "ä", "𝕏", '"\\', "</script>", "#1?x=1"];
  const pick = <T>(list: T[]): T => list[draw(list.length)] as T;
  let at = 0;
  const actions: (LabAction & { at: number })[] = Array.from({ length: draw(30) },
    () => ({ at: (at += draw(200_000)), do: pick(deeds), server: draw(servers + 1), servers: [1, servers],
    key: pick(words), value: pick(words), link: { latency: draw(60_000), jitter: 0, loss: draw(1000) / 1000 } }));
  const run: LabRun = {
    version: 1,
    config: { servers, latency: draw(60_000), jitter: draw(60_000), disk: draw(9) * 1000, json: draw(2) === 0,
      off: draw(2) === 0 ? [] : ["oneVotePerTerm"] },
    seed: draw(2) === 0 ? draw(1e9) : "18446744073709551615",
    ...(actions.length > 0 ? { actions } : {}),
  };
  return { run, at: draw(3_600_000_000), hash: draw(2 ** 32).toString(16) };
}

const sameMoment = ({ run, at, hash }: { run: LabRun | null; at: number | null; hash: string }, moment: Moment) =>
  assert.deepEqual({ run, at, hash }, moment);

test("a link opens the moment that it was made of", async () => {
  const draw = dice(7);
  for (let i = 0; i < 300; i++) {
    const moment = anyMoment(draw);
    const view: Seen = i % 2 === 0 ? {} : { dock: "diagram", panel: "faults", server: 1 + (i % 9) };
    const text = await writeLink(moment, view);
    assert.match(text, /^1\.[\w-]+$/);
    for (const fragment of [text, `#${text}`]) {
      const link = await readLink(fragment);
      assert.ok(link);
      sameMoment(link, moment);
      assert.deepEqual(link.view, view);
    }
  }
});

/**
 * Links and files that were made long ago. They are never made anew: what people have kept must open (wasm/session
 * plays the same moments).
 */
const kept = JSON.parse(readFileSync(join(process.env["RAFT_WEB"] ?? ".", "test/moments.json"), "utf8")) as {
  name: string;
  link: string | null;
  file: string;
  moment: Moment; // `at` in ms, as in the file
}[];

test("links and files that were made before are still of the same moments", async () => {
  for (const { name, link, file, moment } of kept) {
    const read = [readFile(file), ...(link === null ? [] : [await readLink(link)])];
    for (const found of read) {
      assert.ok(found, name);
      assert.deepEqual({ run: found.run, hash: found.hash }, { run: moment.run, hash: moment.hash }, name);
      assert.equal(found.at ?? 0, inMicros(moment.at), name);
    }
  }
});

test("a run that nobody has touched has a link that can be read and typed", async () => {
  for (const run of [plainRun(), plainRun(3, "42"), plainRun(9, "18446744073709551615", ["preVote", "oneVotePerTerm"]),
    { ...plainRun(2), actions: [] }]) {
    const text = await writeLink({ run, at: 311_000, hash: "9f" });
    const rules = run.config.off ? `&off=${run.config.off.join(",")}` : "";
    assert.equal(text, `1?size=${run.config.servers}&seed=${run.seed}${rules}&at=0.311&hash=9f`);
    const link = await readLink(`#${text}`);
    assert.ok(link?.run);
    assert.deepEqual(link.run, plainRun(run.config.servers, String(run.seed), run.config.off));
    assert.equal(link.at, 311_000);
    assert.equal(link.hash, "9f");
  }
  const typed = await readLink("#1?seed=42&at=0.5");
  assert.deepEqual(typed?.run, plainRun(5, "42"));
  assert.equal(typed?.at, 500_000);
  assert.equal(typed?.hash, "");
  assert.equal((await readLink("#1?at=2"))?.run, null); // the run that every visit begins with
});

test("a link to a run from its start names no moment", async () => {
  const draw = dice(23);
  for (const run of [plainRun(3, "5"), anyMoment(draw).run]) {
    const text = await writeLink({ run, at: 0, hash: "" });
    const link = await readLink(text);
    assert.deepEqual(link?.run, run);
    assert.equal(link?.at, null);
    assert.equal((await readLink(withParameters(text, { at: "0.5" })))?.at, 500_000);
  }
});

test("parameters of an embedded page follow any link", async () => {
  for (const run of [plainRun(3, "5"), anyMoment(dice(29)).run]) {
    const text = withParameters(await writeLink({ run, at: 7_000, hash: "a" }), { controls: "none", theme: "dark" });
    const link = await readLink(`#${text}`);
    assert.deepEqual([link?.run, link?.at, link?.hash, link?.show.controls, link?.show.theme],
      [run, 7_000, "a", "none", "dark"]);
  }
  assert.equal(withParameters("1", {}), "1");
});

test("any microsecond survives its way through seconds", async () => {
  const draw = dice(3);
  for (let i = 0; i < 500; i++) {
    const at = draw(600_000_000);
    const link = await readLink(await writeLink({ run: plainRun(), at, hash: "1" }));
    assert.equal(link?.at, at);
  }
});

test("no address asks for nothing", async () => {
  assert.equal(await readLink(""), null);
  assert.equal(await readLink("#"), null);
});

test("a run of the gallery, and another link, may stand in a parameter, as courses write it", async () => {
  const named = await readLink("#1?run=two-leaders&at=1.5&rate=0.01&controls=play&theme=dark&autoplay=0&lang=en");
  assert.ok(named);
  assert.deepEqual([named.gallery, named.run, named.at, named.rate], ["two-leaders", null, 1_500_000, 0.01]);
  assert.deepEqual(named.show, { controls: "play", theme: "dark", autoplay: false });
  const moment = anyMoment(dice(5));
  const packed = await writeLink(moment);
  const held = await readLink(`#1?run=${packed}&controls=none`);
  assert.ok(held);
  sameMoment(held, moment);
  assert.equal(held.show.controls, "none");
  assert.equal(held.gallery, null);
  const followed = await readLink(`#${packed}?theme=light`);
  assert.ok(followed);
  sameMoment(followed, moment);
  const elsewhere = await readLink(`#1?run=${packed}&at=0.25`);
  assert.equal(elsewhere?.at, 250_000);
  assert.equal(elsewhere?.hash, "", "the hash belongs to the other moment");
});

test("a link that was damaged on its way says so, wherever it was damaged", async () => {
  const text = await writeLink(anyMoment(dice(11)));
  const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  const draw = dice(13);
  for (let i = 2; i < text.length - 1; i++) {
    const other = letters[(letters.indexOf(text[i] as string) + 1 + draw(63)) % 64] as string;
    await assert.rejects(readLink(text.slice(0, i) + other + text.slice(i + 1)),
      /^Error: This link (is damaged|unpacks)/, `character ${i}`);
  }
  for (let i = 3; i < text.length - 1; i++)
    await assert.rejects(readLink(text.slice(0, i)), /^Error: This link is damaged/);
});

test("what is wrong with a link is said in one sentence", async () => {
  const cases: [string, RegExp][] = [
    ["#story", /is not a link of the playground/],
    ["#2.eJyrVgIA", /is of version 2, and this page reads version 1: open it with a newer page\.$/],
    ["#0.eJyrVgIA", /is of version 0, and this page reads version 1\.$/],
    ["#999999?size=3", /is of version 999999/],
    ["#1", /^$/],
    ["#1.", /is damaged/],
    ["#1.%20", /is damaged: it holds characters/],
    ["#1?colour=red", /says "colour", and known are only run, size/],
    ["#1?size=3&size=5", /says size twice/],
    ["#1?size=10", /says size=10; expected a whole number from 1 to 9/],
    ["#1?seed=18446744073709551616", /says seed=18446744073709551616/],
    ["#1?at=-1", /says at=-1; expected seconds/],
    ["#1?at=3601", /says at=3601/],
    ["#1?at=NaN", /says at=NaN/],
    ["#1?off=a;b", /says off=a;b; expected the IDs of rules/],
    ["#1?rate=0", /says rate=0; expected a number from 0.001 to 1/],
    ["#1?run=../../x", /says run=\.\.\/\.\.\/x; expected the name of a run/],
    ["#1?run=a&size=3", /names a run and also describes one/],
    ["#1?controls=some", /says controls=some; expected full, play or none/],
    ["#1?lang=tlh", /no other language/],
    [`#1.${"A".repeat(100_001)}`, /is too long: 100003 characters, and at most 100000 are read/],
  ];
  for (const [fragment, said] of cases) {
    if (said.source === "^$") assert.equal((await readLink(fragment))?.run, null);
    else await assert.rejects(readLink(fragment), (why: Error) => said.test(why.message) &&
      /^[^\n]{10,260}$/.test(why.message) && /[.]$/.test(why.message), fragment);
  }
});

test("a small link that unpacks into very much ends at what is read", async () => {
  const bytes = new Uint8Array(await new Response(new Blob([" ".repeat(9 << 20)]).stream()
    .pipeThrough(new CompressionStream("deflate"))).arrayBuffer());
  const bomb = `1.${Buffer.from(bytes).toString("base64url")}`;
  assert.ok(bomb.length < 100_000);
  await assert.rejects(readLink(bomb), /unpacks into more than/);
});

test("a run that no link can hold is told to go by file", async () => {
  const draw = dice(17);
  const actions = Array.from({ length: 20_000 },
    (_, i) => ({ at: i * 100, do: "put", key: String(draw(1e9)), value: String(draw(1e9)) }));
  const moment = { run: { ...plainRun(), actions }, at: 0, hash: "0" };
  await assert.rejects(writeLink(moment), /Download it as a file/);
  sameMoment(readFile(writeFile(moment).text), moment);
});

test("a file opens the moment that was written into it", () => {
  const draw = dice(19);
  for (let i = 0; i < 100; i++) {
    const moment = anyMoment(draw);
    const { name, text } = writeFile(moment);
    assert.match(name, /^raft-\d-servers-seed-\d+\.raft\.json$/);
    sameMoment(readFile(text), moment);
  }
  const alone = readFile('{"version":1,"config":{"servers":3,"latency":5000,"jitter":3000},"seed":7}');
  assert.equal(alone.run.seed, 7);
  assert.equal(alone.at, 0);
});

test("what is wrong with a file is said in one sentence", () => {
  const file = (change: object) => JSON.stringify({ format: "raft-playground run", run: plainRun(), at: 0, hash: "0",
    ...change });
  const cases: [string, RegExp][] = [
    ["", /holds no run: expected JSON, got ""/],
    ["<!doctype html>", /holds no run: expected JSON/],
    ["[]", /holds no moment/],
    ["{}", /is not a run of the playground/],
    [file({ format: "raftscope" }),
      /is not a run of the playground: expected "format": "raft-playground run", got "raftscope"/],
    [file({ at: -1 }), /is to a moment that is not there/],
    [file({ hash: "<b>" }), /has a wrong hash/],
    [file({ run: null }), /holds no run: expected an object/],
    [file({ run: { ...plainRun(), version: 2 } }), /holds a run of version 2, and this page plays version 1/],
    [file({ run: { ...plainRun(), config: { servers: 10 } } }), /without servers: expected 1 to 9, got 10/],
    [file({ run: { ...plainRun(), config: { servers: 3 } } }), /without a network/],
    [file({ run: { ...plainRun(), seed: -1 } }), /without a seed/],
    [file({ run: { ...plainRun(), seed: 1.5 } }), /without a seed/],
    [file({ run: { ...plainRun(), actions: "all" } }), /wrong list of actions/],
    [file({ run: { ...plainRun(), actions: [{ at: 1 }] } }), /an action that does nothing: number 1/],
    [file({ run: { ...plainRun(), actions: [{ at: 5, do: "crash" }, { at: 4, do: "heal" }] } }),
      /actions out of order: number 2 is at 4/],
    [file({ view: { dock: "moon" } }), /describes a view/],
    [file({ view: { server: 10 } }), /describes a view/],
  ];
  for (const [text, said] of cases)
    assert.throws(() => readFile(text), (why: Error) => said.test(why.message) && /^[^\n]{10,260}$/.test(why.message) &&
    /[.]$/.test(why.message), text);
});

test("a run with one difference differs in that, whoever set it, and in nothing else", () => {
  const link = { latency: 30_000, jitter: 25_000, loss: 0.2 };
  const run: LabRun = { ...plainRun(5, "18446744073709551615", ["preVote", "majorityDecides"]),
    actions: [{ at: 0, do: "network", link }, { at: 9, do: "crash", server: 1 },
    { at: 11, do: "rules", off: ["preVote", "oneVotePerTerm"] }] };
  const slower = changed(run, "slower", []);
  assert.deepEqual([slower.config.latency, slower.config.jitter, slower.actions?.[0]?.link],
    [30_000, 5_000, { ...link, latency: 60_000 }]);
  assert.deepEqual(slower.actions?.slice(1), run.actions?.slice(1));
  assert.deepEqual(changed(run, "last", []), { ...run, actions: run.actions?.slice(0, 2) });
  assert.throws(() => changed(plainRun(), "last", []), /^Error: Nothing was done in this run/);
  assert.equal(changed(run, "seed", []).seed, "0", "after the last seed comes the first");
  const kept = changed(run, "rules", ["majorityDecides", "oneVotePerTerm"]);
  assert.deepEqual([kept.config.off, kept.actions?.[2]?.off], [["preVote"], ["preVote"]]);
});

test("a file that is too large is not read, and one that cannot be is refused in a sentence", async () => {
  const file = (size: number, text: () => Promise<string>) => ({ size, text });
  assert.equal(await textOf(file(3, async () => "{}\n")), "{}\n");
  await assert.rejects(textOf(file(MAX_FILE + 1, () => assert.fail("it was read"))),
    /^Error: This file is too large: 33554433 bytes, and at most 33554432 are read\.$/);
  await assert.rejects(textOf(file(4096,
    () => Promise.reject(new DOMException("A requested file or directory could not be found")))),
    /^Error: This file cannot be read: it may be a folder, or gone\.$/);
});
