// Package hub is one room: who is here, who may say what, and the network between them. It is a pure state machine
// without goroutines, clock or sockets; a host (the relay, or the simulator) feeds it and carries out what it puts out.
// It never reads Raft: of a frame it decodes the address and nothing else, and of a colon line that it refuses the
// number of its call. PROTOCOL.md, beside the relay, is for the author of a server in another language.
//
// # Two doors
//
// The host's own process comes in by methods: Connect, Join, Seat, Change, Act, Describe, BeginAnew, GiveAway, with
// typed arguments and a *Refusal as the error. Members come in by Receive, which takes the text of their sockets:
// frames, and calls of JSON-RPC. The calls are an adapter over the same methods (rpc.go, params.go, report.go), as
// notify.go is over what the room says of itself; no rule of a room reads or writes JSON.
//
// # The protocol of a room
//
// A member opens a WebSocket at /rooms/{code} and speaks JSON-RPC 2.0 in text messages, one object a
// message; frames (below) may be binary. Codes are 4 to 32 characters of a-z, 0-9 and "-". Its first
// message joins:
//
//	→ {"jsonrpc":"2.0","id":1,"method":"join","params":{"server":null,"lease":null,"watch":true,"name":"Ada"}}
//	← {"jsonrpc":"2.0","id":1,"result":{"room":"k7m2qx","client":1001,"clients":1001,"server":2,"lease":"…",
//	   "claim":1,"made":"…","anew":false,"fresh":true,"size":3,"rate":0.1,"now":0,"started":false,
//	   "servers":[…],"links":[…]}}
//
// server: null asks for any free seat, a number claims that seat and needs the lease that came with it, 0 asks for
// none. watch: true also brings the notifications seen and report. When no seat is free the result says "server":null
// and "lease":null: the member watches. "fresh" is true if nobody held the seat before. A seat stays leased when its
// member goes: a closed socket is a crash, not a leave. The host keeps the leases (Record) so that they outlive it. A
// claim with a wrong lease is error -32003; of a seat whose member is connected, -32004; the member may try again with
// another seat, or the same when the room says that it is free.
//
// With a seat the result has "claim", the number of this start of the server, "made", what this making of the
// room is called (a secret of its servers), and "anew": another disk held the seat before. The member keeps
// lease, made, size and claim beside its disk and shows them when it claims the seat again. "resume":true
// says that its server has run on since that claim; it keeps the claim then, and is refused with -32008 if
// the seat was claimed since: what the server remembers is void, and it must start again from its disk.
// Without resume the claim is a new one. See IDENTITY.md for what all this protects.
//
// A room that has no record and was not made here is "unknown":true in results and notifications: it gives no
// seat until members that show lease, made and size of a majority of its seats agree on what it was, or a
// person says that it is new ("new":true in a join, or seats). A member without a seat asks for one later by
// seat, which takes and returns what join does.
//
// "client" is an address of the member's own, ≥ 1001, for requests that it makes of servers; it ends with
// the connection, and is never given to another. "clients" is the first address of this life of the room:
// when it is another one than before, every client has another address. Optional join params: "size" (1 to
// 9) sets the number of seats if nobody has joined the room yet, "binary" (the member takes binary
// messages), "hidden" (bool), "name" and "disk" (text shown to others, at most 40 printable characters). A
// connection that has not joined within 60 s is closed. When the host was killed, "now" may be earlier than
// what the members last heard, and seq begins at 1 again: who joins anew forgets them.
//
// Notifications from the hub, all times in whole microseconds of cluster time, the room's own clock:
//
//	{"jsonrpc":"2.0","method":"room","params":{"room":"k7m2qx","size":3,"started":true,"rate":0.1,"now":1234567,
//	   "watchers":1,"servers":[{"server":1,"leased":true,"connected":true,"name":"Ada","hidden":false,
//	   "disk":"opfs","roundTrip":400},…],
//	   "links":[{"from":1,"to":2,"up":true,"latency":15000,"jitter":5000},…]}}
//	{"jsonrpc":"2.0","method":"seen","params":{"now":…,"frames":[
//	   {"seq":17,"from":1,"to":2,"sent":…,"due":…,"fate":"sent","bytes":61,
//	   "frame":"1>2:RequestVotes:Request:1:1:0:0"},
//	   {"seq":16,"fate":"down","at":…}]}}
//	{"jsonrpc":"2.0","method":"report","params":{"server":2,…}}
//	      what a server says of itself, passed on to watchers as it is
//
// For watchers room has "deeds", too: what was done since the room before, by whom, and when (PROTOCOL.md, 8).
//
// room comes after every change of it, at most once in 16 ms of real time, and every 2 s (roundTrip: real microseconds
// of the member's WebSocket ping, null if unknown; watchers: members without a server). A new watcher is first sent the
// last report of every server. seen is gathered for up to 16 ms of real time. A frame is listed once when it is sent,
// with a fate: "sent" (it arrives at due unless said otherwise later), "cut" (the link is down; due is when it would
// have come), "down" (nobody is connected under that address), "full" (the receiver's queue is full), "lost" (the
// network lost it), "held" (it stopped on its way and goes on when somebody says so). A later line with only seq, fate
// and at corrects a "sent" or "held": the link was cut or the receiver went while it was under way, somebody held it or
// "dropped" it, or, "sent" with "due" beside it, released it. A frame that the network or somebody made a second time
// is listed like any other, with "copyOf": the seq of the first; one that somebody edited is listed anew under its own
// seq. "frame" is the text as sent, the first 4096 bytes of it; of a frame that is binary "base64" has as many of its
// bytes. A watcher that is slow (256 KiB wait for it) is spared "frame"; one that lags (1 MiB) is spared whole lines,
// and reports but the last of each server. A batch has at most 4096 lines and 1 MiB of text. seen says how many lines
// were left out since it last said so: "dropped": n, absent if none.
//
// Frames (see package wire) are binary messages, and every other text message that starts with a digit or
// has "from" or "to". Of a binary one the hub reads fields 1 to 3 as those of raft/wire/frame.proto, and it
// walks over the others. A member that has not joined with "binary":true, nor sent such a message, is sent
// none: a frame for it, or for everybody when it is among them, is refused. room has "binary":true at the
// servers that take them. The hub reads the addresses, checks that from is the sender's own server or
// client address, stamps the frame with a sequence number, and delivers the very same bytes to the receiver
// after the link's latency ± jitter of cluster time, in order per direction. Frames from or to a client
// address travel without delay and are never cut; they too are seen. Without ">to" (colon) or "to" (JSON) a
// frame goes to every other server. While the clock stands (rate 0, or not started) frames between servers
// are held. One direction of a link holds 4096 frames, the room 32 MiB; what comes on top is lost ("full").
// On a link with a bandwidth a frame sets out when those before it have left, each of which takes its bytes
// ÷ bandwidth, lost ones and copies too; one that would not have left after 2 s is lost ("full").
// A frame to a server that is not connected or to a client that has gone is lost ("down"), to an address
// that nobody ever had it is refused. The 2015 dialect, {"variant":…}, has no addresses: its frame is from
// the connection's server; a call goes to every other server, a reply to the server that made the call with
// the same uuid (the last 256 calls are remembered; without a uuid a reply cannot be delivered and is
// refused). Text that is not UTF-8 is refused, because a browser would fail its connection over it.
//
// Any member may change the room; the result is true, the change is announced by room:
//
//	{"id":2,"method":"network","params":{"rate":1}}
//	      0 to 1; 0 pauses; real time is 1
//	{"id":3,"method":"network","params":{"links":[{"from":1,"to":2,"up":false}]}}
//	      one direction; "latency" and "jitter" in µs may be given too
//	{"id":4,"method":"network","params":{"latency":15000,"jitter":5000}}
//	      every link
//	{"id":4,"method":"network","params":{"loss":0.1,"duplicate":0.1,"reorder":0.1}}
//	      probabilities, 0 to 1; of every link, or in "links" of one direction
//	{"id":4,"method":"network","params":{"bandwidth":2000}}
//	      bytes a second of cluster time, up to 1000000000; 0 sets no limit
//	{"id":4,"method":"network","params":{"links":[{"from":1,"to":2,"hold":true}]}}
//	      frames stop on the way; false releases all of them
//	{"id":4,"method":"frame","params":{"seq":17,"do":"hold"}}
//	      one frame under way between servers: "hold", "release" (it starts anew), "drop",
//	      "deliver" (it arrives now, even while the clock stands) or "duplicate" (a copy sets out now)
//	{"id":4,"method":"frame","params":{"seq":17,"do":"edit","frame":"1>2:…"}}
//	      the same frame, with another text; "base64" in the place of "frame" makes it binary
//	{"id":4,"method":"frame","params":{"do":"inject","from":1,"to":2,"frame":"1>2:…"}}
//	      a frame as if 1 had sent it to 2
//	{"id":4,"method":"act","params":{"do":"cut","server":1,"to":2}}
//	      a deed of the lab that is the network's: cut, mend, hold, release, partition (with "servers"), network
//	      (with "link"), heal, and holdFrame … injectFrame (with "frame", "text"); any other is refused in a sentence
//	{"id":5,"method":"network","params":{"start":true}}
//	      start the clock now (see below)
//	{"id":6,"method":"seats","params":{"new":true}}
//	      the room is new, or begins anew: only while nobody has a seat
//	{"id":6,"method":"seats","params":{"give":[3]}}
//	      S3, which is not connected, will not come back
//	{"method":"state","params":{"hidden":true,"name":"Ada","disk":"memory"}}
//	      about the sender itself
//	{"method":"state","params":{"claim":7}}
//	      a server has started, and its disk knows its claim
//	{"method":"report","params":{…}}
//	      a server about itself, in µs; the hub sets "server", and refuses what it knows to be wrong
//
// A seat that was given away is free. All servers are closed with 1012 and start again; the new S3 is "anew" and
// waits until a leader takes it in, unless "give" came with "empty":true.
//
// The clock of a new room stands at 0 until every seat has been taken once, or a member asks to start it while a
// majority of the seats is connected: nobody campaigns against empty chairs. From then on "started" stays true and
// only rate rules.
//
// Errors answer the sender, {"jsonrpc":"2.0","id":…,"error":{"code":…,"message":"…","data":{"field":"to",…}}}: the
// standard codes -32700 (not JSON, not colon), -32600, -32601, -32602, and -32001 (from or the report is not
// yours), -32002 (no such address in this room), -32003, -32004 (above), -32005 (join first), -32006 (too large),
// -32007 (too fast), -32008 (claimed since). An id that cannot be read, is neither text nor a whole number, or
// belongs to a reply is null: an error must not pass for an answer to another's call. That of a colon call is its
// address and number, "1>2:17". A bad message never closes the connection; a message over the size limit (1 MiB;
// close code 1009) and a member that keeps flooding (5000 messages a second and 10000 ahead, 4096 bytes counting as
// one more; as far behind again and it is closed with 1008) do, with a WebSocket close code and a reason in words.
// What else is bounded: limits.go.
package hub
