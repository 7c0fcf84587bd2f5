package client

import (
	"strings"
	"testing"

	"raftplayground/raft/wire"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/report"
)

func TestWhatComesOfARequestThatWasNotDone(t *testing.T) {
	second, long := 2, strings.Repeat("x", 300)
	for name, c := range map[string]struct {
		op     contract.Op
		server *int
		of     wire.Error
		want   outcome
	}{
		"a write whose outcome is unknown is never sent again": {"put", nil,
			wire.Error{Code: wire.CodeTimedOut}, outcome{"unknown", "timed out: it may or may not have happened",
				false}},
		"a read has no effect and is": {"get", nil,
			wire.Error{Code: wire.CodeTimedOut}, outcome{"pending", "timed out; reading again", false}},
		"but not of another server than the page chose": {"get", &second,
			wire.Error{Code: wire.CodeTimedOut}, outcome{"refused", "timed out", false}},
		"whom a server names is asked at once": {"put", nil,
			wire.Error{Code: wire.CodeNotLeader, Leader: 3}, outcome{"pending", "asked S2", true}},
		"who names itself is not": {"put", nil,
			wire.Error{Code: wire.CodeNotLeader, Leader: 2}, outcome{"pending", "waiting for a leader", false}},
		"if nobody is named the search pauses": {"put", nil,
			wire.Error{Code: wire.CodeNotLeader}, outcome{"pending", "waiting for a leader", false}},
		"a leader without a quorum may find one": {"put", nil,
			wire.Error{Code: wire.CodeNoQuorum}, outcome{"pending", "waiting for a leader", false}},
		"a server that has too much to do has less later": {"delete", nil,
			wire.Error{Code: wire.CodeOverloaded}, outcome{"pending", "waiting for a leader", false}},
		"the server that the page chose knows who leads": {"put", &second,
			wire.Error{Code: wire.CodeNotLeader, Leader: 3}, outcome{"refused", "S2 is not the leader; S3 is", false}},
		"the server that the page chose does not know who leads": {"put", &second,
			wire.Error{Code: wire.CodeNotLeader}, outcome{"refused", "S2 is not the leader and knows of none", false}},
		"any other refusal of the server that the page chose is final": {"put", &second,
			wire.Error{Code: wire.CodeOverloaded, Message: "full"}, outcome{"refused", "full", false}},
		"what no server would do is not asked again, and said in short": {"put", nil,
			wire.Error{Code: wire.CodeUnknownMethod, Message: long}, outcome{"refused", report.Clip(long, 200), false}},
	} {
		r := newRequest(&contract.Request{ID: 1, Op: c.op, Key: "k", Value: "v", Server: c.server}, 0)
		r.View.Server, r.View.Detail = 2, "asked S2"
		if got := r.refusedBy(&c.of); got != c.want {
			t.Errorf("%s: %+v, expected %+v", name, got, c.want)
		}
	}
}

// Two servers that each take the other for the leader are not asked in a circle.
func TestASearchForTheLeaderPauses(t *testing.T) {
	r := newRequest(&contract.Request{ID: 1, Op: "put", Key: "k", Value: "v"}, 0)
	search := func() (asked int) {
		for r.View.Server = 1; r.refusedBy(&wire.Error{Code: wire.CodeNotLeader,
			Leader: uint64(3 - r.View.Server)}).AtOnce; asked++ {
			r.View.Server = r.named()
		}
		return asked
	}
	if n := search(); n != redirects {
		t.Errorf("%d servers in a row were asked, expected %d", n, redirects)
	}
	if leader := r.named(); leader != 0 {
		t.Errorf("after a pause S%d is asked as if it had just been named", leader)
	}
	if n := search(); n != redirects {
		t.Errorf("after a pause %d servers in a row were asked, expected %d", n, redirects)
	}
}
