package check

import (
	"slices"
	"strings"
	"testing"

	"raftplayground/raft"
)

// log is a log as text: "1a 1b 2c" are entries of the terms 1, 1 and 2 with the commands a, b and c.
type log string

func (l log) entries() (entries []raft.Entry) {
	for _, word := range strings.Fields(string(l)) {
		entries = append(entries, raft.Entry{Term: raft.Term(word[0] - '0'), Data: []byte(word[1:])})
	}
	return entries
}

func (l log) Entry(i raft.Index) (raft.Entry, bool) {
	entries := l.entries()
	if i < 1 || int(i) > len(entries) || entries[i-1].Term == 0 {
		return raft.Entry{}, false // a term of 0 stands for an entry that is not there
	}
	return entries[i-1], true
}

// stage feeds a Checker with made-up servers.
type stage struct {
	*Checker
	at int64
}

func newStage() *stage { return &stage{Checker: New(3)} }

// see looks at a server: its log, how much of it is committed, and applied.
func (s *stage) see(server raft.ServerID, role raft.Role, term raft.Term, l log, commit raft.Index) {
	s.seeState(server, role, term, l, commit, 0, 0)
}

func (s *stage) seeState(server raft.ServerID, role raft.Role, term raft.Term, l log, commit, applied raft.Index,
	hash uint64) {
	s.at++
	s.Observe(s.at, &View{Server: server, Role: role, Term: term, Last: raft.Index(len(l.entries())), Commit: commit,
		Applied: applied, StateHash: hash, Log: l})
}

const (
	follower = raft.Follower
	leader   = raft.Leader
)

// Each made-up history breaks one promise, and the Checker says which: every one of its checks can fail.
func TestEachPropertyIsSeenToBreak(t *testing.T) {
	tests := []struct {
		name    string
		want    Property
		servers []raft.ServerID
		index   raft.Index
		history func(s *stage)
	}{
		{"two leaders in a term", ElectionSafety, []raft.ServerID{1, 2}, 0, func(s *stage) {
			s.see(1, leader, 2, "", 0)
			s.see(1, follower, 3, "", 0)
			s.see(2, leader, 2, "", 0)
		}},
		{"a leader that was elected and deposed between two looks", ElectionSafety, []raft.ServerID{1, 2}, 0,
			func(s *stage) {
				s.Led(1, 1, 2)
				s.see(2, leader, 2, "", 0)
			}},
		{"a leader deletes", LeaderAppendOnly, []raft.ServerID{1}, 2, func(s *stage) {
			s.see(1, leader, 2, "1a 2b", 0)
			s.see(1, leader, 2, "1a", 0)
		}},
		{"a leader overwrites the end", LeaderAppendOnly, []raft.ServerID{1}, 2, func(s *stage) {
			s.see(1, leader, 2, "1a 1b", 0)
			s.see(1, leader, 2, "1a 2b 2c", 0)
		}},
		{"a leader changes an old entry", LeaderAppendOnly, []raft.ServerID{1}, 2, func(s *stage) {
			s.see(1, leader, 2, "1a 1b 2c", 0)
			for range 3 {
				s.see(1, leader, 2, "1a 1x 2c", 0)
			}
		}},
		{"a follower changes an old entry", LogMatching, []raft.ServerID{1}, 2, func(s *stage) {
			s.see(1, follower, 2, "1a 1b 2c", 0)
			for range 3 {
				s.see(1, follower, 2, "1a 1x 2c", 0)
			}
		}},
		{"two commands at one place of one term", LogMatching, []raft.ServerID{1, 2}, 2, func(s *stage) {
			s.see(1, follower, 2, "1a 2b", 0)
			s.see(2, follower, 2, "1a 2x", 0)
		}},
		{"the same entry after different ones", LogMatching, []raft.ServerID{1, 2}, 2, func(s *stage) {
			s.see(1, follower, 2, "1a 2b", 0)
			s.see(2, follower, 2, "2a 2b", 0)
		}},
		{"a hole", LogMatching, []raft.ServerID{1}, 2, func(s *stage) { s.see(1, follower, 2, "1a 0 2c", 0) }},
		{"a new leader lacks a committed entry", LeaderCompleteness, []raft.ServerID{1, 2}, 2, func(s *stage) {
			s.see(1, leader, 2, "1a 2b", 2)
			s.see(2, leader, 3, "1a", 0)
		}},
		{"a new leader has another entry there", LeaderCompleteness, []raft.ServerID{1, 2}, 2, func(s *stage) {
			s.see(1, leader, 2, "1a 2b", 2)
			s.see(2, leader, 4, "1a 3x 3y", 0)
		}},
		{"an old leader commits what the new one lacks", LeaderCompleteness, []raft.ServerID{1, 2}, 2, func(s *stage) {
			s.see(1, leader, 2, "1a 2b", 1)
			s.see(2, leader, 3, "1a", 0)
			s.see(1, leader, 2, "1a 2b", 2)
		}},
		{"different entries committed", StateMachineSafety, []raft.ServerID{1, 2}, 1, func(s *stage) {
			s.see(1, follower, 3, "1a 3b", 2)
			s.see(2, follower, 3, "2a", 1)
		}},
		{"a committed entry is truncated", StateMachineSafety, []raft.ServerID{1, 1}, 2, func(s *stage) {
			s.see(1, follower, 3, "1a 1b", 2)
			s.see(1, follower, 3, "1a 3x", 2)
		}},
		{"commitIndex goes back", StateMachineSafety, []raft.ServerID{1}, 1, func(s *stage) {
			s.see(1, follower, 3, "1a 1b", 2)
			s.see(1, follower, 3, "1a 1b", 1)
		}},
		{"commitIndex beyond the log", StateMachineSafety, []raft.ServerID{1}, 3,
			func(s *stage) { s.see(1, follower, 3, "1a 1b", 3) }},
		{"applied, but not committed", StateMachineSafety, []raft.ServerID{1}, 2,
			func(s *stage) { s.seeState(1, follower, 3, "1a 1b", 1, 2, 7) }},
		{"the same entries, another state", StateMachineSafety, []raft.ServerID{1, 2}, 2, func(s *stage) {
			s.seeState(1, follower, 3, "1a 1b", 2, 2, 7)
			s.seeState(2, follower, 3, "1a 1b", 2, 2, 8)
		}},
		{"a snapshot of what is not committed", StateMachineSafety, []raft.ServerID{1}, 2, func(s *stage) {
			s.see(1, follower, 3, "1a 1b", 1)
			s.at++
			s.Observe(s.at, &View{Server: 1, Term: 3, Base: 2, Last: 2, Commit: 1, Log: log("0 0")})
		}},
		{"a client is told of what is not committed", Durability, []raft.ServerID{1}, 2, func(s *stage) {
			s.see(1, leader, 1, "1a 1b", 1)
			s.Acknowledged(9, 1, 2, 1)
		}},
		{"a client is told of another's entry", Durability, []raft.ServerID{1, 2}, 1, func(s *stage) {
			s.see(1, leader, 1, "1a", 1)
			s.Acknowledged(9, 2, 1, 2)
		}},
		{"a log at rest lacks what a client was told of", Durability, []raft.ServerID{2}, 2, func(s *stage) {
			s.see(1, leader, 2, "1a 2b", 2)
			s.Acknowledged(9, 1, 2, 2)
			s.Audit(10, &View{Server: 2, Term: 2, Last: 1, Log: log("1a")}, true)
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newStage()
			test.history(s)
			if len(s.Violations()) != 1 {
				t.Fatalf("expected one violation, of %v; got %v", test.want, s.Violations())
			}
			v := s.Violations()[0]
			if v.Property != test.want || !slices.Equal(v.Servers, test.servers) || v.Index != test.index || v.At == 0 {
				t.Errorf("expected %v by servers %v at index %d, got %+v", test.want, test.servers, test.index, v)
			}
			if text := v.Error(); !strings.HasPrefix(text, test.want.String()+" is violated at 0.0000") {
				t.Errorf("it is told as %q", text)
			}
		})
	}
}

// A leader without an entry that was acknowledged to a client breaks two promises at once.
func TestALostWriteIsToldAsSuch(t *testing.T) {
	s := newStage()
	s.see(1, leader, 2, "1a 2b 2c", 3)
	s.Acknowledged(9, 1, 2, 2)
	s.see(2, leader, 3, "1a", 0)
	var got []Property
	for _, v := range s.Violations() {
		got = append(got, v.Property)
	}
	if !slices.Equal(got, []Property{LeaderCompleteness, Durability}) {
		t.Errorf("got %v", got)
	}
}

func TestAViolationInWords(t *testing.T) {
	for want, v := range map[string]Violation{
		"Log Matching is violated at 1.500000 s: as said (servers 1 2, index 7, terms 3 4)": {Property: LogMatching,
			At: 1_500_000, Servers: []raft.ServerID{1, 2}, Index: 7,
			Terms: []raft.Term{3, 4}, Detail: "as said"},
		"Liveness is violated at 0.000001 s: nobody leads": {Property: Liveness, At: 1, Detail: "nobody leads"},
	} {
		if got := v.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := Property(99).String() + Property(0).String(); got != "unknown propertyunknown property" {
		t.Errorf("got %q", got)
	}
}

// What Raft allows is not taken for a violation.
func TestWhatRaftAllows(t *testing.T) {
	tests := []struct {
		name    string
		history func(s *stage)
	}{
		{"followers' logs are overwritten", func(s *stage) {
			s.see(1, leader, 2, "1a 2b 2c", 1)
			s.see(2, leader, 3, "1a 3x", 1)
			s.see(1, follower, 3, "1a 3x", 2)
			s.see(3, follower, 3, "1a", 0)
		}},
		{"two leaders of different terms at once", func(s *stage) {
			s.see(1, leader, 2, "1a 2b", 1)
			s.see(2, leader, 3, "1a 3x", 1)
			s.see(1, leader, 2, "1a 2b 2c", 1)
		}},
		{"the leader of an earlier term is elected late and lacks what a later one has committed", func(s *stage) {
			s.see(1, leader, 4, "1a 4b", 2)
			s.see(2, leader, 3, "1a 3x", 1)
		}},
		{"a server starts anew with less than it had in memory", func(s *stage) {
			s.seeState(1, leader, 2, "1a 2b 2c", 2, 2, 7)
			s.Stopped(1)
			s.seeState(1, follower, 2, "1a 2b", 0, 0, 0)
			s.seeState(1, follower, 2, "1a 2b", 2, 2, 7)
			s.see(2, leader, 3, "1a 2b 3x", 2)
		}},
		{"a log is compacted, and goes on", func(s *stage) {
			s.see(1, leader, 2, "1a 2b 2c", 2)
			s.Observe(8, &View{Server: 1, Role: leader, Term: 2, Base: 2, Last: 3, Commit: 2, Log: log("0 0 2c")})
			s.Observe(9, &View{Server: 1, Role: leader, Term: 2, Base: 2, Last: 4, Commit: 4, Log: log("0 0 2c 2d")})
			s.see(2, leader, 3, "1a 2b 2c 2d", 2)
		}},
		{"a server gets a snapshot in the place of its log", func(s *stage) {
			s.see(1, leader, 2, "1a 2b 2c", 2)
			s.see(2, follower, 2, "1a 1y 1z 1w", 0)
			s.Observe(8, &View{Server: 2, Term: 2, Base: 2, Last: 3, Commit: 2, Log: log("0 0 2c")})
			s.Observe(9, &View{Server: 2, Term: 2, Base: 2, Last: 3, Commit: 3, Log: log("0 0 2c")})
			s.see(1, leader, 2, "1a 2b 2c", 3)
		}},
	}
	for _, test := range tests {
		s := newStage()
		test.history(s)
		for _, v := range s.Violations() {
			t.Errorf("%s: %v", test.name, v.Error())
		}
	}
}

// After a snapshot a wrong log is still found out by its chain.
func TestALogThatGoesOnWronglyAfterASnapshot(t *testing.T) {
	s := newStage()
	s.see(1, leader, 2, "1a 2b 2c", 3)
	s.Observe(8, &View{Server: 2, Term: 2, Base: 2, Last: 3, Commit: 2, Log: log("0 0 2x")})
	if v := s.Violations(); len(v) != 1 || v[0].Property != LogMatching || v[0].Index != 3 {
		t.Errorf("got %v", v)
	}
}

func TestACloneOfACheckerIsItsOwn(t *testing.T) {
	s := newStage()
	s.see(1, leader, 2, "1a 2b", 1)
	clone := &stage{s.Clone(), s.at}
	clone.see(2, leader, 2, "1a", 0)
	clone.see(1, leader, 2, "1a 2b 2c", 3)
	if len(clone.Violations()) != 1 || len(s.Violations()) != 0 {
		t.Errorf("the clone has %v, the original %v", clone.Violations(), s.Violations())
	}
	s.see(1, leader, 2, "1a 2b 2x", 2)
	if len(s.Violations()) != 0 {
		t.Errorf("what the clone saw is held against the original: %v", s.Violations())
	}
}

// The leaders of long ago, and places below all snapshots, are forgotten.
func TestMemoryIsBoundedByWhatIsKept(t *testing.T) {
	c := New(1)
	for term := raft.Term(1); term < 5*keptTerms; term++ {
		c.Led(1, 1, term)
	}
	if len(c.leaders) > 2*keptTerms+1 {
		t.Errorf("%d leaders are remembered", len(c.leaders))
	}
	c = New(1)
	for i := raft.Index(1); i < 10_000; i++ {
		base := i - min(i, 10)
		c.Observe(1, &View{Server: 1, Role: leader, Term: 1, Base: base, Last: i, Commit: i, Log: same{}})
	}
	if len(c.written) > 3000 || len(c.servers[0].terms) > 10 || len(c.Violations()) > 0 {
		t.Errorf("%d places and %d entries are remembered; %v", len(c.written), len(c.servers[0].terms), c.Violations())
	}
}

// same is a log without end.
type same struct{}

func (same) Entry(raft.Index) (raft.Entry, bool) { return raft.Entry{Term: 1}, true }

func BenchmarkObserve(b *testing.B) {
	c := New(5)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		for server := raft.ServerID(1); server <= 5; server++ {
			c.Observe(1, &View{Server: server, Term: 1, Last: raft.Index(i / 10), Commit: raft.Index(i / 10),
				Log: same{}})
		}
	}
}

// numbered is a log of so many entries, of which those through base are compacted away.
type numbered struct{ base, last raft.Index }

func (n numbered) Entry(i raft.Index) (raft.Entry, bool) {
	if i <= n.base || i > n.last {
		return raft.Entry{}, false
	}
	return raft.Entry{Term: 1, Kind: raft.Command, Data: []byte{byte(i), byte(i >> 8), byte(i >> 16)}}, true
}

func (s *stage) seeNumbered(server raft.ServerID, base, last raft.Index) {
	s.at++
	s.Observe(s.at, &View{Server: server, Term: 1, Base: base, Last: last, Commit: last, Applied: last,
		StateHash: uint64(last), Log: numbered{base, last}})
}

// What is remembered is bounded, however long a cluster runs and however far a server is behind. A server
// that was so far behind is compared with the others only once it has caught up.
func TestWhatIsRememberedIsBounded(t *testing.T) {
	s := newStage()
	s.seeNumbered(2, 0, 50)
	s.Stopped(2)
	last := raft.Index(1)
	for ; last < 5*keptEntries; last++ {
		s.seeNumbered(1, (last-1)&^1023, last)
	}
	if s.committed.len() > 2*keptEntries || len(s.written) > 2*keptEntries {
		t.Errorf("%d commitments and %d places are remembered, of %d entries", s.committed.len(), len(s.written), last)
	}
	s.Acknowledged(s.at, 1, 5, 1)
	s.seeNumbered(2, 40, 50) // from its disk: what its snapshot replaced is forgotten
	s.seeNumbered(2, 40, 60)
	s.Audit(s.at, &View{Server: 2, Term: 1, Base: 40, Last: 60, Commit: 60, Applied: 60, StateHash: 60,
		Log: numbered{40, 60}}, true)
	s.seeNumbered(2, last-10, last-5)
	if v := s.Violations(); len(v) > 0 {
		t.Fatalf("nothing was wrong, and %v", v[0].Error())
	}
	s.at++
	s.Observe(s.at, &View{Server: 2, Term: 1, Base: last - 10, Last: last - 1, Commit: last - 1, Applied: last - 1,
		StateHash: 1, Log: numbered{last - 10, last - 1}})
	if v := s.Violations(); len(v) != 1 || v[0].Property != StateMachineSafety {
		t.Errorf("it has caught up, and is in another state; the violations are %v", v)
	}
}

// A leader may commit, apply and compact between two looks: what its snapshot replaces is known from the look before.
func TestWhatIsCommittedAndCompactedAtOnceIsKnown(t *testing.T) {
	s := newStage()
	s.see(1, leader, 1, "1a 1b", 0)
	s.at++
	s.Observe(s.at, &View{Server: 1, Role: leader, Term: 1, Base: 2, Last: 2, Commit: 2, Log: log("0 0")})
	s.see(2, follower, 1, "1a 1b", 2)
	if v := s.Violations(); len(v) > 0 {
		t.Fatalf("nothing was wrong, and %v", v[0].Error())
	}
	s.see(3, follower, 2, "1a 2x", 2)
	if v := s.Violations(); len(v) != 1 || v[0].Property != StateMachineSafety {
		t.Errorf("another entry is taken for committed where the snapshot was; the violations are %v", v)
	}
}
