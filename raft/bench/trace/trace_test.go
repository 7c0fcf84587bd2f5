package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	jsoniter "github.com/json-iterator/go"

	"raftplayground/raft"
	"raftplayground/raft/lab"
)

// The translation of the specification accepts the trace of etcd's own servers that is published beside it,
// with changes of members.
func TestThePublishedTraceIsAccepted(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "go.etcd.io/raft/v3").Output()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "tla", "example.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	if lines, err := validate(text); err != nil || lines != 4888 || count(text, "ChangeConf", "") != 9 {
		t.Errorf("%d lines, error %v", lines, err)
	}
}

// count returns how many lines have an event of this name, and also this text.
func count(trace []byte, event, text string) (n int) {
	for line := range bytes.Lines(trace) {
		if bytes.Contains(line, []byte(`"name":"`+event+`"`)) && bytes.Contains(line, []byte(text)) {
			n++
		}
	}
	return n
}

// standard is five servers under faults.
func standard(seed uint64) options {
	return options{
		seed: seed, duration: 10 * time.Second, latency: 10 * time.Millisecond, jitter: 5 * time.Millisecond,
		faults: true, off: "preVote",
		config: lab.Config{Servers: 5, Clients: 2, CompactAfter: -1, Reads: "readIndex"},
	}
}

func traceOf(t *testing.T, o options) (text []byte, notes string) {
	t.Helper()
	run, err := o.run()
	if err != nil {
		t.Fatal(err)
	}
	return traceOfRun(t, run, o.duration)
}

func traceOfRun(t *testing.T, run lab.Run, duration time.Duration) (text []byte, notes string) {
	t.Helper()
	var out, said bytes.Buffer
	if err := trace(run, duration, &out, &said); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), said.String()
}

// Whatever happens to the servers, each of their steps is one of the specification: elections, crashes,
// messages that are lost, late or doubled.
func TestRunsAreStepsOfTheSpecification(t *testing.T) {
	seen := map[string]int{}
	accept := func(name string, o options) {
		text, notes := traceOf(t, o)
		if _, err := validate(text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Contains(notes, "ends") {
			t.Errorf("%s: %s", name, notes)
		}
		for _, event := range []string{"BecomeLeader", "Commit", "Replicate", "ReceiveAppendEntriesRequest"} {
			seen[event] += count(text, event, "")
		}
		seen["restarts"] += count(text, "InitState", "") - o.config.Servers
		seen["refusals"] += count(text, "ReceiveAppendEntriesResponse", `"reject":true`)
	}
	for seed := range uint64(6) {
		accept(fmt.Sprint("seed ", seed), standard(seed))
	}
	calm, alone, two := standard(7), standard(8), standard(9)
	calm.faults, calm.config.Servers, calm.duration = false, 3, 3*time.Second
	alone.config.Servers, two.config.Servers = 1, 2
	accept("calm", calm)
	accept("one server", alone)
	accept("two servers", two)
	least := map[string]int{
		"BecomeLeader": 20, "Commit": 200, "Replicate": 200, "ReceiveAppendEntriesRequest": 4000,
		"restarts": 10, "refusals": 20,
	}
	for what, n := range least {
		if seen[what] < n {
			t.Errorf("%d of %s, expected at least %d: the runs show too little", seen[what], what, n)
		}
	}
}

// A server that was cut off from the start gets a snapshot, which the specification has. One that knows of
// committed entries ignores it there, and the trace ends before that.
func TestSnapshots(t *testing.T) {
	o := standard(1)
	o.faults, o.config.Servers, o.config.CompactAfter = false, 3, 5
	run, err := o.run()
	if err != nil {
		t.Fatal(err)
	}
	alone := []raft.ServerID{3}
	run.Actions = []lab.Action{{At: 0, Do: lab.Partition, Servers: alone}, {At: 4_000_000, Do: lab.Heal}}
	text, notes := traceOfRun(t, run, o.duration)
	installed := count(text, "ReceiveAppendEntriesRequest", "MsgSnap")
	if _, err := validate(text); err != nil || strings.Contains(notes, "ends") || installed == 0 {
		t.Errorf("%v; %s", err, notes)
	}
	run.Actions[0].At = 1_000_000
	text, notes = traceOfRun(t, run, o.duration)
	const reason = "a snapshot reaches S3, which knows of committed entries"
	if _, err := validate(text); err != nil || !strings.Contains(notes, reason) {
		t.Errorf("%v; %s", err, notes)
	}
}

// A trace ends where the specification has no step for what a server does, and up to there it is accepted.
func TestTracesEndWhereTheSpecificationDoes(t *testing.T) {
	reconfigure := lab.Action{At: 1_000_000, Do: lab.Reconfigure, Servers: []raft.ServerID{1, 2}}
	forge := lab.Action{At: 1_000_000, Do: lab.InjectFrame, Server: 1, To: 2}
	forge.Text = "1>2:RequestVotes:Request:77:1:99:77:call=1"
	for want, action := range map[string]lab.Action{
		"the configuration changes":              reconfigure,
		"a message that the trace does not have": forge,
	} {
		o := standard(1)
		o.faults, o.config.Servers = false, 3
		o.off += ",leaderLoyalty"
		run, err := o.run()
		if err != nil {
			t.Fatal(err)
		}
		run.Actions = []lab.Action{action}
		text, notes := traceOfRun(t, run, o.duration)
		ends := strings.Contains(notes, "it ends at 1.0") && strings.Contains(notes, want)
		if _, err := validate(text); err != nil || !ends {
			t.Errorf("%s: error %v, %s", want, err, notes)
		}
	}
}

// Servers that do not keep a rule do what the specification does not.
func TestBrokenRulesAreRejected(t *testing.T) {
	for rule, want := range map[string]string{
		"oneVotePerTerm":    "ReceiveRequestVoteResponse|ReceiveRequestVoteRequest",
		"upToDateCandidate": "ReceiveRequestVoteResponse",
		"countVoters":       "BecomeLeader",
	} {
		found := false
		for seed := uint64(0); seed < 10 && !found; seed++ {
			o := standard(seed)
			o.off += "," + rule
			text, _ := traceOf(t, o)
			_, err := validate(text)
			if found = err != nil; found && !regexp.MustCompile(want).MatchString(err.Error()) {
				t.Errorf("without %s, seed %d: got %v, want it to be about %s", rule, seed, err, want)
			}
		}
		if !found {
			t.Errorf("no trace without %s is rejected", rule)
		}
	}
}

// A trace that says anything else is rejected: the translation looks at all that a line says and the
// specification reads.
func TestChangedTracesAreRejected(t *testing.T) {
	text, _ := traceOf(t, standard(1))
	lines := bytes.SplitAfter(text, []byte("\n"))
	change := func(event string, edit func(e *event) bool) error {
		for i := range lines[:len(lines)-1] {
			var l line
			if err := jsoniter.Unmarshal(lines[i], &l); err != nil {
				t.Fatal(err)
			}
			if i < 200 || l.Event.Name != event {
				continue
			}
			changed := bytes.Join(lines[:i], nil)
			if edit != nil {
				if !edit(&l.Event) {
					continue
				}
				again, _ := jsoniter.Marshal(l)
				changed = append(append(changed, again...), '\n')
			}
			_, err := validate(append(changed, bytes.Join(lines[i+1:], nil)...))
			return err
		}
		t.Fatalf("no %s to change", event)
		return nil
	}
	state := map[string]func(e *event) bool{
		"term":   func(e *event) bool { e.State.Term++; return true },
		"vote":   func(e *event) bool { e.State.Vote = "9"; return true },
		"commit": func(e *event) bool { e.State.Commit++; return true },
		"role":   func(e *event) bool { e.Role = "StatePreCandidate"; return true },
		"log":    func(e *event) bool { e.Log++; return true },
		"config": func(e *event) bool { e.Config[0] = e.Config[0][1:]; return true },
	}
	for _, event := range []string{"SendRequestVoteRequest", "SendAppendEntriesRequest", "ReceiveAppendEntriesRequest",
		"ReceiveAppendEntriesResponse", "ReceiveRequestVoteRequest", "ReceiveRequestVoteResponse",
		"BecomeLeader", "Commit", "InitState"} {
		for what, edit := range state {
			if change(event, edit) == nil {
				t.Errorf("%s with another %s is accepted", event, what)
			}
		}
	}
	said := map[string]func(m *message) bool{ // whether the message can be changed so
		"ReceiveAppendEntriesResponse without success": func(m *message) bool { m.Reject = !m.Reject; return true },
		"ReceiveAppendEntriesResponse elsewhere":       func(m *message) bool { m.Index++; return !m.Reject },
		"ReceiveRequestVoteResponse otherwise":         func(m *message) bool { m.Reject = !m.Reject; return true },
		"SendAppendEntriesRequest elsewhere":           func(m *message) bool { m.Index++; return true },
		"SendAppendEntriesRequest with another term":   func(m *message) bool { m.Term++; return true },
		"SendAppendEntriesRequest with more":           func(m *message) bool { m.Entries++; return true },
		"SendAppendEntriesRequest with more committed": func(m *message) bool { m.Commit++; return true },
		"SendRequestVoteRequest of another log":        func(m *message) bool { m.Index++; return true },
		"SendRequestVoteRequest of an older log":       func(m *message) bool { m.LogTerm--; return true },
	}
	for what, edit := range said {
		name, _, _ := strings.Cut(what, " ")
		if change(name, func(e *event) bool { return edit(e.Message) }) == nil {
			t.Errorf("%s is accepted", what)
		}
	}
	for _, event := range []string{"BecomeCandidate", "BecomeLeader", "Replicate", "Commit"} {
		if change(event, nil) == nil {
			t.Errorf("without a %s it is accepted", event)
		}
	}
}

func TestRunsThatCannotBeTraced(t *testing.T) {
	for want, edit := range map[string]func(r *lab.Run){
		"disks that take no time": func(r *lab.Run) { r.Config.Disk = 1 },
		"links that take time":    func(r *lab.Run) { r.Config.Latency = 0 },
		"all servers have a vote": func(r *lab.Run) { r.Config.Voters = 2 },
		"1 to 9":                  func(r *lab.Run) { r.Config.Servers = 10 },
	} {
		o := standard(1)
		run, err := o.run()
		if err != nil {
			t.Fatal(err)
		}
		edit(&run)
		err = trace(run, time.Second, &bytes.Buffer{}, &bytes.Buffer{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want it to name %q", err, want)
		}
	}
	o := standard(1)
	o.off = "gravity"
	if _, err := o.run(); err == nil || !strings.Contains(err.Error(), "gravity") {
		t.Errorf("a rule that is none: %v", err)
	}
	o = options{file: filepath.Join(t.TempDir(), "run.json")}
	if err := os.WriteFile(o.file, []byte(`{"version":1,"nobody":2}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := o.run(); err == nil || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("a file that holds no run: %v", err)
	}
}
