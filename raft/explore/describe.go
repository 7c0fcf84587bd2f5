package explore

import "raftplayground/raft"

// Describe returns a message's content in the words of Action.Message, by which code outside this package
// names messages of a run. Commands in its entries must be those of the run: the number of the proposal, as
// text. The message must be one that servers send here: a vote or AppendEntries, or its reply.
func Describe(from raft.ServerID, rpc raft.RPC) string {
	return (&message{from: from, rpc: rpc}).text()
}
