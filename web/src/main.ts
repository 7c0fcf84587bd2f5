import { scriptingSurface } from "./api.js";
import { LAB, ROOM } from "./state/capabilities.js";
import { store } from "./state/store.js";
import { restoreTheme } from "./view/theme.js";
import "./raft-app.js";

/**
 * The page is one of three, each with an HTML file of its own (build.mjs): the lab, the lab in another page's frame, or
 * a live room.
 */
const room = document.documentElement.dataset["page"] === "room";

store.can = room ? ROOM : LAB; // of the source that is being loaded
window.raftPlayground = scriptingSurface(store);
restoreTheme();

const opened = room ? import("./room.js").then((m) => m.openRoom(store)) : import("./lab.js")
  .then((m) => m.openLab(store));
opened.catch((why: Error) => store.setBoot({ state: "failed", reason: "worker",
  detail: `A part of the page could not be loaded: ${why.message}` }));
