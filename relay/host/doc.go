// Package host is the loop around a hub: it keeps a room's time, passes on its inputs, carries out its
// outputs, stores a record before any member is told of a lease in it, and says when the room may be put
// away. It has no goroutine, clock, socket or disk; a Platform and its Conns are these. A process with
// sockets is a host in a page or two: the relay is one (relay/room.go), a SharedWorker or a Durable Object
// can be others. The example is a complete host.
//
//	room := host.New(platform, h, record != nil, 10*time.Minute)
//	for {
//		// one event: a connection came or went, a message or a pong was read, a store ended, or the time was up
//		room.Receive(conn, data, binary)
//		wake, away := room.Turn()
//		if away && nobodyIsJustComing() {
//			return
//		}
//		// wait for the next event, at most until wake
//	}
//
// Events that wait already may be given to the room together before Turn, and their outputs are sent
// together.
//
// # What is promised, and what the platform owes
//
//   - One store runs at a time. While one runs, only the newest of later records waits. One that fails is tried again
//     after 250 ms, then after twice as long, up to 10 s, until it succeeds.
//   - The room's people are told why the record cannot be stored, also if the disk takes longer than a second.
//   - A message that leaves only after a record (hub.Delivery.After) is given to the Conn at once, with the number of
//     the record that is stored. The Conn holds it back, and what follows it, until Stored has reached its number.
//   - A room that is in use stores its record every hour, so that the age of a record counts from its last use.
//   - A room may be put away when nobody has been in it for a time, its last state is stored, and nothing is under way
//     to the disk. One without a record may be put away at once. Put away too late, it costs memory; put away too
//     early, its last store could undo that of the next room of this code.
//
// A Room is not safe for concurrent use.
package host
