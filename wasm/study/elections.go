package study

import (
	"errors"
	"slices"
	"strconv"

	"raftplayground/raft"
	"raftplayground/raft/lab"
	"raftplayground/wasm/contract"
)

// ElectionsQuestion asks how long a cluster has no leader after its leader crashed, for every latency with
// every range of timeouts.
type ElectionsQuestion struct {
	Servers   int               `json:"servers"` // 3 to 9
	Seed      uint64            `json:"seed"`    // of the first election; the others have the seeds after it
	Runs      int               `json:"runs"`    // elections for each point, 1 to 1000
	Latencies []contract.Micros `json:"latencies"`
	Timeouts  []Timeout         `json:"timeouts"`
}

// Timeout is a range from which election timeouts are drawn, in whole ticks of 1000 µs, more than a heartbeat's 50.
type Timeout struct {
	Least contract.Micros `json:"least"`
	Most  contract.Micros `json:"most"`
}

// ElectionPoint is the result of the elections with one latency and one range of timeouts.
type ElectionPoint struct {
	Latency contract.Micros  `json:"latency"` // one way
	Least   contract.Micros  `json:"least"`
	Most    contract.Micros  `json:"most"`
	Runs    int              `json:"runs"`
	Median  *contract.Micros `json:"median"` // from the crash to the next leader; null: half of the runs found none
	Worst   *contract.Micros `json:"worst"`  // the 95th percentile; null: one run of twenty found none
	Split   float64          `json:"split"`  // the part of the runs in which a term ended without a leader
	None    float64          `json:"none"`   // the part of the runs without a leader within 10 s
}

const (
	second     = 1_000_000   // µs
	patience   = 10 * second // after which an election is given up
	mostPoints = 100
	mostRuns   = 1000
)

// Elections holds the elections, and reports each point as soon as it is known. It returns an error if the
// question is invalid.
func Elections(q ElectionsQuestion, progress func(fraction float64, words string, part any)) ([]ElectionPoint, error) {
	points := len(q.Latencies) * len(q.Timeouts)
	if points < 1 || points > mostPoints || q.Runs < 1 || q.Runs > mostRuns || q.Servers < 3 {
		return nil, errors.New("study: expected 3 or more servers, 1 to " + strconv.Itoa(mostPoints) +
			" points and 1 to " + strconv.Itoa(mostRuns) + " runs, got " +
			strconv.Itoa(q.Servers) + ", " + strconv.Itoa(points) + " and " + strconv.Itoa(q.Runs))
	}
	var chart []ElectionPoint
	for _, latency := range q.Latencies {
		for _, timeout := range q.Timeouts {
			progress(float64(len(chart))/float64(points),
				strconv.Itoa(q.Runs)+" elections with "+span(timeout)+" and "+strconv.FormatFloat(float64(latency)/1000,
					'g', 4, 64)+" ms latency", nil)
			point, err := q.point(latency, timeout)
			if err != nil {
				return nil, err
			}
			chart = append(chart, point)
			progress(float64(len(chart))/float64(points), "", point)
		}
	}
	return chart, nil
}

func span(t Timeout) string {
	return "timeouts of " + strconv.FormatInt(t.Least/1000, 10) + " to " + strconv.FormatInt(t.Most/1000, 10) + " ms"
}

func (q *ElectionsQuestion) point(latency contract.Micros, timeout Timeout) (ElectionPoint, error) {
	point := ElectionPoint{Latency: latency, Least: timeout.Least, Most: timeout.Most, Runs: q.Runs}
	var took []contract.Micros // of the elections that had a winner
	var split int
	for i := range q.Runs {
		config := lab.Config{
			Servers: q.Servers, Latency: latency, ElectionMin: timeout.Least, ElectionMax: timeout.Most,
			Off: figure2,
		}
		e, err := hold(lab.Run{Version: lab.Version, Config: config, Seed: q.Seed + uint64(i)})
		if err != nil {
			return point, err
		}
		if e.won {
			took = append(took, e.took)
		}
		if e.split {
			split++
		}
	}
	slices.Sort(took)
	point.Median, point.Worst = quantile(took, q.Runs, 0.5), quantile(took, q.Runs, 0.95)
	point.Split, point.None = float64(split)/float64(q.Runs), 1-float64(len(took))/float64(q.Runs)
	return point, nil
}

// figure2 are the rules that are not in Figure 2, to be switched off: these are elections as the paper
// measured them (§9.3).
var figure2 = raft.Extensions.IDs()

// election is the outcome of a leader's crash.
type election struct {
	won   bool
	took  int64 // µs until there was a leader
	split bool  // a term before the winner's had candidates, and no leader
}

// hold lets a leader rise, crashes it at a random moment between two heartbeats, and awaits the next.
func hold(run lab.Run) (election, error) {
	w, err := lab.New(run)
	if err != nil {
		return election{}, err
	}
	first := rise(w, 0, patience)
	if first == nil {
		return election{split: true}, nil // with identical timeouts there may never be one
	}
	// all have heard of it; then any moment between two heartbeats
	w.RunTo(w.Now() + second/4 + int64(run.Seed*7919%50_000))
	leading := rise(w, 0, 0)
	if leading == nil {
		leading = first
	}
	if _, err := w.Do(lab.Action{Do: lab.Crash, Server: leading.id}); err != nil {
		return election{}, err
	}
	crash := w.Now()
	next := rise(w, leading.term, patience)
	if next == nil {
		return election{split: true}, nil
	}
	return election{won: true, took: w.Now() - crash, split: next.term > leading.term+1}, nil
}

type leadership struct {
	id   raft.ServerID
	term raft.Term
}

// rise lives on until a server leads a term after the given one, for at most most µs; nil: none does.
func rise(w *lab.World, after raft.Term, most int64) *leadership {
	until, servers := w.Now()+most, raft.ServerID(w.Run().Config.Servers)
	var status raft.Status
	for {
		for id := raft.ServerID(1); id <= servers; id++ {
			s := w.Server(id)
			if s == nil || s.Node().Role() != raft.Leader {
				continue
			}
			if s.Node().Status(&status); status.CurrentTerm > after {
				return &leadership{id, status.CurrentTerm}
			}
		}
		if w.Now() >= until || !w.Step() {
			return nil
		}
	}
}

// quantile returns the value below which this part of all lie, counting missing values as the largest; nil
// if it is missing itself.
func quantile(sorted []contract.Micros, all int, part float64) *contract.Micros {
	if at := int(part * float64(all)); at < len(sorted) {
		return &sorted[at]
	}
	return nil
}
