/**
 * Views of Raft's promises: whether they hold, the rules that they rest on, and causes and effects. Loaded
 * after the page is drawn.
 */
import "./client/raft-client-history.js";
import "./diagram/raft-diagram.js";
import "./rules/raft-rules.js";
