import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { LAB, ROOM } from "../src/state/capabilities.js";
import { keyList, keysOf, type Place } from "../src/view/keys.js";
import { store } from "../src/state/store.js";

const source = join(process.env["RAFT_WEB"] ?? "..", "src");
const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((f) => f.endsWith(".ts") &&
  f !== "view/keys.ts");

/** A key as a view's handler is told of it; whether it was taken. */
function pressed(handler: (e: KeyboardEvent) => void, key: string, change: Partial<KeyboardEvent> = {}): boolean {
  let taken = false;
  handler({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, preventDefault: () => (taken = true),
    ...change } as unknown as KeyboardEvent);
  return taken;
}

/** A handler that notes what it does. */
const noting = (place: Place, did: string[]) => keysOf(place,
  new Proxy({}, { get: (_, deed) => () => void did.push(String(deed)) }) as never);

test("no view takes a key of its own: all are in the one table, from which the list comes", () => {
  const views = files.filter((f) => /keydown/.test(readFileSync(join(source, f), "utf8")));
  assert.ok(views.length >= 8, `only ${views}: this test sees too little`);
  for (const file of files) {
    const text = readFileSync(join(source, file), "utf8");
    assert.doesNotMatch(text, /\bKeyboardEvent\b|\be\.key\b|\.code ===/, `${file} looks at a key itself`);
    for (const [, handler = ""] of text.matchAll(/@keydown=\$\{([^}]*)\}/g)) {
      const name = handler.replace("this.", "");
      assert.match(text, new RegExp(`\\b${name} = keysOf\\("\\w+",`),
        `${file}: ${handler} does not come from the table`);
    }
  }
});

test("every place of the table is a view's, and no other has its keys", () => {
  const used = files.flatMap((f) => [...readFileSync(join(source, f), "utf8").matchAll(/keysOf\("(\w+)"/g)]
    .map((m) => m[1] ?? ""));
  store.can = LAB;
  assert.equal(new Set(used).size, used.length);
  assert.equal(keyList().length, used.length + 1, "each has its part of the list, after the keys that work everywhere");
});

test("the list names every key that works, of this page only", () => {
  const shown = (words: string) => new Map(keyList().map((p) => [p.words, p.keys] as const)).get(words);
  store.can = LAB;
  assert.deepEqual(shown("On a server"), [{ shown: ["Enter"], words: "Select it; in the lab once more: its menu" },
    { shown: ["M"], words: "What can be done to it" }]);
  assert.deepEqual(shown("In the logs")?.[0], { shown: ["←", "→"], words: "From entry to entry" });
  store.can = ROOM;
  assert.equal(shown("On a server")?.length, 1);
  assert.equal(shown("In the space-time diagram"), undefined);
});

test("a source that can seek, and nothing more, has the steps of the clock and no deeds", () => {
  store.can = { ...ROOM, seek: true, seats: false };
  const list = new Map(keyList().map((p) => [p.words, p.keys.map((k) => k.words)] as const));
  assert.ok(list.get("Everywhere")?.includes("Next election") && !list.get("Everywhere")?.includes("Another run"));
  assert.deepEqual(list.get("On a server"), ["Select it; in the lab once more: its menu"]);
  const places = ["On the time line", "In a server’s menu", "In the list of rules"];
  assert.deepEqual(places.map((p) => list.has(p)), [true, false, false]);
});

test("a key does what the table says there, in either case of letters, and nothing with Ctrl, Alt or Meta", () => {
  store.can = LAB;
  const did: string[] = [];
  const node = noting("node", did);
  assert.ok(pressed(node, "Enter") && pressed(node, " ") && pressed(node, "M") && pressed(node, "m"));
  assert.ok(!pressed(node, "x") && !pressed(node, "m", { ctrlKey: true }) &&
    !pressed(node, "Enter", { shiftKey: true }));
  store.can = ROOM;
  assert.ok(!pressed(node, "m"), "a live room has no menu of its servers");
  assert.deepEqual(did, ["press", "press", "menu", "menu"]);
});

test("a deed that is none leaves the key to others", () => {
  const nowhere = keysOf("edge", { higher: () => false, lower: () => undefined, reset: () => false });
  assert.deepEqual(["ArrowUp", "ArrowDown", "Home"].map((key) => pressed(nowhere, key)), [false, true, false]);
});
