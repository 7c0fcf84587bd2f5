package lab

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"raftplayground/raft"
	"raftplayground/relay/hub"
	"raftplayground/relay/quality"
)

// Every deed says all that a page needs, and either how it is taken back or why it cannot be.
func TestEveryDeedIsWhole(t *testing.T) {
	known := []string{"rate", "down", "disk", "binary"}
	for i := range arguments {
		known = append(known, arguments[i].name)
	}
	for i := range catalogue {
		d := &catalogue[i]
		if d.do == nil || d.words == nil && d.says == "" && d.becomes == "" || d.title == "" || d.meaning == "" ||
			!strings.HasSuffix(d.done, ".") {
			t.Errorf("%s: something is missing in %+v", d.name, d)
		}
		if !strings.HasSuffix(d.why, ".") || d.section == "" && d.name != Rules && d.name != Disarm {
			t.Errorf("%s: why is %q, %q", d.name, d.why, d.section)
		}
		if (d.undo == nil && d.inverse == "") != strings.HasSuffix(d.forGood, ".") {
			t.Errorf("%s: it is taken back, or says why not, but not both: %q", d.name, d.forGood)
		}
		for _, arg := range append(d.takes, d.must...) {
			if !slices.Contains(known, arg) {
				t.Errorf("%s takes %q, which no Action has", d.name, arg)
			}
		}
		if Deeds[i] != d.name || d.name.entry() != d {
			t.Errorf("%s is not what its name stands for", d.name)
		}
	}
	if len(Deeds) != 38 {
		t.Errorf("%d deeds", len(Deeds))
	}
}

// Each argument has a range, and a deed only those that it knows.
func TestTheArgumentsOfADeedHaveRanges(t *testing.T) {
	link := func(l Link) Action { return Action{Do: Network, Link: &l} }
	for _, test := range []struct {
		action Action
		wrong  string
	}{
		{Action{Do: Clock, Server: 1, Rate: 0.01}, ""}, {Action{Do: Clock, Server: 1, Rate: 100}, ""},
		{Action{Do: Clock, Server: 1}, "rate: expected 0.01 to 100, got 0"},
		{Action{Do: Clock, Server: 1, Rate: 100.5}, "rate: expected 0.01 to 100, got 100.5"},
		{Action{Do: Crash, Down: -1}, "down: expected 0 to 2678400000000, got -1"},
		{Action{Do: SlowDisk, Disk: maxDelay}, ""},
		{Action{Do: SlowDisk, Disk: maxDelay + 1}, "expected delays from 0 to 60000000"},
		{Action{Do: SlowDisk, Hang: true, Disk: 1}, hangOnly}, {Action{Do: Crash, Hang: true}, hangOnly},
		{Action{Do: SlowDisk, Careful: true}, carefulOnly}, {Action{Do: Crash, Careful: true}, carefulOnly},
		{link(Link{Loss: 1, Latency: maxDelay}), ""}, {link(Link{Reorder: 1.5}), wrongChance},
		{link(Link{Jitter: -1}), wrongDelay}, {link(Link{Bandwidth: 1e9}), ""},
		{link(Link{Bandwidth: 1e9 + 1}), "link.bandwidth: expected 0 to 1000000000, got 1000000001"},
		{Action{Do: Network}, "link: expected one with network, and with nothing else"},
		{Action{Do: Cut, Server: 1, Link: &Link{}}, "link: expected one with network, and with nothing else"},
		{Action{Do: EditFrame}, "text: expected 1 to 65536 bytes"}, {Action{Do: Cut, Text: "x"}, "text: expected"},
		{Action{Do: InjectFrame, Text: "x", Frame: 3}, "frame: expected a frame's number"},
		{Action{Do: Put, Read: "local"}, "read: expected none but with get"},
		{Action{Do: Put, Expected: "x"}, "expected: expected none but with cas"},
		{Action{Do: "dance"}, "do: expected a deed such as crash, got \"dance\""},
		{Action{Do: Crash, Server: 4}, "expected servers of this world, at most 3"},
	} {
		err := test.action.Check(3)
		if (err == nil) != (test.wrong == "") || err != nil && !strings.HasPrefix(err.Error(), test.wrong) {
			t.Errorf("%+v: %v, expected %q", test.action, err, test.wrong)
		}
	}
}

// A page finds in the catalogue what it makes traps and forms of: words for each, and only values that Check accepts.
func TestTheCatalogueIsWhatFormsAreMadeOf(t *testing.T) {
	c := Describe()
	traps := ""
	for i, d := range c.Deeds {
		if d.Do != Deeds[i] || d.Words == "" || d.Meaning == "" {
			t.Errorf("%+v", d)
		}
		if d.Trap == "" {
			continue
		}
		traps += d.Trap + "; "
		for _, m := range c.Moments {
			if a := (Action{Do: d.Do, When: m.When, Server: 1}); m.Words == "" || a.Check(3) != nil ||
				!strings.Contains(a.TrapWords(), m.Words) {
				t.Errorf("a trap that does %q when S1 %q: %v, %s", d.Trap, m.Words, a.Check(3), a.TrapWords())
			}
		}
	}
	if traps != "Crash; Cut the power of; Pause; Cut off; " || len(c.Moments) != 12 {
		t.Errorf("traps do %q, at %d moments", traps, len(c.Moments))
	}
	forms := ""
	for _, a := range c.Arguments {
		if a.Control == nil {
			continue
		}
		forms += a.Name + " "
		for _, value := range a.Control.Choices {
			if value < a.Least || value > a.Most {
				t.Errorf("%s offers %v of %v to %v", a.Name, value, a.Least, a.Most)
			}
		}
		if a.Control.Words == "" || a.Control.Unit == "" || len(a.Control.Choices) < 2 {
			t.Errorf("%s: %+v", a.Name, *a.Control)
		}
	}
	if forms != "disk rate " {
		t.Errorf("forms ask for %s", forms)
	}
}

// random draws an action, which in most cases can be done.
func random(r *rand.Rand, w *World, do Deed) Action {
	n := len(w.servers)
	id := func() raft.ServerID { return raft.ServerID(r.IntN(n + 1)) }
	a := Action{Do: do, Server: id()}
	switch do {
	case Clock:
		a.Rate = float64(1+r.IntN(400)) / 100
	case SlowDisk:
		a.Disk = int64(r.IntN(50_000))
	case Network:
		a.To, a.Link = id(), &Link{Latency: int64(r.IntN(9000)), Loss: r.Float64(),
			Bandwidth: int64(r.IntN(2)) * 3000}
	case Cut, Mend, Hold, Release, Transfer:
		a.To = id()
	case Partition, Reconfigure:
		for _, other := range w.servers {
			if r.IntN(3) > 0 {
				a.Servers = append(a.Servers, other)
			} else if do == Reconfigure {
				a.Learners = append(a.Learners, other)
			}
		}
	case Rules:
		a.Off = [][]string{nil, {"preVote"}, {"majorityDecides", "preVote"}}[r.IntN(3)]
	case Disarm:
		a.Server, a.Trap = 0, 1+r.IntN(3)
	case EditFrame, InjectFrame:
		a.Text = []string{"1>2:AppendEntries:Request:one", "tea"}[r.IntN(2)]
		if a.To = id(); do == InjectFrame {
			a.Server = raft.ServerID(1 + r.IntN(n-1))
			a.To = a.Server + 1
		}
	case Put, Get, Delete, CompareAndSwap:
		a.Key = "x"
	}
	return a
}

// somewhere returns a world in the midst of faults.
func somewhere(t *testing.T, seed uint64) (*World, *rand.Rand) {
	r := rand.New(rand.NewPCG(seed, 3))
	run := Draw(Standard(), seed)
	run.Config.Voters = 4
	w := start(t, run)
	w.RunTo(int64(r.IntN(4_000_000)))
	for _, a := range []Action{
		{Do: Pause, Server: raft.ServerID(1 + r.IntN(5))}, {Do: FillDisk, Server: raft.ServerID(1 + r.IntN(5))},
		{Do: FlipBit, Server: 5}, {Do: PowerLoss, Server: 5}, {Do: Restart, Server: 5},
		{Do: Crash, When: "leader"}, {Do: Cut, Server: 1, To: 2}, {Do: HoldFrame},
		{Do: Hold, Server: 2}, {Do: Hold, Server: 3, To: 1},
	} {
		if _, err := w.Do(a); err != nil {
			t.Fatal(err)
		}
	}
	w.RunTo(w.Now() + int64(r.IntN(100_000)))
	return w, r
}

// Can finds out whether something can be done without doing it, and is right for every deed.
func TestCanSaysWhatDoingWouldFindOut(t *testing.T) {
	// A run does these without asking first: they change nothing but how far a server's clock was looked at,
	// or make a server try in vain.
	unasked := []Deed{Restart, Campaign, FillDisk}
	done, refused := map[Deed]int{}, map[Deed]int{}
	for seed := range uint64(60) {
		w, r := somewhere(t, seed)
		hash := w.Hash()
		for _, do := range Deeds {
			a := random(r, w, do)
			if err := a.Check(5); err != nil {
				if do == Reconfigure {
					continue
				}
				t.Fatalf("%+v: %v", a, err)
			}
			why := w.Can(&a)
			if w.Hash() != hash {
				t.Fatalf("seed %d: to ask for %+v changed the world", seed, a)
			}
			trial := w.Clone()
			found := trial.act(&a)
			if why != found && !(why != "" && found == "" && slices.Contains(unasked, do)) {
				t.Errorf("seed %d: %+v: %q was said, and found was %q", seed, a, why, found)
			}
			if why != "" && !(strings.HasSuffix(why, ".") && why[0] >= 'A' && why[0] <= 'Z') {
				t.Errorf("%+v: not a sentence: %q", a, why)
			}
			if why == "" {
				done[do]++
			} else {
				refused[do]++
			}
		}
	}
	for _, do := range Deeds {
		if done[do] == 0 {
			t.Errorf("%s was never done", do)
		}
		always := do == Heal || do == Rules || do == Network || do == Partition || do == Spread || do == Align
		if d := do.entry(); refused[do] == 0 && !always && (d.on&named == 0 || d.on&up != 0) {
			t.Errorf("%s was never refused", do)
		}
	}
}

// settings returns what a page shows of machines, links, rules, traps and frames, which is what undoing has
// to bring back.
func settings(w *World, frames bool) string {
	var v View
	w.View(&v)
	b := new(bytes.Buffer)
	for _, m := range v.Machines {
		fmt.Fprintln(b, m.Server, m.State, m.Rate, m.Disk, m.Full, w.machines[m.Server-1].disk.hung)
	}
	for _, l := range v.Links {
		l.From, l.To = l.From*10, l.To*10
		fmt.Fprintln(b, l)
	}
	fmt.Fprintln(b, w.Off())
	for _, trap := range w.Traps() {
		fmt.Fprintln(b, trap.Action.Do, trap.Action.When, trap.Action.Server)
	}
	for _, f := range v.Frames {
		if frames {
			fmt.Fprintln(b, f.Seq, f.Held, string(f.Data))
		}
	}
	lines := strings.Split(b.String(),
		"\n") // frames that are held, and traps, stand in the order in which that was done
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// What is done and then undone is as before, in everything that undoing covers.
func TestUndoingLeadsBack(t *testing.T) {
	undone := map[Deed]int{}
	for seed := range uint64(60) {
		w, r := somewhere(t, seed)
		for _, do := range Deeds {
			a := random(r, w, do)
			if do == SlowDisk && r.IntN(2) == 0 {
				a.Disk, a.Hang = 0, true
			}
			if a.Check(5) != nil || w.Can(&a) != "" {
				continue
			}
			back := w.Undo(&a)
			if len(back) > 0 != (do.entry().forGood == "") && do != Cut && do != Mend && do != Hold && do != Release &&
				do != Network &&
				do != HoldFrame && do != ReleaseFrame {
				t.Errorf("seed %d: %+v is undone by %v", seed, a, back)
			}
			if len(back) == 0 {
				continue
			}
			frames := do.entry().touch != ""
			c := w.Clone()
			before := settings(c, frames)
			for _, b := range append([]Action{a}, back...) {
				if why, err := c.Do(b); why != "" || err != nil {
					t.Fatalf("seed %d: %+v of %+v, %+v: %s %v", seed, b, a, back, why, err)
				}
			}
			if after := settings(c, frames); after != before {
				t.Errorf("seed %d: %+v, undone by %+v, leads from\n%s to\n%s", seed, a, back, before, after)
			}
			undone[do]++
		}
	}
	for i := range catalogue {
		if d := &catalogue[i]; d.forGood == "" && undone[d.name] == 0 {
			t.Errorf("%s was never undone", d.name)
		}
	}
}

// A server that cannot read its disk is wiped while it is down; then it starts, empty.
func TestADamagedServerIsWiped(t *testing.T) {
	w := world(t, Config{Servers: 3, CompactAfter: -1})
	w.RunTo(second)
	for range 3 {
		do(t, w, true, Action{Do: Put, Key: "x", Value: "1"}, 50*millisecond)
	}
	do(t, w, true, Action{Do: FlipBit, Server: 3}, 0)
	do(t, w, true, Action{Do: Crash, Server: 3}, 0)
	do(t, w, false, Action{Do: Wipe, Server: 3}, 0) // it is down, and not yet known to be damaged
	do(t, w, true, Action{Do: Restart, Server: 3}, 0)
	do(t, w, false, Action{Do: Restart, Server: 3}, 0)
	do(t, w, false, Action{Do: Wipe, Server: 3, Careful: true}, 0)
	do(t, w, true, Action{Do: Wipe, Server: 3}, 0)
	if m := machineOf(w, 3); m.State != Down || m.Failure != "" {
		t.Errorf("it was wiped, and is %+v", m)
	}
	if s, _ := w.Reporter(3); s == nil {
		t.Error("nobody knows what it would start with")
	}
	do(t, w, true, Action{Do: Restart, Server: 3}, 0)
	if st := statusOf(w, 3); st.LastIndex != 0 || st.CurrentTerm != 0 {
		t.Errorf("it has %+v", st)
	}
}

// The deeds of a live room are those of the hub, and here too the hub does them.
func TestTheDeedsOfARoomAreTheHubs(t *testing.T) {
	for i := range catalogue {
		d := &catalogue[i]
		w := world(t, Config{Servers: 3})
		todo := hub.ToDo{Do: string(d.name), From: 1, To: 2, Frame: 99, Text: []byte("1>2:x")}
		if d.name == Network {
			todo.Link = new(quality.Wanted)
		}
		err := w.hub.Do(w.clients[0].conn, &todo)
		var refusal *hub.Refusal
		if here := !errors.As(err, &refusal) || refusal.Field != "do"; here != d.room {
			t.Errorf("%s: in a room is %v, and the hub says %v", d.name, d.room, err)
		}
	}
}
