package explore

import "raftplayground/raft"

// Describe says what a message says, in the words of Action.Message: who tells a run elsewhere finds its messages by
// it. The commands in its entries are those of the run: the number of the proposal, as text. The message must be one
// that servers send here: a vote or AppendEntries, or its answer.
func Describe(from raft.ServerID, rpc raft.RPC) string {
	return (&message{from: from, rpc: rpc}).text()
}
