package explore

import (
	"bytes"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"raftplayground/raft"
	"raftplayground/raft/check"
)

// relapsed begins with a leader that has restarted and leads again while a call of its earlier life is still
// under way. No call of the new life has reached that number yet. The rest is for a search to find: the call
// is answered only now, another leader is elected, and a client reads at the old one.
func relapsed(inFlight int) Config {
	const first = "AppendEntries of S1 (term 1, prev 0 of term 0, commit 0, no-op of term 1)"
	const second = "AppendEntries of S1 (term 2, prev 1 of term 1, commit 0, no-op of term 2)"
	return Config{Servers: 3, Off: figure, Term: 3, Entries: 4, InFlight: inFlight, Heartbeats: 1, Proposals: 1,
		Losses: 6, Crashes: 1, Reads: 1, After: []Action{
			{Do: TimeOut, Server: 1},
			{Do: Lose, Server: 3, Message: "RequestVote of S1 (term 1, last 0 of term 0)"},
			{Do: Receive, Server: 2, Message: "RequestVote of S1 (term 1, last 0 of term 0)"},
			{Do: Receive, Server: 1, Message: "the vote of S2 (term 1)"},
			{Do: Receive, Server: 2, Message: first},
			{Do: Receive, Server: 3, Message: first},
			{Do: Lose, Server: 1, Message: "success of S2 (term 1, match 1)"},
			{Do: Lose, Server: 1, Message: "success of S3 (term 1, match 1)"},
			{Do: Heartbeat, Server: 1},
			{Do: Lose, Server: 3, Message: first},
			{Do: CrashLose, Server: 1},
			{Do: Restart, Server: 1},
			{Do: TimeOut, Server: 1},
			{Do: Lose, Server: 3, Message: "RequestVote of S1 (term 2, last 1 of term 1)"},
			{Do: Receive, Server: 2, Message: "RequestVote of S1 (term 2, last 1 of term 1)"},
			{Do: Receive, Server: 1, Message: "the vote of S2 (term 2)"},
			{Do: Receive, Server: 2, Message: second},
			{Do: Receive, Server: 3, Message: second},
			{Do: Receive, Server: 1, Message: "success of S3 (term 2, match 2)"},
			{Do: Lose, Server: 1, Message: "success of S2 (term 2, match 2)"},
		}}
}

// answeredLate goes on from relapsed: the late call has been answered, which shows its term, and the reply
// is under way; now S3 campaigns.
func answeredLate() Config {
	c := relapsed(5)
	c.Losses++
	c.After = append(c.After,
		Action{Do: Receive, Server: 2,
			Message: "AppendEntries of S1 (term 1, prev 0 of term 0, commit 0, no-op of term 1)"},
		Action{Do: TimeOut, Server: 3},
		Action{Do: Lose, Server: 1, Message: "RequestVote of S3 (term 3, last 2 of term 2)"})
	return c
}

// loyal are the rules that are off in a server of Figure 2 with the loyalty that leases demand.
const loyal = raft.Extensions &^ (1 << raft.LeaderLoyalty)

// leasedByItsRival begins with a leader, S1, whose lease has just begun: S3 has acknowledged its round of
// heartbeats. S2 voted for S1 and has heard nothing since, so it owes S1 no loyalty; S3 does.
func leasedByItsRival(ticks int) Config {
	const vote = "RequestVote of S1 (term 1, last 0 of term 0)"
	const first = "AppendEntries of S1 (term 1, prev 0 of term 0, commit 0, no-op of term 1)"
	return Config{Servers: 3, Off: loyal, Term: 2, Entries: 4, InFlight: 4, Proposals: 1, Losses: 3,
		Ticks: ticks, LeaseReads: 1, After: []Action{
			{Do: TimeOut, Server: 1},
			{Do: Lose, Server: 3, Message: vote},
			{Do: Receive, Server: 2, Message: vote},
			{Do: Receive, Server: 1, Message: "the vote of S2 (term 1)"},
			{Do: Lose, Server: 2, Message: first},
			{Do: Receive, Server: 3, Message: first},
			{Do: Receive, Server: 1, Message: "success of S3 (term 1, match 1)"},
			{Do: Tick, Server: 1},
			{Do: Receive, Server: 3, Message: "AppendEntries of S1 (term 1, prev 1 of term 1, commit 1)"},
			{Do: Receive, Server: 1, Message: "success of S3 (term 1, match 1)"},
			{Do: Lose, Server: 2, Message: "AppendEntries of S1 (term 1, prev 0 of term 0, commit 1, no-op of term 1)"},
		}}
}

// leasedByAVoter begins with a leader, S1, whose lease S2 has just renewed. S3 has heard nothing for an election
// timeout and stands in term 3; a RequestVote of S2 from before S1's election is still on its way to it, so that
// the refusal will tell S2 of that term.
func leasedByAVoter(ticks int) Config {
	const vote = "RequestVote of S1 (term 2, last 0 of term 0)"
	const first = "AppendEntries of S1 (term 2, prev 0 of term 0, commit 0, no-op of term 2)"
	const heartbeat = "AppendEntries of S1 (term 2, prev 1 of term 2, commit 1)"
	return Config{Servers: 3, Off: loyal, Term: 3, Entries: 4, InFlight: 4, Proposals: 1, Losses: 5,
		Ticks: ticks, LeaseReads: 1, After: []Action{
			{Do: TimeOut, Server: 2},
			{Do: Receive, Server: 1, Message: "RequestVote of S2 (term 1, last 0 of term 0)"},
			{Do: Lose, Server: 2, Message: "the vote of S1 (term 1)"},
			{Do: TimeOut, Server: 1},
			{Do: Lose, Server: 3, Message: vote},
			{Do: Receive, Server: 2, Message: vote},
			{Do: Receive, Server: 1, Message: "the vote of S2 (term 2)"},
			{Do: Receive, Server: 2, Message: first},
			{Do: Receive, Server: 3, Message: first},
			{Do: Receive, Server: 1, Message: "success of S2 (term 2, match 1)"},
			{Do: Receive, Server: 1, Message: "success of S3 (term 2, match 1)"},
			{Do: Tick, Server: 1},
			{Do: Lose, Server: 2, Message: heartbeat},
			{Do: Lose, Server: 3, Message: heartbeat},
			{Do: Tick, Server: 2},
			{Do: Tick, Server: 3},
			{Do: Tick, Server: 1},
			{Do: Lose, Server: 3, Message: heartbeat},
			{Do: Receive, Server: 2, Message: heartbeat},
			{Do: Receive, Server: 1, Message: "success of S2 (term 2, match 1)"},
			{Do: Tick, Server: 2},
			{Do: Tick, Server: 3},
		}}
}

// withPreVote are the rules that are off in a server of Figure 2 with pre-vote (thesis 9.6).
const withPreVote = raft.Extensions &^ (1 << raft.PreVote)

// whole are bounds that a search can exhaust. If EXPLORE_DEEP is set (./build.sh soak), the deep ones are
// searched instead, up to as many situations as memory allows, which may not be all of them.
var whole = []struct {
	title         string
	config, deep  Config
	atLeastStates int
}{
	{"two terms", Config{Servers: 3, Off: figure, Term: 2, Entries: 2, InFlight: 4},
		Config{Servers: 3, Off: figure, Term: 2, Entries: 3, InFlight: 5, Proposals: 1}, 10_000},
	{"clients, heartbeats and duplicates", Config{Servers: 3, Off: figure, Term: 2, Entries: 2, InFlight: 3,
		Heartbeats: 1, Proposals: 1, Duplicates: 1},
		Config{Servers: 3, Off: figure, Term: 2, Entries: 3, InFlight: 4, Heartbeats: 1, Proposals: 1, Duplicates: 1},
		10_000},
	{"losses and a crash", Config{Servers: 3, Off: figure, Term: 1, Entries: 2, InFlight: 4, Proposals: 1, Losses: 1,
		Crashes: 1},
		Config{Servers: 3, Off: figure, Term: 2, Entries: 2, InFlight: 3, Proposals: 1, Losses: 2, Crashes: 2}, 20_000},
	{"a disk that stalls and a crash", Config{Servers: 3, Off: figure, Term: 2, Entries: 2, InFlight: 3, Stalls: 1,
		Crashes: 1},
		Config{Servers: 3, Off: figure, Term: 2, Entries: 2, InFlight: 4, Stalls: 1, Crashes: 1}, 20_000},
	{"pre-vote", Config{Servers: 3, Off: withPreVote, Term: 1, Entries: 2, InFlight: 4, Proposals: 1},
		Config{Servers: 3, Off: withPreVote, Term: 2, Entries: 2, InFlight: 4, Proposals: 1}, 20_000},
	{"a write that is cut off", Config{Servers: 3, Off: off(raft.ForgetCutWrites), Term: 2, Entries: 2, InFlight: 3,
		Stalls: 1, Crashes: 1},
		Config{Servers: 3, Off: off(raft.ForgetCutWrites), Term: 2, Entries: 2, InFlight: 4, Stalls: 1, Crashes: 1},
		20_000},
	{"reads", Config{Servers: 3, Off: figure, Term: 1, Entries: 2, InFlight: 3, Proposals: 1, Reads: 1},
		Config{Servers: 3, Off: figure, Term: 2, Entries: 2, InFlight: 3, Proposals: 1, Reads: 1}, 5_000},
	{"snapshots", Config{Servers: 3, Off: figure, Term: 1, Entries: 1, InFlight: 3, Heartbeats: 1, Losses: 1,
		Compactions: 1},
		Config{Servers: 3, Off: figure, Term: 1, Entries: 2, InFlight: 3, Heartbeats: 1, Proposals: 1, Losses: 1,
			Crashes: 1, Compactions: 1}, 10_000},
	{"a read after a restart, with a call of the earlier life under way", relapsed(3), relapsed(4), 20_000},
	{"the lease of a leader whose rival acknowledged it", leasedByItsRival(1), leasedByItsRival(2), 2_000},
	{"the lease of a leader whose voter learns of a later term", leasedByAVoter(2), leasedByAVoter(3), 1_000},
}

func TestNothingIsViolatedWhileTheRulesAreKept(t *testing.T) {
	deep := os.Getenv("EXPLORE_DEEP") != ""
	for _, test := range whole {
		config, most := test.config, mostStates
		if deep {
			config, most = test.deep, 1_000_000
		}
		began := time.Now()
		r, err := Search(config, most)
		t.Logf("%s: %d states, %d steps, the last after %d actions, %v", test.title, r.States, r.Steps, r.Depth,
			time.Since(began).Round(time.Millisecond))
		if r.Violation != nil {
			t.Errorf("%s: %v:\n%s", test.title, r.Violation, Text(r.Run))
		}
		if deep && err != nil {
			t.Logf("%s: nothing in those: %v", test.title, err)
		} else if err != nil || r.States < test.atLeastStates {
			t.Errorf("%s: %d states, want all, and at least %d: %v", test.title, r.States, test.atLeastStates, err)
		}
	}
}

// everything allows all that can happen.
var everything = Config{Servers: 3, Off: figure, Term: 4, Entries: 5, InFlight: 8, Heartbeats: 3, Proposals: 3,
	Losses: 3, Duplicates: 3, Stalls: 3, Crashes: 3}

// walkedOnly allows what a search cannot tell apart, and the rest too. New voters need not catch up first:
// time does not pass here.
var walkedOnly = Config{Servers: 5, Waiting: 2, Off: off(raft.CatchUpFirst), Term: 5, Entries: 8, InFlight: 12,
	Heartbeats: 3, Proposals: 4, Losses: 3, Duplicates: 3, Stalls: 1,
	Crashes: 2, Changes: changes("1,2,3+4", "1,2,3,4", "1,2", "1,4,5", "2,3,5"), Compactions: 3, Reads: 4}

func TestWalksFindNothingWhileTheRulesAreKept(t *testing.T) {
	walks := 1000
	if os.Getenv("EXPLORE_DEEP") != "" {
		walks = 100_000
	}
	preVote := everything
	preVote.Off = withPreVote
	leases := everything
	leases.Off, leases.Heartbeats, leases.Ticks, leases.Reads, leases.LeaseReads = loyal, 0, 9, 2, 4
	for _, config := range []Config{everything, preVote, walkedOnly, leases} {
		for seed := range uint64(walks) {
			run, v, err := Walk(config, seed, 100)
			if err != nil || v != nil {
				t.Fatalf("%+v, seed %d: %v, %v:\n%s", config, seed, v, err, Text(run))
			}
		}
	}
}

// The key is right if it is a bisimulation: whatever can happen in one of two worlds of the same key can
// happen in the other, and leads to the same key again. The walks below reach the same keys by different
// paths, with other calls, other names and another order of messages.
func TestWorldsOfOneKeyHaveTheSameFutures(t *testing.T) {
	for _, test := range []struct {
		rules   raft.RuleSet
		crashes int
	}{{figure, 0}, {withPreVote, 0}, {figure, 1}, {withPreVote, 1}} {
		config := Config{Servers: 3, Off: test.rules, Term: 2, Entries: 3, InFlight: 5, Heartbeats: 1, Proposals: 1,
			Losses: 1, Duplicates: 1, Stalls: 1, Crashes: test.crashes}
		names := newRenamer(config.Servers)
		if test.crashes > 0 {
			names.renamings = names.renamings[:1] // see the package comment
		}
		type first struct {
			state   []byte
			futures []key
		}
		known := map[key]first{}
		again := 0
		for seed := range uint64(1500) {
			random := rand.New(rand.NewPCG(seed, 1))
			w, err := newWorld(&config)
			if err != nil {
				t.Fatal(err)
			}
			for range 12 {
				state, futures := exact(w), futures(names, w)
				before, met := known[names.key(w)]
				if !met {
					known[names.key(w)] = first{state, futures}
				} else if !bytes.Equal(before.state, state) {
					again++
					if !slices.Equal(before.futures, futures) {
						t.Fatalf("seed %d: two worlds of one key have different futures", seed)
					}
				}
				next, _ := w.wander(w.moves(nil), random)
				if next == nil {
					break
				}
				w = next
			}
		}
		t.Logf("%d keys, met again in other worlds %d times", len(known), again)
		if again < 300 {
			t.Errorf("only %d worlds had the key of another: that shows little", again)
		}
	}
}

// Where reads and snapshots happen, only equal worlds share a key.
func TestReadsAndSnapshotsAreToldApart(t *testing.T) {
	config := Config{Servers: 3, Off: figure, Term: 2, Entries: 3, InFlight: 6, Heartbeats: 2, Proposals: 2,
		Losses: 2, Crashes: 1, Compactions: 2, Reads: 2}
	names, known, done := newRenamer(config.Servers), map[key][]byte{}, map[Deed]int{}
	for seed := range uint64(400) {
		random := rand.New(rand.NewPCG(seed, 3))
		w, err := newWorld(&config)
		if err != nil {
			t.Fatal(err)
		}
		for range 40 {
			next, m := w.wander(w.moves(nil), random)
			if next == nil {
				break
			}
			w = next
			done[m.do]++
			k, state := names.key(w), exact(w)
			if before, met := known[k]; met && len(w.flight) < 2 && !bytes.Equal(before, state) {
				t.Fatalf("seed %d: two worlds of one key are different", seed)
			}
			if len(w.flight) < 2 { // the order of more messages does not matter
				known[k] = state
			}
		}
	}
	if done[Read] < 50 || done[Compact] < 50 {
		t.Errorf("%d reads and %d compactions: that shows little", done[Read], done[Compact])
	}
}

// futures returns the keys that one action leads to, each once.
func futures(names *renamer, w *world) (keys []key) {
	for _, m := range w.moves(nil) {
		if next := w.step(m); !next.far {
			keys = append(keys, names.key(next))
		}
	}
	slices.SortFunc(keys, func(a, b key) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(keys)
}

// exact returns all that a world's nodes know.
func exact(w *world) (b []byte) {
	for _, s := range w.servers {
		if b = append(b, 0); s.node != nil {
			b = s.node.AppendState(b)
		}
	}
	for i := range w.flight {
		b = append(b, w.flight[i].text()...)
	}
	return b
}

// A search that keeps no keys and renames nothing cannot leave anything out by mistake.
func TestNoRunIsShorterThanTheOneFound(t *testing.T) {
	for _, row := range searched {
		if row.length > 6 || row.config.Servers > 3 {
			continue // too many runs
		}
		root, err := newWorld(&row.config)
		if err != nil {
			t.Fatal(err)
		}
		if shorter := anyRun(root, row.length-1); shorter != 0 {
			t.Errorf("%s off: violated after %d actions", raft.Rules[row.rule].ID, shorter)
		}
		if anyRun(root, row.length) == 0 {
			t.Errorf("%s off: not violated after %d actions", raft.Rules[row.rule].ID, row.length)
		}
	}
}

// anyRun returns the length of a run of at most most actions to a violation, 0 if there is none.
func anyRun(w *world, most int) int {
	if w.violation() != nil {
		return int(w.moment)
	}
	if most == 0 || w.far {
		return 0
	}
	for _, m := range w.moves(nil) {
		if found := anyRun(w.step(m), most-1); found != 0 {
			return found
		}
	}
	return 0
}

func TestRunsCanBeToldAgain(t *testing.T) {
	for _, row := range searched[:6] {
		r, err := Search(row.config, mostStates)
		if err != nil {
			t.Fatal(err)
		}
		done, v, err := Replay(row.config, r.Run)
		if err != nil || v == nil || v.Property != row.violated || !slices.Equal(done, r.Run) {
			t.Errorf("%s off: the run replayed: %v, %v, %s", raft.Rules[row.rule].ID, v, err, Text(done))
		}
		kept := row.config
		kept.Off = figure
		if _, v, err = Replay(kept, r.Run); err != nil || v != nil {
			t.Errorf("%s on: the same run: %v, %v", raft.Rules[row.rule].ID, v, err)
		}
		shrunk, err := Shrink(row.config, r.Run)
		if err != nil || !slices.Equal(shrunk, r.Run) {
			t.Errorf("%s off: the shortest run could be shrunk to %s, %v", raft.Rules[row.rule].ID, Text(shrunk), err)
		}
	}
}

func TestRunsFoundByChanceAreShrunk(t *testing.T) {
	config := everything
	config.Off = off(raft.UpToDateCandidate)
	found := 0
	for seed := uint64(1); found < 3; seed++ {
		if seed > mostSeeds {
			t.Fatalf("only %d violations in %d walks", found, mostSeeds)
		}
		run, v, err := Walk(config, seed, walkLength)
		if err != nil {
			t.Fatal(err)
		}
		if v == nil || v.Property != check.LeaderCompleteness {
			continue
		}
		found++
		shrunk, err := Shrink(config, run)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("seed %d: %d actions, shrunk to %d", seed, len(run), len(shrunk))
		if _, v, _ := Replay(config, shrunk); v == nil || v.Property != check.LeaderCompleteness || len(shrunk) < 8 ||
			len(shrunk) > len(run)/2 {
			t.Errorf("seed %d: shrunk to %d actions, want at most half, and 8 or more; %v:\n%s", seed, len(shrunk), v,
				Text(shrunk))
		}
		for i := range shrunk {
			if _, v, _ := Replay(config, slices.Concat(shrunk[:i], shrunk[i+1:])); v != nil &&
				v.Property == check.LeaderCompleteness {
				t.Errorf("seed %d: %q can be spared", seed, shrunk[i])
			}
		}
	}
}

func TestARunWithoutAViolationIsNotShrunk(t *testing.T) {
	run := []Action{{Do: TimeOut, Server: 1}, {Do: Restart, Server: 2}, {Do: TimeOut, Server: 2}}
	got, err := Shrink(everything, run)
	if want := []Action{run[0], run[2]}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %s, %v; want %s: S2 is not down", Text(got), err, Text(want))
	}
}

func TestTheBudgetOfStatesIsKept(t *testing.T) {
	r, err := Search(everything, 1000)
	if err == nil || !strings.Contains(err.Error(), "more than 1000 situations") || r.States != 1000 {
		t.Errorf("%d states, %v", r.States, err)
	}
}

func TestConfigsAreChecked(t *testing.T) {
	tests := []struct {
		change func(*Config)
		want   string
	}{
		{func(c *Config) { c.Servers = 6 }, "1 to 5 servers"},
		{func(c *Config) { c.Servers = 0 }, "1 to 5 servers"},
		{func(c *Config) { c.Term = 0 }, "1 or more"},
		{func(c *Config) { c.InFlight = 65 }, "at most 64"},
		{func(c *Config) { c.Crashes = 10 }, "0 to 9"},
		{func(c *Config) { c.Losses = -1 }, "0 to 9"},
		{func(c *Config) { c.Changes = make([]raft.Configuration, 10) }, "0 to 9"},
		{func(c *Config) { c.Waiting = 3 }, "leaves a server"},
		{func(c *Config) { c.LeaseReads = 10 }, "0 to 9"},
		{func(c *Config) { c.Ticks = 1 }, "servers without clocks"},
	}
	for _, test := range tests {
		c := everything
		test.change(&c)
		_, inSearch := Search(c, 1)
		_, _, inWalk := Walk(c, 1, 1)
		_, _, inReplay := Replay(c, nil)
		_, inShrink := Shrink(c, nil)
		for _, err := range []error{inSearch, inWalk, inReplay, inShrink} {
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%+v: %v, want one that says %q", c, err, test.want)
			}
		}
	}
}

func TestWhatASearchCannotTellApartIsLeftToWalks(t *testing.T) {
	for _, change := range []func(*Config){
		func(c *Config) { c.Waiting = 1 }, func(c *Config) { c.Changes = changes("1") },
	} {
		c := everything
		change(&c)
		if _, err := Search(c, 1000); err == nil || !strings.Contains(err.Error(), "for walks") {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// Config.After must be a run that can happen.
func TestWhatComesFirstMustBePossible(t *testing.T) {
	c := everything
	c.After = []Action{{Do: TimeOut, Server: 1}, {Do: Restart, Server: 2}}
	if _, err := Search(c, 10); err == nil || !strings.Contains(err.Error(),
		"After: it cannot happen that S2 restarts") {
		t.Errorf("a server that runs restarts: %v", err)
	}
	c.After = c.After[:1]
	if run, v, err := Walk(c, 1, 5); v != nil || err != nil {
		t.Errorf("%v, %v: %s", v, err, Text(run))
	}
}

// Every deed happens in walks, and its clause says whom it happens to.
func TestEveryDeedHappensAndIsTold(t *testing.T) {
	told := map[Deed]string{}
	timed := walkedOnly
	timed.Heartbeats, timed.Ticks, timed.LeaseReads = 0, 3, 3
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 2))
		w, err := newWorld([]*Config{&walkedOnly, &timed}[seed%2])
		if err != nil {
			t.Fatal(err)
		}
		for range 60 {
			next, m := w.wander(w.moves(nil), random)
			if next == nil {
				break
			}
			told[m.do] = w.action(m).String()
			w = next
		}
	}
	words := map[Deed]string{TimeOut: " times out", Heartbeat: " sends heartbeats", Receive: " receives ",
		Lose: "the network loses", Duplicate: "the network duplicates",
		Propose: "a client proposes to S", Stall: "'s disk stalls", Write: " finishes its oldest write",
		CrashLose: " crashes and loses", CrashKeep: " crashes just after", Restart: " restarts",
		Reconfigure: " is asked to change the cluster to ", Compact: " compacts its log", Read: "a client reads at S",
		LeaseRead: " by lease", Tick: "'s clock ticks"}
	for deed := TimeOut; deed <= Tick; deed++ {
		if !strings.Contains(told[deed], words[deed]) || !strings.Contains(told[deed], "S") {
			t.Errorf("deed %d is told as %q, want %q", deed, told[deed], words[deed])
		}
	}
	second := Action{Do: Receive, Server: 1, Message: "the vote of S2 (term 1)", Nth: 1}
	if got, want := second.String(), "S1 receives the vote of S2 (term 1), no. 2"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
