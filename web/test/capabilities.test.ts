import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { LAB, ROOM, type Capability } from "../src/state/capabilities.js";

const source = join(process.env["RAFT_WEB"] ?? "..", "src");
const files = new Map(
  readdirSync(source, { recursive: true, encoding: "utf8" })
    .filter((f) => f.endsWith(".ts"))
    .map((f) => [f, readFileSync(join(source, f), "utf8")] as const),
);
const capabilities = Object.keys(LAB) as Capability[];

test("only main.ts asks which source the page has; every view asks what it can", () => {
  const kinds = /\bmode\b\s*[!=]==?|\.mode\b|[!=]==\s*["'](?:lab|room)["']/;
  assert.match(files.get("main.ts") ?? "", kinds, "where the page starts it is asked; this test would see it");
  const asking = [...files].filter(([f, text]) => f !== "main.ts" && kinds.test(text)).map(([f]) => f);
  assert.deepEqual(asking, []);
});

test("what a source can is named by the source, and compared with nothing", () => {
  const naming = [...files].filter(([, text]) => /\b(?:LAB|ROOM)\b/.test(text)).map(([f]) => f);
  assert.deepEqual(naming.sort(), ["main.ts", "state/capabilities.ts", "state/lab-source.ts", "state/source.ts",
    "state/store.ts"]);
  assert.match(files.get("state/lab-source.ts") ?? "", /^ {2}readonly can = LAB;$/m);
  assert.match(files.get("state/source.ts") ?? "", /^ {2}readonly can = ROOM;$/m);
});

test("every capability is asked for, and differs between the sources that there are", () => {
  const taken = (name: string) => `\\b${name}\\b[^}\\n]*\\} = store\\.can;`;
  const ways = (name: string) => [`can\\.${name}\\b`, taken(name), `needs: "${name}"`, `able\\(store, "${name}"\\)`];
  const asked = (name: string) => new RegExp(ways(name).join("|"));
  for (const name of capabilities) {
    const views = [...files].filter(([, text]) => asked(name).test(text)).map(([f]) => f);
    assert.ok(views.length > 0, `no view asks for ${name}`);
    assert.notEqual(LAB[name], ROOM[name], `${name} tells no source from another`);
  }
});
