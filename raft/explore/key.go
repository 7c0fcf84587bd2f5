package explore

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"raftplayground/raft"
)

// key is the name of a situation: half of the SHA-256 of its text. The chance that two of a billion
// situations share one is 10⁻²⁰.
type key [16]byte

// renamer names situations, and uses its memory again for each.
type renamer struct {
	renamings [][]raft.ServerID // all of them: the new names of servers 1, 2, …
	text      []byte
	least     []byte
	messages  [][]byte
}

func newRenamer(servers int) *renamer {
	r := &renamer{}
	var place func(names []raft.ServerID)
	place = func(names []raft.ServerID) {
		if len(names) == servers {
			r.renamings = append(r.renamings, slices.Clone(names))
			return
		}
		for id := raft.ServerID(1); id <= raft.ServerID(servers); id++ {
			if !slices.Contains(names, id) {
				place(append(names, id))
			}
		}
	}
	place(nil)
	return r
}

// key returns the name of the world's situation, the same for all worlds that differ only in the servers'
// names. A situation does not record what reads and snapshots depend on: with them, worlds share a key only
// if their servers know the same, timers and numbers included.
func (r *renamer) key(w *world) key {
	r.least = r.least[:0]
	if w.config.exact() {
		r.writeExactly(w)
		r.least = append(r.least, r.text...)
		sum := sha256.Sum256(r.least)
		return key(sum[:16])
	}
	for _, names := range r.renamings {
		r.write(w, names)
		if len(r.least) == 0 || bytes.Compare(r.text, r.least) < 0 {
			r.text, r.least = r.least, r.text
		}
	}
	sum := sha256.Sum256(r.least)
	return key(sum[:16])
}

// writeExactly writes all that decides what can happen next.
func (r *renamer) writeExactly(w *world) {
	r.text = r.text[:0]
	same := func(s raft.ServerID) raft.ServerID { return s }
	for _, s := range w.servers {
		if r.number(bit(s.node != nil), bit(s.stalled), s.calls, s.saved, s.state, uint64(s.applied)); s.node != nil {
			r.text = s.node.AppendState(r.text)
		}
		r.number(uint64(s.disk.Base()), uint64(len(s.disk.Log)))
		r.writeDisk(s.disk.CurrentTerm, s.disk.VotedFor, s.disk.Base()+1, s.disk.Log, same)
		r.number(uint64(len(s.saves)))
		for i := range s.saves {
			save := &s.saves[i]
			r.number(bit(save.Snapshot != nil))
			r.writeDisk(save.CurrentTerm, save.VotedFor, save.First, save.Entries, same)
		}
		r.number(uint64(len(s.clients)))
		for _, p := range s.clients {
			r.number(uint64(p.index), uint64(p.term))
		}
		r.number(uint64(len(s.reads)))
		for _, read := range s.reads {
			r.number(read.tag, uint64(read.acked), uint64(read.index))
		}
		r.writeBag(len(s.waiting), func(b []byte, i int) []byte {
			return s.waiting[i].appendExactly(binary.AppendUvarint(b, s.waiting[i].after))
		})
	}
	r.writeBag(len(w.flight), func(b []byte, i int) []byte { return w.flight[i].appendExactly(b) })
	for _, often := range w.spent {
		r.number(uint64(often))
	}
	r.writePast(&w.past, same)
}

// appendExactly appends everything in the message. A snapshot's content follows from its last entry.
func (m *message) appendExactly(b []byte) []byte {
	call, flags := uint64(0), uint64(0)
	switch rpc := m.rpc.(type) {
	case *raft.RequestVote:
		call, flags = rpc.Call, bit(rpc.Transfer)
	case *raft.RequestVoteReply:
		call, flags = rpc.Call, bit(rpc.PreVote)
	case *raft.AppendEntries:
		call = rpc.Call
	case *raft.AppendEntriesReply:
		call = rpc.Call
	case *raft.InstallSnapshot:
		call, flags = rpc.Call, rpc.Offset<<1|bit(rpc.Done)
	case *raft.InstallSnapshotReply:
		call, flags = rpc.Call, rpc.NextOffset
	}
	for _, v := range []uint64{uint64(m.from), uint64(m.to), call, flags} {
		b = binary.AppendUvarint(b, v)
	}
	return append(append(b, m.text()...), 0)
}

// write writes the situation under a renaming.
func (r *renamer) write(w *world, names []raft.ServerID) {
	r.text = r.text[:0]
	l := letters{servers: w.servers, numbers: w.spent[CrashLose] < w.config.Crashes,
		rename: func(s raft.ServerID) raft.ServerID { return names[s-1] }}
	for place := range names {
		i := slices.Index(names, raft.ServerID(place+1))
		l.ages[i] = r.writeServer(w.servers[i], l.rename)
		if l.numbers {
			r.number(w.servers[i].calls)
		}
	}
	for place := range names {
		s := w.servers[slices.Index(names, raft.ServerID(place+1))]
		r.writeBag(len(s.waiting), func(b []byte, i int) []byte {
			return l.appendMessage(binary.AppendUvarint(b, s.waiting[i].after-s.saved), &s.waiting[i])
		})
	}
	r.writeBag(len(w.flight), func(b []byte, i int) []byte { return l.appendMessage(b, &w.flight[i]) })
	for _, often := range w.spent {
		r.number(uint64(often))
	}
	r.writePast(&w.past, l.rename)
}

// writeBag writes count messages, so that their order does not matter.
func (r *renamer) writeBag(count int, appendTo func(b []byte, i int) []byte) {
	r.number(uint64(count))
	for len(r.messages) < count {
		r.messages = append(r.messages, nil)
	}
	for i := range count {
		r.messages[i] = appendTo(r.messages[i][:0], i)
	}
	slices.SortFunc(r.messages[:count], bytes.Compare)
	for _, m := range r.messages[:count] {
		r.text = append(r.text, m...)
	}
}

// writeServer writes a server without its waiting messages; age then tells the age of its calls.
func (r *renamer) writeServer(s *server, rename func(raft.ServerID) raft.ServerID) (age func(raft.ServerID,
	uint64) uint64) {
	if s.node == nil {
		r.number(0)
	} else {
		r.number(1)
		r.text, age = s.node.AppendSituation(r.text, rename)
	}
	if s.node == nil || len(s.saves) > 0 {
		r.writeDisk(s.disk.CurrentTerm, s.disk.VotedFor, 1, s.disk.Log, rename) // else the node knows all
	}
	r.number(bit(s.stalled), uint64(len(s.saves)))
	for i := range s.saves {
		save := &s.saves[i]
		r.writeDisk(save.CurrentTerm, save.VotedFor, save.First, save.Entries, rename)
	}
	r.number(uint64(len(s.clients)))
	for _, p := range s.clients {
		r.number(uint64(p.index), uint64(p.term))
	}
	return age
}

func (r *renamer) writeDisk(term raft.Term, votedFor raft.ServerID, first raft.Index, entries []raft.Entry,
	rename func(raft.ServerID) raft.ServerID) {
	if votedFor != 0 {
		votedFor = rename(votedFor)
	}
	r.number(uint64(term), uint64(votedFor), uint64(first))
	r.text = appendEntries(r.text, entries)
}

// writePast writes what happened: the order of elections does not matter, that of commits is the log's.
func (r *renamer) writePast(p *past, rename func(raft.ServerID) raft.ServerID) {
	led := make([]uint64, len(p.leaders))
	for i, l := range p.leaders {
		led[i] = uint64(l.term)<<8 | uint64(rename(l.id))
	}
	slices.Sort(led)
	r.number(uint64(len(led)))
	r.number(led...)
	r.number(uint64(len(p.committed)))
	for i := range p.committed {
		c := &p.committed[i]
		r.number(uint64(c.during), uint64(c.entry.Term), uint64(c.entry.Kind), uint64(len(c.entry.Data)))
		r.text = append(r.text, c.entry.Data...)
	}
	r.number(uint64(p.acked))
}

func (r *renamer) number(vs ...uint64) {
	for _, v := range vs {
		r.text = binary.AppendUvarint(r.text, v)
	}
}

// letters writes messages under a renaming, with their calls by age.
type letters struct {
	servers []*server
	numbers bool // write call numbers too
	rename  func(raft.ServerID) raft.ServerID
	ages    [mostServers]func(peer raft.ServerID, call uint64) uint64 // of the calls of servers 1, 2, …
}

// appendCall writes a call as that by which its reply will be judged. Numbers begin anew with each life of a
// server, and the core does not know to which life a reply belongs. So a number not reached yet is written
// as its distance, and while a crash may still come, number and count as they are.
func (l *letters) appendCall(b []byte, caller, peer raft.ServerID, call uint64) []byte {
	s := l.servers[caller-1]
	age := uint64(0)
	switch {
	case call > s.calls:
		age = 2 + call - s.calls
	case s.node != nil:
		age = l.ages[caller-1](peer, call)
	}
	if b = binary.AppendUvarint(b, age); l.numbers {
		b = binary.AppendUvarint(b, call)
	}
	return b
}

func (l *letters) appendMessage(b []byte, m *message) []byte {
	u := func(vs ...uint64) {
		for _, v := range vs {
			b = binary.AppendUvarint(b, v)
		}
	}
	u(uint64(l.rename(m.from)), uint64(l.rename(m.to)))
	switch r := m.rpc.(type) {
	case *raft.RequestVote:
		b = l.appendCall(append(b, 1), m.from, m.to, r.Call)
		u(uint64(r.Term), uint64(r.LastLogIndex), uint64(r.LastLogTerm), bit(r.PreVote))
	case *raft.RequestVoteReply:
		b = l.appendCall(append(b, 2), m.to, m.from, r.Call)
		u(uint64(r.Term), bit(r.VoteGranted), bit(r.PreVote))
	case *raft.AppendEntries:
		b = l.appendCall(append(b, 3), m.from, m.to, r.Call)
		u(uint64(r.Term), uint64(r.PrevLogIndex), uint64(r.PrevLogTerm), uint64(r.LeaderCommit))
		b = appendEntries(b, r.Entries)
	case *raft.AppendEntriesReply:
		b = l.appendCall(append(b, 4), m.to, m.from, r.Call)
		u(uint64(r.Term), bit(r.Success), uint64(r.MatchIndex), uint64(r.ConflictTerm), uint64(r.ConflictIndex))
	}
	return b
}

func appendEntries(b []byte, entries []raft.Entry) []byte {
	b = binary.AppendUvarint(b, uint64(len(entries)))
	for i := range entries {
		e := &entries[i]
		b = binary.AppendUvarint(b, uint64(e.Term))
		b = append(b, byte(e.Kind), byte(len(e.Data))) // a command is one digit
		b = append(b, e.Data...)
	}
	return b
}

func bit(v bool) uint64 {
	if v {
		return 1
	}
	return 0
}
