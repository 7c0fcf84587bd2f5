package session

import (
	"bytes"
	"testing"

	"raftplayground/wasm/contract"
)

// answered counts the answers to each id, and checks nothing else.
type answered map[int]int

func (a answered) Post(json []byte) {
	var m contract.Head
	if err := contract.Codec.Unmarshal(json, &m); err == nil && m.Type == "answer" {
		a[m.ID]++
	}
}

// Whatever a page says, a line a message, the lab goes on, and nothing is answered twice.
func FuzzPage(f *testing.F) {
	for _, seed := range []string{
		`{"type":"open","id":1,"run":null,"at":0,"rate":1}`,
		`{"type":"regard","cell":{"server":2,"index":"18446744073709551615"},"side":[1,9,-1]}`,
		`{"type":"open","id":1,"run":{"version":1,"config":{"servers":3,"clients":2,"keys":1,"think":1000,` +
			`"patience":1000},"seed":"18446744073709551615"},"at":50500,"rate":0.1}`,
		`{"type":"seek","id":2,"at":30000}`, `{"type":"seek","id":2,"at":1e9}`,
		`{"type":"step","id":3,"to":"message","back":false}`, `{"type":"step","id":3,"to":"event","back":true}`,
		`{"type":"branch","id":4,"branch":1,"at":null}`,
		`{"type":"act","id":5,"action":{"do":"crash","server":1,"when":"vote","down":5}}`,
		`{"type":"act","id":5,"action":{"do":"editFrame","frame":3,"text":"1>2:x"}}`,
		`{"type":"frame","id":6,"seq":2}`, `{"type":"act","id":7,"action":{"do":"editFrame","frame":2,"text":"{}"}}`,
		`{"type":"inboxes","id":8}`, `{"type":"act","id":9,"action":{"do":"align"}}`,
		`{"type":"deeds","id":11,"server":2}`, `{"type":"chaos","id":10,"on":true}`,
		`{"type":"moment","id":11}`, `{"type":"replay","id":14,"from":0,"until":20000,"details":true}`,
		`{"type":"replay","id":14,"from":10000,"until":1000000000000,"details":false}`,
		`{"type":"request","id":12,"op":"put","key":"a","value":"b","server":null}`,
		`{"type":"network","id":13,"change":{"rate":0.5,"links":[{"from":1,"to":2,"up":false,"latency":3}]}}`,
		`{"type":"hidden","hidden":true}`, `{"type":"drawn"}`, `{`, ``, `[]`, `{"type":"seek","id":"x","at":"y"}`,
		`{"id":0,"id":1`, `{"type":"network","id":1,"change":{"latency":1e300}}`,
	} {
		f.Add([]byte(`{"type":"open","id":0,"run":null,"at":20000,"rate":1}` + "\n" + seed + "\n" + `{"type":"drawn"}`))
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		heard := answered{}
		s, now := New(heard, 1), 1e12
		said, unreadable := map[int]int{}, 0
		for i, message := range bytes.Split(script, []byte("\n")) {
			if i == 20 {
				break
			}
			var m struct {
				ID int `json:"id"`
			}
			if err := contract.Codec.Unmarshal(message, &m); err == nil {
				said[m.ID]++
			} else {
				unreadable++ // and is answered under whichever id is found in it
			}
			s.Page(now, message)
			for range 3 {
				now += 30
				s.Tick(now)
				s.Page(now, []byte(`{"type":"drawn"}`))
			}
		}
		for id, n := range heard {
			if n > said[id]+unreadable {
				t.Errorf("%d messages with the id %d, and %d that cannot be read, were answered %d times", said[id], id,
					unreadable, n)
			}
		}
	})
}
