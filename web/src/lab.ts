/** The parts that only the lab needs: its source, then its views. */
export { openLab } from "./state/lab-source.js";
import "./header/raft-new-run.js";
import "./study/raft-studies.js";
import "./share/raft-gallery.js";
import "./share/raft-share.js";

// The controls (hands.ts) and the proofs (proofs.ts) are loaded once the page is drawn: they cannot be used
// sooner.
const soon = window.requestIdleCallback ?? ((fn: () => void) => setTimeout(fn, 200));
soon(() => void import("./hands.js"));
soon(() => void import("./proofs.js"));
