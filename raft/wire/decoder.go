package wire

import (
	"bytes"
	"math"

	jsoniter "github.com/json-iterator/go"

	"raftplayground/raft"
)

// Decoder reads frames. It holds the messages that it hands out, so that reading a heartbeat or a reply allocates
// nothing; reading entries or a snapshot allocates their data, once a frame, and reading a configuration its lists. The
// zero value is ready. A Decoder is for one goroutine.
type Decoder struct {
	requestVote          raft.RequestVote
	requestVoteReply     raft.RequestVoteReply
	appendEntries        raft.AppendEntries
	appendEntriesReply   raft.AppendEntriesReply
	installSnapshot      raft.InstallSnapshot
	installSnapshotReply raft.InstallSnapshotReply
	timeoutNow           raft.TimeoutNow
	timeoutNowReply      raft.TimeoutNowReply
	request              Request
	answer               Answer
	refusal              Error

	entries payloads
	iter    *jsoniter.Iterator
	scratch []byte
}

// Decode reads one frame, which came in a message of this kind, into f, which it overwrites. See Frame for
// what may be kept. A frame that cannot be understood gives an *Error; then f holds what could be read of
// the address, the encoding and the call, for AppendError.
func (d *Decoder) Decode(kind Kind, data []byte, f *Frame) error {
	*f = Frame{}
	if e := d.decode(kind, data, f); e != nil {
		f.RPC, f.Request, f.Answer, f.Refusal = nil, nil, nil, nil
		return e
	}
	return nil
}

func (d *Decoder) decode(kind Kind, data []byte, f *Frame) *Error {
	if len(data) > MaxFrame {
		return tooMuch(CodeNotACall, "frame", MaxFrame, "bytes", len(data))
	}
	d.entries.reset()
	encoding, known := Recognise(kind, data)
	switch {
	case known:
		f.Encoding = encoding
		return codecs[encoding].decode(d, data, f)
	case kind == Text && len(data) > 0 && data[0] == '[':
		return expected(CodeNotACall, "frame", "one call or reply, not a batch", data)
	case kind == Text:
		const what = "a frame that begins with its sender's number (colon) or with { (JSON)"
		return expected(CodeNotAFrame, "from", what, data)
	}
	return expected(CodeNotAFrame, "frame", "a Protobuf message", data)
}

// vote hands out the Decoder's RequestVote as the content of f. The next seven do so with their messages.
func (d *Decoder) vote(f *Frame, m raft.RequestVote) {
	d.requestVote = m
	f.RPC, f.Call = &d.requestVote, m.Call
}

func (d *Decoder) voteReply(f *Frame, m raft.RequestVoteReply) {
	d.requestVoteReply = m
	f.RPC, f.Call, f.Reply = &d.requestVoteReply, m.Call, true
}

func (d *Decoder) append(f *Frame, m raft.AppendEntries) {
	d.appendEntries = m
	f.RPC, f.Call = &d.appendEntries, m.Call
}

func (d *Decoder) appendReply(f *Frame, m raft.AppendEntriesReply) {
	d.appendEntriesReply = m
	f.RPC, f.Call, f.Reply = &d.appendEntriesReply, m.Call, true
}

func (d *Decoder) snapshot(f *Frame, m raft.InstallSnapshot) {
	d.installSnapshot = m
	f.RPC, f.Call = &d.installSnapshot, m.Call
}

func (d *Decoder) snapshotReply(f *Frame, m raft.InstallSnapshotReply) {
	d.installSnapshotReply = m
	f.RPC, f.Call, f.Reply = &d.installSnapshotReply, m.Call, true
}

func (d *Decoder) timeout(f *Frame, m raft.TimeoutNow) {
	d.timeoutNow = m
	f.RPC, f.Call = &d.timeoutNow, m.Call
}

func (d *Decoder) timeoutReply(f *Frame, m raft.TimeoutNowReply) {
	d.timeoutNowReply = m
	f.RPC, f.Call, f.Reply = &d.timeoutNowReply, m.Call, true
}

// payloads gathers the entries of a frame, or the chunk of a snapshot. Their data is decoded into a buffer that is used
// again and again and at the end copied, all of it at once, into memory of its own, which the raft log may keep.
type payloads struct {
	list     []raft.Entry
	ends     []int // where in buf the data of each ends
	buf      []byte
	commands [][]byte
}

func (p *payloads) reset() {
	clear(p.list) // lets go of the data of the last frame
	clear(p.commands)
	p.list, p.ends, p.buf, p.commands = p.list[:0], p.ends[:0], p.buf[:0], p.commands[:0]
}

// add takes in an entry whose data, if any, has been appended to buf.
func (p *payloads) add(term raft.Term, kind raft.EntryKind) *Error {
	if len(p.list) == MaxEntries {
		return tooMuch(CodeBadField, "entries", MaxEntries, "entries", MaxEntries+1)
	}
	start := 0
	if n := len(p.ends); n > 0 {
		start = p.ends[n-1]
	}
	if size := len(p.buf) - start; size > MaxData {
		return tooMuch(CodeBadField, "entries", MaxData, "bytes in one entry", size)
	}
	p.list = append(p.list, raft.Entry{Term: term, Kind: kind})
	p.ends = append(p.ends, len(p.buf))
	return nil
}

// entries moves the data to its own memory and returns the entries, nil if there are none.
func (p *payloads) entries() []raft.Entry {
	if len(p.list) == 0 {
		return nil
	}
	owned := make([]byte, len(p.buf))
	copy(owned, p.buf)
	start := 0
	for i, end := range p.ends {
		if p.list[i].Kind != raft.NoOp {
			p.list[i].Data = owned[start:end:end]
		}
		start = end
	}
	return p.list
}

// chunk moves what has been appended to buf to its own memory and returns it, nil if it is nothing.
func (p *payloads) chunk() ([]byte, *Error) {
	if len(p.buf) == 0 {
		return nil, nil
	}
	if len(p.buf) > MaxChunk {
		return nil, tooMuch(CodeBadField, "data", MaxChunk, "bytes", len(p.buf))
	}
	return bytes.Clone(p.buf), nil
}

// bare returns the commands without their terms, nil if there are none.
func (p *payloads) bare() [][]byte {
	for _, entry := range p.entries() {
		p.commands = append(p.commands, entry.Data)
	}
	if len(p.commands) == 0 {
		return nil
	}
	return p.commands
}

// parseNumber reads an unsigned 64-bit number in decimal, without sign, leading zero, fraction or exponent.
func parseNumber(text []byte) (n uint64, ok bool) {
	if len(text) == 0 || len(text) > 1 && text[0] == '0' {
		return 0, false
	}
	for _, c := range text {
		if !isDigit(c) {
			return 0, false
		}
		digit := uint64(c - '0')
		if n > (math.MaxUint64-digit)/10 {
			return 0, false
		}
		n = n*10 + digit
	}
	return n, true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// number says in an error what a bad number should have been.
const number = "a whole number from 0 to 18446744073709551615"
