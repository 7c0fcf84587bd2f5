// Package gallery holds the lab's gallery: runs that are worth watching, as data. Its test makes and proves
// them: each run breaks exactly the property that it names, at the moment that it names; with every rule on,
// the same seed and actions break nothing.
//
// `go test ./web/gallery -update` searches for the seeds again and writes the files. It is needed when the
// core or the lab changes what a run means.
package gallery

import (
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"raftplayground/raft"
	"raftplayground/raft/check"
	"raftplayground/raft/check/linear"
	"raftplayground/raft/lab"
	"raftplayground/raft/lab/goal"
)

var update = flag.Bool("update", false, "look for the seeds anew and write the files")

const (
	ms        = int64(1000)    // µs
	lead      = 300 * ms       // how long before its turn a run is opened
	mostSeeds = 5000           // seeds to try
	longest   = 10 * 1000 * ms // the longest that a run is lived to reach its turn
	mostSteps = 1 << 20        // of the search for an order of the clients' operations
	after     = 2 * 1000 * ms  // how long a run that breaks nothing is lived beyond its turn
)

// Entry is a file of the gallery as the page reads it (web/src/share/raft-gallery.ts).
type Entry struct {
	ID     string   `json:"id"`
	Title  string   `json:"title"`
	Story  string   `json:"story"`            // what happens and why, in two or three sentences
	Watch  string   `json:"watch"`            // what to look at, in one
	Rules  []string `json:"rules,omitempty"`  // the titles of those that are off
	Breaks []string `json:"breaks,omitempty"` // the property
	Turn   float64  `json:"turn"`             // ms: when it breaks, or when the run reaches what it shows
	At     float64  `json:"at"`               // ms: where it is opened
	Run    lab.Run  `json:"run"`
}

// Listed is an Entry as the list of the gallery has it.
type Listed struct {
	ID     string   `json:"id"`
	Title  string   `json:"title"`
	Story  string   `json:"story"`
	Rules  []string `json:"rules,omitempty"`
	Breaks []string `json:"breaks,omitempty"`
}

// exhibit is how an Entry is made: its world, the actions in it, and what a seed must show.
type exhibit struct {
	id, title, story, watch string
	config                  lab.Config
	actions                 []lab.Action
	breaks                  []check.Property // by a run with rules off
	by                      int64            // ms: when it must have broken; 0: at any time
	turn                    string           // of a run that breaks nothing: the goal that it reaches at its turn,
	shows                   string           // and the goal that it reaches later
}

// teaching is the network on which every visit begins, with these rules off. RefuseImpossible is among them
// where a server would otherwise refuse a message that only another rule's absence makes possible: the run
// would then end before the harm is done.
func teaching(off ...raft.Rule) lab.Config {
	c := lab.Config{Servers: 5, Latency: 15 * ms, Jitter: 5 * ms, Disk: 2 * ms}
	for _, rule := range off {
		c.Off = append(c.Off, raft.Rules[rule].ID)
	}
	return c
}

func slowDisks(c lab.Config, longest int64) lab.Config {
	c.Disk = longest
	return c
}

// readIndex lets reads go without an entry of the log (§8).
func readIndex(c lab.Config) lab.Config {
	c.Reads = "readIndex"
	return c
}

var everybody = []raft.ServerID{1, 2, 3, 4, 5}

// The actions, at a time in ms.
func campaign(at int64, s raft.ServerID) lab.Action {
	return lab.Action{At: at * ms, Do: lab.Campaign, Server: s}
}
func crash(at int64, s raft.ServerID) lab.Action {
	return lab.Action{At: at * ms, Do: lab.Crash, Server: s}
}
func power(at int64, s raft.ServerID) lab.Action {
	return lab.Action{At: at * ms, Do: lab.PowerLoss, Server: s}
}
func restart(at int64, s raft.ServerID) lab.Action {
	return lab.Action{At: at * ms, Do: lab.Restart, Server: s}
}
func apart(at int64, s ...raft.ServerID) lab.Action {
	return lab.Action{At: at * ms, Do: lab.Partition, Server: 1, Servers: s}
}
func together(at int64) lab.Action {
	return lab.Action{At: at * ms, Do: lab.Partition, Server: 1, Servers: everybody}
}
func compact(at int64, s raft.ServerID) lab.Action {
	return lab.Action{At: at * ms, Do: lab.Compact, Server: s}
}
func cut(at int64, s raft.ServerID) lab.Action {
	return lab.Action{At: at * ms, Do: lab.Cut, Server: s}
}
func network(at int64, link lab.Link) lab.Action {
	return lab.Action{At: at * ms, Do: lab.Network, Link: &link}
}
func slow(at int64, s raft.ServerID, d int64) lab.Action {
	return lab.Action{At: at * ms, Do: lab.SlowDisk, Server: s, Disk: d * ms}
}
func get(at int64, s raft.ServerID, key string) lab.Action {
	return lab.Action{At: at * ms, Do: lab.Get, Server: s, Key: key}
}
func put(at int64, s raft.ServerID, key, value string) lab.Action {
	return lab.Action{At: at * ms, Do: lab.Put, Server: s, Key: key, Value: value}
}

// powerWhen sets a trap: the server to which the moment happens loses its power then, for so many ms.
func powerWhen(at int64, when lab.Moment, down int64) lab.Action {
	return lab.Action{At: at * ms, Do: lab.PowerLoss, When: when, Down: down * ms}
}

// puts writes x = 1, 2, … through the leader, one every so many ms.
func puts(from, every int64, count int) []lab.Action {
	var all []lab.Action
	for i := range count {
		all = append(all, put(from+int64(i)*every, 0, "x", string(rune('1'+i%9))))
	}
	return all
}

func deeds(parts ...any) []lab.Action {
	var all []lab.Action
	for _, part := range parts {
		switch part := part.(type) {
		case lab.Action:
			all = append(all, part)
		case []lab.Action:
			all = append(all, part...)
		}
	}
	slices.SortStableFunc(all, func(a, b lab.Action) int { return int(a.At - b.At) })
	return all
}

var exhibits = []exhibit{
	{
		id: "two-leaders", title: "Two leaders in one term",
		story: "Two timers end almost together. Nobody remembers having voted, so servers say yes to both " +
			"candidates, and both count a majority.",
		watch:  "A server that says yes twice in the same term.",
		config: teaching(raft.OneVotePerTerm), breaks: []check.Property{check.ElectionSafety},
	},
	{
		id: "everyone-wins", title: "Whoever asks, wins",
		story: "A candidate does not wait for a majority. Two of them lead in one term, and each would decide " +
			"alone what the cluster remembers.",
		watch:  "Two squares of one colour: two leaders of one term.",
		config: teaching(raft.MajorityDecides), breaks: []check.Property{check.ElectionSafety},
	},
	{
		id: "yesterdays-votes", title: "Votes of an earlier election",
		story: "A candidate gives up and stands again in a new term. Then the votes of the old term arrive, and " +
			"it counts them for the new one.",
		watch:  "A vote in the old term's colour that reaches a candidate of the new one.",
		config: slowDisks(teaching(raft.AnswersOfThisElection, raft.PreVote), 100*ms),
		breaks: []check.Property{check.ElectionSafety}, by: 1000,
		actions: deeds(network(1, lab.Link{Latency: 15 * ms, Jitter: 300 * ms, Loss: 0.3})),
	},
	{
		id: "one-vote-twice", title: "One vote, counted twice",
		story: "The network delivers messages twice. A candidate that counts votes rather than voters has a " +
			"majority that only two servers gave it.",
		watch:  "A yes that arrives a second time, and is counted again.",
		config: teaching(raft.CountVoters), breaks: []check.Property{check.ElectionSafety},
		actions: deeds(network(1, lab.Link{Latency: 15 * ms, Jitter: 15 * ms, Loss: 0.4, Duplicate: 0.9})),
	},
	{
		id: "forgotten-vote", title: "A vote that was forgotten",
		story: "A server says yes before its vote is on disk, loses power in that moment, returns at once, and " +
			"says yes to another candidate.",
		watch:  "A server that gives its vote and goes down before its slow disk has it.",
		config: teaching(raft.DurableVote, raft.LeaderLoyalty, raft.PreVote),
		breaks: []check.Property{check.ElectionSafety},
		actions: deeds(slow(1, 3, 100), slow(1, 4, 100), slow(1, 5, 100), campaign(10, 1), campaign(12, 2),
			powerWhen(13, "vote", 5), powerWhen(13, "vote", 5), powerWhen(13, "vote", 5), cut(33, 1)),
	},
	{
		id: "deaf-to-the-new-term", title: "A leader that does not step down",
		story: "A leader is cut off and another is elected. When the network is whole again, the old one hears " +
			"of the new term and takes it up, but goes on leading.",
		watch:  "What the old leader does when the first message of the new term reaches it.",
		config: teaching(raft.StepDownForHigherTerm), breaks: []check.Property{check.ElectionSafety}, by: 1100,
		actions: deeds(campaign(20, 1), apart(500, 1), together(720)),
	},
	{
		id: "short-log-wins", title: "A leader that missed everything",
		story: "S5 was cut off while three writes were committed. The leader crashes, S5 returns and stands, " +
			"and nobody compares its log with their own before voting.",
		watch:  "S5 wins with the shortest log of all.",
		config: teaching(raft.UpToDateCandidate, raft.PreVote, raft.RefuseImpossible),
		breaks: []check.Property{check.LeaderCompleteness, check.Durability}, by: 1100,
		actions: deeds(campaign(20, 1), apart(400, 5), puts(450, 50, 3), crash(800, 1), together(810),
			campaign(975, 5)),
	},
	{
		id: "hole-in-the-log", title: "Entries put in the wrong place",
		story: "S5 missed three entries. The next leader believes that S5 has them and sends what follows, and " +
			"S5 takes it without looking at what comes before.",
		watch:  "The log of S5: the same index holds another term than everywhere else.",
		config: teaching(raft.ConsistencyCheck, raft.RefuseImpossible),
		breaks: []check.Property{check.StateMachineSafety}, by: 1500,
		actions: deeds(campaign(20, 1), apart(400, 5), puts(450, 50, 3), crash(800, 1), together(1200)),
	},
	{
		id: "overtaken-message", title: "An old message deletes new entries",
		story: "The network reorders. A message that was overtaken says what the log was like before, and the " +
			"follower cuts its log to that, though it has promised more.",
		watch:  "A follower's log that becomes shorter although nothing in it was wrong.",
		config: teaching(raft.DeleteOnlyConflicts), breaks: []check.Property{check.StateMachineSafety}, by: 800,
		actions: deeds(campaign(20, 1), network(200, lab.Link{Latency: 15 * ms, Jitter: 60 * ms, Reorder: 0.6}),
			puts(250, 20, 12), crash(1200, 1), restart(1500, 1)),
	},
	{
		id: "figure-8", title: "Figure 8: counting replicas of an old term",
		story: "S1 brings an entry of its first term to a majority in its second, and counts it committed. But " +
			"S5 has a newer term in its log: it can still be elected, and overwrites it.",
		watch:  "S5 restarts with one entry of its own, everybody votes for it, and it overwrites what was committed.",
		config: teaching(raft.CommitOnlyCurrentTerm, raft.LeaderNoOp, raft.RefuseImpossible),
		breaks: []check.Property{check.LeaderCompleteness}, by: 1100,
		actions: deeds(
			campaign(20, 1), apart(200, 1, 2), put(210, 1, "x", "1"), crash(260, 1), // S1's entry is on S1 and S2
			campaign(356, 5), apart(440, 5), put(445, 5, "x", "2"), crash(480, 5), together(485), // S5's is on S5 alone
			// S1 brings its own to all others, and counts
			restart(490, 1), campaign(500, 1), campaign(600, 1), crash(800, 1),
			restart(810, 5), campaign(820, 5), campaign(965, 5),
		),
	},
	{
		id: "acknowledged-and-lost", title: "Acknowledged, and lost",
		story: "Followers say \"stored\" before their slow disks have the entry. The leader counts them and " +
			"tells the client: done. Then the power fails.",
		watch:  "The entry that is committed on servers whose disks never got it.",
		config: teaching(raft.DurableAppend), breaks: []check.Property{check.LeaderCompleteness, check.Durability},
		by: 900,
		actions: deeds(
			campaign(20, 1), slow(300, 2, 400), slow(300, 3, 400), slow(300, 4, 400), slow(300, 5, 400),
			put(400, 1, "x", "1"),
			power(460, 1), power(460, 2), power(460, 3), power(460, 4), power(460, 5),
			slow(470, 2, 2), slow(470, 3, 2), slow(470, 4, 2), slow(470, 5, 2),
			restart(480, 2), restart(480, 3), restart(480, 4), restart(480, 5),
		),
	},
	{
		id: "own-disk", title: "The leader counts what it has not stored",
		story: "The leader counts itself for an entry that its slow disk does not have yet. Two followers have " +
			"it: a majority of five, it believes. Then it loses power.",
		watch:  "After the power loss only two of five have the committed entry.",
		config: teaching(raft.CountOwnDisk), breaks: []check.Property{check.LeaderCompleteness}, by: 1200,
		actions: deeds(
			campaign(20, 1), slow(300, 1, 900), apart(390, 1, 2, 3), put(400, 1, "x", "1"), power(440, 1),
			slow(445, 1, 2), restart(450, 1), apart(452, 1, 4, 5),
		),
	},
	{
		id: "stale-read", title: "A leader that does not know better",
		story: "S1 leads, is cut off, and does not notice. The others elect S2, which writes x = 2. A client " +
			"asks S1 for x, and S1 answers from its own store, without asking the others whether it still leads.",
		watch: "Play on until the clock stops at 1.1 s: S1 answers with less than was known when it was asked. " +
			"History, beside the logs, shows what that was.",
		config: readIndex(teaching(raft.ReadRound, raft.CheckQuorum)), breaks: []check.Property{check.Linearizability},
		by: 1200,
		actions: deeds(campaign(20, 1), put(200, 1, "x", "1"), get(320, 1, "x"), apart(400, 1), campaign(560, 2),
			put(760, 2, "x", "2"), get(900, 2, "x"), get(1100, 1, "x")),
	},
	{
		id: "split-vote", title: "A split vote",
		story: "Two servers stand at nearly the same time, and neither gets a majority. Both wait for a new " +
			"random time, so that they rarely collide again.",
		watch:  "Votes that go two ways, and the second election that decides.",
		config: teaching(),
		turn:   "somebody becomes a candidate in term 1 twice, nobody becomes leader in term 1, within 1 s",
		shows:  "nobody becomes leader in term 1 and somebody becomes leader",
	},
	{
		id: "leader-crash", title: "The leader crashes",
		story: "S1 leads and crashes. The others hear nothing, one of them stands, and the cluster goes on. " +
			"When S1 returns it follows, and gets what it missed.",
		watch:  "The timers of the four others after the crash.",
		config: teaching(), turn: "not before 1000 ms", shows: "somebody becomes leader",
		actions: deeds(campaign(20, 1), puts(300, 200, 3), crash(1000, 1), puts(1500, 200, 3), restart(2200, 1)),
	},
	{
		id: "partition", title: "A network in two parts",
		story: "S1 leads and is left with one other server: what it is told there is never committed. The three " +
			"others elect a leader and go on. Healed, S1's entry gives way.",
		watch:  "Two leaders at once, in two terms, and only one that can commit.",
		config: teaching(), turn: "not before 600 ms", shows: "somebody deletes entries",
		actions: deeds(campaign(20, 1), put(300, 1, "x", "1"), apart(600, 1, 2), put(700, 1, "x", "2"),
			put(1300, 3, "x", "3"), put(1300, 4, "x", "3"), put(1300, 5, "x", "3"), together(1600)),
	},
	{
		id: "catching-up", title: "A follower that lags behind",
		story: "S5 is cut off while twelve entries are written. When it is back the leader goes back in its log " +
			"until they agree, and sends the rest in one message.",
		watch:  "The first refusal of S5, and the long message that follows.",
		config: teaching(), turn: "not before 1400 ms", shows: "somebody stores entries",
		actions: deeds(campaign(20, 1), put(200, 1, "x", "0"), apart(400, 5), puts(450, 60, 12), together(1400)),
	},
	{
		id: "snapshot", title: "A snapshot for a server too far behind",
		story: "S5 is cut off. The leader puts a snapshot in the place of its log, so what S5 needs next is no " +
			"longer there, and it is sent the snapshot instead.",
		watch:  "The two stacked sheets on their way to S5, and its log afterwards.",
		config: teaching(), turn: "not before 1400 ms", shows: "somebody takes over a snapshot",
		actions: deeds(campaign(20, 1), put(200, 1, "x", "0"), apart(400, 5), puts(450, 60, 9), compact(1300, 1),
			together(1400)),
	},
	{
		id: "blackout", title: "A power failure everywhere",
		story: "All five lose power at once, in the middle of writing. What a client was told is done is on a " +
			"majority of disks: after the restart it is still there.",
		watch:  "The committed entries before and after.",
		config: slowDisks(teaching(), 20*ms), turn: "not before 900 ms", shows: "somebody becomes leader",
		actions: deeds(campaign(20, 1), puts(300, 30, 20), power(900, 1), power(900, 2), power(900, 3), power(900, 4),
			power(900, 5),
			restart(1100, 1), restart(1100, 2), restart(1100, 3), restart(1100, 4), restart(1100, 5),
			puts(1900, 100, 3)),
	},
}

func TestTheGalleryIsWhatItSays(t *testing.T) {
	var list []Listed
	for i := range exhibits {
		x := &exhibits[i]
		entry := x.entry(t)
		list = append(list, Listed{entry.ID, entry.Title, entry.Story, entry.Rules, entry.Breaks})
		file(t, entry.ID+".json", entry)
		x.prove(t, entry)
	}
	file(t, "index.json", list)
	names, err := filepath.Glob("*.json")
	if err != nil || len(names) != len(exhibits)+1 {
		t.Errorf("there are %d files for %d runs (%v)", len(names), len(exhibits), err)
	}
}

// entry makes the entry from its file's seed or, with -update, from the first seed that fits.
func (x *exhibit) entry(t *testing.T) Entry {
	seed := uint64(0)
	if !*update {
		var kept Entry
		if err := json.Unmarshal(read(t, x.id+".json"), &kept); err != nil {
			t.Fatalf("%s: %v", x.id, err)
		}
		seed = kept.Run.Seed
		if entry, ok := x.of(t, seed); ok {
			return entry
		}
		t.Fatalf("%s: seed %d does not show it any more: go test ./web/gallery -update", x.id, seed)
	}
	for seed = 1; seed <= mostSeeds; seed++ {
		if entry, ok := x.of(t, seed); ok {
			return entry
		}
	}
	t.Fatalf("%s: none of %d seeds shows it", x.id, mostSeeds)
	return Entry{}
}

// of makes the entry of a seed; false if the run does not show what it should.
func (x *exhibit) of(t *testing.T, seed uint64) (Entry, bool) {
	run := lab.Run{Version: lab.Version, Config: x.config, Seed: seed, Actions: x.actions}
	w := world(t, run)
	turn := int64(0)
	if x.turn != "" {
		if at, reached := w.Reach(goal.Must(x.turn), longest); reached && x.shown(w, at) {
			turn = at
		}
	} else {
		liveTo(w, cmp.Or(x.by*ms, longest))
		if properties, first := broken(w); slices.Equal(properties, x.breaks) {
			turn = first
		}
	}
	if turn == 0 {
		return Entry{}, false
	}
	entry := Entry{ID: x.id, Title: x.title, Story: x.story, Watch: x.watch, Turn: float64(turn) / 1000,
		At: float64(max(turn-lead, 0)) / 1000, Run: run}
	for _, property := range x.breaks {
		entry.Breaks = append(entry.Breaks, property.String())
	}
	for _, id := range x.config.Off {
		rule, _ := raft.RuleNamed(id) // the lab has lived the run, so the rule exists
		entry.Rules = append(entry.Rules, rule.Title)
	}
	return entry, true
}

// shown tells whether the run goes on from its turn to the goal that it should show.
func (x *exhibit) shown(w *lab.World, turn int64) bool {
	_, reached := w.Reach(goal.Must(x.shows), turn+after)
	return reached
}

// prove checks the entry as its file has it: what breaks, when, and that nothing else does.
func (x *exhibit) prove(t *testing.T, entry Entry) {
	turn := int64(entry.Turn * 1000)
	w := world(t, entry.Run)
	w.RunTo(turn - 1)
	if properties, _ := broken(w); properties != nil {
		t.Errorf("%s: %v broken before its turn", entry.ID, properties)
	}
	w.RunTo(turn)
	properties, first := broken(w)
	switch {
	case x.turn != "":
		if !x.shown(w, turn) {
			t.Errorf("%s: what it is to show does not happen after %v ms", entry.ID, entry.Turn)
		}
		w.RunTo(turn + after)
		if properties, _ = broken(w); properties != nil {
			t.Errorf("%s: %v broken, though no rule is off", entry.ID, properties)
		}
	case !slices.Equal(properties, x.breaks) || first != turn:
		t.Errorf("%s: expected %v to break at %v ms and nothing else, got %v at %d µs", entry.ID, x.breaks, entry.Turn,
			properties, first)
	default:
		x.proveEnd(t, w, entry)
		kept := entry.Run
		kept.Config.Off = nil
		kw := world(t, kept)
		kw.RunTo(turn + after)
		if properties, _ = broken(kw); properties != nil {
			t.Errorf("%s: %v broken with every rule kept", entry.ID, properties)
		}
	}
	for _, words := range []string{entry.Title, entry.Story, entry.Watch} {
		if words == "" || strings.TrimSpace(words) != words || len(words) > 240 {
			t.Errorf("%s: the words %q do not fit", entry.ID, words)
		}
	}
}

// proveEnd lives on from the turn and checks that the harm takes its course: no follower may refuse a
// message because no server that keeps the rules would send it.
func (x *exhibit) proveEnd(t *testing.T, w *lab.World, entry Entry) {
	w.RunTo(int64(entry.Turn*1000) + lead)
	leads := map[raft.ServerID]raft.Term{}
	for _, h := range w.EventsSince(0, nil) {
		e := h.Event
		if e.Kind == raft.BecameLeader {
			leads[h.Server] = e.Term
		}
		if h.At > int64(entry.Turn*1000) && e.Kind == raft.MessageIgnored && e.Reason == raft.Impossible &&
			leads[h.Server] != e.Term {
			t.Errorf("%s: the story ends at %d µs, where server %d refuses what server %d sends", entry.ID, h.At,
				h.Server, h.Event.Peer)
			return
		}
	}
}

// Figure 8 is played to its end: the entry that S1 counted as committed is overwritten in (d) on every
// server that stored it, and each of them says that it had been committed.
func TestFigure8OverwritesWhatWasCommitted(t *testing.T) {
	var entry Entry
	if err := json.Unmarshal(read(t, "figure-8.json"), &entry); err != nil {
		t.Fatal(err)
	}
	w := world(t, entry.Run)
	w.RunTo(int64(entry.Turn * 1000))
	seen := w.Events()
	w.RunTo(int64(entry.Turn*1000) + lead)
	var overwritten []raft.ServerID
	committed := false
	for _, h := range w.EventsSince(seen, nil) {
		switch e := h.Event; {
		case e.Kind == raft.EntriesTruncated && e.Reason == raft.WasCommitted && e.Peer == 5 && e.Index == 1:
			overwritten = append(overwritten, h.Server)
		case e.Kind == raft.CommitAdvanced && h.Server == 5:
			committed = e.New == 1
		}
	}
	slices.Sort(overwritten)
	if properties, _ := broken(w); !slices.Equal(overwritten, []raft.ServerID{2, 3, 4}) || !committed ||
		!slices.Contains(properties, check.StateMachineSafety) {
		t.Errorf("S5 overwrote %v, committed its own: %v; broken: %v", overwritten, committed, properties)
	}
}

// broken returns the broken properties, in the order in which they were seen, and when the first was. The
// answers that clients got count, too.
func broken(w *lab.World) (properties []check.Property, first int64) {
	for _, v := range w.Violations() {
		properties, first = append(properties, v.Property), cmp.Or(first, v.At)
	}
	history := w.History()
	told := linear.Explain(history, mostSteps)
	// the lab itself notices at once only reads that are too old
	if len(told.Contradictions) > 0 && !slices.Contains(properties, check.Linearizability) {
		properties, first = append(properties, check.Linearizability),
			cmp.Or(first, history[told.Contradictions[0].Operation].Returned)
	}
	return properties, first
}

// liveTo lives to a time, or until something is broken. A core that notices a broken property itself panics:
// then it was too late to see it happen.
func liveTo(w *lab.World, end int64) {
	defer func() { recover() }()
	for w.Now() < end && len(w.Violations()) == 0 && w.Step() {
	}
}

func world(t *testing.T, run lab.Run) *lab.World {
	t.Helper()
	w, err := lab.New(run)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// file checks that a file holds a value, or writes it.
func file(t *testing.T, name string, value any) {
	t.Helper()
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(value); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(name, text.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(read(t, name), text.Bytes()) {
		t.Errorf("%s is not what the table says: go test ./web/gallery -update", name)
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
