import assert from "node:assert/strict";
import { test } from "node:test";
import { ArcLayer } from "../src/stage/arcs.js";
import { ring } from "../src/stage/layout.js";
import type { Store } from "../src/state/store.js";
import type { Inks } from "../src/view/theme.js";

test("however seldom a page is drawn, an arc grows once and then stands", () => {
  const view = { server: 1, seat: "connected", report: { at: 0, timer: { timeout: 200, elapsed: 20, longest: 300 } } };
  const store = { servers: [view], server: () => view, rate: 0 } as unknown as Store;
  for (const apart of [60, 100, 700]) {
    const arcs = new ArcLayer(store, {} as Inks);
    const moves = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => arcs.frame(0, 1000 + n * apart, false, ring(400, 400, 1)));
    assert.equal(moves[0], true, `${apart} ms apart: the first frame begins to grow`);
    assert.equal(moves[7], false, `${apart} ms apart: it still grows at the eighth frame`);
  }
});
