package wire

import "raftplayground/raft"

// Limits of what is taken in. They bound what one frame can make a server allocate.
//
// What the core sends by default fits. Colon writes a byte as at most 3, an entry's term and separators as at most 22:
// a call of 64 entries, 256 KiB of data and even one more entry as large as may be, is at most 3 × (256 + 65) KiB + 65
// × 22 bytes, 965 KiB. JSON writes a control character as 6, \u0000, anything else as at most 2: one entry is at most
// 390 KiB, a chunk of a snapshot 768 KiB. Only a call of many entries that are full of control characters can come out
// too large in JSON; its sender leaves the last of them for the next call.
const (
	MaxFrame   = 1 << 20        // bytes of a frame; the sender keeps below it, Decode refuses what is above it
	MaxData    = 64<<10 + 1<<10 // bytes of one entry's command, a value of 64 KiB with its key; of a key or of a value
	MaxChunk   = 128 << 10      // bytes of a snapshot in one InstallSnapshot
	MaxEntries = 4096           // entries in one frame
	MaxID      = 128            // bytes of a JSON-RPC id as written, quotes included
)

// FirstClient is the lowest address of a client. Addresses below it, from 1, are servers.
const FirstClient = 1001

// Frame is one message and its address. Exactly one of RPC, Request, Answer and Refusal is set.
//
// After Decode everything that a Frame points to is borrowed: from the Decoder (RPC, Request, Answer, Refusal, ID)
// until its next Decode. Not borrowed, to be kept for ever, are strings, configurations, the Data of entries and of an
// InstallSnapshot, and the commands of an AppendRequest. The data of one frame is one piece of memory that nobody
// writes to again.
type Frame struct {
	From     uint64 // who sent it: a server, or a client at FirstClient and up. 0: a Variant frame that does not say
	To       uint64 // whom it is for; 0: everyone
	Encoding Encoding

	RPC     raft.RPC // half of a call between servers
	Request *Request // a client asks a server
	Answer  *Answer  // a server did what a client asked
	Refusal *Error   // a server could not; the answer to any call or request (JSON only)

	// Reply says that the frame is the second half of a call. It is also set when Decode fails but could see as much.
	// Append goes by what the frame holds, and does not look at it.
	Reply bool

	// Call pairs the halves. Decode sets it, for an RPC to the same as the RPC's own Call, and also when it fails but
	// could see as much. Append looks at it only where there is no RPC. 0: the frame has no call number.
	Call uint64

	// ID is the call's name, as written, if its sender names calls in another way than this package does: a JSON
	// number, string or null, a uuid with its quotes. A reply must carry it again. Call then is a number made from
	// it. Empty otherwise.
	ID []byte

	// a rejecting Variant reply tells whom its sender takes for the leader; 0: nobody, and in every other frame
	Leader uint64
}

// Method names what a client asks of a server.
type Method uint8

const (
	Put            Method = iota + 1 // write Value under Key
	Get                              // read Key
	Delete                           // remove Key
	IndexRange                       // read the committed entries Start through End
	AppendRequest                    // append Commands after the entry PrevLogIndex of term PrevLogTerm
	CompareAndSwap                   // write Value under Key if Expected is there
	methods                          // how many there are, plus one
)

var methodNames = [methods]string{Put: "Put", Get: "Get", Delete: "Delete", IndexRange: "IndexRange",
	AppendRequest: "AppendRequest", CompareAndSwap: "CompareAndSwap"}

// String returns the method's name in a frame, such as "Put".
func (m Method) String() string {
	if m == 0 || m >= methods {
		return "unknown"
	}
	return methodNames[m]
}

// findsKey reports whether the answer says what was found under the key.
func (m Method) findsKey() bool { return m == Get || m == Delete || m == CompareAndSwap }

// Read says how a server makes sure of what it answers to a Get.
type Read uint8

const (
	ReadAsSet      Read = iota // as the server is set up
	ReadThroughLog             // as an entry of the log, answered when it is applied (§8)
	ReadIndex                  // after a round of heartbeats (thesis 6.4)
	ReadLease                  // without that round while the last one is recent (thesis 6.4.1)
	ReadLocal                  // not at all: whatever the server asked has applied, be it leader or not
	reads                      // how many there are
)

var readNames = [reads]string{ReadThroughLog: "log", ReadIndex: "readIndex", ReadLease: "lease", ReadLocal: "local"}

// ReadOf returns the Read of that name: "log", "readIndex", "lease" or "local", empty: ReadAsSet; false if
// there is none.
func ReadOf(name string) (Read, bool) {
	for r, known := range readNames {
		if known == name {
			return Read(r), true
		}
	}
	return ReadAsSet, false
}

// Request is what a client asks of a server. A field that Method has no use for is zero.
type Request struct {
	Method Method
	Key    string // Put, Get, Delete, CompareAndSwap: any bytes, at most MaxData
	Value  string // Put, CompareAndSwap: any bytes, at most MaxData

	Expected string // CompareAndSwap: what must be there; any bytes, at most MaxData
	Read     Read   // Get

	Start raft.Index // IndexRange: the first entry wanted, 1 and up
	End   raft.Index // IndexRange: the last, included; beyond the commitIndex means up to it

	PrevLogIndex raft.Index // AppendRequest: index of the entry that the new ones are to follow
	PrevLogTerm  raft.Term  // AppendRequest: its term
	Commands     [][]byte   // AppendRequest: at most MaxEntries of at most MaxData bytes
}

// Answer is what a server says when it has done what a client asked. A field that Method has no use for is zero.
type Answer struct {
	Method Method
	// where the command was committed, the last one of an AppendRequest; Get: where the value was read; IndexRange:
	// index of Entries[0]
	Index raft.Index
	Term  raft.Term // of that entry; IndexRange: 0
	// Get: the key exists; Delete: it did exist; CompareAndSwap: it had the value expected, and so Value was written
	Found bool
	Value string // Get: what was found

	Entries     []raft.Entry // IndexRange: committed entries Index, Index+1, …
	CommitIndex raft.Index   // IndexRange: the server's commitIndex, so that a client knows whether there is more
}
