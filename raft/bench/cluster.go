package main

// cluster is three servers in one goroutine, of either core. The first one leads.
type cluster interface {
	propose(commands [][]byte) // to the leader, in one call; nothing runs yet
	drain()                    // runs until nothing is left to do
	read(kind read)            // asks the leader for one; nothing runs yet
	served() uint64            // how many reads the leader could have answered by now
	tick()                     // one tick of time for every server, then drain
	cut(cut bool)              // cuts the third server off, or joins it again
	applied() uint64           // how many commands every server that is not cut off has applied
	behind() bool              // whether the third server has applied less than the first
	messages() uint64          // delivered so far
}

const size = 3

// read says what makes a read linearizable, if anything does.
type read uint8

const (
	throughLog read = iota // it is an entry of the log, and served when that is applied
	readIndex              // a majority confirms that the leader leads (thesis 6.4)
	lease                  // a majority confirmed it a short while ago (thesis 6.4.1)
	local                  // nothing: the server says what it has applied
)

const (
	compactAt   = 16384 // a log that holds this many entries which every server has applied is compacted,
	compactKeep = 2048  // down to this many
)
