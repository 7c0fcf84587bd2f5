// Package check watches a cluster as no server in it can: from outside, all servers at once. It knows what
// Raft promises (Fig. 3) and nothing of how the promises are kept: it shares no code with the core, only the
// names of its plain types.
//
// # What is checked
//
//	Election Safety        at most one leader can be elected in a given term (§5.2)
//	Leader Append-Only     a leader never overwrites or deletes entries in its log; it only appends (§5.3)
//	Log Matching           two logs that contain an entry with the same index and term are identical
//	                       through that index (§5.3)
//	Leader Completeness    an entry committed in a term is in the logs of the leaders of all later terms (§5.4)
//	State Machine Safety   no two servers apply, or take for committed, different entries at the same index (§5.4.3)
//	Durability             a command acknowledged to a client is never lost
//	Linearizability        clients see one copy of the data (§8): History.Stale finds at once a read that is too old,
//	                       package linear every wrong answer
//	Liveness               a healed cluster serves again; the simulation checks it, see package lab
//
// # How it is cheap
//
// For each place of each log the Checker keeps a hash of the entry and all before it, a chain. Two logs are identical
// through an index if their chains are equal there, so each check is one comparison, and a look at a server costs as
// much as has changed in it since the last one. The audit finds changes that leave no trace at a log's end:
// each look compares one more old entry, Audit all of them.
package check
