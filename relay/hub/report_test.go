package hub

import "testing"

// The times of a report used to be milliseconds. A server that still sends them gets an error, instead of
// being drawn a thousand times too fast.
func TestAReportInMillisecondsIsRefused(t *testing.T) {
	for _, c := range []struct{ params, field string }{
		{`{"at":1234.5}`, "at"},
		{`{"at":1234,"timer":{"elapsed":7.25,"timeout":180000,"longest":300000}}`, "timer.elapsed"},
		{`{"at":1234,"timer":{"elapsed":7,"timeout":180,"longest":300000}}`, "timer.timeout"},
		{`{"at":1234,"timer":{"elapsed":7,"timeout":180000,"longest":300}}`, "timer.longest"},
		{`{"at":1234,"events":[{"at":1230.25}]}`, "events.at"},
		{`{"at":1234567,"timer":{"elapsed":7000,"timeout":180000,"longest":300000},"events":[{"at":1230000}]}`, ""},
		{`{"at":0,"timer":{"elapsed":0,"timeout":1000,"longest":1000}}`, ""},
	} {
		s := trio(t, Options{})
		answer := s.say(1, `{"id":1,"method":"report","params":`+c.params+`}`)[0]
		if got := get(answer, "error", "data", "field").ToString(); got != c.field {
			t.Errorf("%s is answered by %s, expected that %q is wrong", c.params, answer, c.field)
		}
	}
}
