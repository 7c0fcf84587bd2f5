package session

import (
	"os"
	"testing"

	jsoniter "github.com/json-iterator/go"

	"raftplayground/wasm/contract"
)

// Moments that people have kept as links and files lead to the states in which the cluster was when they were made. The file is never made anew: the page's
// tests read the same moments from their links and files.
func TestMomentsThatWereKeptAreStillTheSame(t *testing.T) {
	text, err := os.ReadFile("../../web/test/moments.json")
	if err != nil {
		t.Fatal(err)
	}
	var kept []struct {
		Name   string `json:"name"`
		Moment struct {
			Run  jsoniter.RawMessage `json:"run"`
			At   float64             `json:"at"`
			Hash string              `json:"hash"`
		} `json:"moment"`
	}
	if err := contract.Codec.Unmarshal(text, &kept); err != nil || len(kept) == 0 {
		t.Fatalf("%d moments: %v", len(kept), err)
	}
	for _, k := range kept {
		p := newPage(t)
		p.must("open", `"run":`+string(k.Moment.Run)+`,"at":`+number64(k.Moment.At)+`,"rate":0`)
		now := p.must("moment", "").Value.(map[string]any)
		if now["at"] != k.Moment.At || k.Moment.Hash != "" && now["hash"] != k.Moment.Hash {
			t.Errorf("%s: %v ms and %v, expected %v ms and %s", k.Name, now["at"], now["hash"], k.Moment.At, k.Moment.Hash)
		}
	}
}
