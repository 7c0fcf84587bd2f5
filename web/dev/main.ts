import { scriptingSurface } from "../src/api.js";
import { LAB } from "../src/state/capabilities.js";
import { store } from "../src/state/store.js";
import { restoreTheme } from "../src/view/theme.js";
import { LAB_SCENES } from "../test/lab-scenes.js";
import { SCENES } from "../test/scenes.js";
import { SPACE_SCENES } from "../test/space-scenes.js";
import "../src/raft-app.js";
import "../src/room/raft-room.js";

/**
 * The page on one of the test's scenes, without a Worker: `?scene=election&select=4`. For looking at it only; never
 * part of dist.
 */
const query = new URLSearchParams(location.search);
window.raftPlayground = scriptingSurface(store);
restoreTheme();
store.code = "k7m2qx";
store.link = `${location.origin}/r/k7m2qx`;
const scene = query.get("scene") ?? "election";
if (scene in { ...LAB_SCENES, ...SPACE_SCENES }) {
  store.can = LAB;
  await import("../src/lab.js");
}
for (const batch of ({ ...SCENES, ...LAB_SCENES, ...SPACE_SCENES })[scene]?.() ?? []) store.apply(batch);
const select = Number(query.get("select"));
if (select > 0) store.select({ kind: "server", server: select });
if (query.has("projector")) store.show({ storyHidden: true, inspectorHidden: true });
if (query.has("keys")) store.show({ keys: true });
if (query.has("open")) store.show({ open: store.story.at(-1)?.id ?? null });
if (query.has("panel")) store.show({ panel: query.get("panel") as "story" });
if (query.has("dock")) store.show({ dock: query.get("dock") as "logs" });
if (query.has("rule")) store.show({ rule: query.get("rule") });
