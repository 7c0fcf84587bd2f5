package lab

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"raftplayground/raft"
)

// five returns five servers, led by S1, after these actions.
func five(t *testing.T, actions ...Action) *World {
	t.Helper()
	w := world(t, Config{Servers: 6, Voters: 5})
	do(t, w, true, Action{Do: Campaign, Server: 1}, 100*millisecond)
	for _, a := range actions {
		do(t, w, true, a, 0)
	}
	return w
}

func offered(t *testing.T, w *World, id raft.ServerID, name string) Offer {
	t.Helper()
	for _, o := range slices.Concat(w.Offers(id)...) {
		if o.Name == name {
			return o
		}
	}
	t.Fatalf("S%d is not offered %s", id, name)
	return Offer{}
}

// What cannot be done stays in its place, with the reason.
func TestOffersStayInTheirPlaces(t *testing.T) {
	order := func(w *World, id raft.ServerID) (names string) {
		for _, group := range w.Offers(id) {
			for _, o := range group {
				names += o.Name + " "
				if o.Words == "" || !strings.HasSuffix(o.Meaning, ".") || !strings.HasSuffix(o.Done, ".") ||
					o.Acts == nil ||
					strings.Contains(o.Done, "S0") {
					t.Errorf("%+v", o)
				}
				if (o.Not == "") != (len(o.Acts) > 0 && w.Can(&o.Acts[0]) == "") && o.Name != "write" &&
					o.Name != "transfer" {
					t.Errorf("%+v, and the world says %v", o, o.Acts)
				}
			}
			names += "| "
		}
		return names
	}
	down := five(t, Action{Do: Crash, Server: 2})
	if up := order(five(t), 2); up != order(down, 2) ||
		!strings.HasPrefix(up, "crash power pause restart wipe | fill fail flip | campaign clock | ") {
		t.Errorf("up %s, down %s", up, order(down, 2))
	}
	paused := five(t, Action{Do: Pause, Server: 2})
	for _, test := range []struct {
		w    *World
		id   raft.ServerID
		name string
		not  string
	}{
		{five(t), 2, "restart", "S2 runs."}, {down, 2, "restart", ""},
		{paused, 2, "restart", "S2 is paused, not down."},
		{down, 2, "crash", "S2 is down."}, {five(t), 1, "campaign", "S1 leads, and has no election timer."},
		{five(t), 6, "campaign", "S6 has no vote."}, {paused, 2, "campaign", "S2 is paused."},
		{five(t, Action{Do: Crash, Server: 1}), 2, "remove", "Nobody leads now, and only a leader can change that."},
		{five(t), 6, "remove", "It is not a member."}, {five(t), 6, "transfer", "It has no vote."},
		{five(t), 2, "add", "It is a voter already."}, {five(t), 6, "add", ""}, {down, 2, "write", "S2 is down."},
		{down, 2, "wipe", "S2 is down."}, {five(t), 2, "transfer", ""}, {five(t), 1, "transfer", ""},
		{world(t, Config{Servers: 1}), 1, "cut", "It is alone."},
	} {
		if o := offered(t, test.w, test.id, test.name); o.Not != test.not {
			t.Errorf("%s of S%d: %q, expected %q", test.name, test.id, o.Not, test.not)
		}
	}
	if o := offered(t, five(t), 1, "transfer"); !slices.Equal(o.To, []raft.ServerID{2, 3, 4, 5}) {
		t.Errorf("S1 may hand over to %v", o.To)
	}
	if o := offered(t, paused, 2, "pause"); o.Words != "Resume" || o.Acts[0].Do != Resume {
		t.Errorf("of one that is paused: %+v", o)
	}
}

// A deed that would cost the cluster its majority comes with a warning, and others do not.
func TestOffersWarnOfALostMajority(t *testing.T) {
	one := five(t, Action{Do: Crash, Server: 4})
	two := five(t, Action{Do: Crash, Server: 4}, Action{Do: Pause, Server: 5})
	for _, test := range []struct {
		w       *World
		id      raft.ServerID
		name    string
		warning string
	}{
		{five(t), 2, "crash", ""}, {one, 2, "crash", ""}, {two, 4, "restart", ""}, {two, 5, "remove", ""},
		{two, 2, "crash", "Only S1, S2 and S3 of 5 voters run. Without S2 no leader"},
		{two, 1, "cut", "Only S1, S2 and S3 of 5 voters run. Without S1"}, {two, 6, "crash", ""},
		{two, 3, "remove", "Of the 4 voters that stay only 2 run: they could not commit anything any more."},
		{two, 2, "wipe", "S2 may have voted"},
		// without majorityDecides two of five are enough
		{five(t, Action{Do: Crash, Server: 4}, Action{Do: Crash, Server: 5},
			Action{Do: Rules, Off: []string{"majorityDecides"}}), 2, "crash", ""},
	} {
		o := offered(t, test.w, test.id, test.name)
		if !strings.HasPrefix(o.Warning, test.warning) || (test.warning == "") != (o.Warning == "") {
			t.Errorf("%s of S%d: %q, expected %q", test.name, test.id, o.Warning, test.warning)
		}
	}
}

// A server is cut off by one deed if the rest is whole, and otherwise without touching other cuts.
func TestOffersCutAServerOffAndJoinIt(t *testing.T) {
	w := five(t)
	all := slices.Clone(w.servers)
	if o := offered(t, w, 2, "cut"); !reflect.DeepEqual(o.Acts,
		[]Action{{Do: Partition, Servers: []raft.ServerID{2}}}) {
		t.Errorf("%+v", o)
	}
	do(t, w, true, Action{Do: Partition, Servers: []raft.ServerID{2}}, 0)
	if o := offered(t, w, 2, "cut"); o.Words != "Reconnect" ||
		!reflect.DeepEqual(o.Acts, []Action{{Do: Partition, Servers: all}}) {
		t.Errorf("%+v", o)
	}
	do(t, w, true, Action{Do: Partition, Servers: all}, 0)
	do(t, w, true, Action{Do: Cut, Server: 4, To: 5}, 0)
	o := offered(t, w, 2, "cut")
	if len(o.Acts) != 10 {
		t.Errorf("%+v", o)
	}
	for _, a := range o.Acts {
		do(t, w, true, a, 0)
	}
	if o = offered(t, w, 2, "cut"); o.Words != "Reconnect" || len(o.Acts) != 10 {
		t.Errorf("%+v", o)
	}
	for _, a := range o.Acts {
		do(t, w, true, a, 0)
	}
	if cuts := w.cuts(); len(cuts) != 2 || cuts[1].Server != 4 || cuts[1].To != 5 {
		t.Errorf("it leaves %+v", cuts)
	}
}

// A server learns before it votes.
func TestOffersTakeAServerIn(t *testing.T) {
	w := five(t)
	add := func(words string) {
		t.Helper()
		o := offered(t, w, 6, "add")
		if o.Words != words || o.Not != "" {
			t.Fatalf("%+v", o)
		}
		do(t, w, true, o.Acts[0], second)
	}
	add("Add as learner")
	add("Make it a voter")
	if c := statusOf(w, 1).Config; !slices.Contains(c.Voters, 6) {
		t.Errorf("%+v", c)
	}
	do(t, w, true, offered(t, w, 6, "remove").Acts[0], second)
	if c := statusOf(w, 1).Config; slices.Contains(c.Voters, 6) {
		t.Errorf("%+v", c)
	}
}

// Whatever is wrong with a machine or with links is listed, with the deeds that mend it.
func TestWhatIsWrongIsRighted(t *testing.T) {
	if w := five(t); len(w.Wrongs()) != 0 {
		t.Errorf("of a calm cluster: %+v", w.Wrongs())
	}
	for _, test := range []struct {
		actions []Action
		text    string
	}{
		{[]Action{{Do: Crash, Server: 1}}, "S1 is down"}, {[]Action{{Do: Pause, Server: 2}}, "S2 is paused"},
		{[]Action{{Do: Clock, Server: 3, Rate: 0.5}}, "S3’s clock runs at 0.5×"},
		{[]Action{{Do: SlowDisk, Server: 4, Disk: 50_000}}, "S4’s disk takes up to 50 ms"},
		{[]Action{{Do: SlowDisk, Server: 4, Hang: true}}, "S4’s disk finishes no write"},
		{[]Action{{Do: FillDisk, Server: 5}}, "S5’s disk is full"},
		{[]Action{{Do: FailDisk, Server: 5}}, "The next write of S5 fails"},
		{[]Action{{Do: FlipBit, Server: 5}}, "A bit of S5’s disk is wrong, and nobody knows"},
		{[]Action{{Do: FlipBit, Server: 5}, {Do: PowerLoss, Server: 5}, {Do: Restart, Server: 5}},
			"S5 cannot read its disk"},
		{[]Action{{Do: Partition, Servers: []raft.ServerID{1, 2}}},
			"The network is cut: S3, S4, S5 and S6 | S1 and S2"},
		{[]Action{{Do: Partition, Servers: []raft.ServerID{6}}}, "The network is cut: S1, S2, S3, S4 and S5 | S6"},
		{[]Action{{Do: Cut, Server: 3, To: 1}}, "S1 – S3: only S1 to S3"},
		{[]Action{{Do: Cut, Server: 1, To: 3}}, "S1 – S3: only S3 to S1"},
		{[]Action{{Do: Cut, Server: 1, To: 3}, {Do: Cut, Server: 3, To: 1}}, "S1 – S3: cut"},
		{[]Action{{Do: Hold, Server: 2, To: 1}}, "What S2 sends S1 is held"},
		{[]Action{{Do: Network, Link: &Link{Latency: 5000, Loss: 0.1}}}, "All links lose up to 10 %"},
		{[]Action{{Do: Network, Server: 1, To: 2, Link: &Link{Duplicate: 0.5}}}, "1 of 30 links double 50 %"},
		{[]Action{{Do: Network, Link: &Link{}}, {Do: Network, Server: 1, Link: &Link{Latency: 9, Reorder: 0.25}},
			{Do: Network, Server: 2, To: 1, Link: &Link{Reorder: 0.5}}}, "6 of 30 links reorder up to 50 %"},
		{[]Action{{Do: Network, Link: &Link{Bandwidth: 1500}}}, "All links transmit up to 1500 B/s"},
	} {
		w := five(t, test.actions...)
		list := w.Wrongs()
		if len(list) != 1 || list[0].Text != test.text || list[0].Words == "" {
			t.Fatalf("%s: %+v", test.text, list)
		}
		for _, a := range list[0].Acts {
			do(t, w, true, a, 0)
		}
		if list = w.Wrongs(); len(list) != 0 {
			t.Errorf("%s was righted, and %+v", test.text, list)
		}
	}
}

// Each wrong is listed once: a divided network by its parts, unless something within a part is cut, too.
func TestEachWrongIsListedOnce(t *testing.T) {
	all := func(l Link) Action { return Action{Do: Network, Link: &l} }
	for _, test := range []struct {
		actions []Action
		wrongs  string
	}{
		{[]Action{{Do: Crash, Server: 6}, {Do: Partition, Servers: []raft.ServerID{6}}, {Do: Hold, Server: 1, To: 2},
			all(Link{Loss: 0.1, Reorder: 0.2})},
			"S6 is down. The network is cut: S1, S2, S3, S4 and S5 | S6. What S1 sends S2 is held. " +
				"All links lose up to 10 %. All links reorder up to 20 %. "},
		{[]Action{{Do: Partition, Servers: []raft.ServerID{5, 6}}, {Do: Cut, Server: 5, To: 6}},
			"S1 – S5: cut. S1 – S6: cut. S2 – S5: cut. S2 – S6: cut. S3 – S5: cut. S3 – S6: cut. S4 – S5: cut. " +
				"S4 – S6: cut. S5 – S6: only S6 to S5. "},
	} {
		text := ""
		for _, wrong := range five(t, test.actions...).Wrongs() {
			text += wrong.Text + ". "
		}
		if text != test.wrongs {
			t.Errorf("%+v:\ngot  %s\nwant %s", test.actions, text, test.wrongs)
		}
	}
	alike := five(t, all(Link{Loss: 0.1, Latency: 7})).Wrongs()[0].Acts
	if len(alike) != 1 || alike[0].Server != 0 || *alike[0].Link != (Link{Latency: 7}) {
		t.Errorf("links that are alike are righted by %+v", alike)
	}
}

// A disk's faults are offered with their remedies: a full disk is given room, and a fault that would stop
// the last server of a majority comes with a warning.
func TestOffersHaveTheFaultsOfADisk(t *testing.T) {
	w := five(t, Action{Do: FillDisk, Server: 2})
	if o := offered(t, w, 2, "fill"); o.Words != "Make room on its disk" || o.Acts[0].Do != FreeDisk || o.Not != "" {
		t.Errorf("of a full disk: %+v", o)
	}
	if o := offered(t, w, 3, "fill"); o.Words != "Fill its disk" || o.Done != "The disk of S3 is full." ||
		o.Warning != "" {
		t.Errorf("of another one: %+v", o)
	}
	do(t, w, true, Action{Do: Put, Key: "x", Value: "1"}, 100*millisecond)
	if o := offered(t, w, 2, "fail"); o.Not != "S2 is down." {
		t.Errorf("its full disk has stopped S2, and %+v", o)
	}
	do(t, w, true, Action{Do: Crash, Server: 3}, 0)
	for _, fault := range []string{"fill", "fail"} {
		if o := offered(t, w, 4, fault); !strings.HasPrefix(o.Warning, "Only S1, S4 and S5 of 5 voters run.") {
			t.Errorf("%s: %+v", fault, o)
		}
	}
	if o := offered(t, w, 4, "flip"); o.Not != "" || o.Words != "Flip a bit of its disk" {
		t.Errorf("%+v", o)
	}
}
