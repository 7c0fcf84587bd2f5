package linear

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"raftplayground/raft"
	"raftplayground/raft/check"
	"raftplayground/raft/lab"
)

// granted is how many steps the page grants a history (wasm/study).
const granted = 500_000

// verdicts counts histories: those that no order explains, and those of them in which Explain names no
// answer.
type verdicts struct{ illegal, silent int }

// judge compares what Explain says of a history with what Check says, whose search is another.
func (v *verdicts) judge(t *testing.T, name string, history []check.Operation) {
	t.Helper()
	e := Explain(history, granted)
	explained(t, history, e)
	if len(e.Contradictions) == 0 {
		switch err := Check(history, time.Minute); {
		case errors.Is(err, ErrNotLinearizable):
			v.illegal++
			v.silent++
		case err != nil:
			t.Errorf("%s: %v", name, err)
		}
		return
	}
	v.illegal++
	first := e.Contradictions[0].Operation
	through := until(history, func(o int) bool { return byAnswer(history, o, first) <= 0 })
	if err := Check(through, time.Minute); !errors.Is(err, ErrNotLinearizable) {
		t.Errorf("%s: an order explains %v and all answers before: %v", name, history[first], err)
	}
	before := until(history, func(o int) bool { return byAnswer(history, o, first) < 0 })
	if err := Check(before, time.Minute); err != nil {
		t.Errorf("%s: no order explains the answers before %v: %v", name, history[first], err)
	}
}

// until returns a history as it was when the last of some answers came.
func until(history []check.Operation, answered func(o int) bool) (early []check.Operation) {
	end := int64(0)
	for i, o := range history {
		if !o.Unknown && answered(i) {
			end = max(end, o.Returned)
		}
	}
	for i, o := range history {
		if o.Invoked <= end {
			o.Unknown = o.Unknown || !o.Refused && !answered(i)
			early = append(early, o)
		}
	}
	return early
}

// A wrong answer is named even if few values are written again and again and many operations have no answer,
// which makes very many orders to try.
func TestIllegalHistoriesNameAnAnswer(t *testing.T) {
	var drawn verdicts
	for seed := range uint64(30) {
		drawn.judge(t, fmt.Sprint("seed ", seed), illegalHistory(seed))
	}
	if drawn.illegal < 20 || 20*drawn.silent > drawn.illegal {
		t.Errorf("drawn histories: %+v", drawn)
	}
	var published verdicts
	for _, file := range publishedHistories(t) {
		published.judge(t, filepath.Base(file), readJepsen(t, file))
	}
	if published.illegal < 70 || 20*published.silent > published.illegal {
		t.Errorf("published histories: %+v", published)
	}
}

// illegalHistory draws what five clients ask of one key. Two copies of it answer, or give no answer: every
// sixth request goes to the second copy, which often lags behind. The history is much like those of etcd
// that Jepsen published.
func illegalHistory(seed uint64) (history []check.Operation) {
	random := rand.New(rand.NewPCG(seed, 1))
	var copies [2]cell
	free := [5]int64{}
	for now := int64(0); len(history) < 85; now += 1 + random.Int64N(3) {
		client := random.IntN(len(free))
		if now < free[client] {
			continue
		}
		kind := []check.Kind{check.Get, check.Put, check.CompareAndSwap}[random.IntN(3)]
		o := check.Operation{Client: client, Kind: kind, Key: "x", Invoked: now}
		if o.Kind != check.Get {
			o.Value = strconv.Itoa(random.IntN(5))
		}
		if o.Kind == check.CompareAndSwap {
			o.Expected = strconv.Itoa(random.IntN(5))
		}
		if random.IntN(6) == 0 {
			copies[1] = copies[0]
		}
		own := &copies[random.IntN(6)/5]
		if o.Kind == check.Get {
			o.Value, o.Found = own.value, own.found
		} else if o.Unknown = random.IntN(8) == 0; !o.Unknown || random.IntN(2) == 0 {
			o.Found = o.Kind == check.CompareAndSwap && *own == cell{o.Expected, true}
			*own, _ = own.after(&o)
		}
		o.Returned = now + 1 + random.Int64N(12)
		free[client] = o.Returned + 1
		history = append(history, o)
	}
	return history
}

// publishedHistories returns the files of the histories of etcd that Jepsen published (2014). They come with
// porcupine.
func publishedHistories(t *testing.T) []string {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/anishathalye/porcupine").Output()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "test_data", "jepsen", "*.log"))
	if err != nil || len(files) < 100 {
		t.Fatalf("%d histories in %s, error %v", len(files), dir, err)
	}
	return files
}

// readJepsen reads lines such as "INFO  jepsen.util - 3   :ok     :cas    [1 4]", after the number of a
// process that asks for one thing at a time. Time is the number of the line.
func readJepsen(t *testing.T, file string) (history []check.Operation) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]int{}
	now := int64(0)
	for lines := bufio.NewScanner(strings.NewReader(string(text))); lines.Scan(); now++ {
		_, line, _ := strings.Cut(lines.Text(), " - ")
		words := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t[]", r) })
		if len(words) < 4 {
			continue
		}
		process, outcome, kind, values := words[0], words[1], words[2], words[3:]
		if outcome == ":invoke" {
			o := check.Operation{Key: "x", Invoked: now, Unknown: true}
			switch kind {
			case ":write":
				o.Kind, o.Value = check.Put, values[0]
			case ":cas":
				o.Kind, o.Expected, o.Value = check.CompareAndSwap, values[0], values[1]
			}
			asked[process] = len(history)
			history = append(history, o)
			continue
		}
		o := &history[asked[process]]
		if outcome == ":info" || values[0] == ":timed-out" {
			continue
		}
		o.Unknown, o.Found, o.Returned = false, outcome == ":ok", now
		if o.Kind == check.Get {
			o.Found, o.Value = values[0] != "nil", values[0]
		}
	}
	return history
}

// Two leaders in one term answer eight clients that have little patience, so many writes have no answer.
func TestARunOfTwoLeadersNamesAnAnswer(t *testing.T) {
	config := lab.Config{
		Servers: 5, Latency: 15_000, Clients: 8, Keys: 1, Think: 300_000, Patience: 400_000, Chaos: 20_000_000,
		Off: []string{raft.Rules[raft.OneVotePerTerm].ID},
	}
	w, err := lab.New(lab.Draw(config, 29))
	if err != nil {
		t.Fatal(err)
	}
	w.RunTo(20_000_000)
	var run verdicts
	run.judge(t, "seed 29", w.History())
	if run != (verdicts{illegal: 1}) {
		t.Errorf("got %+v, want an illegal history of which an answer is named", run)
	}
}
