package study

import (
	"testing"

	"raftplayground/wasm/contract"
)

// The paper's Figure 16: without randomness elections take long, because votes split again and again; 5 ms
// of it help much, 50 ms are enough.
func TestFigure16RandomnessEndsSplitVotes(t *testing.T) {
	question := ElectionsQuestion{
		Servers: 5, Seed: 1, Runs: 60, Latencies: []contract.Micros{15000},
		Timeouts: []Timeout{{150_000, 150_000}, {150_000, 155_000}, {150_000, 200_000}, {150_000, 300_000}},
	}
	told := 0
	points, err := Elections(question, func(_ float64, _ string, part any) {
		if part != nil {
			told++
		}
	})
	if err != nil || len(points) != 4 || told != 4 {
		t.Fatalf("%d points, %d told, error %v", len(points), told, err)
	}
	for i, p := range points {
		t.Logf(
			"%d–%d µs: median %v, 95 %% %v, split %.0f %%, none %.0f %%", p.Least, p.Most, show(p.Median),
			show(p.Worst), 100*p.Split, 100*p.None,
		)
		if i > 0 && p.Split > points[i-1].Split {
			t.Errorf(
				"timeouts of %d to %d µs split more votes than with those of %d to %d", p.Least, p.Most,
				points[i-1].Least, points[i-1].Most,
			)
		}
	}
	if last := points[3]; last.Median == nil || *last.Median < 100_000 || *last.Median > 400_000 || last.None > 0 {
		t.Errorf(
			"with the paper's timeouts a leader was there after %v µs, in %.0f %% of the runs never",
			show(last.Median), 100*last.None,
		)
	}
}

func show(micros *contract.Micros) contract.Micros {
	if micros == nil {
		return -1
	}
	return *micros
}

func TestElectionsThatCannotBe(t *testing.T) {
	for name, q := range map[string]ElectionsQuestion{
		"no servers": {Runs: 1, Latencies: []contract.Micros{1000}, Timeouts: []Timeout{{150_000, 300_000}}},
		"ten servers": {Servers: 10, Runs: 1, Latencies: []contract.Micros{1000}, Timeouts: []Timeout{
			{150_000, 300_000},
		}},
		"no points": {Servers: 3, Runs: 1},
		"too many runs": {Servers: 3, Runs: mostRuns + 1, Latencies: []contract.Micros{
			1000,
		}, Timeouts: []Timeout{{150_000, 300_000}}},
		"timeouts backwards": {Servers: 3, Runs: 1, Latencies: []contract.Micros{1000}, Timeouts: []Timeout{
			{300_000, 150_000},
		}},
		"negative latency": {Servers: 3, Runs: 1, Latencies: []contract.Micros{-1000}, Timeouts: []Timeout{
			{150_000, 300_000},
		}},
	} {
		if _, err := Elections(q, func(float64, string, any) {}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
