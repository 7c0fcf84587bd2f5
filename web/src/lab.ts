/** What only the lab has, loaded with the lab and not with a live room: its source, then its views. */
export { openLab } from "./state/lab-source.js";
import "./header/raft-new-run.js";
import "./study/raft-studies.js";
import "./share/raft-gallery.js";
import "./share/raft-share.js";

// What takes hold of the cluster (hands.ts), and what proves things of it (proofs.ts), come as soon as the page stands:
// nobody can use them sooner.
const soon = window.requestIdleCallback ?? ((fn: () => void) => setTimeout(fn, 200));
soon(() => void import("./hands.js"));
soon(() => void import("./proofs.js"));
