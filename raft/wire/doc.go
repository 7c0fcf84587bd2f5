// Package wire is what travels between servers, and between a client and a server: frames. A frame is one half of a remote procedure call, with the
// address of who sent it and whom it is for, so that it can be forwarded by who does not know Raft. One text message of a WebSocket is one frame.
//
// The same frame has three encodings. A receiver tells them apart by how they begin and answers in kind, so that one cluster may mix them:
//
//	1>2:RequestVotes:Request:3:1:4:2:call=17                                      Colon, begins with a digit
//	{"jsonrpc":"2.0","id":"1>2:17","from":1,"to":2,"method":"RequestVote",
//	 "params":{"term":3,"candidateId":1,"lastLogIndex":4,"lastLogTerm":2}}         JSON, has "jsonrpc"
//	{"variant":"RequestVote","fields":[{"term":3,"candidate_id":1,
//	 "last_log_index":4,"last_log_term":2,"uuid":"…"}],"from":1,"to":2}            Variant, has "variant" and no "jsonrpc"
//
// Numbers are unsigned 64-bit, in decimal, exact: no sign, fraction, exponent, leading zero or quotes (Variant alone takes quotes). Decode is strict
// in what it knows and passes over what it does not: a known field that is missing, null, of the wrong type, out of range or given twice is an *Error
// with the field, what was expected and what came; unknown fields and extensions are ignored. Append is canonical: one frame, one text, in the order
// shown here, without spaces.
//
// # Colon
//
// One line that a person can read and type. It is the dialect of the raft.rs of 2016, and more. That program's frames are valid here. It reads those of
// ours that are for everyone, since it ignores what follows the last field that it knows; ">to" it does not know.
//
//	frame     = address ":" message *( ":" extension )
//	address   = from [ ">" to ]                                     numbers, 1 and up; without to: for everyone
//	message   = "RequestVotes:Request:"  term ":" candidateId ":" lastLogIndex ":" lastLogTerm
//	          | "RequestVotes:Reply:"    term ":" ( "true" | "false" )
//	          | "AppendEntries:Request:" term ":" leaderId ":" prevLogIndex ":" prevLogTerm ":" leaderCommit
//	          | "AppendEntries:Reply:"   term ":" ( "true" | "false" )
//	extension = "call=" number                                      all
//	          | "match=" number                                     AppendEntries reply: matchIndex
//	          | "conflictTerm=" number                              AppendEntries reply
//	          | "conflictIndex=" number                             AppendEntries reply
//	          | "entries=" entry *( ";" entry )                     AppendEntries request
//	          | anything else                                       ignored
//	entry     = term [ "," command ]                                without the comma: a no-op; with nothing behind it: an empty command
//
// An extension that is absent means zero and none is written that is. They are written in the order of the grammar and read in any. In a command the
// bytes %, :, comma, ;, control characters and whatever is not UTF-8 are written as % and two hexadecimal digits; everything else, = too, stands for
// itself. There is no form for requests of clients, nor for errors.
//
//	1>2:AppendEntries:Request:3:1:4:2:4:call=18:entries=3,set x=1;3,set y=2
//	2>1:AppendEntries:Reply:3:true:call=18:match=6
//	2>1:AppendEntries:Reply:3:false:call=18:conflictTerm=2:conflictIndex=3
//
// # JSON
//
// JSON-RPC 2.0, one object a frame, no batches. "from" is required; without "to" the frame is for everyone. Ids are "from>to:call", the same in the
// reply as in the call; a call without number has no id, its reply the id null. Any other id of a client or of another kind of server is kept in
// Frame.ID and goes back as it came.
//
//	method         params                                                              result
//	RequestVote    term, candidateId, lastLogIndex, lastLogTerm                         rpc, term, voteGranted
//	AppendEntries  term, leaderId, prevLogIndex, prevLogTerm, leaderCommit, entries     rpc, term, success, [matchIndex, conflictTerm, conflictIndex]
//	Put            key, value                                                           rpc, index, term
//	Get            key                                                                  rpc, index, term, found, value (if found)
//	Delete         key                                                                  rpc, index, term, found
//	IndexRange     startIndex, endIndex                                                 rpc, startIndex, commitIndex, entries
//	AppendRequest  prevLogIndex, prevLogTerm, entries (commands only)                   rpc, index, term
//
// In brackets: left out when zero. An entry is {"term":3,"command":"set x=1"}, a no-op {"term":3,"noop":true}. Keys, values and commands are text, or
// {"base64":"…"} where they are not UTF-8. An error is {"code":…,"message":"…","data":{…}}; the codes and what their data holds stand with the Code
// constants. An error never answers a reply.
//
//	{"jsonrpc":"2.0","id":7,"from":1001,"to":2,"method":"Put","params":{"key":"x","value":"1"}}
//	{"jsonrpc":"2.0","id":7,"from":2,"to":1001,"error":{"code":-32010,"message":"S1 leads term 3","data":{"leader":1}}}
//	{"jsonrpc":"2.0","id":8,"from":1,"to":1001,"result":{"rpc":"Put","index":48,"term":3}}
//
// # Variant
//
// The JSON of a Raft of February 2015, so that such a server can take part. Our address stands behind what it knows; without it the sender is the
// candidate or leader that the call names, and a reply comes from nobody known. Accepted and Rejected answer both calls; the uuid, which a reply
// repeats, tells which. In uuids of our own are the kind and the number of the call. An entry is [term,"command"]; a no-op is [term,""], an empty
// command [term,{"base64":""}].
//
//	{"variant":"AppendEntries","fields":[{"term":3,"leader_id":1,"prev_log_index":4,"prev_log_term":2,"entries":[[3,"set x=1"]],"leader_commit":4,"uuid":"…"}],"from":1,"to":2}
//	{"variant":"Accepted","fields":[{"uuid":"…","term":3,"match_index":5,"next_index":6}],"from":2,"to":1}
//	{"variant":"Rejected","fields":[{"uuid":"…","term":3,"current_leader":null,"match_index":0,"next_index":3,"conflict_term":2}],"from":2,"to":1}
//
// The form before it had no uuid. Of that, RequestVote and its answers in bare numbers, Accepted [term] and Rejected [term, leader], are understood
// and answered in kind; AppendEntries is not, since its prev_log_term is text, nor are the calls of clients.
package wire
