package raft

import (
	"bytes"
	"reflect"
	"regexp"
	"strconv"
	"testing"
	"unsafe"
)

// eachNumber calls f for every number and flag that v holds, however deep, with the path to it as its name.
func eachNumber(way string, v reflect.Value, f func(way string, number reflect.Value)) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Field(i)
			eachNumber(way+"."+v.Type().Field(i).Name,
				reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem(), f)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			eachNumber(way, v.Elem(), f)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			eachNumber(way+"["+strconv.Itoa(i)+"]", v.Index(i), f)
		}
	case reflect.Bool, reflect.Int, reflect.Uint8, reflect.Uint64:
		f(way, v)
	}
}

// changed calls f while a number has another value.
func changed(number reflect.Value, f func()) {
	was := reflect.New(number.Type()).Elem()
	was.Set(number)
	switch number.Kind() {
	case reflect.Bool:
		number.SetBool(!number.Bool())
	case reflect.Int:
		number.SetInt(number.Int() + 1)
	default:
		number.SetUint(number.Uint() ^ 1)
	}
	f()
	number.Set(was)
}

// busy makes servers that have something in every field: a leader in the middle of everything, a candidate, and a
// follower that receives a snapshot.
func busy(t testing.TB) map[string]*Node {
	leader := whole(t, 1, 3, Durable{CurrentTerm: 1, Log: logOf(1, 1, 1)})
	leader.leads(t)
	leader.ack(2, 4)
	leader.ticks(50)
	leader.ack(2, 4)
	if err := leader.n.Compact(3, []byte("state")); err != nil {
		t.Fatal(err)
	}
	leader.receive(3, &AppendEntriesReply{Call: leader.n.leadership.follower(3).probe, Term: 2, ConflictIndex: 1})
	leader.ticks(100) // two rounds that are not answered
	leader.manual = true
	if err := leader.n.Reconfigure(servers("1,2,3+4")); err != nil {
		t.Fatal(err)
	}
	leader.pump()
	leader.proposes("x")
	if err := leader.n.Transfer(3); err != nil {
		t.Fatal(err)
	}
	if err := leader.n.Read(9, ReadIndex); err != nil {
		t.Fatal(err)
	}
	leader.pump()

	candidate := whole(t, 1, 3, Durable{CurrentTerm: 1, Log: logOf(1)})
	candidate.timeOut()

	follower := start(t, 1, 3, Durable{CurrentTerm: 5, Log: logOf(1)})
	m := snapshotAt(3, 4)
	m.Done = false
	follower.receive(2, m)
	return map[string]*Node{"leader": leader.n, "candidate": candidate.n, "follower": follower.n}
}

// untold is what AppendState leaves out: told in another way, always the same, or no state of the server.
var untold = regexp.MustCompile(`^\.(opt|out|quiet|selfCheck)\b` + // what it was given, and what waits to be fetched
	`|^\.snapshot\.(Index|Term)$` + // log.base and log.baseTerm
	`|^\.configs\b` + // the entries and the snapshot that hold them
	`|^\.log\.chunks\[\d+\]\.(used|entries\[\d+\]\.\w+.*)$` + // of entries: see below
	`|^\.incoming\.data\[\d+\]$` + // a part of the snapshot that the leader of that index and term has
	`|^\.candidacy\.(pre|voters\[\d+\])$` + // the role; the configuration
	// the configuration; what was committed at the snapshot's index
	`|^\.leadership\.followers\[\d+\]\.(id|snapshot\.(Term|Data|Configuration).*)$`)

func TestTheStateTellsEverythingThatDecidesWhatAServerDoes(t *testing.T) {
	for name, n := range busy(t) {
		t.Run(name, func(t *testing.T) {
			same := n.AppendState(nil)
			eachNumber("", reflect.ValueOf(n).Elem(), func(way string, number reflect.Value) {
				if untold.MatchString(way) || way == ".log.last" || way == ".log.base" {
					return
				}
				changed(number, func() {
					if bytes.Equal(n.AppendState(nil), same) {
						t.Errorf("n%s is not told", way)
					}
				})
			})
			for i := n.log.base + 1; i <= n.log.last; i++ {
				eachNumber("", reflect.ValueOf(n.log.at(i)).Elem(), func(way string, number reflect.Value) {
					changed(number, func() {
						if bytes.Equal(n.AppendState(nil), same) {
							t.Errorf("entry %d: %s is not told", i, way)
						}
					})
				})
			}
		})
	}
}

func TestTheStateTellsWhatIsNoNumber(t *testing.T) {
	servers := busy(t)
	for what, different := range map[string]struct {
		server string
		change func(*Node)
	}{
		"the log's end":                 {"leader", func(n *Node) { n.log.truncate(n.log.last) }},
		"the log's beginning":           {"leader", func(n *Node) { n.log.compact(n.log.base + 1) }},
		"that a snapshot is being sent": {"leader", func(n *Node) { n.leadership.follower(3).snapshot = nil }},
		"a round less":                  {"leader", func(n *Node) { n.leadership.rounds = n.leadership.rounds[1:] }},
		"a read less":                   {"leader", func(n *Node) { n.leadership.reads = nil }},
		"whether it only asks":          {"candidate", func(n *Node) { n.candidacy.pre = !n.candidacy.pre }},
		"a round, and a read of the same numbers": {"leader", func(n *Node) {
			l := n.leadership
			last := l.rounds[len(l.rounds)-1]
			l.rounds, l.reads = l.rounds[:len(l.rounds)-1], append([]waitingRead{{last.call, last.tick}}, l.reads...)
		}},
	} {
		n := servers[different.server].Clone()
		different.change(n)
		if bytes.Equal(n.AppendState(nil), servers[different.server].AppendState(nil)) {
			t.Errorf("%s is not told", what)
		}
	}
}

func TestWhatACloneDoesLeavesTheOriginalAlone(t *testing.T) {
	for what, does := range map[string]struct {
		server string
		input  func(*Node)
	}{
		"gets a vote": {"candidate", func(n *Node) {
			n.Receive(2, &RequestVoteReply{Call: n.calls, Term: n.currentTerm + 1, VoteGranted: true, PreVote: true})
		}},
		"is refused one": {"candidate",
			func(n *Node) { n.Receive(2, &RequestVoteReply{Call: n.calls, Term: n.currentTerm, PreVote: true}) }},
		"runs out":            {"candidate", func(n *Node) { n.Campaign() }},
		"hears of a term":     {"leader", func(n *Node) { n.Receive(2, &AppendEntriesReply{Term: 99}) }},
		"is asked for a read": {"leader", func(n *Node) { n.Read(10, ReadIndex) }},
		"is answered": {"leader", func(n *Node) {
			n.Receive(2, &AppendEntriesReply{Call: n.calls, Term: n.currentTerm, Success: true, MatchIndex: n.log.last})
		}},
		"writes": {"leader", func(n *Node) { n.Saved(n.disk.handedSeq) }},
		"loses entries": {"follower", func(n *Node) {
			n.Receive(3,
				&AppendEntries{Term: 6, LeaderID: 3, Entries: logOf(6, 6)})
		}},
		"gets entries": {"follower", func(n *Node) {
			n.Receive(2, &AppendEntries{Term: 5, LeaderID: 2, PrevLogIndex: 1, PrevLogTerm: 1, Entries: logOf(5)})
		}},
	} {
		t.Run(what, func(t *testing.T) {
			n := busy(t)[does.server]
			before := n.AppendState(nil)
			clone := n.Clone()
			does.input(clone)
			after := clone.AppendState(nil)
			if bytes.Equal(after, before) {
				t.Fatal("nothing happened")
			}
			if !bytes.Equal(n.AppendState(nil), before) {
				t.Error("the original is another now")
			}
			does.input(n)
			if !bytes.Equal(n.AppendState(nil), after) || !bytes.Equal(clone.AppendState(nil), after) {
				t.Error("the original does not do the same, or the clone is another now")
			}
		})
	}
}

// A clone and the original share what is never written to: entries, snapshots, configurations. Each has its
// own copy of the rest, also of messages to be fetched, which the original overwrites once they are handed
// out.
func TestAClonesOutputIsItsOwn(t *testing.T) {
	everything := func() *Node {
		h := whole(t, 1, 3, Durable{CurrentTerm: 1, Log: logOf(1)})
		h.ticks(h.n.timeout - h.n.elapsed - 1)
		// RequestVote
		h.n.Tick()
		// its reply
		h.n.Receive(2, &RequestVote{Call: 3, Term: 9, CandidateID: 2, LastLogIndex: 1, LastLogTerm: 1})
		// and the reply to an AppendEntries
		h.n.Receive(2, &AppendEntries{Call: 4, Term: 9, LeaderID: 2, PrevLogIndex: 1, PrevLogTerm: 1,
			Entries: logOf(9)})
		return h.n
	}
	want := sent(everything())
	n := everything()
	clone := n.Clone()
	sent(n)
	for range 3 { // it fills both boxes anew
		n.Receive(3, &RequestVote{Call: 100, Term: 100, CandidateID: 3})
		n.Receive(3, &AppendEntries{Call: 100, Term: 100, LeaderID: 3})
		sent(n)
	}
	if got := sent(clone); !reflect.DeepEqual(got, want) {
		t.Errorf("the clone sends\n%+v\nwant\n%+v", got, want)
	}

	leader := busy(t)["leader"]
	sent(leader)
	leader.Propose([]byte("y"))
	leader.replicate() // AppendEntries waits in the box
	clone = leader.Clone()
	want = sent(leader.Clone())
	sent(leader)
	for range 100 {
		leader.Tick()
		sent(leader)
	}
	if got := sent(clone); !reflect.DeepEqual(got, want) {
		t.Errorf("the clone sends\n%+v\nwant\n%+v", got, want)
	}
}

func TestACopyOfAMessageDoesNotChangeWithIt(t *testing.T) {
	messages := func() []RPC {
		return []RPC{&RequestVote{Call: 2, Term: 3}, &RequestVoteReply{Call: 2, Term: 3},
			&AppendEntries{Call: 2, Term: 3, Entries: logOf(1, 2)}, &AppendEntriesReply{Call: 2, Term: 3}}
	}
	for i, m := range messages() {
		kept := CopyRPC(m)
		data := regexp.MustCompile(`Data`) // which is shared
		eachNumber("", reflect.ValueOf(m), func(way string, number reflect.Value) {
			if !data.MatchString(way) {
				changed(number, func() {
					if !reflect.DeepEqual(kept, messages()[i]) {
						t.Errorf("%T%s is shared", m, way)
					}
				})
			}
		})
	}
}

// sent takes a server's output and returns the messages, copied.
func sent(n *Node) (all []Envelope) {
	var o Output
	for n.Output(&o) {
		for _, e := range o.Send {
			e.RPC = CopyRPC(e.RPC)
			all = append(all, e)
		}
	}
	return all
}

func TestACloneReceivesItsSnapshotByItself(t *testing.T) {
	n := busy(t)["follower"]
	n.incoming.data = append(make([]byte, 0, 64), n.incoming.data...) // with room for what comes next
	clone := n.Clone()
	end := func(n *Node, data string) string {
		m := snapshotAt(3, 4)
		m.Offset, m.Data = uint64(len(n.incoming.data)), []byte(data)
		n.Receive(2, m)
		return string(n.snapshot.Data)
	}
	equal(t, "the original's snapshot", end(n, ", one end"), "state, one end")
	equal(t, "the clone's", end(clone, ", another"), "state, another")
	equal(t, "the original's still", string(n.snapshot.Data), "state, one end")
}

func TestAClonesConfigurationsAreItsOwn(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: 1})
	configure := func(n *Node, term Term, text string) {
		n.Receive(2, &AppendEntries{Term: term, LeaderID: 2,
			Entries: []Entry{{Term: term, Kind: Config, Data: []byte(text)}}})
	}
	configure(h.n, 1, "1,2,3+4")
	clone := h.n.Clone()
	configure(h.n, 2, "1,2,3+5") // the entry of term 1 goes, and with it its configuration
	equal(t, "the original's", config(h), "1,2,3+5")
	equal(t, "the clone's", string(clone.config().AppendText(nil)), "1,2,3+4")
}
