package report

import (
	"raftplayground/raft"
	"raftplayground/raft/explain"
	"raftplayground/raft/kv"
	"raftplayground/raft/wire"
	"raftplayground/wasm/contract"
)

// How much of a frame the page shows.
const (
	ShownText    = 2000 // bytes of it
	shownEntries = 5
	shownLabel   = 24 // bytes
)

// Reader understands frames.
type Reader struct {
	Frame   wire.Frame // that was read last, until the next is
	decoder wire.Decoder
	buffer  []byte
}

// Read reads a frame of this kind, and returns whether it can be understood.
func (r *Reader) Read(kind wire.Kind, data []byte) bool {
	r.buffer = append(r.buffer[:0], data...)
	return r.decoder.Decode(kind, r.buffer, &r.Frame) == nil
}

// Flight describes a message of this many bytes, of which data are the first or all.
func (r *Reader) Flight(m contract.Message, kind wire.Kind, data []byte, bytes int) contract.Flight {
	m.Kind, m.Label = contract.Unknown, "not understood"
	v := contract.Flight{Message: m, Entries: []contract.U64{}, Bytes: bytes, Text: Shown(kind, data, ShownText)}
	if len(data) < bytes {
		describeCut(&v, kind, data)
	} else if r.Read(kind, data) {
		describe(&v, &r.Frame)
	}
	return v
}

// Message describes a message of which data is all.
func (r *Reader) Message(m contract.Message, kind wire.Kind, data []byte) contract.Message {
	v := contract.Flight{Message: m}
	v.Kind, v.Label = contract.Unknown, "not understood"
	if r.Read(kind, data) {
		describe(&v, &r.Frame)
	}
	return v.Message
}

// describe says in v what a frame is, in the words of a learner.
func describe(v *contract.Flight, f *wire.Frame) {
	switch {
	case f.RPC != nil:
		describeRPC(v, f.RPC)
	case f.Request != nil:
		v.Kind, v.Label = "request", Clip(requestLabel(f.Request), shownLabel)
	case f.Answer != nil:
		v.Kind, v.OK, v.Label = "answer", true, Clip(answerLabel(f.Answer), shownLabel)
	case f.Refusal != nil:
		v.Kind, v.Label = "answer", Clip(refusalLabel(f.Refusal), shownLabel)
	}
}

func describeRPC(v *contract.Flight, rpc raft.RPC) {
	switch m := rpc.(type) {
	case *raft.RequestVote:
		v.Kind, v.Term, v.Label = "RequestVote", contract.U64(m.Term), "vote?"
		if m.PreVote {
			v.Kind, v.Label = "PreVote", "would you?"
		}
	case *raft.RequestVoteReply:
		v.Kind, v.Term, v.OK, v.Label = "RequestVoteReply", contract.U64(m.Term), m.VoteGranted, yesOrNo(m.VoteGranted)
		if m.PreVote {
			v.Kind = "PreVoteReply"
		}
		if m.Reason > 0 {
			v.Label += ": " + explain.Reason(raft.Reason(min(m.Reason, uint64(raft.Reasons))))
		}
	case *raft.AppendEntries:
		v.Kind, v.Term = "AppendEntries", contract.U64(m.Term)
		v.EntryCount = len(m.Entries)
		for i := range m.Entries[:min(len(m.Entries), shownEntries)] {
			v.Entries = append(v.Entries, contract.U64(m.Entries[i].Term))
		}
		v.Label = entriesLabel(m.Entries)
	case *raft.AppendEntriesReply:
		v.Kind, v.Term, v.OK = "AppendEntriesReply", contract.U64(m.Term), m.Success
		v.Label = "no"
		if m.Success {
			v.Label = "stored to " + Decimal(m.MatchIndex)
		}
	case *raft.InstallSnapshot:
		v.Kind, v.Term, v.Label = "InstallSnapshot", contract.U64(m.Term), "≤ "+Decimal(m.LastIncludedIndex)
	case *raft.InstallSnapshotReply:
		v.Kind, v.Term, v.OK, v.Label = "InstallSnapshotReply", contract.U64(m.Term), m.MatchIndex > 0,
			Decimal(m.NextOffset)+" bytes"
		if v.OK {
			v.Label = "installed to " + Decimal(m.MatchIndex)
		}
	case *raft.TimeoutNow:
		v.Kind, v.Term, v.Label = "TimeoutNow", contract.U64(m.Term), "lead now"
	case *raft.TimeoutNowReply:
		v.Kind, v.Term, v.OK, v.Label = "TimeoutNowReply", contract.U64(m.Term), true, "yes"
	}
}

// entriesLabel names what AppendEntries carries: nothing for a heartbeat, which has no label.
func entriesLabel(entries []raft.Entry) string {
	switch {
	case len(entries) == 0:
		return ""
	case len(entries) > 1:
		return Decimal(len(entries)) + " entries"
	case entries[0].Kind == raft.NoOp:
		return "no-op"
	}
	return Clip(kv.Text(entries[0].Data), shownLabel)
}

func requestLabel(r *wire.Request) string {
	switch r.Method {
	case wire.Put:
		return r.Key + " = " + r.Value
	case wire.Get:
		return r.Key + "?"
	case wire.Delete:
		return "delete " + r.Key
	case wire.CompareAndSwap:
		return r.Key + ": " + r.Expected + " → " + r.Value
	case wire.IndexRange:
		return "entries " + Decimal(r.Start) + " to " + Decimal(r.End)
	}
	return r.Method.String()
}

func answerLabel(a *wire.Answer) string {
	switch {
	case a.Method == wire.Get && a.Found:
		return "is " + a.Value
	case a.Method == wire.Get:
		return "no such key"
	case a.Method == wire.CompareAndSwap && !a.Found:
		return "another value"
	case a.Method == wire.IndexRange:
		return Decimal(len(a.Entries)) + " entries"
	}
	return "done at " + Decimal(a.Index)
}

func refusalLabel(e *wire.Error) string {
	switch {
	case e.Code == wire.CodeNotLeader && e.Leader != 0:
		return "ask S" + Decimal(e.Leader)
	case e.Code == wire.CodeNotLeader, e.Code == wire.CodeNoQuorum:
		return "no leader"
	case e.Code == wire.CodeTimedOut:
		return "timed out"
	}
	return "no"
}

// describeCut describes a frame with long entries, of which the hub passed on only the beginning.
func describeCut(v *contract.Flight, kind wire.Kind, beginning []byte) {
	method, term := wire.Peek(kind, beginning)
	if method == "" {
		v.Label = "too long to show"
		return
	}
	v.Kind, v.Term, v.Label = contract.MessageKind(method), contract.U64(term), "many entries"
}

// Shown returns a frame as the page shows it, at most most bytes of it.
func Shown(kind wire.Kind, data []byte, most int) string {
	return Clip(string(wire.AppendShown(nil, kind, data[:min(len(data), 2*most)])), most)
}

func yesOrNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// FateOf limits a hub's fates to the words that the page knows.
func FateOf(word string) contract.Fate {
	switch fate := contract.Fate(word); fate {
	case contract.Cut, contract.Down, contract.Full, contract.Lost, contract.Dropped:
		return fate
	}
	return contract.Sent
}

// Clip returns at most limit bytes of text, see explain.Clip.
func Clip(text string, limit int) string { return explain.Clip(text, limit) }
