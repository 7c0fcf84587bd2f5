import assert from "node:assert/strict";
import { test } from "node:test";

/**
 * As much of a browser as a view needs that shows nothing: Lit brings the elements, frames come when the test says so.
 */
const frames: (() => void)[] = [];
Object.assign(globalThis, {
  document: { hidden: false, addEventListener() {}, removeEventListener() {}, createComment: () => ({}),
    createTreeWalker: () => ({}) },
  requestAnimationFrame: (fn: () => void) => frames.push(fn),
});

test("a view that waits for its first drawing gets it, also if a person's act falls in between", async () => {
  const { RaftElement } = await import("../src/view/element.js");
  const { nothing } = await import("lit");
  const { store } = await import("../src/state/store.js");
  class View extends RaftElement {
    protected readonly topics = ["view"] as const;
    drawings = 0;
    takes = 0; // ms
    protected override createRenderRoot(): HTMLElement {
      return { insertBefore: (node: unknown) => node } as unknown as HTMLElement;
    }
    override render(): typeof nothing {
      this.drawings++;
      for (const end = performance.now() + this.takes; performance.now() < end; );
      return nothing;
    }
  }
  customElements.define("test-view", View);
  const [slow, waits] = [new View(), new View()];
  slow.takes = 20; // longer than a task may draw for the first time
  slow.connectedCallback();
  waits.connectedCallback();
  await slow.updateComplete;
  assert.deepEqual([slow.drawings, waits.drawings], [1, 0], "the second waits for a frame");
  store.show({ notice: "a person's act" });
  for (let i = 0; i < 10 && waits.drawings === 0; i++) {
    for (const frame of frames.splice(0)) frame();
    await new Promise((done) => setTimeout(done));
  }
  assert.equal(waits.drawings, 1);
  store.show({ notice: "another" });
  await waits.updateComplete;
  assert.equal(waits.drawings, 2, "what is drawn already shows an act at once");
  for (const view of [slow, waits]) view.disconnectedCallback();
});
