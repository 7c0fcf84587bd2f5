package wire_test

import (
	"fmt"
	"strings"

	"raftplayground/raft"
	"raftplayground/raft/wire"
)

// A server reads a vote request in whatever encoding it came, and answers in kind.
func Example() {
	var decoder wire.Decoder
	var call wire.Frame
	for _, text := range []string{
		`1>2:RequestVotes:Request:3:1:4:2:call=17`,
		`{"jsonrpc":"2.0","id":"1>2:17","from":1,"to":2,"method":"RequestVote","params":{"term":3,` +
			`"candidateId":1,"lastLogIndex":4,"lastLogTerm":2}}`,
	} {
		if err := decoder.Decode(wire.Text, []byte(text), &call); err != nil {
			fmt.Println(err)
			continue
		}
		vote := call.RPC.(*raft.RequestVote)
		reply := wire.Frame{From: call.To, To: call.From, RPC: &raft.RequestVoteReply{Call: vote.Call, Term: vote.Term,
			VoteGranted: true}}
		fmt.Println(string(wire.Append(nil, &reply, call.Encoding)))
	}
	// Output:
	// 2>1:RequestVotes:Reply:3:true:call=17
	// {"jsonrpc":"2.0","id":"1>2:17","from":2,"to":1,"result":{"rpc":"RequestVote","term":3,"voteGranted":true}}
}

// A change of the configuration is an entry of the log, and a snapshot says which configuration it was taken under.
func ExampleAppend() {
	lines := strings.NewReplacer(`,"params"`, ",\n\"params\"", `,"configuration"`, ",\n\"configuration\"")
	change := raft.Configuration{Voters: []raft.ServerID{1, 2, 4}, Outgoing: []raft.ServerID{1, 2, 3}}
	for _, rpc := range []raft.RPC{
		&raft.AppendEntries{Call: 19, Term: 3, LeaderID: 1, PrevLogIndex: 6, PrevLogTerm: 3, LeaderCommit: 5,
			Entries: []raft.Entry{{Term: 3, Kind: raft.Config, Data: change.AppendText(nil)}}},
		&raft.InstallSnapshot{Call: 21, Term: 3, LeaderID: 1, LastIncludedIndex: 7, LastIncludedTerm: 3,
			Configuration: change, Data: []byte("x=1"), Done: true},
	} {
		frame := wire.Frame{From: 1, To: 2, RPC: rpc}
		fmt.Println(string(wire.Append(nil, &frame, wire.Colon)))
		fmt.Println(lines.Replace(string(wire.Append(nil, &frame, wire.JSON))))
	}
	// Output:
	// 1>2:AppendEntries:Request:3:1:6:3:5:call=19:entries=3@1,2,3>1,2,4
	// {"jsonrpc":"2.0","id":"1>2:19","from":1,"to":2,"method":"AppendEntries",
	// "params":{"term":3,"leaderId":1,"prevLogIndex":6,"prevLogTerm":3,"leaderCommit":5,"entries":[{"term":3,
	// "configuration":{"voters":[1,2,4],"outgoing":[1,2,3],"learners":[]}}]}}
	// 1>2:InstallSnapshot:Request:3:1:7:3:1,2,3>1,2,4:0:true:call=21:data=x=1
	// {"jsonrpc":"2.0","id":"1>2:21","from":1,"to":2,"method":"InstallSnapshot",
	// "params":{"term":3,"leaderId":1,"lastIncludedIndex":7,"lastIncludedTerm":3,
	// "configuration":{"voters":[1,2,4],"outgoing":[1,2,3],"learners":[]},"offset":0,"data":"x=1","done":true}}
}

// A frame that cannot be understood is an error that says which field is wrong. The sender is told, unless it
// sent a reply.
func ExampleAppendError() {
	var decoder wire.Decoder
	var frame wire.Frame
	err := decoder.Decode(wire.Text, []byte(`1>2:RequestVotes:Request:-3:1:4:2`), &frame)
	fmt.Println(err)
	answer := string(wire.AppendError(nil, 2, &frame, err.(*wire.Error)))
	fmt.Println(strings.NewReplacer(`"error"`, "\n\"error\"", `"data"`, "\n\"data\"").Replace(answer))
	// Output:
	// term: expected a whole number from 0 to 18446744073709551615, came "-3"
	// {"jsonrpc":"2.0","id":null,"from":2,"to":1,
	// "error":{"code":-32602,"message":"term: expected a whole number from 0 to 18446744073709551615, came \"-3\"",
	// "data":{"field":"term"}}}
}
