package hub

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	jsoniter "github.com/json-iterator/go"

	"raftplayground/relay/quality"
)

// stage is a room and its host, played by the test: it keeps every message that a connection was sent.
type stage struct {
	t      testing.TB
	hub    *Hub
	real   int64
	inbox  map[uint64][]string
	closed map[uint64]Closing
	record *Record
	out    Output
}

func newStage(t testing.TB, options Options, record *Record) *stage {
	t.Helper()
	if options.Random == nil {
		options.Random = counting()
	}
	if options.Code == "" {
		options.Code = "test"
	}
	h, err := New(options, record)
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{t: t, hub: h, inbox: map[uint64][]string{}, closed: map[uint64]Closing{}}
	s.pass(0)
	return s
}

// counting fills leases with 1, 2, 3, …
func counting() func([]byte) {
	n := byte(0)
	return func(into []byte) {
		for i := range into {
			n++
			into[i] = n
		}
	}
}

// pass lets real time pass, waking the room when it asks to be woken.
func (s *stage) pass(micros int64) {
	for end, still := s.real+micros, 0; ; {
		s.collect()
		next := min(s.hub.Wake(), end)
		if still++; next > s.real {
			still = 0
		}
		if still > 10 {
			s.t.Fatalf("the room asks to be woken at %d again and again, and does nothing", next)
		}
		s.real = max(next, s.real)
		s.hub.Advance(s.real)
		if s.real == end {
			s.collect()
			return
		}
	}
}

func (s *stage) collect() {
	for s.hub.Output(&s.out) {
		if s.out.Record != nil {
			s.record = s.out.Record
		}
		for _, d := range s.out.Deliver {
			s.inbox[d.Conn] = append(s.inbox[d.Conn], string(d.Data))
		}
		for _, c := range s.out.Close {
			s.closed[c.Conn] = c
		}
	}
}

// say sends a text message and returns the immediate answers to the sender.
func (s *stage) say(conn uint64, text string) []string {
	before := len(s.inbox[conn])
	s.hub.Receive(conn, []byte(text), false)
	s.collect()
	return s.inbox[conn][before:]
}

func (s *stage) join(conn uint64, params string) string {
	s.t.Helper()
	s.hub.Connect(conn)
	answers := s.say(conn, `{"jsonrpc":"2.0","id":1,"method":"join","params":`+params+`}`)
	if len(answers) == 0 {
		s.t.Fatal("no answer to join")
	}
	return answers[0]
}

// trio is a started room with servers 1, 2, 3 on connections 1, 2, 3, a watcher on 4, real time, and no delay.
func trio(t testing.TB, options Options) *stage {
	t.Helper()
	options.Rate = 1
	s := newStage(t, options, nil)
	for conn := uint64(1); conn <= 3; conn++ {
		if got := s.join(conn, "{}"); get(got, "result", "server").ToUint64() != conn {
			t.Fatalf("connection %d joined as %s", conn, got)
		}
	}
	s.join(4, `{"server":0,"watch":true}`)
	s.say(4, `{"method":"network","params":{"latency":0,"jitter":0}}`)
	s.pass(100_000)
	s.forget()
	return s
}

func (s *stage) forget() { clear(s.inbox) }

func get(text string, path ...any) jsoniter.Any { return jsoniter.Get([]byte(text), path...) }

// frames returns the frames that a connection was sent.
func (s *stage) frames(conn uint64) (frames []string) {
	for _, text := range s.inbox[conn] {
		if text[0] != '{' || get(text, "from").ValueType() == jsoniter.NumberValue ||
			get(text, "variant").ValueType() == jsoniter.StringValue {
			frames = append(frames, text)
		}
	}
	return frames
}

// notifications returns the params of one method's notifications to a connection, oldest first.
func (s *stage) notifications(conn uint64, method string) (params []jsoniter.Any) {
	for _, text := range s.inbox[conn] {
		if text[0] == '{' && get(text, "method").ToString() == method {
			params = append(params, get(text, "params"))
		}
	}
	return params
}

// sightings returns all lines of the seen notifications that a watcher got.
func (s *stage) sightings(conn uint64) (lines []jsoniter.Any) {
	for _, seen := range s.notifications(conn, "seen") {
		for i := range seen.Get("frames").Size() {
			lines = append(lines, seen.Get("frames").Get(i))
		}
	}
	return lines
}

// expectSeen checks these members of each line in a watcher's seen notifications.
func (s *stage) expectSeen(conn uint64, members []string, want ...string) {
	s.t.Helper()
	var got []string
	for _, line := range s.sightings(conn) {
		words := make([]string, len(members))
		for i, member := range members {
			words[i] = line.Get(member).ToString()
		}
		got = append(got, strings.TrimSpace(strings.Join(words, " ")))
	}
	if !slices.Equal(got, want) {
		s.t.Errorf("connection %d has seen\n%q\nwant\n%q", conn, got, want)
	}
}

func (s *stage) expectFrames(conn uint64, want ...string) {
	s.t.Helper()
	if got := s.frames(conn); strings.Join(got, "\n") != strings.Join(want, "\n") {
		s.t.Errorf("connection %d got %q, want %q", conn, got, want)
	}
}

func expectError(t testing.TB, answers []string, code int, field, contains string) {
	t.Helper()
	if len(answers) != 1 {
		t.Fatalf("expected one answer, an error %d; got %q", code, answers)
	}
	object := get(answers[0], "error")
	if object.Get("code").ToInt() != code || object.Get("data", "field").ToString() != field ||
		!strings.Contains(object.Get("message").ToString(), contains) {
		t.Fatalf("expected error %d, field %q, with %q; got %s", code, field, contains, answers[0])
	}
}

func TestJoinGivesTheLowestFreeSeatALeaseAndAClientAddress(t *testing.T) {
	s := newStage(t, Options{Rate: 0.1}, nil)
	for conn := uint64(1); conn <= 3; conn++ {
		answer := s.join(conn, `{"server":null,"lease":null,"name":"Ada"}`)
		result := get(answer, "result")
		if result.Get("server").ToUint64() != conn || result.Get("client").ToUint64() != 1000+conn ||
			len(result.Get("lease").ToString()) != 32 || !result.Get("fresh").ToBool() {
			t.Errorf("connection %d: %s", conn, answer)
		}
		if result.Get("room").ToString() != "test" || result.Get("size").ToInt() != 3 ||
			result.Get("rate").ToFloat64() != 0.1 || result.Get("links").Size() != 6 ||
			result.Get("servers").Size() != 3 {
			t.Errorf("the room is not described: %s", answer)
		}
		if s.record == nil || s.record.Seats[conn-1].Lease != result.Get("lease").ToString() {
			t.Errorf("the lease of seat %d is not in the record %+v", conn, s.record)
		}
		if started := result.Get("started").ToBool(); started != (conn == 3) {
			t.Errorf("after %d of 3 seats started is %v", conn, started)
		}
	}
	late := s.join(4, `{"watch":false}`)
	if get(late, "result", "server").ValueType() != jsoniter.NilValue ||
		get(late, "result", "lease").ValueType() != jsoniter.NilValue || get(late, "result", "fresh").ToBool() {
		t.Errorf("no seat was free, but: %s", late)
	}
	s.say(1, "1>2:x:y:z")
	s.pass(100_000)
	if len(s.sightings(4)) == 0 {
		t.Error("a member that found no seat watches, but it was told of no frame")
	}
}

func TestARecordIsHandedOutWithOrBeforeTheAnswerToTheJoin(t *testing.T) {
	s := newStage(t, Options{}, nil)
	s.hub.Connect(1)
	s.hub.Receive(1, []byte(`{"id":1,"method":"join"}`), false)
	if !s.hub.Output(&s.out) || s.out.Record == nil || len(s.out.Deliver) == 0 {
		t.Fatalf("the first output has no record: %+v", s.out)
	}
}

func TestClaims(t *testing.T) {
	s := newStage(t, Options{}, nil)
	lease := get(s.join(1, "{}"), "result", "lease").ToString()
	other := strings.Repeat("ab", 16)

	s.hub.Connect(2)
	claim := func(conn uint64, server, lease string) []string {
		return s.say(conn, `{"id":7,"method":"join","params":{"server":`+server+`,"lease":"`+lease+`"}}`)
	}
	expectError(t, claim(2, "1", lease), CodeSeatTaken, "server", "seat 1 is connected")
	s.hub.Disconnect(1)
	expectError(t, claim(2, "1", other), CodeWrongLease, "lease", "not the lease of seat 1")
	expectError(t, claim(2, "1", ""), CodeWrongLease, "lease", "not the lease of seat 1")
	expectError(t, claim(2, "4", ""), CodeBadParams, "server", "1 to 3, got 4")
	expectError(t, claim(2, "-1", ""), CodeBadParams, "server", "got -1")
	if got := claim(2, "1", lease)[0]; get(got, "result", "server").ToInt() != 1 ||
		get(got, "result", "fresh").ToBool() {
		t.Errorf("the right lease got %s", got)
	}
	if got := s.join(3, `{}`); get(got, "result", "server").ToInt() != 2 {
		t.Errorf("a newcomer is due the lowest free seat, 2: %s", got)
	}
	s.hub.Disconnect(3)
	if got := s.join(4, `{}`); get(got, "result", "server").ToInt() != 3 {
		t.Errorf("a leased seat stays leased when its member goes; a newcomer is due seat 3: %s", got)
	}
}

func TestARecordBringsTheRoomBack(t *testing.T) {
	s := trio(t, Options{})
	s.say(1, `{"method":"network","params":{"rate":0.25,"reorder":0.5,"links":[{"from":1,"to":2,"up":false,`+
		`"loss":0.125,"duplicate":1,"hold":true}]}}`)
	s.pass(3_000_000)
	s.say(1, `{"method":"state","params":{"name":"Grace"}}`)
	s.pass(100_000)
	again := newStage(t, Options{}, s.record)
	if got := again.join(9, `{}`); get(got, "result", "server").ValueType() != jsoniter.NilValue {
		t.Errorf("every seat is leased, but a newcomer got %s", got)
	}
	got := again.join(1, `{"server":1,"lease":"`+s.record.Seats[0].Lease+`"}`)
	r := get(got, "result")
	if r.Get("server").ToInt() != 1 || r.Get("rate").ToFloat64() != 0.25 || !r.Get("started").ToBool() ||
		r.Get("links", 0, "up").ToBool() || r.Get("now").ToInt64() == 0 {
		t.Errorf("got %s", got)
	}
	if l := r.Get("links", 0); l.Get("loss").ToFloat64() != 0.125 || l.Get("duplicate").ToFloat64() != 1 ||
		l.Get("reorder").ToFloat64() != 0.5 || !l.Get("hold").ToBool() {
		t.Errorf("the link's faults came back as %s", l.ToString())
	}
	if got := r.Get("servers", 0, "name").ToString(); got != "Grace" {
		t.Errorf("the name is %q", got)
	}
	again.pass(4_000_000)
	if now := again.hub.Record().Now; now != s.record.Now+1_000_000 {
		t.Errorf("4 s at rate 0.25 brought the clock from %d to %d", s.record.Now, now)
	}
	for name, bad := range map[string]*Record{
		"too few seats":  {Size: 3, Seats: make([]Seat, 2)},
		"too many seats": {Size: 10, Seats: make([]Seat, 10)},
		"rate":           {Size: 1, Seats: make([]Seat, 1), Rate: 2},
		"chance": {Size: 2, Seats: make([]Seat, 2), Links: []Link{{From: 1, To: 2,
			Qualities: quality.Qualities{Loss: 1.5}}}},
		"link": {Size: 2, Seats: make([]Seat, 2), Links: []Link{{From: 1, To: 3}}},
	} {
		if _, err := New(Options{}, bad); err == nil {
			t.Errorf("a record with a bad value was taken: %s", name)
		}
	}
}

func TestTheFirstMemberMayChooseTheSize(t *testing.T) {
	s := newStage(t, Options{}, nil)
	if got := s.join(1, `{"size":5}`); get(got, "result", "size").ToInt() != 5 ||
		get(got, "result", "links").Size() != 20 {
		t.Errorf("got %s", got)
	}
	if got := s.join(2, `{"size":7}`); get(got, "result", "size").ToInt() != 5 {
		t.Errorf("a room that is not new changed its size: %s", got)
	}
	if got := s.join(3, `{"size":10}`); get(got, "error", "data", "field").ToString() != "size" {
		t.Errorf("got %s", got)
	}
}

func TestTheClockStandsUntilEverySeatIsTaken(t *testing.T) {
	s := newStage(t, Options{Rate: 1}, nil)
	s.join(1, "{}")
	expectError(t, s.say(1, `{"id":1,"method":"network","params":{"start":true}}`), CodeBadParams, "start", "2 of 3")
	s.join(2, "{}")
	s.say(1, "1>2:frame")
	s.pass(5_000_000)
	s.expectFrames(2)
	rooms := s.notifications(1, "room")
	if last := rooms[len(rooms)-1]; last.Get("now").ToInt64() != 0 || last.Get("started").ToBool() {
		t.Errorf("the clock moved: %s", last.ToString())
	}
	s.join(3, "{}")
	s.pass(1_000_000)
	s.expectFrames(2, "1>2:frame")
}

func TestAMajorityMayStartTheClock(t *testing.T) {
	s := newStage(t, Options{Rate: 1}, nil)
	s.join(1, "{}")
	s.join(2, "{}")
	if got := s.say(1, `{"id":5,"method":"network","params":{"start":true}}`); get(got[0], "result").ToBool() != true {
		t.Fatalf("got %s", got)
	}
	s.hub.Disconnect(1)
	s.hub.Disconnect(2)
	s.join(3, "{}")
	s.pass(announceEvery + 100_000)
	rooms := s.notifications(3, "room")
	if last := rooms[len(rooms)-1]; !last.Get("started").ToBool() || last.Get("now").ToInt64() < 2_000_000 {
		t.Errorf("once started it stays started: %s", last.ToString())
	}
}

func TestFramesArriveByteForByteAfterTheLatencyOfClusterTime(t *testing.T) {
	s := trio(t, Options{})
	s.say(4, `{"method":"network","params":{"rate":0.1,"latency":15000,"jitter":5000}}`)
	colon, json := "1>2:AppendEntries:Request:1:1:0:0:0",
		"  {\"to\": 3,\n\"x\":{\"from\":9},\"from\":1,\"id\":\"1>3:4\",\"method\":\"RequestVote\"}"
	s.say(1, colon)
	s.say(1, json)
	s.pass(99_000)
	s.expectFrames(2)
	s.pass(101_500)
	s.expectFrames(2, colon)
	s.expectFrames(3, json)
}

func TestWithoutToAFrameGoesToEveryOtherServer(t *testing.T) {
	s := trio(t, Options{})
	s.say(2, "2:RequestVotes:Request:1:2:0:0")
	s.say(2, `{"from":2,"method":"RequestVote","params":{}}`)
	for _, conn := range []uint64{1, 3} {
		s.expectFrames(conn, "2:RequestVotes:Request:1:2:0:0", `{"from":2,"method":"RequestVote","params":{}}`)
	}
	s.expectFrames(2)
	s.expectFrames(4)
}

func TestClientFramesTravelWithoutDelayEvenWhenTheClockStands(t *testing.T) {
	s := trio(t, Options{})
	s.say(4, `{"method":"network","params":{"rate":0,"latency":15000}}`)
	s.say(4, `{"from":1004,"to":1,"id":1,"method":"Get","params":{"key":"x"}}`)
	s.expectFrames(1, `{"from":1004,"to":1,"id":1,"method":"Get","params":{"key":"x"}}`)
	s.say(1, `{"from":1,"to":1004,"id":1,"result":{}}`)
	s.expectFrames(4, `{"from":1,"to":1004,"id":1,"result":{}}`)
	s.say(1, `{"from":1001,"to":1,"id":2,"method":"Get"}`) // a tab asks its own server
	if got := len(s.frames(1)); got != 2 {
		t.Errorf("a client's request to the server of its own connection did not arrive: %q", s.inbox[1])
	}
	s.pass(20_000)
	if got := len(s.sightings(4)); got != 3 {
		t.Errorf("3 frames were sent, %d were seen", got)
	}
	s.hub.Disconnect(4)
	s.hub.Connect(5)
	s.say(5, `{"method":"join","params":{"server":0,"watch":true}}`)
	if got := s.say(1, `{"from":1,"to":1004,"id":3,"result":{}}`); len(got) != 0 {
		t.Errorf("an answer to a client that has gone is lost, not wrong: %q", got)
	}
}

func TestRateZeroHoldsEverything(t *testing.T) {
	s := trio(t, Options{})
	s.say(4, `{"method":"network","params":{"rate":0}}`)
	s.say(1, "1>2:a")
	s.pass(10_000_000)
	s.expectFrames(2)
	s.say(4, `{"method":"network","params":{"rate":1}}`)
	s.pass(0)
	s.expectFrames(2, "1>2:a")
}

func TestFates(t *testing.T) {
	s := trio(t, Options{Limits: Limits{InFlight: 2}})
	s.say(4, `{"method":"network","params":{"latency":10000}}`)
	s.pass(20_000)
	s.forget()
	s.say(4, `{"method":"network","params":{"links":[{"from":1,"to":2,"up":false}]}}`)
	s.say(1, "1>2:cut")
	s.say(2, "2>1:the other way is up")
	s.hub.Disconnect(3)
	s.say(1, "1>3:down")
	s.say(2, "2>1:second")
	s.say(2, "2>1:third")
	s.say(4, `{"method":"network","params":{"links":[{"from":2,"to":1,"up":false}]}}`)
	s.pass(100_000)
	s.expectFrames(1)
	s.expectFrames(2)
	s.expectSeen(4, []string{"seq", "fate", "frame"},
		"1 cut 1>2:cut", "2 sent 2>1:the other way is up", "3 down 1>3:down", "4 sent 2>1:second", "5 full 2>1:third",
		"2 cut", "4 cut")
}

func TestFaultsOfALink(t *testing.T) {
	const count = 1000
	tests := []struct {
		setting             string
		arrivals, overtaken [2]int // least and most
	}{
		{`"loss":0.25`, [2]int{700, 800}, [2]int{0, 0}},
		{`"loss":1`, [2]int{0, 0}, [2]int{0, 0}},
		{`"duplicate":0.25`, [2]int{1200, 1300}, [2]int{0, 0}},
		{`"duplicate":1,"loss":1`, [2]int{0, 0}, [2]int{0, 0}},
		{`"reorder":0.25`, [2]int{count, count}, [2]int{200, 300}},
		{`"jitter":9000`, [2]int{count, count}, [2]int{0, 0}},
		{`"hold":true`, [2]int{0, 0}, [2]int{0, 0}},
	}
	for _, test := range tests {
		s := trio(t, Options{Seed: 7})
		s.say(4, `{"method":"network","params":{"links":[{"from":1,"to":2,"latency":10000,`+test.setting+`}]}}`)
		for i := range count {
			s.say(1, "1>2:"+strconv.Itoa(1000+i))
			s.say(2, "2>1:"+strconv.Itoa(1000+i))
			s.pass(1000)
		}
		s.pass(1_000_000)
		overtaken, newest := 0, ""
		for _, frame := range s.frames(2) {
			if frame < newest {
				overtaken++
			}
			newest = max(newest, frame)
		}
		if n := len(s.frames(2)); n < test.arrivals[0] || n > test.arrivals[1] {
			t.Errorf("%s: of %d frames %d arrived, want %v", test.setting, count, n, test.arrivals)
		}
		if overtaken < test.overtaken[0] || overtaken > test.overtaken[1] {
			t.Errorf("%s: %d were overtaken, want %v", test.setting, overtaken, test.overtaken)
		}
		if n := len(s.frames(1)); n != count {
			t.Errorf("%s: the other direction lost %d", test.setting, count-n)
		}
	}
}

func TestFramesAreHeldReleasedAndDropped(t *testing.T) {
	s := trio(t, Options{})
	frame := func(seq, do string) []string {
		return s.say(4, `{"id":1,"method":"frame","params":{"seq":`+seq+`,"do":"`+do+`"}}`)
	}
	s.say(4, `{"method":"network","params":{"latency":10000,"links":[{"from":1,"to":2,"hold":true}]}}`)
	for _, text := range []string{"first", "second", "third", "fourth"} {
		s.say(1, "1>2:"+text)
	}
	s.say(2, "2>3:held on its way")
	frame("5", "hold")
	s.pass(50_000)
	s.expectFrames(2)
	s.expectFrames(3)
	frame("3", "release")
	frame("2", "drop")
	s.pass(5_000)
	expectError(t, frame("2", "drop"), CodeBadParams, "seq", "2, which is not")
	s.expectFrames(2)
	s.pass(5_000)
	s.expectFrames(2, "1>2:third")
	s.say(4, `{"method":"network","params":{"links":[{"from":1,"to":2,"hold":false}]}}`)
	frame("5", "release")
	s.pass(50_000)
	s.expectFrames(2, "1>2:third", "1>2:first", "1>2:fourth")
	s.expectFrames(3, "2>3:held on its way")
	s.expectSeen(4, []string{"seq", "fate"}, "1 held", "2 held", "3 held", "4 held", "5 sent", "5 held", "3 sent",
		"2 dropped", "1 sent", "4 sent", "5 sent")
}

func TestFramesAreDeliveredDuplicatedEditedAndInjected(t *testing.T) {
	s := trio(t, Options{})
	frame := func(params string) {
		t.Helper()
		if out := s.say(4, `{"id":7,"method":"frame","params":{`+params+`}}`); len(out) == 0 ||
			!strings.Contains(out[len(out)-1], `"id":7,"result":true`) {
			t.Fatalf("%s: %v", params, out)
		}
	}
	s.say(4, `{"method":"network","params":{"latency":10000}}`)
	s.say(1, "1>2:first")
	s.say(1, "1>2:second")
	s.say(1, "1>2:third")
	frame(`"seq":3,"do":"deliver"`)
	s.expectFrames(2, "1>2:third")
	frame(`"seq":1,"do":"edit","frame":"1>2:something else"`)
	s.pass(5_000)
	frame(`"seq":2,"do":"duplicate"`)
	frame(`"seq":2,"do":"hold"`)
	frame(`"seq":2,"do":"edit","frame":"1>2:edited while it was held"`)
	frame(`"do":"inject","from":3,"to":2,"frame":"3>2:never sent"`)
	s.pass(5_000)
	s.expectFrames(2, "1>2:third", "1>2:something else")
	s.pass(5_000)
	s.expectFrames(2, "1>2:third", "1>2:something else", "1>2:second", "3>2:never sent")
	frame(`"seq":2,"do":"deliver"`)
	s.expectFrames(2, "1>2:third", "1>2:something else", "1>2:second", "3>2:never sent", "1>2:edited while it was held")
	if s.hub.flying != 0 {
		t.Errorf("%d bytes are counted as under way, and nothing is", s.hub.flying)
	}
	s.pass(20_000)
	s.expectSeen(4, []string{"seq", "fate", "frame", "copyOf"}, "1 sent 1>2:first", "2 sent 1>2:second",
		"3 sent 1>2:third", "3 sent", "1 sent 1>2:something else", "4 sent 1>2:second 2", "2 held",
		"2 held 1>2:edited while it was held", "5 sent 3>2:never sent", "2 sent")
}

func TestAnEditNeedsRoomToo(t *testing.T) {
	s := trio(t, Options{Limits: Limits{InFlightBytes: 20}})
	s.say(4, `{"method":"network","params":{"latency":10000}}`)
	s.say(1, "1>2:first")
	expectError(t,
		s.say(4, `{"id":1,"method":"frame","params":{"seq":1,"do":"edit",`+
			`"frame":"1>2:much longer than what was there"}}`), CodeBadParams, "frame", "20 bytes under way")
	s.pass(10_000)
	s.expectFrames(2, "1>2:first")
}

func TestWhatIsHeldIsLostWithItsReceiver(t *testing.T) {
	s := trio(t, Options{Limits: Limits{InFlight: 2}})
	s.say(4, `{"method":"network","params":{"links":[{"from":1,"to":2,"hold":true}]}}`)
	for range 3 {
		s.say(1, "1>2:held")
	}
	s.hub.Disconnect(2)
	s.pass(100_000)
	s.expectSeen(4, []string{"seq", "fate"}, "1 held", "2 held", "3 full", "1 down", "2 down")
}

func TestWhatIsUnderWayToAServerThatGoesIsLost(t *testing.T) {
	s := trio(t, Options{})
	s.say(4, `{"method":"network","params":{"latency":10000}}`)
	lease := s.record.Seats[1].Lease
	s.say(1, "1>2:lost")
	s.say(2, "2>1:has left already")
	s.hub.Disconnect(2)
	s.join(5, `{"server":2,"lease":"`+lease+`"}`)
	s.pass(100_000)
	s.expectFrames(5)
	s.expectFrames(1, "2>1:has left already")
	lines := s.sightings(4)
	if last := lines[len(lines)-1]; last.Get("seq").ToInt() != 1 || last.Get("fate").ToString() != "down" ||
		last.Get("at").ValueType() != jsoniter.NumberValue {
		t.Errorf("the loss was told as %s", last.ToString())
	}
}

func TestTheBytesOnTheirWayAreBoundedAndLostOnesMakePlace(t *testing.T) {
	s := trio(t, Options{Limits: Limits{InFlightBytes: 10}})
	fates := func() (fates string) {
		s.pass(gather)
		for _, line := range s.sightings(4) {
			fates += line.Get("fate").ToString() + " "
		}
		s.forget()
		return fates
	}
	s.say(4, `{"method":"network","params":{"latency":1000000}}`)
	s.say(1, "1>2:12345")
	s.say(2, "2>3:")
	if got := fates(); got != "sent full " {
		t.Errorf("9 bytes, then 4 more: %s", got)
	}
	s.say(4, `{"method":"network","params":{"links":[{"from":1,"to":2,"up":false}]}}`)
	s.say(2, "2>3:12345")
	if got := fates(); got != "cut sent " {
		t.Errorf("9 bytes were lost, 9 were sent: %s", got)
	}
	s.pass(1_000_000)
	s.say(2, "2>3:12345")
	if got := fates(); got != "sent " {
		t.Errorf("9 bytes arrived, 9 were sent: %s", got)
	}
}

func TestFramesDueAtTheSameTimeArriveAsTheyWereSent(t *testing.T) {
	s := trio(t, Options{})
	s.say(4, `{"method":"network","params":{"latency":10000}}`)
	s.say(2, "2>3:first")
	s.say(1, "1>3:second")
	s.pass(10_000)
	s.expectFrames(3, "2>3:first", "1>3:second")
}

func TestClusterTimeIsExactHoweverOftenTheHostLooks(t *testing.T) {
	var c clock
	c.setRate(0.3)
	for real := range int64(1_000_001) {
		c.advance(real)
	}
	if c.now != 300_000 {
		t.Errorf("a second at rate 0.3, looked at every microsecond, is %d µs", c.now)
	}
}

func TestBadMessagesAreRefusedAndTheRoomGoesOn(t *testing.T) {
	cases := []struct {
		name, text string
		code       int
		field, say string
	}{
		{"wrong sender, colon", "2>3:x", CodeNotYours, "from",
			"2 is not this connection's address, which is 1 or 1001"},
		{"wrong sender, JSON", `{"from":2,"to":3}`, CodeNotYours, "from", "2 is not"},
		{"another's client address", `{"from":1002,"to":3}`, CodeNotYours, "from", "1002 is not"},
		{"unknown server", "1>4:x", CodeNoSuchAddress, "to", "servers are 1 to 3"},
		{"unknown client", `{"from":1,"to":1999}`, CodeNoSuchAddress, "to", "1999"},
		{"to itself", "1>1:x", CodeBadParams, "to", "got 1"},
		{"cut JSON", `{"from":1,"to":2,"method":"RequestVote","params":{"term":3`, CodeNotJSON, "",
			"not a complete JSON object"},
		{"two objects", `{"from":1,"to":2}{"from":1,"to":2}`, CodeNotJSON, "", "more behind it"},
		{"a batch", `[{"from":1,"to":2}]`, CodeNotRequest, "", "array"},
		{"text as address", `{"from":1,"to":"2"}`, CodeBadParams, "to", `got "2"`},
		{"null as address", `{"from":1,"to":null}`, CodeBadParams, "to", "got null"},
		{"fraction", `{"from":1,"to":2.0}`, CodeBadParams, "to", "got 2.0"},
		{"negative", `{"from":-1,"to":2}`, CodeBadParams, "from", "got -1"},
		{"zero", `{"from":1,"to":0}`, CodeBadParams, "to", "got 0"},
		{"2^64", `{"from":1,"to":18446744073709551616}`, CodeBadParams, "to", "got 18446744073709551616"},
		{"2^64, colon", "1>18446744073709551616:x", CodeBadParams, "to", "got 18446744073709551616"},
		{"2^64-1 is a number", "1>18446744073709551615:x", CodeNoSuchAddress, "to", "18446744073709551615"},
		{"negative, colon", "1>-2:x", CodeBadParams, "to", "got -2"},
		{"empty address, colon", "1>:x", CodeBadParams, "to", "whole number"},
		{"no colon", "1", CodeNotJSON, "", "no colon"},
		{"from is missing", `{"to":2,"method":"RequestVote"}`, CodeBadParams, "from", "got none"},
		{"address twice", `{"from":1,"to":2,"from":2}`, CodeNotRequest, "from", "twice"},
		{"empty", "", CodeNotJSON, "", "empty"},
		{"a word", "hello", CodeNotJSON, "", "got hello"},
		{"a leading blank before colon", " 1>2:x", CodeNotJSON, "", "expected a digit"},
		{"not UTF-8", "1>2:\xff\xfe", CodeNotJSON, "", "UTF-8"},
		{"nothing to do", `{"id":3}`, CodeNotRequest, "", "neither"},
		{"unknown method", `{"id":3,"method":"dance"}`, CodeUnknownMethod, "method", "got dance"},
		{"method is a number", `{"id":3,"method":3}`, CodeNotRequest, "method", "got 3"},
		{"joined already", `{"id":3,"method":"join"}`, CodeNotRequest, "", "joined already, as 1 or 1001"},
		{"2015 reply to nobody's call", `{"variant":"Accepted","fields":[5]}`, CodeBadParams, "uuid",
			"no other address"},
		{"2015 client request", `{"variant":"IndexRange","fields":[{"start_index":0,"end_index":5}]}`,
			CodeUnknownMethod, "variant", "IndexRange"},
		{"network without a change", `{"id":1,"method":"network","params":{}}`, CodeBadParams, "params",
			"none of them"},
		{"network params a list", `{"id":1,"method":"network","params":[1]}`, CodeBadParams, "params", "an object"},
		{"rate too high", `{"id":1,"method":"network","params":{"rate":1.5}}`, CodeBadParams, "rate", "got 1.5"},
		{"rate negative", `{"id":1,"method":"network","params":{"rate":-1}}`, CodeBadParams, "rate", "got -1"},
		{"rate not to be told from 0", `{"id":1,"method":"network","params":{"rate":1e-9}}`, CodeBadParams, "rate",
			"0.000001"},
		{"rate is text", `{"id":1,"method":"network","params":{"rate":"1"}}`, CodeBadParams, "rate", `got "1"`},
		{"start is false", `{"id":1,"method":"network","params":{"start":false}}`, CodeBadParams, "start",
			"paused by rate 0"},
		{"latency too long", `{"id":1,"method":"network","params":{"latency":60000001}}`, CodeBadParams, "latency",
			"60000000"},
		{"link of nobody", `{"id":1,"method":"network","params":{"links":[{"from":1,"to":4,"up":false}]}}`,
			CodeBadParams, "links", "1 to 3"},
		{"a chance beyond 1", `{"id":1,"method":"network","params":{"loss":1.5}}`, CodeBadParams, "loss",
			"from 0 to 1"},
		{"a chance of a link", `{"id":1,"method":"network","params":{"links":[{"from":1,"to":2,"reorder":"often"}]}}`,
			CodeBadParams, "links.reorder", "from 0 to 1"},
		{"a frame of nobody", `{"id":1,"method":"frame","params":{"seq":99,"do":"drop"}}`, CodeBadParams, "seq",
			"under way"},
		{"nothing to do with a frame", `{"id":1,"method":"frame","params":{"seq":1,"do":"eat"}}`, CodeBadParams, "do",
			"duplicate, edit or inject"},
		{"an edit that is no frame",
			`{"id":1,"method":"frame","params":{"seq":1,"do":"edit","frame":"{\"method\":\"room\"}"}}`, CodeBadParams,
			"frame", "a frame, with from or to"},
		{"an edit without text", `{"id":1,"method":"frame","params":{"seq":1,"do":"edit"}}`, CodeBadParams, "frame",
			"the message is empty"},
		{"a frame injected from nobody", `{"id":1,"method":"frame","params":{"do":"inject","to":2,"frame":"1>2:x"}}`,
			CodeBadParams, "from", "two servers"},
		{"link to itself", `{"id":1,"method":"network","params":{"links":[{"from":1,"to":1,"up":false}]}}`,
			CodeBadParams, "links", "two servers"},
		{"link is a number", `{"id":1,"method":"network","params":{"links":[1]}}`, CodeBadParams, "links", "an object"},
		{"links is an object", `{"id":1,"method":"network","params":{"links":{}}}`, CodeBadParams, "links", "a list"},
		{"name too long", `{"method":"state","params":{"name":"` + strings.Repeat("é", 41) + `"}}`, CodeBadParams,
			"name", "40"},
		{"name with a control character", `{"method":"state","params":{"name":"a\u0000"}}`, CodeBadParams, "name",
			"printable"},
		{"hidden is text", `{"method":"state","params":{"hidden":"yes"}}`, CodeBadParams, "hidden", "true or false"},
		{"another's report", `{"method":"report","params":{"server":2}}`, CodeNotYours, "server", "2 is not"},
		{"a report of no role", `{"id":1,"method":"report","params":{"role":"king"}}`, CodeBadParams, "role",
			`expected one of follower, candidate, leader, preCandidate, got "king"`},
		{"a report of a negative term", `{"id":1,"method":"report","params":{"role":"leader","term":-1}}`,
			CodeBadParams, "term", "0 to 18446744073709551615, got -1"},
		{"a report at no time", `{"id":1,"method":"report","params":{"at":"now"}}`, CodeBadParams, "at",
			"a whole number from 0"},
		{"a report whose leader is no server", `{"id":1,"method":"report","params":{"leader":10}}`, CodeBadParams,
			"leader", "1 to 9, got 10"},
		{"a report of a strange vote", `{"id":1,"method":"report","params":{"votes":[{"server":1,"state":"perhaps"}]}}`,
			CodeBadParams, "votes.state", "one of requested, granted, denied"},
		{"a report whose log is a list", `{"id":1,"method":"report","params":{"log":[]}}`, CodeBadParams, "log",
			"an object, got []"},
		{"a report of a strange entry",
			`{"id":1,"method":"report","params":{"log":{"first":1,"cells":[{"term":1,"kind":"set","text":"x = 1"}]}}}`,
			CodeBadParams, "log.cells.kind", "command, noop, configuration"},
		{"a report that is a list", `{"id":1,"method":"report","params":[]}`, CodeBadParams, "params", "an object"},
		{"report without params", `{"method":"report"}`, CodeBadParams, "params", "none"},
		{"report too large", `{"method":"report","params":{"x":"` + strings.Repeat("x", 256<<10) + `"}}`, CodeTooLarge,
			"", "262144"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := trio(t, Options{})
			expectError(t, s.say(1, c.text), c.code, c.field, c.say)
			s.pass(20_000)
			s.expectFrames(2)
			s.expectFrames(3)
			s.say(1, "1>2:still here")
			s.expectFrames(2, "1>2:still here")
			if len(s.closed) > 0 {
				t.Errorf("a bad message closed a connection: %+v", s.closed)
			}
		})
	}
}

func TestErrorsCarryTheCallsIDButNeverAReplysID(t *testing.T) {
	s := trio(t, Options{})
	for text, id := range map[string]string{
		`{"id":"1>2:17","from":2,"to":3,"method":"RequestVote"}`: `"1>2:17"`,
		`{"from":2,"to":3,"method":"RequestVote","id":18}`:       `18`,
		`{"id":"1>2:17","from":2,"to":3,"result":{}}`:            `null`,
		`{"id":{"x":1},"from":2,"to":3,"method":"x"}`:            `null`,
		`{"to":"x","id":19,"method":"x","from":1}`:               `19`,
		"1>9:RequestVotes:Request:1:1:0:0:call=17":               `"1>9:17"`,
		"2>3:AppendEntries:Request:1:2:0:0:0:x=y:call=20":        `"2>3:20"`,
		"1>x:RequestVotes:Request:1:1:0:0:call=17":               `17`,
		"1>9:RequestVotes:Request:1:1:0:0:call=x":                `null`,
		"1>9:RequestVotes:Request:1:1:0:0":                       `null`,
		"1>9:RequestVotes:Reply:1:true:call=17":                  `null`,
	} {
		if got := s.say(1, text); len(got) != 1 || !strings.HasPrefix(got[0], `{"jsonrpc":"2.0","id":`+id+`,"error":`) {
			t.Errorf("%s\ngot  %q\nwant id %s", text, got, id)
		}
	}
}

func TestBinaryNoiseIsRefused(t *testing.T) {
	s := trio(t, Options{})
	s.hub.Receive(1, []byte{0, 1, 2, 255}, true)
	s.collect()
	expectError(t, s.inbox[1], CodeNotJSON, "",
		"expected a Protobuf frame in a binary message; it goes wrong at byte 0")
}

func TestNothingBeforeJoin(t *testing.T) {
	s := newStage(t, Options{}, nil)
	s.hub.Connect(1)
	for _, text := range []string{"1>2:x", `{"from":1,"to":2}`, `{"id":1,"method":"network","params":{"rate":1}}`,
		`{"id":1}`} {
		expectError(t, s.say(1, text), CodeJoinFirst, "", "must join")
	}
	if got := s.say(1, `{"from":1,"to":2,"method":"join"}`); get(got[0], "error", "code").ToInt() != CodeNotYours {
		t.Errorf("a frame whose method is join got %q", got)
	}
	s.pass(60_000_002)
	if s.closed[1].Code != closePolicy {
		t.Errorf("a connection that never joined was not closed: %+v", s.closed)
	}
}

func TestTheDialectOf2015(t *testing.T) {
	s := trio(t, Options{})
	vote := `{"variant":"RequestVote","fields":[{"term":1,"candidate_id":2,"last_log_index":0,"last_log_term":0,` +
		`"uuid":"6ba7b810-9dad-41d1-80b4-00c04fd430c8"}]}`
	yes := `{"variant":"Accepted","fields":[{"uuid":"6ba7b810-9dad-41d1-80b4-00c04fd430c8","term":1,` +
		`"match_index":0,"next_index":1}]}`
	s.say(2, vote)
	s.expectFrames(1, vote)
	s.expectFrames(3, vote)
	s.say(3, yes)
	s.expectFrames(2, yes)
	// a member cannot answer its own call
	expectError(t, s.say(2, yes), CodeBadParams, "uuid", "no other address")
	for i := range 256 {
		s.say(1, strings.Replace(vote, "6ba7b810", strconv.Itoa(i), 1))
	}
	expectError(t, s.say(3, yes), CodeBadParams, "uuid", "lately")
	expectError(t, s.say(4, vote), CodeNotYours, "from", "has none")
}

func TestReportsAreForwardedAndTheLastIsKept(t *testing.T) {
	s := trio(t, Options{})
	s.say(2, `{"method":"report","params": {"server":2, "role":"leader","term":18446744073709551615} }`)
	s.say(3, `{"method":"report","params":{"role" : "follower"}}`)
	s.say(1, `{"method":"report","params":{}}`)
	want := []string{
		`{"jsonrpc":"2.0","method":"report","params":{"server":2, "role":"leader","term":18446744073709551615}}`,
		`{"jsonrpc":"2.0","method":"report","params":{"server":3,"role" : "follower"}}`,
		`{"jsonrpc":"2.0","method":"report","params":{"server":1}}`,
	}
	if got := s.inbox[4]; strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the watcher got %q", got)
	}
	s.join(5, `{"server":0,"watch":true}`)
	if got := len(s.notifications(5, "report")); got != 3 {
		t.Errorf("a watcher that came later got %d reports, want the last of each server", got)
	}
	expectError(t, s.say(4, `{"method":"report","params":{}}`), CodeNotYours, "", "only a server reports")
}

func TestRoomIsAnnouncedAfterEveryChangeAndEveryTwoSeconds(t *testing.T) {
	s := trio(t, Options{})
	s.pass(10_000_000)
	if got := len(s.notifications(1, "room")); got < 4 || got > 6 {
		t.Errorf("%d announcements in 10 s of silence", got)
	}
	s.forget()
	s.hub.RoundTrip(2, 400)
	s.say(2, `{"id":1,"method":"state","params":{"name":"Ada","hidden":true,"disk":"opfs"}}`)
	s.pass(gather)
	rooms := s.notifications(1, "room")
	if len(rooms) != 1 {
		t.Fatalf("%d announcements of one change", len(rooms))
	}
	want := `{"server":2,"leased":true,"connected":true,"name":"Ada","hidden":true,"disk":"opfs","roundTrip":400}`
	if got := rooms[0].Get("servers", 1).ToString(); got != want {
		t.Errorf("seat 2 is told as %s, want %s", got, want)
	}
	if rooms[0].Get("watchers").ToInt() != 1 {
		t.Errorf("one member has no server: %s", rooms[0].ToString())
	}
	s.forget()
	for range 1000 {
		s.say(1, `{"method":"state","params":{"hidden":false}}`)
	}
	s.pass(1000)
	if got := len(s.notifications(4, "room")); got > 1 {
		t.Errorf("1000 changes at once were announced %d times", got)
	}
}

func TestASlowWatcherIsSparedTextFirstThenLinesAndIsToldHowMany(t *testing.T) {
	s := trio(t, Options{})
	frame := func() jsoniter.Any {
		s.forget()
		s.say(1, "1>2:a")
		s.pass(gather)
		if seen := s.notifications(4, "seen"); len(seen) == 1 {
			return seen[0]
		}
		return nil
	}
	if got := frame(); got.Get("frames", 0, "frame").ToString() != "1>2:a" {
		t.Errorf("a watcher that keeps up was told %s", got.ToString())
	}
	s.hub.Backlog(4, slowBacklog)
	if got := frame(); got.Get("frames").Size() != 1 || strings.Contains(got.ToString(), `"frame":`) {
		t.Errorf("a slow watcher was told %s", got.ToString())
	}
	s.hub.Backlog(4, laggedBacklog)
	s.say(2, `{"method":"report","params":{}}`)
	if got := frame(); got != nil {
		t.Errorf("a watcher that lags was told %s", got.ToString())
	}
	s.hub.Backlog(4, 0)
	if got := frame(); got.Get("dropped").ToInt() != 1 {
		t.Errorf("it was not told how many lines it missed: %s", got.ToString())
	}
	s.pass(announceEvery)
	if got := s.notifications(4, "report"); len(got) != 1 {
		t.Errorf("the report that it missed was sent %d times", len(got))
	}
	if got := frame(); got.Get("dropped").ValueType() != jsoniter.InvalidValue {
		t.Errorf("it was told twice: %s", got.ToString())
	}
}

func TestABatchIsBounded(t *testing.T) {
	s := trio(t, Options{Limits: Limits{Rate: 1e6, Burst: 1e6}})
	for range mostLines + 10 {
		s.say(1, "1>2:"+strings.Repeat("x", mostText+1))
	}
	s.pass(gather)
	seen := s.notifications(4, "seen")
	if len(seen) != 1 || seen[0].Get("frames").Size() != mostLines || seen[0].Get("dropped").ToInt() != 10 {
		t.Fatalf("%d batches, lines %d, dropped %s", len(seen), seen[0].Get("frames").Size(),
			seen[0].Get("dropped").ToString())
	}
	if got := len(seen[0].Get("frames", 0, "frame").ToString()); got != mostText {
		t.Errorf("%d bytes of the frame were told, want %d", got, mostText)
	}
	if got := len(seen[0].ToString()); got > 2*mostBatchText {
		t.Errorf("the batch has %d bytes", got)
	}
}

func TestAMessageOverTheLimitClosesTheConnection(t *testing.T) {
	s := trio(t, Options{})
	expectError(t, s.say(1, "1>2:"+strings.Repeat("x", 1<<20)), CodeTooLarge, "", "1048576")
	if s.closed[1].Code != closeTooLarge {
		t.Errorf("closed: %+v", s.closed)
	}
	s.say(2, "2>3:a")
	s.expectFrames(3, "2>3:a")
}

func TestAFloodIsRefusedAndThenClosedButALeadersLoadPasses(t *testing.T) {
	s := trio(t, Options{})
	for range 100 { // 10 s of 4000 frames a second
		for range 400 {
			s.say(1, "1>2:a")
		}
		s.pass(100_000)
	}
	if got := len(s.frames(2)); got != 40_000 || len(s.closed) > 0 {
		t.Fatalf("%d of 40000 frames arrived; closed: %+v", got, s.closed)
	}
	s.pass(5_000_000)
	s.forget()
	for range 10_000 {
		s.say(1, "1>2:a")
	}
	expectError(t, s.say(1, "1>2:a"), CodeTooFast, "", "5000 a second")
	for range 10_000 {
		s.say(1, "1>2:a")
	}
	if s.closed[1].Code != closePolicy {
		t.Errorf("closed: %+v", s.closed)
	}
	if got := len(s.frames(2)); got != 10_000 {
		t.Errorf("%d frames of the flood arrived", got)
	}
}

func TestARoomTakesSoManyConnections(t *testing.T) {
	s := newStage(t, Options{}, nil)
	for conn := uint64(1); conn <= 61; conn++ {
		s.join(conn, `{"server":0}`)
	}
	if len(s.closed) != 0 {
		t.Fatalf("closed: %+v", s.closed)
	}
	if got := s.join(62, `{"server":0}`); get(got, "error", "code").ToInt() != CodeFull ||
		s.closed[62].Code != closeFull {
		t.Errorf("one more was told %s, closed: %+v", got, s.closed)
	}
	for conn := uint64(63); conn <= 65; conn++ {
		if got := s.join(conn, `{}`); get(got, "result", "server").ToInt() == 0 {
			t.Errorf("the places of the servers are taken: %s", got)
		}
	}
}

func TestNewRefusesOptionsThatMakeNoSense(t *testing.T) {
	for _, o := range []Options{{Size: 10}, {Size: -1}, {Rate: 2}, {Rate: -0.1}} {
		if _, err := New(o, nil); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}
