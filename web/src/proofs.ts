/**
 * What the lab shows of Raft's promises: whether they hold, the rules they rest on, and what came of what. Loaded when
 * the page stands.
 */
import "./client/raft-client-history.js";
import "./diagram/raft-diagram.js";
import "./rules/raft-rules.js";
