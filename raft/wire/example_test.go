package wire_test

import (
	"fmt"

	"raftplayground/raft"
	"raftplayground/raft/wire"
)

// A server reads a vote request in whatever encoding it came, and answers in kind.
func Example() {
	var decoder wire.Decoder
	var call wire.Frame
	for _, text := range []string{
		`1>2:RequestVotes:Request:3:1:4:2:call=17`,
		`{"jsonrpc":"2.0","id":"1>2:17","from":1,"to":2,"method":"RequestVote","params":{"term":3,"candidateId":1,"lastLogIndex":4,"lastLogTerm":2}}`,
	} {
		if err := decoder.Decode([]byte(text), &call); err != nil {
			fmt.Println(err)
			continue
		}
		vote := call.RPC.(*raft.RequestVote)
		reply := wire.Frame{From: call.To, To: call.From, RPC: &raft.RequestVoteReply{Call: vote.Call, Term: vote.Term, VoteGranted: true}}
		fmt.Println(string(wire.Append(nil, &reply, call.Encoding)))
	}
	// Output:
	// 2>1:RequestVotes:Reply:3:true:call=17
	// {"jsonrpc":"2.0","id":"1>2:17","from":2,"to":1,"result":{"rpc":"RequestVote","term":3,"voteGranted":true}}
}

// A frame that cannot be understood is an error that says which field is wrong. The sender is told, unless it sent a reply.
func ExampleAppendError() {
	var decoder wire.Decoder
	var frame wire.Frame
	err := decoder.Decode([]byte(`1>2:RequestVotes:Request:-3:1:4:2`), &frame)
	fmt.Println(err)
	fmt.Println(string(wire.AppendError(nil, 2, &frame, err.(*wire.Error))))
	// Output:
	// term: expected a whole number from 0 to 18446744073709551615, came "-3"
	// {"jsonrpc":"2.0","id":null,"from":2,"to":1,"error":{"code":-32602,"message":"term: expected a whole number from 0 to 18446744073709551615, came \"-3\"","data":{"field":"term"}}}
}
