package lab

import (
	"bytes"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"raftplayground/raft"
	"raftplayground/raft/check"
	"raftplayground/raft/check/linear"
)

func start(t testing.TB, run Run) *World {
	t.Helper()
	w, err := New(run)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// short is a world in which much happens in little time.
func short(seed uint64) Run {
	c := Standard()
	c.Servers = []int{3, 5, 4}[seed%3]
	c.Think, c.Chaos, c.Heal = 50*millisecond, 5*second, 5*second
	return Draw(c, seed)
}

// The same Run is in the same state at the same time, however one gets there: in one go, by steps, from a copy of the
// world, from a tape.
func TestATimeIsReachedTheSameWayByEveryWay(t *testing.T) {
	for seed := range uint64(8) {
		run := short(seed)
		var times []int64
		var hashes []uint64
		straight := start(t, run)
		for at := int64(0); at <= 6*second; at += 743 * millisecond {
			straight.RunTo(at)
			times, hashes = append(times, at), append(hashes, straight.Hash())
		}
		stepping := start(t, run)
		for i, at := range times {
			for next, ever := stepping.Next(); ever && next <= at; next, ever = stepping.Next() {
				stepping.Step()
			}
			stepping.RunTo(at)
			if stepping.Hash() != hashes[i] {
				t.Fatalf("seed %d: by steps the world differs at %d", seed, at)
			}
		}
		tape, err := NewTape(run, 300*millisecond)
		if err != nil {
			t.Fatal(err)
		}
		for k := range times {
			i := (k*5 + 3) % len(times) // there and back
			if got := tape.At(times[i]); got.Hash() != hashes[i] || got.Now() != times[i] {
				t.Fatalf("seed %d: on the tape the world differs at %d", seed, times[i])
			}
		}
		end, again := tape.At(times[4]), start(t, run)
		a, b := end.Finish(), again.Finish()
		if end.Hash() != again.Hash() || !reflect.DeepEqual(a, b) ||
			!reflect.DeepEqual(end.History(), again.History()) {
			t.Fatalf("seed %d: a world that began in the middle ends otherwise", seed)
		}
	}
}

// Servers say how long they will be idle, and the world passes over that time. A world that passes over nothing
// is the same.
func TestPassingOverIdleTimeChangesNothing(t *testing.T) {
	for seed := range uint64(6) {
		quick, slow := start(t, short(seed)), start(t, short(seed))
		for at := int64(0); at < 6*second; at += 250 {
			slow.RunTo(at)
			for _, m := range slow.machines {
				if m.server != nil && !m.paused {
					slow.live(m)
					slow.settle(m)
				}
			}
			slow.deliver()
		}
		slow.RunTo(6 * second)
		quick.RunTo(6 * second)
		for i, m := range quick.machines {
			o := slow.machines[i]
			if (m.server == nil) != (o.server == nil) {
				t.Fatalf("seed %d: server %d runs in one world only", seed, m.id)
			}
			if m.server == nil || m.paused {
				continue
			}
			quick.live(m)
			slow.live(o)
			if !bytes.Equal(m.server.Node().AppendState(nil), o.server.Node().AppendState(nil)) {
				t.Fatalf("seed %d: server %d differs", seed, m.id)
			}
		}
		if !reflect.DeepEqual(quick.History(), slow.History()) {
			t.Fatalf("seed %d: the clients were told otherwise", seed)
		}
	}
}

// A change in one cause of chance leaves the others as they were.
func TestTheRandomStreamsAreSeparate(t *testing.T) {
	for _, test := range []struct {
		name   string
		action Action
		same   func(a, b *World) bool
	}{
		{"a crash does not change the others' first timeouts", Action{At: 0, Do: Crash, Server: 3},
			func(a, b *World) bool {
				return timeout(a, 1) == timeout(b, 1) && timeout(a, 2) == timeout(b, 2)
			}},
		{"nor what clients are about to ask", Action{At: 0, Do: Crash, Server: 3}, func(a, b *World) bool {
			return a.clients[1].next == b.clients[1].next && a.clients[2].next == b.clients[2].next
		}},
		{"nor the network's next draws", Action{At: 0, Do: SlowDisk, Server: 2, Disk: 5}, func(a, b *World) bool {
			return bytes.Equal(a.hub.AppendState(nil), b.hub.AppendState(nil))
		}},
	} {
		run := Run{Version: Version, Config: Standard(), Seed: 3}
		a := start(t, run)
		run.Actions = []Action{test.action}
		b := start(t, run)
		a.RunTo(10 * millisecond)
		b.RunTo(10 * millisecond)
		if !test.same(a, b) {
			t.Error(test.name + ": it does")
		}
	}
}

func timeout(w *World, id raft.ServerID) int {
	w.Server(id).Node().Status(&w.status)
	return w.status.Timeout
}

// What a person does becomes part of the run, which then leads to the same state without the person.
func TestWhatIsDoneLiveIsPartOfTheRun(t *testing.T) {
	live := start(t, short(2))
	live.RunTo(2 * second)
	for i, a := range []Action{{Do: Put, Key: "x", Value: "1"}, {Do: Crash},
		{Do: Partition, Servers: []raft.ServerID{1}}, {Do: Heal}, {Do: Get, Key: "x"}} {
		if _, err := live.Do(a); err != nil {
			t.Fatal(err)
		}
		live.RunTo(2*second + int64(i+1)*400*millisecond)
	}
	live.RunTo(5 * second)
	again := start(t, live.Run())
	again.RunTo(5 * second)
	if live.Hash() != again.Hash() {
		t.Error("the run as it was written down leads to another state")
	}
	if _, err := live.Do(Action{Do: "explode"}); err == nil || !strings.Contains(err.Error(), "explode") {
		t.Errorf("an unknown deed: %v", err)
	}
}

// What is done in a copy of the world is not done in the world, nor the other way round. A run stays as it
// was taken, and an earlier copy still does actions that were replaced in the world.
func TestRunsOfAWorldAndItsCopiesPart(t *testing.T) {
	put := func(value string) Action { return Action{Do: Put, Server: 1, Key: "x", Value: value} }
	do := func(w *World, value string) {
		if _, err := w.Do(put(value)); err != nil {
			t.Fatal(err)
		}
	}
	values := func(run Run) (text string) {
		for _, a := range run.Actions {
			text += a.Value
		}
		return text
	}
	ahead := put("z")
	ahead.At = second
	w := start(t, Run{Version: Version, Config: Config{Servers: 3}, Actions: []Action{ahead}})
	early := w.Clone()
	var taken []Run
	for _, value := range []string{"a", "b", "c", "d", "e"} {
		c := w.Clone()
		do(w, value)
		do(c, strings.ToUpper(value))
		taken = append(taken, w.Run(), c.Run())
	}
	early.RunTo(2 * second)
	mine := append(w.Run().Actions, put("!"))
	do(w, "f")
	for i, want := range []string{"a", "A", "ab", "aB", "abc", "abC", "abcd", "abcD", "abcde", "abcdE"} {
		if got := values(taken[i]); got != want {
			t.Errorf("the run that was taken as %s is now %s", want, got)
		}
	}
	if values(w.Run()) != "abcdef" || mine[5].Value != "!" {
		t.Errorf("the world did %s; who wrote on for himself has %s", values(w.Run()), values(Run{Actions: mine}))
	}
	if values(early.Run()) != "z" || early.Faults.Deeds[Put] != 1 {
		t.Errorf("the first copy has %s ahead and did %d of it", values(early.Run()), early.Faults.Deeds[Put])
	}
}

// Where no server runs, no client waits and no action is to come, nothing happens until something is done.
func TestADeadWorldSaysSo(t *testing.T) {
	const hours = 3600 * second
	w := start(t, Run{Version: Version, Config: Config{Servers: 3, Latency: millisecond, Disk: millisecond}})
	w.RunTo(second)
	for _, a := range []Action{{Do: Crash, Server: 1}, {Do: Crash, Server: 2},
		{Do: Crash, Server: 3, Down: 3 * hours}} {
		if _, err := w.Do(a); err != nil {
			t.Fatal(err)
		}
	}
	for w.Server(3) == nil {
		if !w.Step() {
			t.Fatal("that a server starts again in three hours is nothing")
		}
	}
	if w.Now() != second+3*hours {
		t.Errorf("it started at %d µs", w.Now())
	}
	if _, err := w.Do(Action{Do: Crash, Server: 3}); err != nil {
		t.Fatal(err)
	}
	for steps := 0; w.Step(); steps++ {
		if steps == 100 {
			t.Fatal("it does not end")
		}
	}
	if at, ever := w.Next(); ever {
		t.Errorf("something is to happen at %d µs still", at)
	}
	w.RunTo(w.Now() + 2*hours)
	if _, err := w.Do(Action{Do: Heal}); err != nil {
		t.Fatal(err)
	}
	if w.RunTo(w.Now() + second); w.leader() == nil {
		t.Error("nobody leads a second after all were started again")
	}
}

func TestARunSurvivesJSON(t *testing.T) {
	for seed := range uint64(50) {
		run := short(seed)
		text := run.Encode()
		again, err := Decode(text)
		if err != nil || !reflect.DeepEqual(run, again) {
			t.Fatalf("seed %d: %v\n%+v\n%+v", seed, err, run, again)
		}
	}
}

func TestARunThatCannotBeIsRefused(t *testing.T) {
	const config = `"config":{"servers":3,"latency":0,"jitter":0}`
	action := func(text string) string { return `{"version":1,` + config + `,"seed":1,"actions":[` + text + `]}` }
	tests := []struct{ text, want string }{
		{``, "as JSON"},
		{`{"version":1,` + config + `,"seed":1,"sed":2}`, "sed"},
		{`{"version":2,` + config + `,"seed":1}`, "version 1, got 2"},
		{action(`{"at":1,"do":"put","key":"x","expected":"1"}`), "none but with cas"},
		{action(`{"at":1,"do":"put","key":"x","read":"local"}`), "none but with get"},
		{action(`{"at":1,"do":"get","key":"x","read":"now"}`), `expected log, readIndex, lease or local, got "now"`},
		{`{"version":1,"config":{"servers":10},"seed":1}`, "servers: expected 1 to 9, got 10"},
		{`{"version":1,"config":{"servers":3,"clients":1},"seed":1}`, "keys: expected 1 to"},
		{`{"version":1,"config":{"servers":3,"latency":-1},"seed":1}`, "latency: expected 0 to"},
		{`{"version":1,"config":{"servers":3,"off":["gravity"]},"seed":1}`, `"gravity"`},
		{action(`{"at":1,"do":"explode"}`), "action 1: do: expected"},
		{action(`{"at":2,"do":"heal"},{"at":1,"do":"heal"}`), "action 2 is at 1, before"},
		{action(`{"at":-1,"do":"heal"}`), "at: expected"},
		{action(`{"at":1,"do":"crash","server":4}`), "at most 3"},
		{action(`{"at":1,"do":"partition","servers":[0]}`), "at most 3"},
		{action(`{"at":1,"do":"clock","server":1}`), "rate: expected"},
		{action(`{"at":1,"do":"network"}`), "link: expected"},
		{action(`{"at":1,"do":"network","link":{"loss":2}}`), "probabilities"},
		{action(`{"at":1,"do":"network","link":{"latency":-2}}`), "delays"},
		{action(`{"at":1,"do":"crash","when":"sunset"}`), "when: expected"},
		{action(`{"at":1,"do":"crash","down":-1}`), "down: expected"},
		{action(`{"at":1,"do":"reconfigure"}`), "servers: expected at least one"},
		{action(`{"at":1,"do":"reconfigure","servers":[1],"learners":[4]}`), "at most 3"},
		{action(`{"at":1,"do":"crash","learners":[1]}`), "learners: expected none"},
		{action(`{"at":1,"do":"crash","careful":true}`), "careful: expected it with"},
		{action(`{"at":1,"do":"wipe","careful":true,"down":5}`), "down: expected 0"},
		{action(`{"at":1,"do":"crash","frame":5}`), "frame: expected"},
		{action(`{"at":1,"do":"injectFrame","server":1,"to":2,"text":"x","frame":5}`), "frame: expected"},
		{action(`{"at":1,"do":"dropFrame","frame":9007199254740993}`), "frame: expected at most"},
		{action(`{"at":1,"do":"editFrame"}`), "text: expected"},
		{action(`{"at":1,"do":"dropFrame","text":"x"}`), "text: expected"},
		{action(`{"at":1,"do":"injectFrame","server":1,"to":1,"text":"x"}`), "two servers"},
		{`{"version":1,"config":{"servers":3,"voters":4},"seed":1}`, "voters: expected 0 to 3, got 4"},
		{`{"version":1,"config":{"servers":3,"compactAfter":-2},"seed":1}`, "compactAfter: expected -1 to"},
		{`{"version":1,"config":{"servers":3,"reads":"guess"},"seed":1}`,
			`reads: expected "log", "readIndex" or "lease", got "guess"`},
	}
	for _, test := range tests {
		if _, err := Decode([]byte(test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.text, err, test.want)
		}
	}
	if _, err := Decode([]byte(action(`{"at":1,"do":"crash","server":3}`))); err != nil {
		t.Error(err)
	}
}

// Any run that is not refused can be lived through: no action makes the world fail, whatever state it is in.
func TestNoActionsBreakTheWorld(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := Config{Servers: rapid.IntRange(1, 5).Draw(rt, "servers"), Latency: 1000, Jitter: 500,
			Disk:         rapid.Int64Range(0, 30_000).Draw(rt, "disk"),
			CompactAfter: rapid.SampledFrom([]int{-1, 0, 5}).Draw(rt, "compact"),
			Reads:        rapid.SampledFrom([]string{"log", "readIndex"}).Draw(rt, "reads"),
			Clients:      2, Keys: 2, Think: 20 * millisecond, Patience: 200 * millisecond, Heal: 5 * second}
		c.Voters = rapid.IntRange(0, c.Servers).Draw(rt, "voters")
		w := start(t, Run{Version: Version, Config: c, Seed: rapid.Uint64().Draw(rt, "seed")})
		var v View
		forged := false
		for range rapid.IntRange(0, 60).Draw(rt, "actions") {
			a := anyAction(rt, c.Servers)
			forged = forged || a.Text != ""
			if _, err := w.Do(a); err != nil {
				rt.Fatal(err)
			}
			w.View(&v)
			w.RunTo(w.Now() + rapid.Int64Range(0, 300*millisecond).Draw(rt, "pass"))
		}
		if _, err := w.Do(Action{Do: Heal}); err != nil {
			rt.Fatal(err)
		}
		for _, v := range w.Finish() {
			rt.Error(v.Error())
		}
		if err := linear.Check(w.History(), time.Minute); err != nil {
			rt.Error(err)
		}
		if w.Faults.BadFrames > 0 && !forged {
			rt.Errorf("%d frames could not be understood", w.Faults.BadFrames)
		}
	})
}

// anyAction draws an action that a cluster survives: disks and votes are lost only with care, and what is
// forged cannot be understood.
func anyAction(rt *rapid.T, servers int) Action {
	server := rapid.Uint64Range(0, uint64(servers))
	some := rapid.SliceOfNDistinct(rapid.Uint64Range(1, uint64(servers)), 1, servers, rapid.ID)
	a := Action{Do: rapid.SampledFrom(Deeds).Draw(rt, "do"), Server: raft.ServerID(server.Draw(rt, "server")),
		To: raft.ServerID(server.Draw(rt, "to")), Key: "k"}
	if a.Do == InjectFrame && (a.Server == 0 || a.To == 0 || a.Server == a.To) {
		a.Do = EditFrame
	}
	switch a.Do {
	case Wipe, FlipBit:
		a.Careful = true
	case Reconfigure:
		a.Careful = true
		named := some.Draw(rt, "servers")
		voters := rapid.IntRange(1, len(named)).Draw(rt, "voters")
		for i, id := range named {
			if i < voters {
				a.Servers = append(a.Servers, raft.ServerID(id))
			} else {
				a.Learners = append(a.Learners, raft.ServerID(id))
			}
		}
	case EditFrame, InjectFrame:
		a.Text = "1:never heard of"
	case Network:
		a.Link = &Link{Latency: 5000, Loss: 0.3, Duplicate: 0.3, Reorder: 0.3,
			Bandwidth: rapid.SampledFrom([]int64{0, 1000, 20_000}).Draw(rt, "bandwidth")}
	case Clock:
		a.Rate = rapid.Float64Range(0.1, 5).Draw(rt, "rate")
	case Disarm:
		a.Trap = rapid.IntRange(1, 4).Draw(rt, "number")
	}
	if rapid.IntRange(0, 4).Draw(rt, "trap") == 0 {
		a.When = Moment(rapid.SampledFrom(moments()).Draw(rt, "when"))
		if !a.Careful {
			a.Down = 20 * millisecond
		}
	}
	return a
}

func moments() (names []string) {
	for _, o := range Occasions {
		names = append(names, string(o.When))
	}
	slices.Sort(names)
	return names
}

func FuzzDecode(f *testing.F) {
	run := short(1)
	run.Actions = run.Actions[:3]
	f.Add(run.Encode())
	f.Add([]byte(
		`{"version":1,"config":{"servers":1},"seed":0,"actions":[{"at":0,"do":"put","key":"x","when":"vote"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		run, err := Decode(text)
		if err != nil {
			return
		}
		if again, err := Decode(run.Encode()); err != nil || !reflect.DeepEqual(again.Config, run.Config) {
			t.Fatalf("%s came back as %+v, %v", text, again, err)
		}
		w := start(t, run)
		for i := 0; i < 1000 && w.Step(); i++ {
		}
	})
}

// Servers whose disks are wiped elect a leader in a term that had one, and give a place in the log to another command:
// no Raft survives that (story 24 of raft/scenario), and the world sees it.
func TestAWipedMajorityForgetsItsPromises(t *testing.T) {
	run := Run{Version: Version, Config: Config{Servers: 3, Latency: millisecond, Heal: 5 * second}, Actions: []Action{
		{At: 2 * second, Do: Put, Key: "x", Value: "1"},
		{At: 3 * second, Do: Pause, Server: 3},
		{At: 4 * second, Do: Wipe, Server: 1, Down: second},
		{At: 4 * second, Do: Wipe, Server: 2, Down: second},
		{At: 6 * second, Do: Put, Key: "x", Value: "2"},
		{At: 7 * second, Do: Heal},
	}}
	violated := map[check.Property]bool{}
	for seed := range uint64(4) {
		run.Seed = seed
		w := start(t, run)
		for _, v := range w.Finish() {
			violated[v.Property] = true
		}
	}
	if !violated[check.ElectionSafety] || !violated[check.StateMachineSafety] {
		t.Errorf("violated: %v", violated)
	}
}

func TestAClusterThatIsNotHealedIsNotLive(t *testing.T) {
	config := Standard()
	config.Chaos = 0
	for name, action := range map[string]Action{
		"nobody leads":    {At: second, Do: Network, Link: &Link{Loss: 1}},
		"it is down":      {At: second, Do: Crash, Server: 3},
		"nobody is told":  {At: 0, Do: Network, Link: &Link{Loss: 1}},
		"it hears nobody": {At: second, Do: Partition, Servers: []raft.ServerID{5}},
	} {
		w := start(t, Run{Version: Version, Config: config, Seed: 5, Actions: []Action{action}})
		violations := w.Finish()
		if len(violations) == 0 || violations[0].Property != check.Liveness {
			t.Errorf("%s: got %v", name, violations)
		}
	}
}

// Memory is bounded by what is kept: a simulated day of a cluster that only heartbeats ends as small as it began.
func TestACalmMinuteLosesNothing(t *testing.T) {
	w := start(t, Calm(3))
	nothingViolated(t, w)
	if n := w.EventsOf(raft.BecameLeader); n != 1 {
		t.Errorf("%d leaders were elected in a calm minute", n)
	}
	for key := range int64(10) {
		if value, found := w.Server(1).Store().Lookup("k" + decimal(key)); !found || string(value) != decimal(90+key) &&
			string(value) != decimal(80+key) {
			t.Errorf("k%d is %q", key, value)
		}
	}
}

// A world takes no more actions than a Run may hold.
func TestActionsAreBounded(t *testing.T) {
	w := start(t, Run{Version: Version, Config: Config{Servers: 1}, Seed: 1,
		Actions: slices.Repeat([]Action{{Do: Mend}}, MaxActions)})
	w.RunTo(0)
	if _, err := w.Do(Action{Do: Mend}); err == nil || !strings.Contains(err.Error(), "at most that many actions") {
		t.Errorf("one action more than a Run may hold: %v", err)
	}
	r := w.Run()
	if r.Actions = append(slices.Clip(r.Actions), Action{At: w.now, Do: Mend}); r.Check() == nil {
		t.Error("a Run of so many actions is accepted")
	}
}

func TestADayOfHeartbeatsDoesNotGrow(t *testing.T) {
	w := start(t, Run{Version: Version, Config: Config{Servers: 2, Latency: millisecond}})
	w.RunTo(hour / 4)
	before := heap()
	begun := time.Now()
	w.RunTo(24 * hour)
	if after := heap(); after > before+before/4+1<<20 {
		t.Errorf("after a quarter of an hour the heap held %d bytes, after a day %d", before, after)
	}
	t.Logf("a day of %d frames in %v, heap %d bytes", w.Faults.Frames, time.Since(begun), before)
	if len(w.Violations()) > 0 || w.EventsOf(raft.BecameLeader) != 1 {
		t.Errorf("%v, %d elections", w.Violations(), w.EventsOf(raft.BecameLeader))
	}
	if events := w.EventsSince(0, nil); len(events) > MaxEvents || uint64(len(events)) > w.Events() {
		t.Errorf("%d events are kept", len(events))
	}
	runtime.KeepAlive(w)
}

const hour = 3600 * second

// heap is how many bytes are in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// The history ends at a moment: an operation under way then could have read what a later one wrote, which is
// not recorded.
func TestAFullHistoryTellsOfNoAnswerEither(t *testing.T) {
	for _, full := range []bool{false, true} {
		w := start(t, Run{Version: Version, Seed: 1, Config: Config{Servers: 1, Latency: millisecond}})
		w.RunTo(second)
		room := 2
		if full {
			room = 1
		}
		for w.history.Len() < MaxHistory-room {
			w.history.Add(check.Operation{})
		}
		if _, err := w.Do(Action{Do: Put, Server: 1, Key: "x", Value: "1"}); err != nil {
			t.Fatal(err)
		}
		w.RunTo(2 * second)
		if put := w.History()[MaxHistory-room]; put.Key != "x" || put.Unknown != full {
			t.Errorf("full %v: the write is noted as %+v", full, put)
		}
	}
}

// Endless writes make logs, snapshots and the checker's memory turn over, not grow; a server that waits and
// never gets anything holds nothing up.
func TestAnHourOfWritesDoesNotGrow(t *testing.T) {
	w := start(t, Run{Version: Version, Seed: 1, Config: Config{Servers: 4, Voters: 3, Latency: millisecond,
		CompactAfter: 500,
		Clients:      3, Keys: 10, Think: 200 * millisecond, Patience: second}})
	for w.history.Len() < MaxHistory { // the history would have to fill first
		w.history.Add(check.Operation{})
	}
	w.RunTo(hour / 2)
	before := heap()
	w.RunTo(hour)
	after := heap()
	if after > before+before/4+1<<20 {
		t.Errorf("after half an hour the heap held %d bytes, after an hour %d", before, after)
	}
	if last := statusOf(w, 1).LastIndex; last < 20_000 || len(w.Violations()) > 0 {
		t.Errorf("%d entries, violations %v", last, w.Violations())
	}
	runtime.KeepAlive(w)
}
