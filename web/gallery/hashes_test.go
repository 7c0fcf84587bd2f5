package gallery

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"raftplayground/raft"
	"raftplayground/raft/lab"
)

const hashes = "testdata/hashes.txt" // a moment a line: its run, µs of cluster time, the hash of the world

// Links and files made before still lead to the same moments. The gallery's runs stand for files; runs drawn from seeds
// add faults by chance, and a person's run every deed that is done to the network. The file may change only together
// with lab.Version, or where a rule that was wrong has been put right: whoever changes it says so in the commit.
//
// `go test ./web/gallery -run Hashes -update` writes it.
func TestRunsMadeBeforeStillHaveTheirHashes(t *testing.T) {
	var text strings.Builder
	note := func(name string, run lab.Run, times ...int64) {
		w := world(t, run)
		for _, at := range times {
			func() {
				defer func() { recover() }() // servers without a rule may see by themselves that something is broken
				w.RunTo(at)
			}()
			fmt.Fprintf(&text, "%s %d %016x\n", name, w.Now(), w.Hash())
		}
	}
	for i := range exhibits {
		var entry Entry
		if err := json.Unmarshal(read(t, exhibits[i].id+".json"), &entry); err != nil {
			t.Fatal(err)
		}
		note(entry.ID, entry.Run, int64(entry.At*1000), int64(entry.Turn*1000))
	}
	note("person", person(), 744*ms, 900*ms, 2500*ms)
	for seed := range uint64(6) {
		note(fmt.Sprintf("standard-%d", seed), lab.Draw(lab.Standard(), seed), 1500*ms, 6000*ms)
		note(fmt.Sprintf("harsh-%d", seed), lab.Harsh(seed), 1500*ms, 4000*ms)
	}
	if *update {
		if err := os.MkdirAll(filepath.Dir(hashes), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(hashes, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, want := strings.Split(text.String(), "\n"), strings.Split(string(read(t, hashes)), "\n")
	if len(got) != len(want) {
		t.Fatalf("%d moments, expected %d", len(got)-1, len(want)-1)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("got %q, expected %q", got[i], want[i])
		}
	}
}

// person is a run in which a person does to the network all that can be done to it, while clients and servers go on.
func person() lab.Run {
	c := lab.Standard()
	c.Chaos = 0
	slow := lab.Link{Latency: 40 * ms, Jitter: 10 * ms, Loss: 0.1, Duplicate: 0.1, Reorder: 0.1}
	deed := func(at int64, do lab.Deed, from, to raft.ServerID) lab.Action {
		return lab.Action{At: at * ms, Do: do, Server: from, To: to}
	}
	edited, injected := deed(741, lab.EditFrame, 0, 0), deed(745, lab.InjectFrame, 1, 2)
	edited.Text, injected.Text = "1>2:what: \"was\" <there>\xff", "1>2:RequestVotes:Request:1:1:0:0:call=9"
	links := deed(760, lab.Network, 0, 0)
	links.Link = &slow
	return lab.Run{Version: lab.Version, Config: c, Seed: 11, Actions: deeds(
		deed(200, lab.Cut, 1, 0), deed(260, lab.Cut, 2, 3), deed(400, lab.Mend, 1, 0), deed(420, lab.Mend, 2, 3),
		deed(500, lab.Hold, 1, 0), deed(500, lab.Hold, 2, 0),
		deed(610, lab.ReleaseFrame, 0, 0), deed(612, lab.Release, 1, 0), deed(640, lab.Release, 2, 0),
		puts(300, 90, 20), deed(702, lab.HoldFrame, 0, 0), deed(704, lab.DropFrame, 0, 0), deed(703,
			lab.DeliverFrame, 0, 0),
		deed(702, lab.DuplicateFrame, 0, 0), edited, injected, links,
		apart(1000, 1, 2), deed(1500, lab.Crash, 3, 0), deed(1900, lab.Heal, 0, 0),
	)}
}
