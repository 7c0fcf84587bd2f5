package report

import (
	"testing"

	"raftplayground/raft/wire"
	"raftplayground/wasm/contract"
)

// A refusal with a reason is labelled with it; a number that this version does not know does no harm.
func TestARefusedVoteIsLabelledWithItsReason(t *testing.T) {
	var r Reader
	for frame, want := range map[string]string{
		"2>1:RequestVotes:Reply:3:true:call=17":                      "yes",
		"2>1:RequestVotes:Reply:3:false:call=17":                     "no",
		"2>1:RequestVotes:Reply:3:false:call=17:reason=11":           "no: logBehind",
		"2>1:RequestVotes:Reply:3:false:preVote=true:reason=17":      "no: leaderAlive",
		"2>1:RequestVotes:Reply:3:false:reason=18446744073709551615": "no: unknown",
		`{"jsonrpc":"2.0","id":null,"from":2,"to":1,"result":{"rpc":"RequestVote","term":3,"voteGranted":false,` +
			`"reason":10}}`: "no: alreadyVoted",
	} {
		if m := r.Message(contract.Message{}, wire.Text, []byte(frame)); m.Label != want || m.OK != (want == "yes") {
			t.Errorf("%s is labelled %q, expected %q", frame, m.Label, want)
		}
	}
}
