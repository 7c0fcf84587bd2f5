package tab

import "raftplayground/raft/wire"

// Host is the platform that a Tab stands on. None of its methods calls the Tab back before it returns; what they start
// is reported later by the input named beside each. Bytes and text are borrowed: valid until the method returns.
type Host interface {
	// Connect opens a WebSocket in place of the one before, if any: Opened or Closed follows.
	Connect(url string)
	// Disconnect closes the socket. Nothing follows.
	Disconnect()
	// Send sends one message of this kind. It is dropped if the socket is not open or takes nothing: Raft
	// tolerates lost messages.
	Send(kind wire.Kind, data []byte)
	// Post gives the page a message: a contract.FromWorker as JSON.
	Post(json []byte)

	// Seek looks for the next seat of the room at this place, as the page calls it, whose disk and ticket
	// this browser has and that no other tab holds: Seat or NoSeat follows. With a hint, a seat's number,
	// the search restarts with that seat; after NoSeat it restarts, too. Until then a seat is offered once.
	Seek(place string, hint int)
	// Create makes a new disk for a seat under this claim, and keeps the ticket, which is text, beside it:
	// Seat and Taken follow.
	Create(server int, ticket string, claim uint64)
	// Take makes the disk of the seat this claim's and reads it: Taken follows. It fails if the disk has
	// been taken by a claim as high. From then on every write checks, in one step with writing, whether the
	// disk is still this claim's; if not, nothing is written, and Superseded follows.
	Take(claim uint64)
	// Confirm checks whether the disk is still this tab's: Confirmed or Superseded follows.
	Confirm()
	// Leave closes the disk and lets go of the seat. Writes under way are undone if that is still possible.
	Leave()
	// Append, Replace and Cut write to the disk as wal.Disk and wal.Cutter say. They return true if what they did is
	// durable now; otherwise Saved follows, in the order of the writes.
	Append(data []byte) bool
	Replace(data []byte) bool
	Cut(size int) bool
}
