/**
 * What the lab shows of Raft's promises: whether they hold, the rules they rest on, and what came of what. Loaded when
 * the page stands.
 */
import "./raft-client-history.js";
import "./raft-diagram.js";
import "./raft-rules.js";
