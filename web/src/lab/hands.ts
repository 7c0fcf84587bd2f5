/**
 * What the lab offers to take hold of the cluster with: deeds, faults, messages under way. It is loaded after
 * the page stands.
 */
import "./raft-try.js";
import "./raft-node-menu.js";
import "./raft-undo.js";
import "./raft-cut.js";
import "./raft-server-deeds.js";
import "./raft-link.js";
import "./raft-message.js";
import "./raft-faults.js";
import "./raft-inboxes.js";
import { beginDrag, keepDrag } from "./drags.js";
import style from "./hands.css";

document.addEventListener("pointerdown", beginDrag);
document.querySelector("raft-stage")?.addEventListener("touchmove", keepDrag as EventListener, { passive: false });

const sheet = document.createElement("style");
sheet.textContent = style;
document.head.append(sheet);
