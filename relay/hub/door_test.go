package hub

import (
	"bytes"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"raftplayground/relay/quality"
)

func ptr[T any](value T) *T { return &value }

// A request made in JSON and the same request made by a method lead to the same room, or to the same
// refusal.
func TestBothDoorsLeadToTheSameRoom(t *testing.T) {
	typed, spoken := trio(t, Options{}), trio(t, Options{})
	for _, s := range []*stage{typed, spoken} {
		s.hub.Receive(1, []byte("1>2:what"), false)
		s.hub.Receive(1, []byte("1>3:what"), false)
	}
	for i, step := range []struct {
		method, params string
		do             func(h *Hub) error
	}{
		{"network", `{"rate":0.5,"latency":7000,"loss":0}`, func(h *Hub) error {
			every := quality.Wanted{Latency: ptr(int64(7000)), Loss: ptr(0.0)}
			return h.Change(1, &Change{Rate: ptr(0.5), Every: every})
		}},
		{"network", `{"links":[{"from":1,"to":2,"hold":true,"jitter":3},{"from":2,"to":1,"up":false}]}`,
			func(h *Hub) error {
				return h.Change(1, &Change{Links: []LinkChange{
					{From: 1, To: 2, Hold: ptr(true), Wanted: quality.Wanted{Jitter: ptr(int64(3))}},
					{From: 2, To: 1, Up: ptr(false)},
				}})
			}},
		{"network", `{}`, func(h *Hub) error { return h.Change(1, &Change{}) }},
		{"network", `{"rate":1.5}`, func(h *Hub) error { return h.Change(1, &Change{Rate: ptr(1.5)}) }},
		{"network", `{"jitter":60000001}`, func(h *Hub) error {
			return h.Change(1, &Change{Every: quality.Wanted{Jitter: ptr(int64(quality.MaxDelay + 1))}})
		}},
		{"network", `{"rate":0.2,"links":[{"from":1,"to":4,"up":true}]}`, func(h *Hub) error {
			return h.Change(1, &Change{Rate: ptr(0.2), Links: []LinkChange{{From: 1, To: 4, Up: ptr(true)}}})
		}},
		{"network", `{"links":[{"from":1,"to":2,"loss":-0.5}]}`, func(h *Hub) error {
			return h.Change(1, &Change{Links: []LinkChange{{From: 1, To: 2, Wanted: quality.Wanted{Loss: ptr(-0.5)}}}})
		}},
		{"frame", `{"do":"inject","from":1,"to":2,"frame":"1>2:made up"}`, func(h *Hub) error {
			return h.Act(1, &Act{Do: InjectFrame, From: 1, To: 2, Frame: []byte("1>2:made up")})
		}},
		{"frame", `{"do":"release","seq":3}`, func(h *Hub) error { return h.Act(1, &Act{Do: ReleaseFrame, Seq: 3}) }},
		{"frame", `{"do":"duplicate","seq":3}`,
			func(h *Hub) error { return h.Act(1, &Act{Do: DuplicateFrame, Seq: 3}) }},
		{"frame", `{"do":"edit","seq":3,"frame":"2:other"}`, func(h *Hub) error {
			return h.Act(1, &Act{Do: EditFrame, Seq: 3, Frame: []byte("2:other")})
		}},
		{"frame", `{"do":"drop","seq":99}`, func(h *Hub) error { return h.Act(1, &Act{Do: DropFrame, Seq: 99}) }},
		{"frame", `{"do":"burn","seq":3}`, func(h *Hub) error { return h.Act(1, &Act{Do: "burn", Seq: 3}) }},
		{"frame", `{"do":"edit","seq":3,"frame":"no frame"}`, func(h *Hub) error {
			return h.Act(1, &Act{Do: EditFrame, Seq: 3, Frame: []byte("no frame")})
		}},
		{"act", `{"at":0,"do":"cut","server":1,"to":2}`, func(h *Hub) error {
			return h.Do(1, &ToDo{Do: "cut", From: 1, To: 2})
		}},
		{"act", `{"do":"network","link":{"latency":7,"loss":0.5}}`, func(h *Hub) error {
			link := quality.Qualities{Latency: 7, Loss: 0.5}.Exactly()
			return h.Do(1, &ToDo{Do: "network", Link: &link})
		}},
		{"act", `{"do":"partition","servers":[1,2]}`, func(h *Hub) error {
			return h.Do(1, &ToDo{Do: "partition", Side: []uint64{1, 2}})
		}},
		{"act", `{"do":"injectFrame","server":1,"to":2,"text":"CAEQAg==","binary":true}`, func(h *Hub) error {
			return h.Do(1, &ToDo{Do: "injectFrame", From: 1, To: 2, Text: []byte{8, 1, 16, 2}, Binary: true})
		}},
		{"act", `{"do":"holdFrame","frame":99}`,
			func(h *Hub) error { return h.Do(1, &ToDo{Do: "holdFrame", Frame: 99}) }},
		{"act", `{"do":"crash","server":1}`, func(h *Hub) error { return h.Do(1, &ToDo{Do: "crash", From: 1}) }},
		{"state", `{"name":"Ada","claim":1}`, func(h *Hub) error {
			return h.Describe(1, &Description{Name: ptr("Ada"), Claim: 1})
		}},
		{"state", `{"name":"a\u0000b"}`, func(h *Hub) error {
			return h.Describe(1, &Description{Name: ptr("a\x00b")})
		}},
		{"seats", `{"new":true}`, func(h *Hub) error { return h.BeginAnew(1) }},
		{"seats", `{"give":[2]}`, func(h *Hub) error { return h.GiveAway(1, []uint64{2}, false) }},
		{"seats", `{"give":[]}`, func(h *Hub) error { return h.GiveAway(1, nil, false) }},
		{"seats", `{"give":[4]}`, func(h *Hub) error { return h.GiveAway(1, []uint64{4}, false) }},
		{"seat", `{}`, func(h *Hub) error { _, err := h.Seat(1, &Wish{Any: true}); return err }},
		{"join", `{}`, func(h *Hub) error { _, err := h.Join(1, &Wish{Any: true}); return err }},
	} {
		id := 100 + i
		call := fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":%q,"params":%s}`, id, step.method, step.params)
		answers := spoken.say(1, call)
		answers = slices.DeleteFunc(answers, func(a string) bool { return get(a, "id").ToInt() != id })
		if len(answers) != 1 {
			t.Fatalf("%s %s is answered by %q", step.method, step.params, answers)
		}
		answer, err := answers[0], step.do(typed.hub)
		typed.collect()
		var why *Refusal
		switch {
		case err == nil && get(answer, "result").ToBool():
		case errors.As(err, &why) && why.Code == get(answer, "error", "code").ToInt() &&
			why.Message == get(answer, "error", "message").ToString():
		default:
			t.Errorf("%s %s: %v, in JSON %s", step.method, step.params, err, answer)
		}
		if a, b := typed.hub.AppendState(nil), spoken.hub.AppendState(nil); !bytes.Equal(a, b) {
			t.Fatalf("after %s %s the rooms differ", step.method, step.params)
		}
	}
	if a, b := typed.hub.Record(), spoken.hub.Record(); !reflect.DeepEqual(a, b) {
		t.Errorf("%+v, in JSON %+v", a, b)
	}
}

// A host's process joins as a member does, is told what a member is told, and is refused as a member is.
func TestJoiningByTheTypedDoor(t *testing.T) {
	s := newStage(t, Options{Size: 2}, nil)
	refused := func(err error, code int, field string) {
		t.Helper()
		var why *Refusal
		if !errors.As(err, &why) || why.Code != code || why.Field != field {
			t.Errorf("expected %d of %q, got %v", code, field, err)
		}
	}
	_, err := s.hub.Join(1, &Wish{Any: true})
	refused(err, CodeJoinFirst, "") // this connection does not exist
	s.hub.Connect(1)
	refused(s.hub.Change(1, &Change{Start: true}), CodeJoinFirst, "")
	_, err = s.hub.Join(1, &Wish{Server: 3})
	refused(err, CodeBadParams, "server")
	_, err = s.hub.Join(1, &Wish{Any: true, Name: strings.Repeat("x", mostName+1)})
	refused(err, CodeBadParams, "name")
	_, err = s.hub.Join(1, &Wish{Server: 1, Lease: "invented"})
	refused(err, CodeWrongLease, "lease")
	first, err := s.hub.Join(1, &Wish{Any: true, Name: "Ada"})
	if err != nil || first.Server != 1 || !first.Fresh || !isLease(first.Lease) || first.Claim != 1 ||
		first.After != 1 {
		t.Fatalf("%+v, %v", first, err)
	}
	if s.collect(); s.record == nil || s.record.Seats[0].Lease != first.Lease || s.record.Seats[0].Name != "Ada" {
		t.Errorf("the record is %+v", s.record)
	}
	s.hub.Disconnect(1)
	s.hub.Connect(2)
	again, err := s.hub.Join(2, &Wish{Server: 1, Lease: first.Lease, Made: first.Made, Size: 2, Claim: first.Claim})
	if err != nil || again.Server != 1 || again.Fresh || again.Claim != 2 || again.Client == first.Client {
		t.Errorf("%+v, %v", again, err)
	}
	s.collect()
	s.say(2, `{"jsonrpc":"2.0","method":"report","params":{"term":1}}`)
	s.hub.Connect(3)
	watcher, err := s.hub.Join(3, &Wish{Watch: true})
	if err != nil || watcher.Server != 0 || watcher.Lease != "" || watcher.Made != "" {
		t.Errorf("%+v, %v", watcher, err)
	}
	s.collect()
	if all := strings.Join(s.inbox[3], "\n"); !strings.Contains(all,
		`"method":"report","params":{"server":1,"term":1}`) {
		t.Errorf("a watcher is told %q", s.inbox[3])
	}
}

// The rules of a room do not use JSON: only the adapter's files, and the room's scratch, name the library.
func TestRulesKnowNoJSON(t *testing.T) {
	adapter := []string{"clone.go", "hub.go", "notify.go", "rpc.go"}
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < len(adapter) {
		t.Fatal(files, err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range file.Imports {
			if strings.Contains(i.Path.Value, "json") && !slices.Contains(adapter, name) {
				t.Errorf("%s imports %s", name, i.Path.Value)
			}
		}
	}
}
