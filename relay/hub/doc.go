// Package hub is one room: who is here, who may say what, and the network between them. It is a pure state machine
// without goroutines, clock or sockets; a host (the relay, or the simulator) feeds it and carries out what it puts out.
// It never reads Raft: of a frame it decodes the address and nothing else, and of a colon line that it refuses the
// number of its call.
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
// PROTOCOL.md has it: how a member joins, what the room tells it (room with the deeds, seen, report), how frames find
// their way, what a member may ask of the room (join, seat, seats, network, frame, act, state, report), and with which
// error it is refused. rpc.go reads the calls, notify.go writes what the room tells. IDENTITY.md says what leases,
// claims and makings protect, limits.go what is bounded.
package hub
