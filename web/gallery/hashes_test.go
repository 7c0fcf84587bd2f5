package gallery

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"raftplayground/raft/lab"
)

const hashes = "testdata/hashes.txt" // a moment a line: its run, µs of cluster time, the hash of the world

// Links and files made before still lead to the same moments: the gallery's runs, and those in
// testdata/runs, which hold all that chance and a person can do to a cluster. They are kept as they were
// made, with their actions, so the drawing of faults may change for later runs. The hashes may change only
// together with lab.Version, or where a wrong rule was corrected; the commit that changes them says so.
//
// `go test ./web/gallery -run Hashes -update` writes them.
func TestRunsMadeBeforeStillHaveTheirHashes(t *testing.T) {
	var text strings.Builder
	note := func(name string, run lab.Run, times ...int64) {
		w := world(t, run)
		for _, at := range times {
			func() {
				defer func() { recover() }() // servers with a rule off may notice a broken property themselves
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
	files, err := filepath.Glob("testdata/runs/*.json")
	if err != nil || len(files) < 10 {
		t.Fatalf("there are %d runs, %v", len(files), err)
	}
	for _, path := range files {
		run, err := lab.Decode(read(t, path))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		note(strings.TrimSuffix(filepath.Base(path), ".json"), run, 750*ms, 1500*ms, 2500*ms, 4000*ms)
	}
	if *update {
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
