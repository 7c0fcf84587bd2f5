package session

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	jsoniter "github.com/json-iterator/go"

	"raftplayground/wasm/contract"
)

// Steps end where they ended before they became goals: in the gallery's runs and in runs with random faults,
// six forward from the start and two back, in µs, with the last one's words. The file is never regenerated.
func TestStepsEndWhereTheyAlwaysDid(t *testing.T) {
	const kept = "testdata/steps.txt"
	var text strings.Builder
	runs, _ := filepath.Glob("../../web/gallery/*-*.json")
	drawn, _ := filepath.Glob("../../web/gallery/testdata/runs/*.json")
	for _, path := range append(runs, drawn...) {
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		run := jsoniter.Get(file, "run").ToString()
		if run == "" {
			run = string(file)
		}
		for _, stop := range []string{"event", "message", "role", "election", "commit", "violation"} {
			if stop == "violation" && jsoniter.Get(file, "breaks").Size() == 0 {
				continue
			}
			p := newPage(t)
			p.must("open", `"run":`+run+`,"at":0,"rate":0`)
			fmt.Fprintf(&text, "%s %s:", strings.TrimSuffix(filepath.Base(path), ".json"), stop)
			var s contract.Stepped
			for _, back := range []string{"false", "false", "false", "false", "false", "false", "true", "true"} {
				a := p.ask("step", `"to":"`+stop+`","back":`+back)
				if !a.OK { // there is no such moment in a minute
					break
				}
				answer(t, a, &s)
				fmt.Fprintf(&text, " %d", s.At)
			}
			fmt.Fprintf(&text, " %s\n", s.Text)
		}
	}
	want, err := os.ReadFile(kept)
	if err != nil {
		t.Fatal(err)
	}
	now, then := strings.Split(text.String(), "\n"), strings.Split(string(want), "\n")
	if len(now) != len(then) {
		t.Fatalf("%d lines, expected %d", len(now), len(then))
	}
	for i := range now {
		if now[i] != then[i] {
			t.Errorf("%s\nbefore: %s", now[i], then[i])
		}
	}
}
