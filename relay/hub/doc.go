// Package hub is one room: its members, what each may say, and the network between them. It is a pure state
// machine without goroutines, clock or sockets; a host (the relay, or the simulator) feeds it inputs and
// carries out its outputs. It never interprets Raft: it decodes only a frame's address, and the call number
// of a colon line that it refuses.
//
// # Two doors
//
// The host's own process calls methods: Connect, Join, Seat, Change, Act, Describe, BeginAnew, GiveAway,
// with typed arguments and a *Refusal as the error. Members' messages enter through Receive, which takes
// what their sockets read: frames, and calls of JSON-RPC. The calls are an adapter over the same methods
// (rpc.go, params.go, report.go), as is notify.go; no rule of a room reads or writes JSON.
//
// # The protocol of a room
//
// PROTOCOL.md describes it: how a member joins, what the room tells it (room with the deeds, seen, report),
// how frames are routed, what a member may ask of the room (join, seat, seats, network, frame, act, state,
// report), and the errors with which the room refuses. rpc.go reads the calls, notify.go writes what the
// room tells. IDENTITY.md says what leases, claims and makings protect, limits.go what is bounded.
package hub
