package lab

import (
	"math"
	"strings"
	"testing"

	jsoniter "github.com/json-iterator/go"
)

// A seed is a number in JSON where a JavaScript number holds it, else text; both are read, and nothing else is.
func TestSeedsInJSON(t *testing.T) {
	for seed, wants := range map[uint64]string{0: `"seed":0`, 1<<53 - 1: `"seed":9007199254740991`,
		1 << 53: `"seed":"9007199254740992"`, math.MaxUint64: `"seed":"18446744073709551615"`} {
		run := Run{Version: Version, Config: Config{Servers: 3}, Seed: seed}
		text, err := jsoniter.ConfigFastest.Marshal(run)
		if err != nil || jsoniter.Get(text, "seed").ToString() == "" || !strings.Contains(string(text), wants) {
			t.Errorf("%d is written %s, %v", seed, text, err)
		}
		if again, err := Decode(text); err != nil || again.Seed != seed {
			t.Errorf("%d comes back as %d, %v", seed, again.Seed, err)
		}
	}
	if run, err := Decode([]byte(`{"version":1,"config":{"servers":3},"seed":"7"}`)); err != nil || run.Seed != 7 {
		t.Errorf("a small seed as text: %d, %v", run.Seed, err)
	}
	for _, seed := range []string{`-1`, `1.5`, `"x"`, `""`, `"`, `null`, `18446744073709551616`, `{}`} {
		if run, err := Decode([]byte(`{"version":1,"config":{"servers":3},"seed":` + seed + `}`)); err == nil {
			t.Errorf("the seed %s is taken for %d", seed, run.Seed)
		}
	}
}
