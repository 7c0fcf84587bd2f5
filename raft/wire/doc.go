// Package wire defines frames, which travel between servers, and between a client and a server. A frame is
// one half of a remote procedure call, with the addresses of its sender and its receiver, so that programs
// that do not know Raft can forward it. One message of a WebSocket is one frame: its bytes, and whether they
// are text or binary (Kind).
//
// The same frame has four encodings. A receiver tells them apart by the kind of message and by how they
// begin, and answers in kind, so that one cluster may mix them. One table (codecs) holds all other
// differences.
//
//	1>2:RequestVotes:Request:3:1:4:2:call=17                                Colon, begins with a digit
//	{"jsonrpc":"2.0","id":"1>2:17","from":1,"to":2,"method":"RequestVote",
//	 "params":{"term":3,"candidateId":1,"lastLogIndex":4,"lastLogTerm":2}}  JSON, has "jsonrpc"
//	{"variant":"RequestVote","fields":[{"term":3,"candidate_id":1,
//	 "last_log_index":4,"last_log_term":2,"uuid":"…"}],"from":1,"to":2}     Variant, has "variant" and no "jsonrpc"
//	08 01 10 02 18 11 22 08 08 03 10 01 18 04 20 02                         Protobuf, is a binary message
//
// Numbers are unsigned 64-bit, in decimal, exact: no sign, fraction, exponent, leading zero or quotes (Variant alone
// takes quotes). Decode is strict in what it knows and passes over what it does not: a known field that is missing,
// null, of the wrong type, out of range or given twice is an *Error with the field, what was expected and what came;
// unknown fields and extensions are ignored. Append is canonical: one frame, one text, in the order shown here, without
// spaces. Protobuf alone does not tell what is missing from what is zero.
//
// # Colon
//
// One line that a person can read and type. It extends the dialect of the raft.rs of 2016. That program's
// frames are valid here. It reads those of our frames that are for everyone, since it ignores what follows
// the last field that it knows; it does not know ">to". It takes a pre-vote for a vote: that is safe, since
// the vote goes to the same candidate in the same term, but it raises its term where it is only asked.
//
//	frame     = address ":" message *( ":" extension )
//	address   = from [ ">" to ]                                     numbers, 1 and up; without to: for everyone
//	message   = "RequestVotes:Request:"    term ":" candidateId ":" lastLogIndex ":" lastLogTerm
//	          | "RequestVotes:Reply:"      term ":" truth           voteGranted
//	          | "AppendEntries:Request:"   term ":" leaderId ":" prevLogIndex ":" prevLogTerm ":" leaderCommit
//	          | "AppendEntries:Reply:"     term ":" truth           success
//	          | "InstallSnapshot:Request:" term ":" leaderId ":" lastIncludedIndex ":" lastIncludedTerm
//	                                       ":" configuration ":" offset ":" truth           done
//	          | "InstallSnapshot:Reply:"   term
//	          | "TimeoutNow:Request:"      term ":" leaderId
//	          | "TimeoutNow:Reply:"        term
//	truth     = "true" | "false"
//	extension = "call=" number                                  all
//	          | "preVote=" truth                                RequestVotes request and reply
//	          | "transfer=" truth                               RequestVotes request
//	          | "why=" truth                                    RequestVotes request: say why, if you refuse
//	          | "reason=" number                                RequestVotes reply: why (raft.RequestVoteReply)
//	          | "next=" number                                  InstallSnapshot reply: nextOffset
//	          | "match=" number                                 AppendEntries and InstallSnapshot reply: matchIndex
//	          | "conflictTerm=" number                          AppendEntries reply
//	          | "conflictIndex=" number                         AppendEntries reply
//	          | "entries=" entry *( ";" entry )                 AppendEntries request
//	          | "data=" bytes                                   InstallSnapshot request
//	          | anything else                                   ignored
//	entry     = term                                            a no-op
//	          | term "," bytes                                  a command, maybe an empty one
//	          | term "@" configuration                          a configuration
//	configuration = [ outgoing ">" ] voters [ "+" learners ]    each list: server *( "," server ), without repeats
//
// An extension that is absent means zero, false or nothing, and none is written that is. They are written in the order
// of the grammar and read in any. Of bytes, %, :, comma, ;, control characters and whatever is not UTF-8 are written as
// % and two hexadecimal digits; everything else, = too, stands for itself. A configuration of 1 to 9 servers is read in
// any order and written in ascending order, "1,2,3>3,4,5+6" for a change from 1, 2 and 3 to 3, 4 and 5, with 6 as
// learner. There is no form for requests of clients, nor for errors.
//
//	1>2:AppendEntries:Request:3:1:4:2:4:call=18:entries=3,set x=1;3,set y=2
//	2>1:AppendEntries:Reply:3:true:call=18:match=6
//	2>1:AppendEntries:Reply:3:false:call=18:conflictTerm=2:conflictIndex=3
//	1>2:AppendEntries:Request:3:1:6:3:5:call=19:entries=3@1,2,3>1,2,4
//	1>2:RequestVotes:Request:4:1:6:3:call=20:preVote=true
//	1>2:RequestVotes:Request:4:1:6:3:call=22:why=true
//	2>1:RequestVotes:Reply:4:false:call=22:reason=11
//	1>2:InstallSnapshot:Request:3:1:40:2:1,2,3:512:true:call=21:data=x=1
//	2>1:InstallSnapshot:Reply:3:call=21:next=515:match=40
//
// # JSON
//
// JSON-RPC 2.0, one object a frame, no batches. "from" is required; without "to" the frame is for everyone. Ids are
// "from>to:call", the same in the reply as in the call; a call without number has no id, its reply the id null. Any
// other id of a client or of another kind of server is kept in Frame.ID and goes back as it came.
//
//	method           params                                               result
//	RequestVote      term, candidateId, lastLogIndex, lastLogTerm,        rpc, term, voteGranted, [preVote,
//	                 [preVote, transfer, why]                             reason]
//	AppendEntries    term, leaderId, prevLogIndex, prevLogTerm,           rpc, term, success, [matchIndex,
//	                 leaderCommit, entries                                conflictTerm, conflictIndex]
//	InstallSnapshot  term, leaderId, lastIncludedIndex,                   rpc, term, [nextOffset, matchIndex]
//	                 lastIncludedTerm, configuration, offset, data, done
//	TimeoutNow       term, leaderId                                       rpc, term
//	Put              key, value                                           rpc, index, term
//	CompareAndSwap   key, expected, value                                 rpc, index, term, found
//	Get              key, [read: "log", "readIndex", "lease" or "local"]  rpc, index, term, found, value (if found)
//	Delete           key                                                  rpc, index, term, found
//	IndexRange       startIndex, endIndex                                 rpc, startIndex, commitIndex, entries
//	AppendRequest    prevLogIndex, prevLogTerm, entries (commands only)   rpc, index, term
//
// In brackets: left out when zero or false. An entry is {"term":3,"command":"set x=1"}, a no-op {"term":3,"noop":true},
// a configuration {"term":3,"configuration":{"voters":[1,2,4],"outgoing":[1,2,3],"learners":[]}}; outgoing and learners
// may be left out when they are empty. Keys, values, commands and data are text, or {"base64":"…"} where they are not
// UTF-8. An error is {"code":…,"message":"…","data":{…}}; the codes and what their data holds stand with the Code
// constants. An error never answers a reply.
//
//	{"jsonrpc":"2.0","id":"1>2:21","from":1,"to":2,"method":"InstallSnapshot",
//	 "params":{"term":3,"leaderId":1,"lastIncludedIndex":40,"lastIncludedTerm":2,
//	 "configuration":{"voters":[1,2,3],"outgoing":[],"learners":[]},"offset":512,"data":"x=1","done":true}}
//	{"jsonrpc":"2.0","id":"1>2:21","from":2,"to":1,
//	 "result":{"rpc":"InstallSnapshot","term":3,"nextOffset":515,"matchIndex":40}}
//	{"jsonrpc":"2.0","id":7,"from":1001,"to":2,"method":"Put","params":{"key":"x","value":"1"}}
//	{"jsonrpc":"2.0","id":7,"from":2,"to":1001,
//	 "error":{"code":-32010,"message":"S1 leads term 3","data":{"leader":1}}}
//	{"jsonrpc":"2.0","id":8,"from":1,"to":1001,"result":{"rpc":"Put","index":48,"term":3}}
//
// # Variant
//
// The JSON of a Raft of February 2015, so that such a server can take part. Our address follows the fields
// that it knows; without an address the sender is the candidate or leader that the call names, and that of a
// reply is unknown. Accepted and Rejected answer both calls; the uuid, which a reply repeats, tells which.
// Our own uuids hold the kind and the number of the call. An entry is [term,"command"]; a no-op is
// [term,""], an empty command [term,{"base64":""}].
//
// It has no word for why a vote is refused, which is left out, nor for pre-votes and transfers, configurations,
// snapshots and TimeoutNow. Append writes such a call, and the replies to the last two, as JSON instead: a server of
// that kind says that it does not know them, or nothing, while half of such a call, a RequestVote without its preVote,
// would mislead it. So it cannot take part in what needs them.
//
//	{"variant":"AppendEntries","fields":[{"term":3,"leader_id":1,"prev_log_index":4,"prev_log_term":2,
//	 "entries":[[3,"set x=1"]],"leader_commit":4,"uuid":"…"}],"from":1,"to":2}
//	{"variant":"Accepted","fields":[{"uuid":"…","term":3,"match_index":5,"next_index":6}],"from":2,"to":1}
//	{"variant":"Rejected","fields":[{"uuid":"…","term":3,"current_leader":null,
//	 "match_index":0,"next_index":3,"conflict_term":2}],"from":2,"to":1}
//
// The form before it had no uuid. Of that, RequestVote and its answers in bare numbers, Accepted [term] and Rejected
// [term, leader], are understood and answered in kind; AppendEntries is not, since its prev_log_term is text, nor are
// the calls of clients.
//
// # Protobuf
//
// A Frame of frame.proto, one message for each call and each reply, for a leader under load: the heartbeat
// of a log of 4812 entries has 21 bytes, where colon has 51 and JSON 176. It is read and written with the
// official package for the format's lowest layer, without reflection; the tests compare it with the official
// decoder and encoder. Fields that are zero are left out. Fields may come in any order, lists packed or not,
// and fields that frame.proto does not have are ignored; but a field that comes twice is an error, where
// Protobuf lets the last one count: which to believe would be a guess. There is no form for requests of
// clients and errors, which are JSON.
package wire
