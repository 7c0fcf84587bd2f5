package raft

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"testing"
)

// host is a Node's surroundings in a test: a disk that writes when the test says so, and copies of all
// output.
type host struct {
	n        *Node
	opt      Options
	out      Output
	manual   bool // saves stay under way until save is called
	disk     Durable
	writing  []Save
	waiting  []Envelope // for a Save
	sent     []Envelope
	events   []Event
	applied  []Entry
	read     []Read
	digest   string // of what was applied: the state machine
	restores int
	restored *Snapshot // the last one; what it covers is blank in applied
	restarts int
}

func options(id ServerID, size int) Options {
	o := Options{ID: id, ElectionTicksMin: 150, ElectionTicksMax: 300, HeartbeatTicks: 50, Seed: 1, Off: Extensions}
	for v := 1; v <= size; v++ {
		o.Voters = append(o.Voters, ServerID(v))
	}
	return o
}

// start runs server id of a cluster of size servers whose disk holds d.
func start(t testing.TB, id ServerID, size int, d Durable) *host {
	t.Helper()
	h := &host{opt: options(id, size), disk: d}
	h.boot(t)
	return h
}

func (h *host) boot(t testing.TB) {
	t.Helper()
	o := h.opt
	o.Seed += uint64(h.restarts)
	d := h.disk
	d.Log = slices.Clone(d.Log)
	n, err := New(o, d)
	if err != nil {
		t.Fatal(err)
	}
	h.n = n
	h.writing, h.waiting, h.applied, h.sent, h.events, h.digest = nil, nil, nil, nil, nil, ""
	h.pump()
}

// crash loses everything but the disk, and starts again.
func (h *host) crash(t testing.TB) {
	t.Helper()
	h.restarts++
	h.boot(t)
}

// pump takes all output.
func (h *host) pump() {
	for h.n.Output(&h.out) {
		if s := h.out.Save; s.Seq != 0 {
			s.Entries = slices.Clone(s.Entries)
			h.writing = append(h.writing, s)
		}
		for _, e := range h.out.Send {
			e.RPC = CopyRPC(e.RPC)
			h.waiting = append(h.waiting, e)
		}
		h.events = append(h.events, h.out.Events...)
		h.read = append(h.read, h.out.Reads...)
		if s := h.out.Restore; s != nil {
			h.applied = make([]Entry, s.Index)
			h.digest = string(s.Data)
			h.restores++
			h.restored = s
			h.n.Applied(s.Index)
		}
		if a := h.out.Apply; len(a.Entries) > 0 {
			h.applied = append(h.applied, a.Entries...)
			for _, e := range a.Entries {
				sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %d %s", h.digest, e.Term, e.Kind, e.Data))
				h.digest = hex.EncodeToString(sum[:6])
			}
			h.n.Applied(a.First + Index(len(a.Entries)) - 1)
		}
		h.release()
		if !h.manual {
			h.save()
		}
	}
}

// save makes the oldest Save durable, if there is one.
func (h *host) save() {
	if len(h.writing) == 0 {
		return
	}
	s := h.writing[0]
	h.writing = h.writing[1:]
	h.disk.Save(s)
	h.n.Saved(s.Seq)
	h.release()
}

func (h *host) release() {
	kept := h.waiting[:0]
	for _, e := range h.waiting {
		if e.After <= h.n.disk.savedSeq {
			h.sent = append(h.sent, e)
		} else {
			kept = append(kept, e)
		}
	}
	h.waiting = kept
}

// take returns what was sent since the last take.
func (h *host) take() []Envelope {
	s := h.sent
	h.sent = nil
	return s
}

func (h *host) receive(from ServerID, m RPC) {
	h.n.Receive(from, m)
	h.pump()
}

// reply delivers a call and returns the one reply that is to come.
func reply[R RPC](t testing.TB, h *host, from ServerID, call RPC) R {
	t.Helper()
	h.take()
	h.receive(from, call)
	sent := h.take()
	if len(sent) != 1 || sent[0].To != from {
		t.Fatalf("want one reply to S%d, got %+v", from, sent)
	}
	r, ok := sent[0].RPC.(R)
	if !ok {
		t.Fatalf("reply is a %T", sent[0].RPC)
	}
	return r
}

func (h *host) ticks(n int) {
	for range n {
		h.n.Tick()
		h.pump()
	}
}

// timeOut lets the election timer run out.
func (h *host) timeOut() {
	h.ticks(h.n.timeout - h.n.elapsed)
}

// lead makes the server leader of the next term with the votes of others.
func (h *host) lead(t testing.TB) {
	t.Helper()
	h.timeOut()
	for _, v := range h.opt.Voters {
		if v != h.opt.ID && h.n.Role() == Candidate {
			h.receive(v, &RequestVoteReply{Term: h.n.currentTerm, VoteGranted: true})
		}
	}
	if h.n.Role() != Leader {
		t.Fatalf("S%d is %v, not leader", h.opt.ID, h.n.Role())
	}
}

// reconfigures has the leader propose another configuration, which it must take.
func (h *host) reconfigures(t testing.TB, to string) {
	t.Helper()
	if err := h.n.Reconfigure(servers(to)); err != nil {
		t.Fatal(err)
	}
	h.pump()
}

// ack answers the newest AppendEntries sent to a follower with success.
func (h *host) ack(from ServerID, match Index) {
	h.receive(from, &AppendEntriesReply{Call: h.n.calls, Term: h.n.currentTerm, Success: true, MatchIndex: match})
}

func (h *host) has(k EventKind, r Reason) bool {
	return slices.ContainsFunc(h.events, func(e Event) bool { return e.Kind == k && e.Reason == r })
}

func (h *host) all(k EventKind) (es []Event) {
	for _, e := range h.events {
		if e.Kind == k {
			es = append(es, e)
		}
	}
	return es
}

func (h *host) terms() []Term {
	var ts []Term
	for i := h.n.log.base + 1; i <= h.n.log.last; i++ {
		ts = append(ts, h.n.log.term(i))
	}
	return ts
}

// logOf makes a log of entries with these terms.
func logOf(terms ...Term) []Entry {
	var es []Entry
	for _, t := range terms {
		es = append(es, Entry{Term: t, Data: []byte{byte(t)}})
	}
	return es
}
