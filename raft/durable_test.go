package raft

import (
	"strings"
	"testing"
)

// etcd-io/raft#8, cockroach#124440: append x, overwrite it with y, overwrite y with x again. The completion of the
// first write must not count for the third: the disk may still hold y.
func TestACompletedWriteDoesNotCountForAnEntryThatWasReplacedMeanwhile(t *testing.T) {
	h := start(t, 1, 3, Durable{})
	h.manual = true
	x := Entry{Term: 1, Data: []byte("x")}
	y := Entry{Term: 2, Data: []byte("y")}
	h.receive(2, &AppendEntries{Term: 1, LeaderID: 2, Entries: []Entry{x}})
	h.receive(3, &AppendEntries{Term: 2, LeaderID: 3, Entries: []Entry{y}})
	h.receive(2, &AppendEntries{Term: 3, LeaderID: 2, Entries: []Entry{{Term: 3, Data: []byte("x")}}})
	equal(t, "writes under way", len(h.writing), 3)
	h.take()
	h.save()
	equal(t, "durable after the first", h.n.disk.durable, 0)
	equal(t, "answers to the first", len(h.take()), 1)
	h.save()
	equal(t, "durable after the second", h.n.disk.durable, 0)
	h.save()
	equal(t, "durable after the third", h.n.disk.durable, 1)
	equal(t, "on disk", h.disk.Log[0].Term, 3)
}

func TestASaveReplacesWhatTheDiskHoldsFromFirstOn(t *testing.T) {
	h := start(t, 1, 3, Durable{})
	h.receive(2, &AppendEntries{Term: 1, LeaderID: 2, Entries: logOf(1, 1, 1, 1)})
	h.receive(3, &AppendEntries{Term: 2, LeaderID: 3, PrevLogIndex: 1, PrevLogTerm: 1, Entries: logOf(2)})
	equal(t, "entries on disk", len(h.disk.Log), 2)
	var many []Entry
	for range 3 * chunkSize {
		many = append(many, Entry{Term: 2})
	}
	h.receive(3, &AppendEntries{Term: 2, LeaderID: 3, PrevLogIndex: 2, PrevLogTerm: 2, Entries: many})
	equal(t, "a write may span chunks", len(h.disk.Log), 2+len(many))
	h.receive(2, &AppendEntries{Term: 3, LeaderID: 2, PrevLogIndex: 1, PrevLogTerm: 1})
	equal(t, "an entry-less call truncates nothing", len(h.disk.Log), 2+len(many))
}

func TestSeveralSavesMayBeReportedAtOnce(t *testing.T) {
	h := start(t, 1, 3, Durable{})
	h.manual = true
	for i := range 5 {
		h.receive(2, &AppendEntries{Term: 1, LeaderID: 2, PrevLogIndex: Index(i), PrevLogTerm: min(1, Term(i)),
			Entries: logOf(1)})
	}
	h.n.Saved(h.writing[3].Seq)
	equal(t, "durable", h.n.disk.durable, 4)
	h.n.Saved(h.writing[1].Seq)
	equal(t, "durable", h.n.disk.durable, 4)
}

func TestAHostThatClaimsWhatItWasNotAskedForPanics(t *testing.T) {
	for name, claim := range map[string]func(*Node){
		"Saved":   func(n *Node) { n.Saved(99) },
		"Applied": func(n *Node) { n.Applied(99) },
	} {
		t.Run(name, func(t *testing.T) {
			h := start(t, 1, 3, Durable{})
			defer func() {
				if text, _ := recover().(string); !strings.Contains(text, name+"(99)") {
					t.Errorf("panic says %q", text)
				}
			}()
			claim(h.n)
		})
	}
}

func TestNewRefusesOptionsAndDisksThatCannotBe(t *testing.T) {
	good := options(1, 3)
	if _, err := New(good, Durable{}); err != nil {
		t.Fatal(err)
	}
	change := func(f func(*Options)) Options {
		o := options(1, 3)
		f(&o)
		return o
	}
	for want, o := range map[string]Options{
		"ID is 1 or more":              change(func(o *Options) { o.ID = 0 }),
		"different and not 0":          change(func(o *Options) { o.Voters = []ServerID{0, 1} }),
		"LeaseDrift":                   change(func(o *Options) { o.LeaseDrift = -1 }),
		"at most 9":                    options(1, 10),
		"different":                    change(func(o *Options) { o.Voters = []ServerID{1, 1} }),
		"1 ≤ HeartbeatTicks":           change(func(o *Options) { o.HeartbeatTicks = 0 }),
		"have 150, 150, 300":           change(func(o *Options) { o.HeartbeatTicks = 150 }),
		"have 50, 150, 149":            change(func(o *Options) { o.ElectionTicksMax = 149 }),
		"FirstElapsed":                 change(func(o *Options) { o.FirstElapsed = 100 }),
		"MaxEntries ≤ MaxInFlight":     change(func(o *Options) { o.MaxEntries, o.MaxInFlight = 8, 7 }),
		"MaxBytes, MaxChunk, MaxUncom": change(func(o *Options) { o.MaxBytes = -1 }),
		"1 ≤ MaxEntries ≤ MaxInFligh":  change(func(o *Options) { o.MaxEntries = -1 }),
	} {
		if _, err := New(o, Durable{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", want, err)
		}
	}
	for _, d := range []Durable{{CurrentTerm: 2, Log: logOf(2, 1)}, {CurrentTerm: 1, Log: logOf(2)},
		{CurrentTerm: 2, Snapshot: &Snapshot{Index: 4, Term: 2, Configuration: servers("1,2,3")}, Log: logOf(1)}} {
		if _, err := New(good, d); err == nil || !strings.Contains(err.Error(), "on disk is of term") {
			t.Errorf("%+v: got %v", d, err)
		}
	}
}

func TestNewRefusesASnapshotThatNobodyCanHave(t *testing.T) {
	const far = 1 << 63
	for want, s := range map[string]Snapshot{
		"":               {Index: far, Term: 1, Configuration: servers("1,2,3")},
		"ends at entry ": {Index: far + 1, Term: 1, Configuration: servers("1,2,3")},
		"no voters":      {Index: 4, Term: 1},
	} {
		_, err := New(options(1, 3), Durable{CurrentTerm: 1, Snapshot: &s})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got %v, want %q", s, err, want)
		}
	}
}

func TestAtTheStartThreeQuartersOfTheTimerAreOverIfSoWished(t *testing.T) {
	h := start(t, 1, 3, Durable{})
	h.opt.FirstElapsed = 75
	h.boot(t)
	equal(t, "elapsed", h.n.elapsed, h.n.timeout*75/100)
}
