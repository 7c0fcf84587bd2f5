package session

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	jsoniter "github.com/json-iterator/go"

	"raftplayground/wasm/contract"
)

// exhibit is the part of a gallery file that the test needs.
type exhibit struct {
	ID     string              `json:"id"`
	Breaks []string            `json:"breaks"`
	Turn   float64             `json:"turn"` // ms, as At
	At     float64             `json:"at"`
	Run    jsoniter.RawMessage `json:"run"`
}

// A run of the gallery that breaks a promise stops the clock at its turn: Safety shows what is broken, the story and
// the time line say so, and a step goes there. Before, it is not shown.
func TestTheGalleryStopsWhereAPromiseIsBroken(t *testing.T) {
	files, _ := filepath.Glob("../../web/gallery/*-*.json")
	for _, file := range files {
		text, err := os.ReadFile(file)
		var x exhibit
		if err == nil {
			err = contract.Codec.Unmarshal(text, &x)
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(x.Breaks) == 0 {
			continue
		}
		p, turn := newPage(t), micros(x.Turn)
		p.must("open", `"run":`+string(x.Run)+`,"at":`+whole(micros(x.At))+`,"rate":0`)
		p.run(300)
		if broken := brokenIn(p.last.Lab); broken != nil {
			t.Errorf("%s opens with %v broken", x.ID, broken)
		}
		p.must("network", `"change":{"rate":1}`)
		p.run(600)
		if broken := brokenIn(p.last.Lab); !slices.Equal(
			broken, x.Breaks,
		) || p.last.Clock.Rate != 0 || p.last.Clock.Now != turn {
			t.Errorf("%s: %v is broken, and the clock runs at %v at %v µs; expected %v, and that it stands at %v µs",
				x.ID, broken, p.last.Clock.Rate, p.last.Clock.Now, x.Breaks, turn)
		}
		line := p.told(x.Breaks[0] + " is broken: ")
		if line == nil || line.Kind != "violation" || line.At != turn || line.Why == "" || strings.Contains(
			line.Text, "server",
		) {
			t.Errorf("%s: the story says %+v", x.ID, line)
		}
		if !slices.ContainsFunc(p.history.Marks, func(m contract.Mark) bool {
			return m.Kind == "violation" &&
				m.At == turn
		}) {
			t.Errorf("%s: the time line marks nothing at %v ms", x.ID, x.Turn)
		}
		p.must("seek", `"at":`+whole(micros(x.At)))
		p.run(300)
		var stop contract.Stepped
		answer(t, p.must("step", `"to":"violation","back":false`), &stop)
		if broken := brokenIn(p.last.Lab); stop.At != turn || !slices.Equal(broken, x.Breaks) {
			t.Errorf("%s: the step ends at %v µs with %v broken", x.ID, stop.At, broken)
		}
	}
}

// A person's own reads are watched like a run's. A local read, of which no more was promised, breaks
// nothing.
func TestAStaleReadOfAPerson(t *testing.T) {
	for read, stale := range map[string]bool{"readIndex": true, "local": false, "log": false} {
		p := newPage(t)
		p.must("open",
			`"run":{"version":1,"config":{"servers":3,"latency":15000,"jitter":5000,"off":["readRound",`+
				`"checkQuorum"]},"seed":1},"at":0,"rate":1`)
		p.must("act", `"action":{"do":"campaign","server":1}`)
		p.run(300)
		p.must("request", `"op":"put","key":"x","value":"1","server":null`)
		p.must("act", `"action":{"do":"partition","servers":[1]}`)
		p.must("act", `"action":{"do":"campaign","server":2}`)
		p.run(700)
		p.must("request", `"op":"put","key":"x","value":"2","server":null`)
		p.say("request", `"op":"get","key":"x","server":1,"read":"`+read+`"`)
		p.run(100)
		line := p.told(
			"Linearizability is broken: S1 answered a read with x = 1, although a client had been told of x = 2 " +
				"before that read began.")
		if broken := brokenIn(p.last.Lab); (line != nil) != stale || (broken != nil) != stale ||
			stale && broken[0] != "Linearizability" {
			t.Errorf("%s: %v broken, the story says %+v", read, broken, line)
		}
	}
}

func brokenIn(lab *contract.Lab) (names []string) {
	for _, p := range lab.Properties {
		if p.Broken != nil {
			names = append(names, p.Name)
		}
	}
	return names
}
