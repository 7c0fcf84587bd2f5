/**
 * The controls that act on the lab's cluster: deeds, faults, messages under way. They are loaded after the
 * page is drawn.
 */
import "./inspector/raft-try.js";
import "./stage/raft-node-menu.js";
import "./faults/raft-undo.js";
import "./stage/raft-cut.js";
import "./inspector/raft-server-deeds.js";
import "./inspector/raft-link.js";
import "./inspector/raft-message.js";
import "./faults/raft-faults.js";
import "./inspector/raft-inboxes.js";
import { beginDrag, keepDrag } from "./stage/drags.js";
import style from "./stage/hands.css";

document.addEventListener("pointerdown", beginDrag);
document.querySelector("raft-stage")?.addEventListener("touchmove", keepDrag as EventListener, { passive: false });

const sheet = document.createElement("style");
sheet.textContent = style;
document.head.append(sheet);
