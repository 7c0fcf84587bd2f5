package session

import (
	"math"
	"os"
	"testing"

	jsoniter "github.com/json-iterator/go"

	"raftplayground/wasm/contract"
)

// micros is a moment of a link or a file, which has ms.
func micros(ms float64) contract.Micros { return int64(math.Round(ms * 1000)) }

// Moments that people have kept as links and files lead to the states that the cluster had when they were
// made. The file is never regenerated: the page's tests read the same moments.
func TestMomentsThatWereKeptAreStillTheSame(t *testing.T) {
	text, err := os.ReadFile("../../web/test/moments.json")
	if err != nil {
		t.Fatal(err)
	}
	var kept []struct {
		Name   string `json:"name"`
		Moment struct {
			Run  jsoniter.RawMessage `json:"run"`
			At   float64             `json:"at"` // ms
			Hash string              `json:"hash"`
		} `json:"moment"`
	}
	if err := contract.Codec.Unmarshal(text, &kept); err != nil || len(kept) == 0 {
		t.Fatalf("%d moments: %v", len(kept), err)
	}
	for _, k := range kept {
		p := newPage(t)
		p.must("open", `"run":`+string(k.Moment.Run)+`,"at":`+whole(micros(k.Moment.At))+`,"rate":0`)
		now := p.moment()
		if now.At != micros(k.Moment.At) || k.Moment.Hash != "" && now.Hash != k.Moment.Hash {
			t.Errorf("%s: %d µs and %s, expected %v ms and %s", k.Name, now.At, now.Hash, k.Moment.At, k.Moment.Hash)
		}
	}
}
