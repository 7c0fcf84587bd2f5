package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"raftplayground/raft"
)

// canonical is one frame and its only text in each encoding that has one.
type canonical struct {
	name     string
	frame    Frame
	encoding Encoding
	text     string
}

var canonicals = []canonical{
	{"vote, colon", Frame{From: 1, To: 2, RPC: &raft.RequestVote{Call: 17, Term: 3, CandidateID: 1, LastLogIndex: 4,
		LastLogTerm: 2}}, Colon,
		"1>2:RequestVotes:Request:3:1:4:2:call=17"},
	{"vote, JSON", Frame{From: 1, To: 2, RPC: &raft.RequestVote{Call: 17, Term: 3, CandidateID: 1, LastLogIndex: 4,
		LastLogTerm: 2}}, JSON,
		`{"jsonrpc":"2.0","id":"1>2:17","from":1,"to":2,"method":"RequestVote","params":{"term":3,` +
			`"candidateId":1,"lastLogIndex":4,"lastLogTerm":2}}`},
	{"vote, variant", Frame{From: 1, To: 2, RPC: &raft.RequestVote{Call: 17, Term: 3, CandidateID: 1, LastLogIndex: 4,
		LastLogTerm: 2}}, Variant,
		`{"variant":"RequestVote","fields":[{"term":3,"candidate_id":1,"last_log_index":4,"last_log_term":2,` +
			`"uuid":"72616674-0001-8000-8000-000000000011"}],"from":1,"to":2}`},
	{"vote to everyone", Frame{From: 1, RPC: &raft.RequestVote{Term: 1, CandidateID: 1}}, JSON,
		`{"jsonrpc":"2.0","from":1,"method":"RequestVote","params":{"term":1,"candidateId":1,"lastLogIndex":0,` +
			`"lastLogTerm":0}}`},
	{"vote reply, colon", Frame{From: 2, To: 1, Reply: true, RPC: &raft.RequestVoteReply{Call: 17, Term: 3,
		VoteGranted: true}}, Colon,
		"2>1:RequestVotes:Reply:3:true:call=17"},
	{"pre-vote reply, colon", Frame{From: 2, To: 1, Reply: true, RPC: &raft.RequestVoteReply{Call: 17, Term: 4,
		VoteGranted: true, PreVote: true}}, Colon,
		"2>1:RequestVotes:Reply:4:true:call=17:preVote=true"},
	{"pre-vote reply, JSON", Frame{From: 2, To: 1, Reply: true, RPC: &raft.RequestVoteReply{Call: 17, Term: 4,
		VoteGranted: true, PreVote: true}}, JSON,
		`{"jsonrpc":"2.0","id":"1>2:17","from":2,"to":1,"result":{"rpc":"RequestVote","term":4,` +
			`"voteGranted":true,"preVote":true}}`},
	{"vote reply, JSON", Frame{From: 2, To: 1, Reply: true, RPC: &raft.RequestVoteReply{Call: 17, Term: 3,
		VoteGranted: true}}, JSON,
		`{"jsonrpc":"2.0","id":"1>2:17","from":2,"to":1,"result":{"rpc":"RequestVote","term":3,"voteGranted":true}}`},
	{"vote reply without number", Frame{From: 2, To: 1, Reply: true, RPC: &raft.RequestVoteReply{Term: 3}}, JSON,
		`{"jsonrpc":"2.0","id":null,"from":2,"to":1,"result":{"rpc":"RequestVote","term":3,"voteGranted":false}}`},
	{"entries, colon", Frame{From: 1, To: 2, RPC: &raft.AppendEntries{Call: 18, Term: 3, LeaderID: 1, PrevLogIndex: 4,
		PrevLogTerm: 2, LeaderCommit: 4, Entries: everyKind()}}, Colon,
		"1>2:AppendEntries:Request:3:1:4:2:4:call=18:entries=3;3,set x=1;3,;3,a%3Ab%2Cc%3Bd%25%0Aé%C2%85%FF"},
	{"entries, JSON", Frame{From: 1, To: 2, RPC: &raft.AppendEntries{Call: 18, Term: 3, LeaderID: 1, PrevLogIndex: 4,
		PrevLogTerm: 2, LeaderCommit: 4, Entries: everyKind()}}, JSON,
		`{"jsonrpc":"2.0","id":"1>2:18","from":1,"to":2,"method":"AppendEntries","params":{"term":3,"leaderId":1,` +
			`"prevLogIndex":4,"prevLogTerm":2,"leaderCommit":4,` +
			`"entries":[{"term":3,"noop":true},{"term":3,"command":"set x=1"},{"term":3,"command":""},{"term":3,` +
			`"command":{"base64":"YTpiLGM7ZCUKw6nChf8="}}]}}`},
	{"entries, variant", Frame{From: 1, To: 2, RPC: &raft.AppendEntries{Call: 18, Term: 3, LeaderID: 1, PrevLogIndex: 4,
		PrevLogTerm: 2, LeaderCommit: 4, Entries: everyKind()}}, Variant,
		`{"variant":"AppendEntries","fields":[{"term":3,"leader_id":1,"prev_log_index":4,"prev_log_term":2,` +
			`"entries":[[3,""],[3,"set x=1"],[3,{"base64":""}],[3,{"base64":"YTpiLGM7ZCUKw6nChf8="}]],` +
			`"leader_commit":4,"uuid":"72616674-0002-8000-8000-000000000012"}],"from":1,"to":2}`},
	{"heartbeat, JSON", Frame{From: 1, To: 2, RPC: &raft.AppendEntries{Call: 18, Term: 3, LeaderID: 1}}, JSON,
		`{"jsonrpc":"2.0","id":"1>2:18","from":1,"to":2,"method":"AppendEntries","params":{"term":3,"leaderId":1,` +
			`"prevLogIndex":0,"prevLogTerm":0,"leaderCommit":0,"entries":[]}}`},
	{"success, colon", Frame{From: 2, To: 1, Reply: true, RPC: &raft.AppendEntriesReply{Call: 18, Term: 3,
		Success: true, MatchIndex: 6}}, Colon,
		"2>1:AppendEntries:Reply:3:true:call=18:match=6"},
	{"success, variant", Frame{From: 2, To: 1, Reply: true, RPC: &raft.AppendEntriesReply{Call: 18, Term: 3,
		Success: true, MatchIndex: 6}}, Variant,
		`{"variant":"Accepted","fields":[{"uuid":"72616674-0002-8000-8000-000000000012","term":3,"match_index":6,` +
			`"next_index":7}],"from":2,"to":1}`},
	{"refusal, colon", Frame{From: 2, To: 1, Reply: true, RPC: &raft.AppendEntriesReply{Call: 18, Term: 3,
		ConflictTerm: 2, ConflictIndex: 3}}, Colon,
		"2>1:AppendEntries:Reply:3:false:call=18:conflictTerm=2:conflictIndex=3"},
	{"refusal, JSON", Frame{From: 2, To: 1, Reply: true, RPC: &raft.AppendEntriesReply{Call: 18, Term: 3,
		ConflictTerm: 2, ConflictIndex: 3}}, JSON,
		`{"jsonrpc":"2.0","id":"1>2:18","from":2,"to":1,"result":{"rpc":"AppendEntries","term":3,"success":false,` +
			`"conflictTerm":2,"conflictIndex":3}}`},
	{"refusal, variant", Frame{From: 2, To: 1, Reply: true, RPC: &raft.AppendEntriesReply{Call: 18, Term: 3,
		ConflictTerm: 2, ConflictIndex: 3}}, Variant,
		`{"variant":"Rejected","fields":[{"uuid":"72616674-0002-8000-8000-000000000012","term":3,` +
			`"current_leader":null,"match_index":0,"next_index":3,"conflict_term":2}],"from":2,"to":1}`},

	{"vote that asks why, colon", Frame{From: 1, To: 2, RPC: &raft.RequestVote{Call: 17, Term: 3, CandidateID: 1,
		LastLogIndex: 4, LastLogTerm: 2, Why: true}}, Colon,
		"1>2:RequestVotes:Request:3:1:4:2:call=17:why=true"},
	{"vote that asks why, JSON", Frame{From: 1, To: 2, RPC: &raft.RequestVote{Call: 17, Term: 3, CandidateID: 1,
		LastLogIndex: 4, LastLogTerm: 2, Why: true}}, JSON,
		`{"jsonrpc":"2.0","id":"1>2:17","from":1,"to":2,"method":"RequestVote","params":{"term":3,` +
			`"candidateId":1,"lastLogIndex":4,"lastLogTerm":2,"why":true}}`},
	{"vote that asks why, Protobuf", Frame{From: 1, To: 2, RPC: &raft.RequestVote{Call: 17, Term: 3, CandidateID: 1,
		LastLogIndex: 4, LastLogTerm: 2, Why: true}}, Protobuf,
		"\x08\x01\x10\x02\x18\x11\x22\x0a\x08\x03\x10\x01\x18\x04\x20\x02\x38\x01"},
	{"reason, colon", Frame{From: 2, To: 1, Reply: true, RPC: &raft.RequestVoteReply{Call: 17, Term: 3, Reason: 11}},
		Colon, "2>1:RequestVotes:Reply:3:false:call=17:reason=11"},
	{"reason, JSON", Frame{From: 2, To: 1, Reply: true, RPC: &raft.RequestVoteReply{Call: 17, Term: 3, PreVote: true,
		Reason: 17}}, JSON,
		`{"jsonrpc":"2.0","id":"1>2:17","from":2,"to":1,"result":{"rpc":"RequestVote","term":3,` +
			`"voteGranted":false,"preVote":true,"reason":17}}`},
	{"reason, Protobuf", Frame{From: 2, To: 1, Reply: true, RPC: &raft.RequestVoteReply{Call: 17, Term: 3,
		Reason: 11}}, Protobuf, "\x08\x02\x10\x01\x18\x11\x42\x04\x08\x03\x20\x0b"},

	{"pre-vote, colon", Frame{From: 1, To: 2, RPC: &raft.RequestVote{Call: 17, Term: 3, CandidateID: 1, LastLogIndex: 4,
		LastLogTerm: 2, PreVote: true}}, Colon,
		"1>2:RequestVotes:Request:3:1:4:2:call=17:preVote=true"},
	{"pre-vote, JSON", Frame{From: 1, To: 2, RPC: &raft.RequestVote{Call: 17, Term: 3, CandidateID: 1, LastLogIndex: 4,
		LastLogTerm: 2, PreVote: true}}, JSON,
		`{"jsonrpc":"2.0","id":"1>2:17","from":1,"to":2,"method":"RequestVote","params":{"term":3,` +
			`"candidateId":1,"lastLogIndex":4,"lastLogTerm":2,"preVote":true}}`},
	{"transfer, colon", Frame{From: 1, To: 2, RPC: &raft.RequestVote{Term: 3, CandidateID: 1, PreVote: true,
		Transfer: true}}, Colon,
		"1>2:RequestVotes:Request:3:1:0:0:preVote=true:transfer=true"},
	{"transfer, JSON", Frame{From: 1, To: 2, RPC: &raft.RequestVote{Term: 3, CandidateID: 1, Transfer: true}}, JSON,
		`{"jsonrpc":"2.0","from":1,"to":2,"method":"RequestVote","params":{"term":3,"candidateId":1,` +
			`"lastLogIndex":0,"lastLogTerm":0,"transfer":true}}`},
	{"configurations, colon", Frame{From: 1, To: 2, RPC: &raft.AppendEntries{Call: 18, Term: 3, LeaderID: 1,
		Entries: configurations()}}, Colon,
		"1>2:AppendEntries:Request:3:1:0:0:0:call=18:entries=3@1,2,3>3,4,5+6;3;4@3,4,5"},
	{"configurations, JSON", Frame{From: 1, To: 2, RPC: &raft.AppendEntries{Call: 18, Term: 3, LeaderID: 1,
		Entries: configurations()}}, JSON,
		`{"jsonrpc":"2.0","id":"1>2:18","from":1,"to":2,"method":"AppendEntries","params":{"term":3,"leaderId":1,` +
			`"prevLogIndex":0,"prevLogTerm":0,"leaderCommit":0,` +
			`"entries":[{"term":3,"configuration":{"voters":[3,4,5],"outgoing":[1,2,3],"learners":[6]}},` +
			`{"term":3,"noop":true},` +
			`{"term":4,"configuration":{"voters":[3,4,5],"outgoing":[],"learners":[]}}]}}`},
	{"snapshot, colon", Frame{From: 1, To: 2, RPC: snapshot([]byte("x=1,%"))}, Colon,
		"1>2:InstallSnapshot:Request:3:1:40:2:1,2>1,2,3+4:512:true:call=19:data=x=1%2C%25"},
	{"snapshot, JSON", Frame{From: 1, To: 2, RPC: snapshot([]byte("x=1,%"))}, JSON,
		`{"jsonrpc":"2.0","id":"1>2:19","from":1,"to":2,"method":"InstallSnapshot","params":{"term":3,` +
			`"leaderId":1,"lastIncludedIndex":40,"lastIncludedTerm":2,` +
			`"configuration":{"voters":[1,2,3],"outgoing":[1,2],"learners":[4]},"offset":512,"data":"x=1,%",` +
			`"done":true}}`},
	{"snapshot of bytes, JSON", Frame{From: 1, To: 2, RPC: snapshot([]byte{0xff})}, JSON,
		`{"jsonrpc":"2.0","id":"1>2:19","from":1,"to":2,"method":"InstallSnapshot","params":{"term":3,` +
			`"leaderId":1,"lastIncludedIndex":40,"lastIncludedTerm":2,` +
			`"configuration":{"voters":[1,2,3],"outgoing":[1,2],"learners":[4]},"offset":512,` +
			`"data":{"base64":"/w=="},"done":true}}`},
	{"empty chunk, colon", Frame{From: 1, To: 2, RPC: snapshot(nil)}, Colon,
		"1>2:InstallSnapshot:Request:3:1:40:2:1,2>1,2,3+4:512:true:call=19"},
	{"empty chunk, JSON", Frame{From: 1, To: 2, RPC: snapshot(nil)}, JSON,
		`{"jsonrpc":"2.0","id":"1>2:19","from":1,"to":2,"method":"InstallSnapshot","params":{"term":3,` +
			`"leaderId":1,"lastIncludedIndex":40,"lastIncludedTerm":2,` +
			`"configuration":{"voters":[1,2,3],"outgoing":[1,2],"learners":[4]},"offset":512,"data":"","done":true}}`},
	{"snapshot reply, colon", Frame{From: 2, To: 1, Reply: true, RPC: &raft.InstallSnapshotReply{Call: 19, Term: 3,
		NextOffset: 517, MatchIndex: 40}}, Colon,
		"2>1:InstallSnapshot:Reply:3:call=19:next=517:match=40"},
	{"snapshot reply, JSON", Frame{From: 2, To: 1, Reply: true, RPC: &raft.InstallSnapshotReply{Call: 19, Term: 3,
		NextOffset: 517, MatchIndex: 40}}, JSON,
		`{"jsonrpc":"2.0","id":"1>2:19","from":2,"to":1,"result":{"rpc":"InstallSnapshot","term":3,` +
			`"nextOffset":517,"matchIndex":40}}`},
	{"TimeoutNow, colon", Frame{From: 1, To: 2, RPC: &raft.TimeoutNow{Call: 20, Term: 3, LeaderID: 1}}, Colon,
		"1>2:TimeoutNow:Request:3:1:call=20"},
	{"TimeoutNow, JSON", Frame{From: 1, To: 2, RPC: &raft.TimeoutNow{Call: 20, Term: 3, LeaderID: 1}}, JSON,
		`{"jsonrpc":"2.0","id":"1>2:20","from":1,"to":2,"method":"TimeoutNow","params":{"term":3,"leaderId":1}}`},
	{"TimeoutNow reply, colon", Frame{From: 2, To: 1, Reply: true, RPC: &raft.TimeoutNowReply{Call: 20, Term: 3}},
		Colon, "2>1:TimeoutNow:Reply:3:call=20"},
	{"TimeoutNow reply, JSON", Frame{From: 2, To: 1, Reply: true, RPC: &raft.TimeoutNowReply{Call: 20, Term: 3}}, JSON,
		`{"jsonrpc":"2.0","id":"1>2:20","from":2,"to":1,"result":{"rpc":"TimeoutNow","term":3}}`},

	{"vote, Protobuf", Frame{From: 1, To: 2, RPC: &raft.RequestVote{Call: 17, Term: 3, CandidateID: 1, LastLogIndex: 4,
		LastLogTerm: 2}}, Protobuf,
		"\x08\x01\x10\x02\x18\x11\x22\x08\x08\x03\x10\x01\x18\x04\x20\x02"},
	{"pre-vote to everyone, Protobuf",
		Frame{From: 1, RPC: &raft.RequestVote{Term: 300, CandidateID: 1, PreVote: true, Transfer: true}}, Protobuf,
		"\x08\x01\x22\x09\x08\xac\x02\x10\x01\x28\x01\x30\x01"},
	{"vote reply, Protobuf", Frame{From: 2, To: 1, Reply: true, RPC: &raft.RequestVoteReply{Call: 17, Term: 3,
		VoteGranted: true}}, Protobuf,
		"\x08\x02\x10\x01\x18\x11\x42\x04\x08\x03\x10\x01"},
	{"entries, Protobuf", Frame{From: 1, To: 2, RPC: &raft.AppendEntries{Call: 18, Term: 3, LeaderID: 1,
		PrevLogIndex: 4, PrevLogTerm: 2, LeaderCommit: 4, Entries: everyKind()}}, Protobuf,
		"\x08\x01\x10\x02\x18\x12\x2a\x35\x08\x03\x10\x01\x18\x04\x20\x02\x28\x04\x32\x02\x08\x03" +
			"\x32\x0b\x08\x03\x12\x07set x=1\x32\x04\x08\x03\x12\x00" +
			"\x32\x12\x08\x03\x12\x0ea:b,c;d%\né\u0085\xff"},
	{"success, Protobuf", Frame{From: 2, To: 1, Reply: true, RPC: &raft.AppendEntriesReply{Call: 18, Term: 3,
		Success: true, MatchIndex: 6}}, Protobuf,
		"\x08\x02\x10\x01\x18\x12\x4a\x06\x08\x03\x10\x01\x18\x06"},
	{"refusal, Protobuf", Frame{From: 2, To: 1, Reply: true, RPC: &raft.AppendEntriesReply{Call: 18, Term: 3,
		ConflictTerm: 2, ConflictIndex: 3}}, Protobuf,
		"\x08\x02\x10\x01\x18\x12\x4a\x06\x08\x03\x20\x02\x28\x03"},
	{"snapshot, Protobuf", Frame{From: 1, To: 2, RPC: snapshot([]byte{0xff})}, Protobuf,
		"\x08\x01\x10\x02\x18\x13\x32\x1e\x08\x03\x10\x01\x18\x28\x20\x02" +
			"\x2a\x0c\x0a\x03\x01\x02\x03\x12\x02\x01\x02\x1a\x01\x04\x30\x80\x04\x3a\x01\xff\x40\x01"},
	{"snapshot reply, Protobuf", Frame{From: 2, To: 1, Reply: true, RPC: &raft.InstallSnapshotReply{Call: 19, Term: 3,
		NextOffset: 517, MatchIndex: 40}}, Protobuf,
		"\x08\x02\x10\x01\x18\x13\x52\x07\x08\x03\x10\x85\x04\x18\x28"},
	{"TimeoutNow, Protobuf", Frame{From: 1, To: 2, RPC: &raft.TimeoutNow{Call: 20, Term: 3, LeaderID: 1}}, Protobuf,
		"\x08\x01\x10\x02\x18\x14\x3a\x04\x08\x03\x10\x01"},
	{"TimeoutNow reply of term 0, Protobuf", Frame{From: 2, To: 1, Reply: true, RPC: &raft.TimeoutNowReply{}}, Protobuf,
		"\x08\x02\x10\x01\x5a\x00"},

	{"Put", Frame{From: 1001, To: 2, Call: 5, Request: &Request{Method: Put, Key: "x", Value: `a "b"`}}, JSON,
		`{"jsonrpc":"2.0","id":"1001>2:5","from":1001,"to":2,"method":"Put","params":{"key":"x","value":"a \"b\""}}`},
	{"Get by ReadIndex", Frame{From: 1001, To: 2, ID: []byte("7"), Call: 7,
		Request: &Request{Method: Get, Key: "x", Read: ReadIndex}}, JSON,
		`{"jsonrpc":"2.0","id":7,"from":1001,"to":2,"method":"Get","params":{"key":"x","read":"readIndex"}}`},
	{"CompareAndSwap", Frame{From: 1001, To: 2, ID: []byte("7"), Call: 7,
		Request: &Request{Method: CompareAndSwap, Key: "x", Expected: "1", Value: "2"}}, JSON,
		`{"jsonrpc":"2.0","id":7,"from":1001,"to":2,"method":"CompareAndSwap","params":{"key":"x","expected":"1",` +
			`"value":"2"}}`},
	{"Get", Frame{From: 1001, To: 2, ID: []byte("7"), Call: 7, Request: &Request{Method: Get, Key: "\xff"}}, JSON,
		`{"jsonrpc":"2.0","id":7,"from":1001,"to":2,"method":"Get","params":{"key":{"base64":"/w=="}}}`},
	{"Delete", Frame{From: 1001, To: 2, Call: 5, Request: &Request{Method: Delete, Key: ""}}, JSON,
		`{"jsonrpc":"2.0","id":"1001>2:5","from":1001,"to":2,"method":"Delete","params":{"key":""}}`},
	{"IndexRange", Frame{From: 1001, To: 2, Call: 5, Request: &Request{Method: IndexRange, Start: 1, End: 9}}, JSON,
		`{"jsonrpc":"2.0","id":"1001>2:5","from":1001,"to":2,"method":"IndexRange","params":{"startIndex":1,` +
			`"endIndex":9}}`},
	{"AppendRequest", Frame{From: 1001, To: 2, Call: 5, Request: &Request{Method: AppendRequest, PrevLogIndex: 4,
		PrevLogTerm: 2, Commands: [][]byte{[]byte("a"), {0xff}}}}, JSON,
		`{"jsonrpc":"2.0","id":"1001>2:5","from":1001,"to":2,"method":"AppendRequest","params":{"prevLogIndex":4,` +
			`"prevLogTerm":2,"entries":["a",{"base64":"/w=="}]}}`},

	{"Put answer", Frame{From: 2, To: 1001, Reply: true, Call: 5, Answer: &Answer{Method: Put, Index: 48, Term: 3}},
		JSON,
		`{"jsonrpc":"2.0","id":"1001>2:5","from":2,"to":1001,"result":{"rpc":"Put","index":48,"term":3}}`},
	{"Get answer", Frame{From: 2, To: 1001, Reply: true, Call: 5, Answer: &Answer{Method: Get, Index: 49, Term: 3,
		Found: true, Value: "1"}}, JSON,
		`{"jsonrpc":"2.0","id":"1001>2:5","from":2,"to":1001,"result":{"rpc":"Get","index":49,"term":3,` +
			`"found":true,"value":"1"}}`},
	{"Get answer, absent", Frame{From: 2, To: 1001, Reply: true, Call: 5,
		Answer: &Answer{Method: Get, Index: 49, Term: 3}}, JSON,
		`{"jsonrpc":"2.0","id":"1001>2:5","from":2,"to":1001,"result":{"rpc":"Get","index":49,"term":3,` +
			`"found":false}}`},
	{"Delete answer", Frame{From: 2, To: 1001, Reply: true, Call: 5, Answer: &Answer{Method: Delete, Index: 49, Term: 3,
		Found: true}}, JSON,
		`{"jsonrpc":"2.0","id":"1001>2:5","from":2,"to":1001,"result":{"rpc":"Delete","index":49,"term":3,` +
			`"found":true}}`},
	{"IndexRange answer", Frame{From: 2, To: 1001, Reply: true, Call: 5, Answer: &Answer{Method: IndexRange, Index: 3,
		CommitIndex: 9, Entries: []raft.Entry{{Term: 2, Kind: raft.NoOp}}}}, JSON,
		`{"jsonrpc":"2.0","id":"1001>2:5","from":2,"to":1001,"result":{"rpc":"IndexRange","startIndex":3,` +
			`"commitIndex":9,"entries":[{"term":2,"noop":true}]}}`},
	{"AppendRequest answer", Frame{From: 2, To: 1001, Reply: true, Call: 5,
		Answer: &Answer{Method: AppendRequest, Index: 6, Term: 3}}, JSON,
		`{"jsonrpc":"2.0","id":"1001>2:5","from":2,"to":1001,"result":{"rpc":"AppendRequest","index":6,"term":3}}`},

	{"not leader", Frame{From: 2, To: 1001, Reply: true, Call: 5,
		Refusal: &Error{Code: CodeNotLeader, Message: "S1 leads term 3", Leader: 1}}, JSON,
		`{"jsonrpc":"2.0","id":"1001>2:5","from":2,"to":1001,"error":{"code":-32010,"message":"S1 leads term 3",` +
			`"data":{"leader":1}}}`},
	{"not leader, unknown", Frame{From: 2, To: 1001, Reply: true, Call: 5,
		Refusal: &Error{Code: CodeNotLeader, Message: "no leader yet"}}, JSON,
		`{"jsonrpc":"2.0","id":"1001>2:5","from":2,"to":1001,"error":{"code":-32010,"message":"no leader yet",` +
			`"data":{"leader":null}}}`},
	{"previous entry", Frame{From: 2, To: 1001, Reply: true, Call: 5,
		Refusal: &Error{Code: CodePrevMismatch, Message: "m", Index: 4, Term: 1}}, JSON,
		`{"jsonrpc":"2.0","id":"1001>2:5","from":2,"to":1001,"error":{"code":-32012,"message":"m",` +
			`"data":{"index":4,"term":1}}}`},
	{"timed out", Frame{From: 2, To: 1001, Reply: true, ID: []byte(`"my own"`), Call: foreignCall([]byte(`"my own"`)),
		Refusal: &Error{Code: CodeTimedOut, Message: "m"}}, JSON,
		`{"jsonrpc":"2.0","id":"my own","from":2,"to":1001,"error":{"code":-32013,"message":"m"}}`},
	{"bad field", Frame{From: 2, To: 1, Reply: true, Refusal: &Error{Code: CodeBadField, Field: "term", Message: "m"}},
		JSON,
		`{"jsonrpc":"2.0","id":null,"from":2,"to":1,"error":{"code":-32602,"message":"m","data":{"field":"term"}}}`},
}

// everyKind is a no-op, a plain command, an empty one and one of bytes that need care.
func everyKind() []raft.Entry {
	return []raft.Entry{{Term: 3, Kind: raft.NoOp}, {Term: 3, Data: []byte("set x=1")}, {Term: 3, Data: []byte{}},
		{Term: 3, Data: []byte("a:b,c;d%\né\u0085\xff")}}
}

// configurations is a joint one with a learner, a no-op and the one that it leads to.
func configurations() []raft.Entry {
	return []raft.Entry{{Term: 3, Kind: raft.Config, Data: []byte("1,2,3>3,4,5+6")}, {Term: 3, Kind: raft.NoOp},
		{Term: 4, Kind: raft.Config, Data: []byte("3,4,5")}}
}

func snapshot(chunk []byte) *raft.InstallSnapshot {
	return &raft.InstallSnapshot{Call: 19, Term: 3, LeaderID: 1, LastIncludedIndex: 40, LastIncludedTerm: 2,
		Offset: 512, Data: chunk, Done: true,
		Configuration: raft.Configuration{Voters: []raft.ServerID{1, 2, 3}, Outgoing: []raft.ServerID{1, 2},
			Learners: []raft.ServerID{4}}}
}

func TestCanonicalText(t *testing.T) {
	var d Decoder
	for _, c := range canonicals {
		t.Run(c.name, func(t *testing.T) {
			if got := string(Append([]byte("before"), &c.frame, c.encoding)); got != "before"+c.text {
				t.Errorf("written as\n%s\nexpected\n%s", got, c.text)
			}
			var f Frame
			if err := d.Decode(c.encoding.Kind(), []byte(c.text), &f); err != nil {
				t.Fatal(err)
			}
			want := c.frame
			want.Encoding = c.encoding
			checkSame(t, &f, &want)
		})
	}
}

// TestDocumentedFramesAreCanonical holds the package comment to its word.
func TestDocumentedFramesAreCanonical(t *testing.T) {
	source, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var d Decoder
	frames := 0
	for line := range strings.Lines(string(source)) {
		text, found := strings.CutPrefix(strings.TrimSpace(line), "//\t")
		if !found || !isDigit(text[0]) {
			continue
		}
		text, _, _ = strings.Cut(text, "  ") // a remark follows
		frames++
		var f Frame
		if !strings.Contains(text, ":") {
			data := unhexed(strings.TrimSpace(text))
			if err := d.Decode(Binary, data, &f); err != nil || !bytes.Equal(Append(nil, &f, Protobuf), data) {
				t.Errorf("%s: %v", text, err)
			}
			continue
		}
		if err := d.Decode(Text, []byte(text), &f); err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got := string(Append(nil, &f, Colon)); got != text {
			t.Errorf("%s is written %s", text, got)
		}
	}
	if frames < 8 {
		t.Errorf("only %d examples found", frames)
	}
}

func TestJSONTextIsValidJSON(t *testing.T) {
	for _, c := range canonicals {
		if (c.encoding == JSON || c.encoding == Variant) && !json.Valid([]byte(c.text)) {
			t.Errorf("%s: not JSON: %s", c.name, c.text)
		}
	}
}

// checkSame compares two frames; an RPC's Call is compared as part of it.
func checkSame(t interface {
	Helper()
	Errorf(string, ...any)
}, got, want *Frame) {
	t.Helper()
	if !sameRPC(got.RPC, want.RPC) {
		t.Errorf("RPC %+v, expected %+v", got.RPC, want.RPC)
	}
	a, b := *got, *want
	a.RPC, b.RPC = nil, nil
	if want.RPC != nil {
		a.Call, b.Call = 0, 0
	}
	if !reflect.DeepEqual(a, b) {
		t.Errorf("frame %+v %+v %+v %+v, expected %+v %+v %+v %+v", a, a.Request, a.Answer, a.Refusal, b, b.Request,
			b.Answer, b.Refusal)
	}
}

func sameRPC(a, b raft.RPC) bool { return reflect.DeepEqual(a, b) }

// bad is a frame that cannot be understood.
type bad struct {
	text  string
	code  int
	field string
	holds string // must stand in the message
}

const votePre = `{"jsonrpc":"2.0","id":"1>2:17","from":1,"to":2,"method":"RequestVote","params":`

var bads = []bad{
	{`[]`, CodeNotACall, "frame", "batch"},
	{`{`, CodeNotAFrame, "frame", "byte 1"},
	{`{}`, CodeNotACall, "from", "came nothing"},
	{`{"from":1}`, CodeNotACall, "jsonrpc", "2.0"},
	{`{"jsonrpc":"1.0","from":1}`, CodeNotACall, "jsonrpc", "1.0"},
	{`{"jsonrpc":"2.0","from":0}`, CodeNotACall, "from", "1 or more"},
	{`{"jsonrpc":"2.0","from":-1}`, CodeNotACall, "from", "-1"},
	{`{"jsonrpc":"2.0","from":1,"to":0}`, CodeNotACall, "to", "1 or more"},
	{`{"jsonrpc":"2.0","from":1,"from":2}`, CodeNotACall, "from", "twice"},
	{`{"jsonrpc":"2.0","from":1,"\u0066rom":2}`, CodeNotACall, "from", "twice"},
	{`{"jsonrpc":"2.0","from":1,"id":{}}`, CodeNotACall, "id", "text, a number or null"},
	{`{"jsonrpc":"2.0","from":1,"id":"` + strings.Repeat("x", MaxID) + `"}`, CodeNotACall, "id", "128"},
	{`{"jsonrpc":"2.0","from":1}`, CodeNotACall, "method", "a method, a result or an error"},
	{`{"jsonrpc":"2.0","from":1,"result":{},"error":{}}`, CodeNotACall, "error", "both"},
	{`{"jsonrpc":"2.0","from":1,"method":7}`, CodeUnknownMethod, "method", "7"},
	{`{"jsonrpc":"2.0","from":1,"method":"requestVote"}`, CodeUnknownMethod, "method", "requestVote"},
	{`{"jsonrpc":"2.0","from":1,"method":"Bogus"}`, CodeUnknownMethod, "method", "InstallSnapshot"},
	{`{"jsonrpc":"2.0","from":1,"method":"RequestVote"}`, CodeBadField, "params", "nothing"},
	{`{"jsonrpc":"2.0","from":1,"method":"RequestVote","params":[1,2,3,4]}`, CodeBadField, "params", "an object"},
	{votePre + `{"term":-1,"candidateId":1,"lastLogIndex":0,"lastLogTerm":0}}`, CodeBadField, "term", "-1"},
	{votePre + `{"term":1.0,"candidateId":1,"lastLogIndex":0,"lastLogTerm":0}}`, CodeBadField, "term", "1.0"},
	{votePre + `{"term":1e0,"candidateId":1,"lastLogIndex":0,"lastLogTerm":0}}`, CodeBadField, "term", "1e0"},
	{votePre + `{"term":18446744073709551616,"candidateId":1,"lastLogIndex":0,"lastLogTerm":0}}`, CodeBadField, "term",
		"18446744073709551616"},
	{votePre + `{"term":"1","candidateId":1,"lastLogIndex":0,"lastLogTerm":0}}`, CodeBadField, "term", `\"1\"`},
	{votePre + `{"term":null,"candidateId":1,"lastLogIndex":0,"lastLogTerm":0}}`, CodeBadField, "term", "null"},
	{votePre + `{"term":1,"candidateId":1,"lastLogIndex":0}}`, CodeBadField, "lastLogTerm", "nothing"},
	{votePre + `{"term":1,"CandidateId":1,"lastLogIndex":0,"lastLogTerm":0}}`, CodeBadField, "candidateId", "nothing"},
	{votePre + `{"term":1,"term":1,"candidateId":1,"lastLogIndex":0,"lastLogTerm":0}}`, CodeBadField, "term", "twice"},
	{votePre + `{"term":01,"candidateId":1,"lastLogIndex":0,"lastLogTerm":0}}`, CodeNotAFrame, "frame", ""},
	{votePre + `{"term":1,"x":-.5}}`, CodeNotAFrame, "frame", ""},
	{votePre + `{"term":1,"x":-01}}`, CodeNotAFrame, "frame", ""},
	{votePre + `{"term":1,"x":"` + "\x01" + `"}}`, CodeNotAFrame, "frame", ""},
	{votePre + `{"term":1,"x":"\q"}}`, CodeNotAFrame, "frame", ""},
	{votePre + `{"term":1,"x":"` + "\xff" + `"}}`, CodeNotAFrame, "frame", "UTF-8"},
	{votePre + `{"term":1,"x":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}}`, CodeNotAFrame, "frame", ""},
	{votePre + `{"term":1,"x":` + strings.Repeat("1", 65) + `}}`, CodeNotAFrame, "frame", ""},
	{`{"jsonrpc":"2.0","from":1,"method":"AppendEntries","params":{"term":1,"leaderId":1,"prevLogIndex":0,` +
		`"prevLogTerm":0,"leaderCommit":0}}`, CodeBadField, "entries", "nothing"},
	{`{"jsonrpc":"2.0","from":1,"method":"AppendEntries","params":{"term":1,"leaderId":1,"prevLogIndex":0,` +
		`"prevLogTerm":0,"leaderCommit":0,"entries":null}}`, CodeBadField, "entries", "null"},
	{appendOf(`[1]`), CodeBadField, "entries", "an object"},
	{appendOf(`[{"term":1}]`), CodeBadField, "command", "nothing"},
	{appendOf(`[{"command":"x"}]`), CodeBadField, "term", "nothing"},
	{appendOf(`[{"term":1,"command":5}]`), CodeBadField, "command", "5"},
	{appendOf(`[{"term":1,"command":{"base64":"%"}}]`), CodeBadField, "command", "%"},
	{appendOf(`[{"term":1,"noop":1}]`), CodeBadField, "noop", "true or false"},
	{appendOf(`[{"term":1,"noop":true,"command":"x"}]`), CodeBadField, "command", "no-op"},
	{appendOf(`[{"term":1,"noop":true,"configuration":{"voters":[1]}}]`), CodeBadField, "configuration", "no-op"},
	{appendOf(`[{"term":1,"command":"x","configuration":{"voters":[1]}}]`), CodeBadField, "command", "either"},
	{appendOf(`[{"term":1,"configuration":"1,2,3"}]`), CodeBadField, "configuration", "an object"},
	{appendOf(`[{"term":1,"configuration":{}}]`), CodeBadField, "voters", "nothing"},
	{appendOf(`[{"term":1,"configuration":{"voters":null}}]`), CodeBadField, "voters", "a list"},
	{appendOf(`[{"term":1,"configuration":{"voters":[],"outgoing":[1]}}]`), CodeBadField, "voters", "at least one"},
	{appendOf(`[{"term":1,"configuration":{"voters":[1],"outgoing":null}}]`), CodeBadField, "outgoing", "a list"},
	{appendOf(`[{"term":1,"configuration":{"voters":[1],"learners":["2"]}}]`), CodeBadField, "learners", `\"2\"`},
	{appendOf(`[{"term":1,"configuration":{"voters":[1,1]}}]`), CodeBadField, "configuration", "twice"},
	{appendOf(`[{"term":1,"configuration":{"voters":[0,1]}}]`), CodeBadField, "configuration", "1 and up"},
	{appendOf(`[{"term":1,"configuration":{"voters":[18446744073709551616]}}]`), CodeBadField, "voters",
		"18446744073709551616"},
	{appendOf(`[{"term":1,"configuration":{"voters":[1,2,3],"learners":[3]}}]`), CodeBadField, "configuration",
		"both voter and learner"},
	{appendOf(`[{"term":1,"configuration":{"voters":[1,2,3,4,5,6,7,8,9],"outgoing":[10]}}]`), CodeBadField,
		"configuration", "10 servers, at most 9"},
	{appendOf(`[` + strings.Repeat(`{"term":1,"noop":true},`, MaxEntries) + `{"term":1,"noop":true}]`), CodeBadField,
		"entries", "4097"},
	{appendOf(`[{"term":1,"command":"` + strings.Repeat("x", MaxData+1) + `"}]`), CodeBadField, "entries",
		strconv.Itoa(MaxData + 1)},
	{`{"jsonrpc":"2.0","from":1,"method":"Put","params":{"key":"x"}}`, CodeBadField, "value", "nothing"},
	{`{"jsonrpc":"2.0","from":1,"method":"Put","params":{"key":1,"value":"x"}}`, CodeBadField, "key", "1"},
	{`{"jsonrpc":"2.0","from":1,"method":"Put","params":{"key":"` + strings.Repeat("x", MaxData+1) + `","value":""}}`,
		CodeBadField, "key", strconv.Itoa(MaxData + 1)},
	{`{"jsonrpc":"2.0","from":1,"method":"Get","params":{"key":"x","read":"now"}}`, CodeBadField, "read",
		"log, readIndex, lease or local"},
	{`{"jsonrpc":"2.0","from":1,"method":"Get","params":{"key":"x","read":2}}`, CodeBadField, "read",
		"log, readIndex, lease or local"},
	{`{"jsonrpc":"2.0","from":1,"method":"CompareAndSwap","params":{"key":"x","value":"2"}}`, CodeBadField, "expected",
		""},
	{`{"jsonrpc":"2.0","from":1,"method":"IndexRange","params":{"startIndex":0,"endIndex":5}}`, CodeBadField,
		"startIndex", "entry 1"},
	{`{"jsonrpc":"2.0","from":1,"method":"IndexRange","params":{"startIndex":6,"endIndex":5}}`, CodeBadField,
		"endIndex", "5"},
	{`{"jsonrpc":"2.0","from":1,"result":{}}`, CodeBadField, "rpc", "nothing"},
	{`{"jsonrpc":"2.0","from":1,"result":null}`, CodeBadField, "result", "null"},
	{`{"jsonrpc":"2.0","from":1,"result":{"rpc":"Vote"}}`, CodeUnknownMethod, "rpc", "Vote"},
	{`{"jsonrpc":"2.0","from":1,"result":{"rpc":"RequestVote","term":1,"voteGranted":1}}`, CodeBadField, "voteGranted",
		"true or false"},
	{`{"jsonrpc":"2.0","from":1,"error":{"code":"x","message":""}}`, CodeBadField, "code", "x"},
	{`{"jsonrpc":"2.0","from":1,"error":{"code":1}}`, CodeBadField, "message", "nothing"},
	{votePre + `{"term":1,"candidateId":1,"lastLogIndex":0,"lastLogTerm":0,"preVote":1}}`, CodeBadField, "preVote",
		"true or false"},
	{votePre + `{"term":1,"candidateId":1,"lastLogIndex":0,"lastLogTerm":0,"transfer":null}}`, CodeBadField, "transfer",
		"null"},
	{snapshotOf(`{"term":1}`), CodeBadField, "leaderId", "nothing"},
	{snapshotOf(snapshotPre + `}`), CodeBadField, "configuration", "an object"},
	{snapshotOf(snapshotPre + `,"configuration":{"voters":[1]},"data":"","done":true}`), CodeBadField, "offset",
		"nothing"},
	{snapshotOf(snapshotPre + `,"configuration":{"voters":[1]},"offset":0,"data":""}`), CodeBadField, "done",
		"nothing"},
	{snapshotOf(snapshotPre + `,"configuration":{"voters":[1]},"offset":0,"done":true}`), CodeBadField, "data",
		"base64"},
	{snapshotOf(snapshotPre + `,"configuration":{"voters":[1]},"offset":0,"done":true,"data":[1]}`), CodeBadField,
		"data", "[1]"},
	{snapshotOf(snapshotPre + `,"configuration":{"voters":[1]},"offset":0,"done":true,"data":"` + strings.Repeat("x",
		MaxChunk+1) + `"}`), CodeBadField, "data", strconv.Itoa(MaxChunk + 1)},
	{`{"jsonrpc":"2.0","from":1,"method":"TimeoutNow","params":{"term":1}}`, CodeBadField, "leaderId", "nothing"},
	{`{"jsonrpc":"2.0","from":1,"result":{"rpc":"InstallSnapshot","term":1,"nextOffset":-1}}`, CodeBadField,
		"nextOffset", "-1"},
	{`{"jsonrpc":"2.0","from":1,"result":{"rpc":"InstallSnapshot","term":1,"matchIndex":null}}`, CodeBadField,
		"matchIndex", "null"},
	{`{"jsonrpc":"2.0","from":1,"result":{"rpc":"TimeoutNow"}}`, CodeBadField, "term", "nothing"},

	{"0:RequestVotes:Request:1:1:0:0", CodeNotACall, "from", "1 or more"},
	{"1>:RequestVotes:Request:1:1:0:0", CodeNotACall, "to", "1 or more"},
	{"1>0:RequestVotes:Request:1:1:0:0", CodeNotACall, "to", "1 or more"},
	{"1:TimeoutNever:Request:1:1", CodeUnknownMethod, "type", "TimeoutNever"},
	{"1:TimeoutNow:Demand:1:1", CodeNotACall, "part", "Demand"},
	{"1:RequestVotes:Request:01:1:0:0", CodeBadField, "term", "01"},
	{"1:RequestVotes:Request:1:1:0:0:call=x", CodeBadField, "call", "x"},
	{"1:RequestVotes:Request:1:1:0:0:call=", CodeBadField, "call", "nothing"},
	{"1:RequestVotes:Request:1:1:0:0:call=1:call=1", CodeBadField, "call", "twice"},
	{"1:AppendEntries:Reply:1:true:match=-1", CodeBadField, "match", "-1"},
	{"1:AppendEntries:Reply:1:false:conflictTerm=", CodeBadField, "conflictTerm", "nothing"},
	{"1:AppendEntries:Reply:1:false:conflictIndex=1.5", CodeBadField, "conflictIndex", "1.5"},
	{"1:AppendEntries:Request:1:1:0:0:0:entries=", CodeBadField, "entries", "nothing"},
	{"1:AppendEntries:Request:1:1:0:0:0:entries=x,y", CodeBadField, "entries", "x,y"},
	{"1:AppendEntries:Request:1:1:0:0:0:entries=1,a,b", CodeBadField, "entries", "comma"},
	{"1:AppendEntries:Request:1:1:0:0:0:entries=1,%4", CodeBadField, "entries", "%4"},
	{"1:AppendEntries:Request:1:1:0:0:0:entries=1,%zz", CodeBadField, "entries", "%zz"},
	{"1:AppendEntries:Request:1:1:0:0:0:entries=1;1:entries=1", CodeBadField, "entries", "twice"},
	{"1:AppendEntries:Request:1:1:0:0:0:entries=1" + strings.Repeat(";1", MaxEntries), CodeBadField, "entries", "4097"},
	{"1:AppendEntries:Request:1:1:0:0:0:entries=1," + strings.Repeat("x", MaxData+1), CodeBadField, "entries",
		strconv.Itoa(MaxData + 1)},
	{"1:AppendEntries:Request:1:1:0:0:0:entries=1@", CodeBadField, "configuration", "1@"},
	{"1:AppendEntries:Request:1:1:0:0:0:entries=@1", CodeBadField, "entries", "@1"},
	{"1:AppendEntries:Request:1:1:0:0:0:entries=1@1%2C2", CodeBadField, "configuration", "1@1%2C2"},
	{"1:AppendEntries:Request:1:1:0:0:0:entries=1@1,02", CodeBadField, "configuration", "1@1,02"},
	{"1:AppendEntries:Request:1:1:0:0:0:entries=1@1,2+2", CodeBadField, "configuration", "both voter and learner"},
	{"1:RequestVotes:Request:1:1:0:0:preVote=yes", CodeBadField, "preVote", "yes"},
	{"1:RequestVotes:Request:1:1:0:0:transfer=", CodeBadField, "transfer", "nothing"},
	{"1:RequestVotes:Request:1:1:0:0:why=1", CodeBadField, "why", "true or false, came"},
	{"1:RequestVotes:Reply:1:false:reason=logBehind", CodeBadField, "reason", "logBehind"},
	{"1:RequestVotes:Request:1:1:0:0:preVote=true:preVote=true", CodeBadField, "preVote", "twice"},
	{"1:InstallSnapshot:Request:1:1:4:x", CodeBadField, "lastIncludedTerm", "x"},
	{"1:InstallSnapshot:Request:1:1:4:1::0:true", CodeBadField, "configuration", "nothing"},
	{"1:InstallSnapshot:Request:1:1:4:1:0:0:true", CodeBadField, "configuration", "1 and up"},
	{"1:InstallSnapshot:Request:1:1:4:1:1,2,1:0:true", CodeBadField, "configuration", "twice"},
	{"1:InstallSnapshot:Request:1:1:4:1:1>2>3:0:true", CodeBadField, "configuration", "2>3"},
	{"1:InstallSnapshot:Request:1:1:4:1:1,2,3,4,5,6,7,8,9,10:0:true", CodeBadField, "configuration",
		"10 servers, at most 9"},
	{"1:InstallSnapshot:Request:1:1:4:1:1,2,3:-1:true", CodeBadField, "offset", "-1"},
	{"1:InstallSnapshot:Request:1:1:4:1:1,2,3:0", CodeBadField, "done", "nothing"},
	{"1:InstallSnapshot:Request:1:1:4:1:1,2,3:0:1", CodeBadField, "done", "true or false"},
	{"1:InstallSnapshot:Request:1:1:4:1:1,2,3:0:true:data=%", CodeBadField, "data", "%"},
	{"1:InstallSnapshot:Request:1:1:4:1:1,2,3:0:true:data=a:data=b", CodeBadField, "data", "twice"},
	{"1:InstallSnapshot:Request:1:1:4:1:1,2,3:0:true:data=" + strings.Repeat("x", MaxChunk+1), CodeBadField, "data",
		strconv.Itoa(MaxChunk + 1)},
	{"1:InstallSnapshot:Reply:x", CodeBadField, "term", "x"},
	{"1:InstallSnapshot:Reply:1:next=x", CodeBadField, "next", "x"},
	{"1:TimeoutNow:Request:1", CodeBadField, "leaderId", "nothing"},
	{"1:TimeoutNow:Reply:true", CodeBadField, "term", "true"},
	{"1" + strings.Repeat("x", MaxFrame), CodeNotACall, "frame", "1048577"},

	{`{"variant":"RequestVote","fields":[]}`, CodeBadField, "fields", "nothing"},
	{`{"variant":"RequestVote","fields":[{"term":1,"candidate_id":1,"last_log_index":0,"last_log_term":0,"uuid":"x"}]}`,
		CodeBadField, "uuid", "x"},
	{`{"variant":"AppendEntries","fields":[{"term":1,"leader_id":1,"prev_log_index":0,"prev_log_term":0,` +
		`"entries":[[1]],"leader_commit":0,"uuid":"6ba7b810-9dad-41d1-80b4-00c04fd430c8"}]}`, CodeBadField, "entries",
		"pair"},
	{`{"variant":"Accepted","fields":[]}`, CodeBadField, "fields", "nothing"},
	{`{"variant":"TimeoutNow","fields":[{}]}`, CodeUnknownMethod, "variant", "TimeoutNow"},
}

func appendOf(entries string) string {
	return `{"jsonrpc":"2.0","from":1,"method":"AppendEntries","params":{"term":1,"leaderId":1,"prevLogIndex":0,` +
		`"prevLogTerm":0,"leaderCommit":0,"entries":` + entries + `}}`
}

const snapshotPre = `{"term":1,"leaderId":1,"lastIncludedIndex":4,"lastIncludedTerm":1`

func snapshotOf(params string) string {
	return `{"jsonrpc":"2.0","from":1,"method":"InstallSnapshot","params":` + params + `}`
}

func TestBadFramesTellWhatIsWrong(t *testing.T) {
	var d Decoder
	for _, c := range bads {
		name := c.text[:min(len(c.text), 100)]
		var f Frame
		err := d.Decode(Text, []byte(c.text), &f)
		e, ok := err.(*Error)
		if !ok {
			t.Errorf("%s: expected an error, came %v with %+v", name, err, f)
			continue
		}
		if e.Code != c.code || e.Field != c.field || !strings.HasPrefix(e.Message, c.field+": expected") ||
			!strings.Contains(e.Message, c.holds) {
			t.Errorf("%s: error %d %q %q, expected %d %q with %q", name, e.Code, e.Field, e.Message, c.code, c.field,
				c.holds)
		}
		if f.RPC != nil || f.Request != nil || f.Answer != nil || f.Refusal != nil {
			t.Errorf("%s: content in spite of the error", name)
		}
	}
}

func TestErrorsRepeatLittleOfTheInput(t *testing.T) {
	long := strings.Repeat("secret€", 1000)
	var d Decoder
	for _, text := range []string{
		long, "1:" + long, "1:RequestVotes:" + long, "1:RequestVotes:Request:" + long,
		"1:AppendEntries:Request:1:1:0:0:0:entries=" + long,
		"1:AppendEntries:Request:1:1:0:0:0:entries=1,%" + long, `{"a":"` + long, `{"jsonrpc":"2.0","from":"` + long +
			`"}`,
		`{"jsonrpc":"2.0","from":1,"method":"` + long + `"}`, `{"variant":"` + long + `","fields":[]}`,
		appendOf(`"` + long + `"`),
		`{"jsonrpc":"2.0","from":1,"error":{"code":"` + long + `"}}`,
		"1:AppendEntries:Request:1:1:0:0:0:entries=1@" + long, "1:InstallSnapshot:Request:1:1:4:1:" + long,
		"1:InstallSnapshot:Request:1:1:4:1:1:0:" + long,
		"1:InstallSnapshot:Request:1:1:4:1:1:0:true:data=%" + long, "1:RequestVotes:Request:1:1:0:0:preVote=" + long,
		appendOf(`[{"term":1,"configuration":{"voters":["` + long + `"]}}]`),
		appendOf(`[{"term":1,"configuration":{"voters":[1,1],"x":"` + long + `"}}]`),
	} {
		var f Frame
		err := d.Decode(Text, []byte(text), &f)
		if err == nil {
			t.Errorf("%.40s: no error", text)
			continue
		}
		if n := strings.Count(err.Error(), "secret"); n*len("secret€") > 80 || len(err.Error()) > 300 {
			t.Errorf("%.40s: the error repeats %d times: %s", text, n, err)
		}
	}
}

// TestUnknownExtensionsAreIgnored: what a later version adds must not stop this one.
func TestUnknownExtensionsAreIgnored(t *testing.T) {
	var d Decoder
	for _, text := range []string{
		"1>2:RequestVotes:Request:3:1:4:2:preview=true:call=17:match=x:next=x:data=,:entries=x:novalue:::é=ü",
		` {"zz":[{"a":[1,-2.5e+3,true,false,null,"\u00e9\n\""]}],"params":{"PreVote":true,"lastLogTerm":2,` +
			`"lastLogIndex":4,"candidateId":1,"te\u0072m":3},` +
			`"method":"RequestVote","to":2,"from":1,"id":"1>2:17","jsonrpc":"2.0"} `,
	} {
		var f Frame
		if err := d.Decode(Text, []byte(strings.TrimLeft(text, " ")), &f); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if want := (&raft.RequestVote{Call: 17, Term: 3, CandidateID: 1, LastLogIndex: 4, LastLogTerm: 2}); !sameRPC(
			f.RPC, want) {
			t.Errorf("%s: decoded as %+v", text, f.RPC)
		}
	}
}

func TestNumbersAreExact(t *testing.T) {
	const most = 1<<64 - 1
	want := &raft.RequestVote{Call: most, Term: most, CandidateID: most, LastLogIndex: most, LastLogTerm: most}
	var d Decoder
	for _, encoding := range Encodings() {
		sent := Frame{From: most, To: most, RPC: want}
		var f Frame
		if err := d.Decode(encoding.Kind(), Append(nil, &sent, encoding), &f); err != nil || !sameRPC(f.RPC, want) ||
			f.From != most || f.To != most {
			t.Errorf("%v: %v %+v %+v", encoding, err, f, f.RPC)
		}
	}
}

// TestEntryDataIsOwned: the raft log keeps entries, so neither the frame's bytes nor the next frame may show in them,
// and appending to one must not write into the next.
func TestEntryDataIsOwned(t *testing.T) {
	for _, encoding := range Encodings() {
		var d Decoder
		frame := Frame{From: 1, To: 2, RPC: &raft.AppendEntries{Entries: everyKind()}}
		text := Append(nil, &frame, encoding)
		var f Frame
		if err := d.Decode(encoding.Kind(), text, &f); err != nil {
			t.Fatal(err)
		}
		kept := append([]raft.Entry(nil), f.RPC.(*raft.AppendEntries).Entries...)
		for i := range text {
			text[i] = '#'
		}
		other := Frame{From: 1, To: 2,
			RPC: &raft.AppendEntries{Entries: []raft.Entry{{Data: bytes.Repeat([]byte("z"), 100)}}}}
		if err := d.Decode(encoding.Kind(), Append(nil, &other, encoding), &f); err != nil {
			t.Fatal(err)
		}
		for _, entry := range kept {
			_ = append(entry.Data, "overwritten"...)
		}
		if !reflect.DeepEqual(kept, everyKind()) {
			t.Errorf("%v: the entries became %+v", encoding, kept)
		}
	}
}

// What the dialect of 2015 has no word for goes as JSON-RPC: the first three differ from frames of that
// dialect by one field that its program would not see.
func TestVariantLeavesToJSONWhatItHasNoWordFor(t *testing.T) {
	for _, rpc := range []raft.RPC{
		&raft.RequestVote{Call: 17, Term: 3, CandidateID: 1, PreVote: true},
		&raft.RequestVote{Call: 17, Term: 3, CandidateID: 1, Transfer: true},
		&raft.AppendEntries{Call: 17, Term: 3, LeaderID: 1, Entries: append(everyKind(), configurations()...)},
		snapshot([]byte("x=1")), &raft.InstallSnapshotReply{Call: 17, Term: 3, NextOffset: 9},
		&raft.TimeoutNow{Call: 17, Term: 3, LeaderID: 1}, &raft.TimeoutNowReply{Call: 17, Term: 3},
	} {
		frame := Frame{From: 1, To: 2, RPC: rpc, Reply: isReply(rpc)}
		text := Append(nil, &frame, Variant)
		if want := Append(nil, &frame, JSON); !bytes.Equal(text, want) {
			t.Errorf("written as\n%s\nexpected\n%s", text, want)
		}
		var d Decoder
		var f Frame
		if err := d.Decode(Text, text, &f); err != nil {
			t.Error(err)
			continue
		}
		frame.Encoding = JSON
		checkSame(t, &f, &frame)
	}
	for _, rpc := range []raft.RPC{&raft.RequestVote{}, &raft.RequestVoteReply{},
		&raft.AppendEntries{Entries: everyKind()}, &raft.AppendEntriesReply{}} {
		if text := Append(nil, &Frame{From: 1, To: 2, RPC: rpc}, Variant); !bytes.HasPrefix(text,
			[]byte(`{"variant":`)) {
			t.Errorf("%s is not of the dialect", text)
		}
	}
}

// A configuration may be written in any order and without its empty lists; it is held in raft's canonical text.
func TestConfigurationsBecomeCanonical(t *testing.T) {
	cases := []struct{ text, want string }{
		{"1:AppendEntries:Request:1:1:0:0:0:entries=7@3,1,2>5,4+9,8", "1,2,3>4,5+8,9"},
		{appendOf(`[{"configuration":{"learners":[9,8],"x":0,"outgoing":[ 3 , 1,2],"voters":[5,4]},"term":7}]`),
			"1,2,3>4,5+8,9"},
		{appendOf(`[{"term":7,"noop":false,"configuration":{"voters":[10,2]}}]`), "2,10"},
	}
	var d Decoder
	for _, c := range cases {
		var f Frame
		if err := d.Decode(Text, []byte(c.text), &f); err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		entries := f.RPC.(*raft.AppendEntries).Entries
		if want := []raft.Entry{{Term: 7, Kind: raft.Config, Data: []byte(c.want)}}; !reflect.DeepEqual(entries, want) {
			t.Errorf("%s: %+v, expected %s", c.text, entries, c.want)
		}
	}
}

func TestAConfigEntryWithoutConfigurationIsABrokenLog(t *testing.T) {
	for _, encoding := range Encodings() {
		func() {
			defer func() {
				if text, _ := recover().(string); !strings.Contains(text, "a server's number") {
					t.Errorf("%v: panic %q", encoding, text)
				}
			}()
			Append(nil, &Frame{From: 1, RPC: &raft.AppendEntries{Entries: []raft.Entry{{Kind: raft.Config,
				Data: []byte("x")}}}}, encoding)
		}()
	}
}

// TestTheLargestMessagesFit is the arithmetic at the limits, with all numbers as long as they can be.
func TestTheLargestMessagesFit(t *testing.T) {
	const most = 1<<64 - 1
	const callBytes, callEntries = 256 << 10, 64 // raft.Options: what MaxBytes and MaxEntries are by default
	servers := []raft.ServerID{most - 8, most - 7, most - 6, most - 5, most - 4, most - 3, most - 2, most - 1, most}
	configuration := raft.Configuration{Voters: servers, Outgoing: servers}
	call := func(fill string, sizes ...int) raft.RPC {
		m := &raft.AppendEntries{Call: most, Term: most, LeaderID: most, PrevLogIndex: most, PrevLogTerm: most,
			LeaderCommit: most}
		for _, size := range sizes {
			m.Entries = append(m.Entries, raft.Entry{Term: most, Data: []byte(strings.Repeat(fill, size))})
		}
		return m
	}
	full := append(slices.Repeat([]int{callBytes / callEntries}, callEntries), MaxData)
	var d Decoder
	for _, fill := range []string{"\x00", "\xff", "%", "\"", "x"} {
		chunk := &raft.InstallSnapshot{Call: most, Term: most, LeaderID: most, LastIncludedIndex: most,
			LastIncludedTerm: most, Offset: most,
			Configuration: configuration, Data: []byte(strings.Repeat(fill, MaxChunk)), Done: true}
		for _, encoding := range Encodings() {
			messages := []raft.RPC{chunk, call(fill, MaxData)}
			if encoding == Colon || fill != "\x00" { // see MaxFrame for why
				messages = append(messages, call(fill, full...))
			}
			for _, rpc := range messages {
				text := Append(nil, &Frame{From: most, To: most, RPC: rpc}, encoding)
				var f Frame
				if err := d.Decode(encoding.Kind(), text, &f); err != nil || !sameRPC(f.RPC, rpc) {
					t.Errorf("%v, %T of %q: %d bytes: %v", encoding, rpc, fill, len(text), err)
				}
			}
		}
	}
}

// TestChunksAreOwned: what is installed later must not change with the next frame.
func TestChunksAreOwned(t *testing.T) {
	for _, encoding := range []Encoding{Colon, JSON, Protobuf} {
		var d Decoder
		var f Frame
		text := Append(nil, &Frame{From: 1, To: 2, RPC: snapshot([]byte("x=1"))}, encoding)
		if err := d.Decode(encoding.Kind(), text, &f); err != nil {
			t.Fatal(err)
		}
		kept := *f.RPC.(*raft.InstallSnapshot)
		clear(text)
		other := snapshot([]byte("zzzzzzzzz"))
		other.Configuration = raft.Configuration{Voters: []raft.ServerID{7, 8, 9}, Outgoing: []raft.ServerID{5, 6},
			Learners: []raft.ServerID{4}}
		if err := d.Decode(encoding.Kind(), Append(nil, &Frame{From: 1, To: 2, RPC: other}, encoding), &f); err != nil {
			t.Fatal(err)
		}
		if want := snapshot([]byte("x=1")); !sameRPC(&kept, want) {
			t.Errorf("%v: it became %+v", encoding, kept)
		}
	}
}

func TestErrorsAnswerCallsOnly(t *testing.T) {
	cases := []struct{ bad, answer string }{
		{"1>2:RequestVotes:Request:x:1:0:0",
			`{"jsonrpc":"2.0","id":null,"from":2,"to":1,"error":{"code":-32602,` +
				`"message":"term: expected a whole number from 0 to 18446744073709551615, came \"x\"",` +
				`"data":{"field":"term"}}}`},
		{"1>2:RequestVotes:Reply:x:true", ""},
		{"x", ""},
		{`{"jsonrpc":"2.0","id":"1001>2:9","from":1001,"to":2,"method":"Put","params":{"key":"x"}}`,
			`{"jsonrpc":"2.0","id":"1001>2:9","from":2,"to":1001,"error":{"code":-32602,` +
				`"message":"value: expected text or {\"base64\":\"…\"}, came nothing","data":{"field":"value"}}}`},
		{`{"jsonrpc":"2.0","id":[],"from":1001,"to":2,"method":"Put"}`,
			`{"jsonrpc":"2.0","id":null,"from":2,"to":1001,"error":{"code":-32600,"message":"id: expected text, ` +
				`a number or null, came \"[]\"","data":{"field":"id"}}}`},
		{`{"jsonrpc":"2.0","id":3.5,"from":1001,"to":2,"method":"Sing"}`,
			`{"jsonrpc":"2.0","id":3.5,"from":2,"to":1001,"error":{"code":-32601,` +
				`"message":"method: expected RequestVote, AppendEntries, InstallSnapshot, TimeoutNow, Put, Get, ` +
				`Delete, CompareAndSwap, IndexRange or AppendRequest, came \"\\\"Sing\\\"\"",` +
				`"data":{"field":"method"}}}`},
		{`{"jsonrpc":"2.0","id":3,"from":1,"to":2,"result":{"rpc":"Sing"}}`, ""},
		{`{"jsonrpc":"2.0","id":3,"from":1,"to":2,"error":7}`, ""},
		{`{"variant":"Accepted","fields":[{}],"from":1,"to":2}`, ""},
	}
	var d Decoder
	for _, c := range cases {
		var f Frame
		err := d.Decode(Text, []byte(c.bad), &f)
		e, ok := err.(*Error)
		if !ok {
			t.Errorf("%s: no error", c.bad)
			continue
		}
		if got := string(AppendError(nil, 2, &f, e)); got != c.answer {
			t.Errorf("%s\nanswered\n%s\nexpected\n%s", c.bad, got, c.answer)
		}
	}
}

// Error data without a meaning for its code belongs to other programs.
func TestForeignErrorDataIsIgnored(t *testing.T) {
	var d Decoder
	var f Frame
	for _, data := range []string{`{"leader":"x","index":-1,"term":{}}`, `"text"`, `null`, `7`} {
		text := `{"jsonrpc":"2.0","id":null,"from":2,"to":1,"error":{"code":-32603,"message":"m","data":` + data + `}}`
		if err := d.Decode(Text, []byte(text), &f); err != nil || *f.Refusal != (Error{Code: -32603, Message: "m"}) {
			t.Errorf("%s: %v %+v", text, err, f.Refusal)
		}
	}
}

func TestUnknownNames(t *testing.T) {
	if Method(0).String() != "unknown" || methods.String() != "unknown" || Encoding(9).String() != "unknown" {
		t.Error("a name for what there is not")
	}
	for e, want := range map[Encoding]string{Colon: "colon", JSON: "json", Variant: "variant", Protobuf: "protobuf"} {
		if e.String() != want {
			t.Errorf("%d is called %s", e, e)
		}
	}
	for f := unknownField + 1; f < fields; f++ {
		if fieldOf(fieldNames[f]) != f {
			t.Errorf("field %d, %q, is not found by its name", f, fieldNames[f])
		}
	}
	if fieldOf("Term") != unknownField || fieldOf("") != unknownField ||
		fieldOf(strings.Repeat("x", 99)) != unknownField {
		t.Error("a field for what is none")
	}
}

// The sender of a call that cannot be read is told which one, if its number can be read.
func TestACallThatCannotBeReadIsNamedInItsError(t *testing.T) {
	for text, id := range map[string]string{
		"1>2:RequestVotes:Request:three:1:0:0:call=17": `"1>2:17"`,
		"1>2:RequestVote:Request:3:1:0:0:call=18":      `"1>2:18"`,
		"1>2:AppendEntries:Request:3:1:0:0:call=19":    `"1>2:19"`,
		"1>2:AppendEntries:Request:3:1:0:0:0:call=x":   "null",
		"1>2:RequestVotes:Request:three:1:0:0":         "null",
	} {
		var d Decoder
		var f Frame
		var reason *Error
		if err := d.Decode(Text, []byte(text), &f); !errors.As(err, &reason) {
			t.Fatalf("%s: %v", text, err)
		}
		if got := string(AppendError(nil, 2, &f, reason)); !strings.HasPrefix(got,
			`{"jsonrpc":"2.0","id":`+id+`,"from":2,"to":1,"error":{"code":`) {
			t.Errorf("%s is answered by %s", text, got)
		}
	}
}
