package session

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"raftplayground/wasm/contract"
)

// at is a moment and the state of the world then.
type at struct {
	branch int
	at     int64
	hash   string
}

func (p *testPage) here() at {
	p.t.Helper()
	m := p.moment()
	return at{p.last.Lab.Branch, m.At, m.Hash}
}

func (p *testPage) moment() (m contract.Moment) {
	p.t.Helper()
	answer(p.t, p.must("moment", ""), &m)
	return m
}

// answer reads the value of an answer.
func answer(t *testing.T, a contract.Answer, into any) {
	t.Helper()
	text, err := contract.Codec.Marshal(a.Value)
	if err == nil {
		err = contract.Codec.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatalf("%v in %+v", err, a)
	}
}

func whole(v int64) string { return strconv.FormatInt(v, 10) }

// deeds are a person's, of every kind.
var deeds = []string{
	`"do":"crash","server":1`, `"do":"restart","server":1`, `"do":"power","server":3`, `"do":"restart","server":3`,
	`"do":"pause","server":2`, `"do":"resume","server":2`,
	`"do":"put","key":"x","value":"1"`, `"do":"put","server":2,"key":"y","value":"2"`, `"do":"get","key":"x"`,
	`"do":"campaign","server":4`, `"do":"partition","servers":[1,2]`,
	`"do":"partition","servers":[1,2,3,4,5]`,
	`"do":"network","link":{"latency":3000,"jitter":2000,"loss":0.2,"duplicate":0.1,"reorder":0.2}`,
	`"do":"cut","server":5,"to":1`,
	`"do":"hold","server":4`, `"do":"release","server":4`, `"do":"heal"`, `"do":"spread"`, `"do":"align"`,
	`"do":"clock","server":2,"rate":0.5`, `"do":"disk","server":3,"disk":40000`,
	`"do":"rules","off":["preVote"]`, `"do":"rules","off":[]`, `"do":"crash","when":"vote","down":100000`,
	`"do":"disarm","trap":1`, `"do":"disarm","trap":2`, `"do":"compact","server":3`, `"do":"transfer"`,
	`"do":"dropFrame"`, `"do":"duplicateFrame"`,
	`"do":"holdFrame"`, `"do":"releaseFrame"`, `"do":"deliverFrame"`,
}

// Living a run again repeats its actions, however they were done: at steps, in the past, two at once. So
// every moment has the same state whenever it is reached, and a link to it opens the same state in another
// browser.
func TestEveryMomentIsTheSameWheneverItIsReached(t *testing.T) {
	for seed := range uint64(6) {
		random := rand.New(rand.NewPCG(seed, 1))
		p := newPage(t)
		p.must("open", `"run":null,"at":0,"rate":1`)
		var visited []at
		for range 60 {
			switch random.IntN(8) {
			case 0:
				p.must("seek", `"at":`+whole(random.Int64N(p.last.Lab.End+1)))
			case 1:
				stops := []string{"event", "message", "role", "commit"}
				p.ask("step", `"to":"`+stops[random.IntN(4)]+`","back":`+strconv.FormatBool(random.IntN(2) == 0))
			case 2, 3, 4, 5:
				p.ask("act", `"action":{`+deeds[random.IntN(len(deeds))]+`}`)
			default:
				p.must("network", `"change":{"rate":1}`)
				p.run(float64(random.IntN(300)))
			}
			p.must("network", `"change":{"rate":0}`)
			p.run(300)
			visited = append(visited, p.here())
		}
		if n := len(p.last.Lab.Branches); n < 3 {
			t.Errorf("seed %d: %d branches: too few for this test to mean anything", seed, n)
		}
		known := map[int]bool{}
		for _, b := range p.last.Lab.Branches {
			known[b.ID] = true
		}
		for i, v := range visited {
			if !known[v.branch] {
				continue
			}
			p.must("branch", `"branch":`+strconv.Itoa(v.branch)+`,"at":`+whole(v.at))
			p.run(300)
			if again := p.here(); again != v {
				t.Fatalf("seed %d: moment %d was %+v and is now %+v", seed, i, v, again)
			}
			if i%7 > 0 {
				continue
			}
			m := p.moment()
			run, _ := contract.Codec.MarshalToString(m.Run)
			fresh := newPage(t)
			fresh.must("open", `"run":`+run+`,"at":`+whole(m.At)+`,"rate":0`)
			if there := fresh.moment(); there.Hash != m.Hash || there.At != m.At {
				t.Fatalf("seed %d: a link to %+v opens %+v", seed, m, there)
			}
		}
	}
}
