package hub

import (
	"strings"
	"testing"

	jsoniter "github.com/json-iterator/go"
)

// seated joins, checks that the member got a seat, and returns the result.
func (s *stage) seated(conn uint64, params string) jsoniter.Any {
	s.t.Helper()
	result := get(s.join(conn, params), "result")
	if result.Get("server").ToInt() == 0 {
		s.t.Fatalf("connection %d with %s has no seat: %s", conn, params, result.ToString())
	}
	return result
}

// ticket is what a member keeps beside its disk, as params of its next join, without the braces.
func ticket(result jsoniter.Any) string {
	return `"server":` + result.Get("server").ToString() + `,"lease":"` + result.Get("lease").ToString() +
		`","claim":` + result.Get("claim").ToString() +
		`,"made":"` + result.Get("made").ToString() + `","size":` + result.Get("size").ToString()
}

// lost returns the same room at a relay that has lost its record.
func (s *stage) lost() *stage { return newStage(s.t, Options{Unknown: true, FirstClient: 5000}, nil) }

func (s *stage) unknown(conn uint64) bool {
	s.pass(announceEvery)
	rooms := s.notifications(conn, "room")
	return rooms[len(rooms)-1].Get("unknown").ToBool()
}

// A server that starts has read its disk anew, so whatever ran it before must stop; a server that only lost
// its connection goes on under its claim.
func TestEveryStartOfAServerHasAHigherClaim(t *testing.T) {
	s := newStage(t, Options{}, nil)
	first := s.seated(1, `{}`)
	if first.Get("claim").ToInt() != 1 || len(first.Get("made").ToString()) != 32 {
		t.Fatalf("a new seat: %s", first.ToString())
	}
	s.hub.Disconnect(1)
	if back := s.seated(2, `{`+ticket(first)+`,"resume":true}`); back.Get("claim").ToInt() != 1 {
		t.Errorf("a running server that comes back: %s", back.ToString())
	}
	s.hub.Disconnect(2)
	second := s.seated(3, `{`+ticket(first)+`}`)
	if second.Get("claim").ToInt() != 2 || s.record.Seats[0].Claim != 2 {
		t.Errorf("a server that starts again: %s, in the record %+v", second.ToString(), s.record.Seats[0])
	}
	s.hub.Disconnect(3)
	// The relay is killed and started again: it remembers the claims.
	s = newStage(t, Options{}, s.record)
	expectError(t, []string{s.join(1, `{`+ticket(first)+`,"resume":true}`)}, CodeSuperseded, "claim", "claim 2")
	if third := s.seated(2, `{`+ticket(first)+`}`); third.Get("claim").ToInt() != 3 {
		t.Errorf("it reads its disk again and starts: %s", third.ToString())
	}
}

// The room may know less than the disk: its record may be older.
func TestAClaimIsHigherThanTheOneOnTheDisk(t *testing.T) {
	s := newStage(t, Options{}, nil)
	first := s.seated(1, `{}`)
	s.hub.Disconnect(1)
	lease := first.Get("lease").ToString()
	if again := s.seated(2, `{"server":1,"lease":"`+lease+`","claim":7}`); again.Get("claim").ToInt() != 8 {
		t.Errorf("the disk knows claim 7: %s", again.ToString())
	}
	s.hub.Disconnect(2)
	if again := s.seated(3, `{"server":1,"lease":"`+lease+`","claim":9,"resume":true}`); again.Get(
		"claim").ToInt() != 9 || s.record.Seats[0].Claim != 9 {
		t.Errorf("it runs under claim 9: %s", again.ToString())
	}
}

// A disk restored from an older copy has forgotten what the server promised meanwhile. Its claim is lower
// than one that was used. A claim that no disk took proves nothing: the program died first.
func TestAnOlderCopyOfADiskIsNoticed(t *testing.T) {
	s := newStage(t, Options{}, nil)
	first := s.seated(1, `{}`)
	s.say(1, `{"method":"state","params":{"claim":1}}`)
	s.hub.Disconnect(1)
	second := s.seated(2, `{`+ticket(first)+`}`)
	s.hub.Disconnect(2) // its disk has not heard of claim 2
	third := s.seated(3, `{`+ticket(first)+`}`)
	s.say(3, `{"method":"state","params":{"claim":3}}`)
	s.hub.Disconnect(3)
	s = newStage(t, Options{}, s.record)
	for conn, older := range []jsoniter.Any{first, second} {
		expectError(t, []string{s.join(uint64(conn+10), `{`+ticket(older)+`}`)}, CodeOlderDisk, "claim",
			"claim 3 since")
	}
	fourth := s.seated(20, `{`+ticket(third)+`}`)
	if fourth.Get("claim").ToInt() != 4 {
		t.Errorf("the disk itself: %s", fourth.ToString())
	}
	s.say(20, `{"method":"state","params":{"claim":99}}`) // at most the claim that the room gave
	s.hub.Disconnect(20)
	if fifth := s.seated(21, `{`+ticket(fourth)+`}`); fifth.Get("claim").ToInt() != 5 {
		t.Errorf("a claim that was made up: %s", fifth.ToString())
	}
}

func TestAFreeSeatOfAKnownRoomIsNotWonByAnInventedLease(t *testing.T) {
	s := newStage(t, Options{}, nil)
	s.seated(1, `{}`)
	invented := strings.Repeat("ab", 16)
	expectError(t, []string{s.join(2, `{"server":2,"lease":"`+invented+`"}`)}, CodeWrongLease, "lease",
		"nobody has held seat 2")
}

// Story 24 of raft/scenario: a room that has lost its record does not know which disks have voted and stored. It gives
// no seat to an empty one.
func TestARoomWithoutItsRecordGivesNoSeatToANewcomer(t *testing.T) {
	s := newStage(t, Options{Unknown: true}, nil)
	for conn, params := range []string{`{}`, `{"server":2}`, `{"server":null,"size":5}`} {
		result := get(s.join(uint64(conn+1), params), "result")
		if result.Get("server").ValueType() != jsoniter.NilValue || !result.Get("unknown").ToBool() {
			t.Errorf("%s got %s", params, result.ToString())
		}
	}
	if s.record != nil || !s.unknown(1) {
		t.Errorf("nothing is known of the room, but it has a record: %+v", s.record)
	}
}

func TestARoomWithoutItsRecordLearnsFromAMajorityOfItsServers(t *testing.T) {
	for _, size := range []int{1, 3, 5} {
		s := newStage(t, Options{Size: size}, nil)
		tickets := make([]string, size)
		for i := range tickets {
			tickets[i] = ticket(s.seated(uint64(i+1), `{}`))
		}
		was := s.record
		s = s.lost()
		newcomer := s.join(100, `{}`)
		for i, ticket := range tickets {
			conn := uint64(i + 1)
			result := get(s.join(conn, `{`+ticket+`,"resume":true}`), "result")
			enough := i+1 > size/2
			if (result.Get("server").ToInt() == i+1) != enough || result.Get("unknown").ToBool() == enough {
				t.Fatalf("claim %d of %d: %s", i+1, size, result.ToString())
			}
		}
		if s.unknown(100) || get(newcomer, "result", "server").ToInt() != 0 {
			t.Error("the room is still unknown, or a newcomer had a seat first")
		}
		for i, ticket := range tickets[:size/2] { // the members that came before there was a majority ask again
			if got := s.say(uint64(i+1), `{"id":2,"method":"seat","params":{`+ticket+`,"resume":true}}`)[0]; get(got,
				"result", "server").ToInt() != i+1 {
				t.Errorf("server %d of %d: %s", i+1, size, got)
			}
		}
		if s.record.Made != was.Made || !s.record.Started || s.record.Size != size ||
			s.record.Seats[size-1] != was.Seats[size-1] {
			t.Errorf("the room became %+v, it was %+v", s.record, was)
		}
	}
}

func TestClaimsThatDoNotAgreeAreNoMajority(t *testing.T) {
	s := newStage(t, Options{}, nil)
	first, second := ticket(s.seated(1, `{}`)), ticket(s.seated(2, `{}`))
	s = s.lost()
	invented := strings.Repeat("ab", 16)
	other := func(server string) string {
		made := strings.Repeat("cd", 16)
		return `{"server":` + server + `,"lease":"` + invented + `","claim":1,"made":"` + made + `","size":3}`
	}
	s.join(1, `{`+first+`}`)
	s.join(2, other("3"))
	s.join(3, `{`+first+`}`) // the same server again, and
	// one that does not name its making of the room
	s.join(4, `{"server":2,"lease":"`+invented+`","claim":1,"size":3}`)
	s.join(5, `{"server":2,"lease":"no lease at all","claim":1,"made":"x"}`) // and nonsense
	if !s.unknown(1) {
		t.Fatal("claims of which no majority agrees have become the room")
	}
	s.join(6, `{`+second+`}`)
	if s.unknown(1) {
		t.Fatal("two of three servers agree")
	}
	// Only the server whose disk names this making of the room may take the third seat.
	expectError(t, []string{s.join(7, other("3"))}, CodeWrongLease, "lease", "seat 3")
	if got := get(s.join(8, `{}`), "result", "server"); got.ToInt() != 0 {
		t.Errorf("a newcomer got seat %d of a room that has lost its record", got.ToInt())
	}
	if s.record.Seats[2].Lease != "" || !s.record.Seats[2].Lost {
		t.Errorf("seat 3 is %+v", s.record.Seats[2])
	}
	s = newStage(t, Options{}, s.record)
	third := `{"server":3,"lease":"` + invented + `","claim":4,"made":"` + s.hub.made + `","size":3}`
	if got := s.seated(9, third); got.Get("claim").ToInt() != 5 {
		t.Errorf("the third server: %s", got.ToString())
	}
}

func TestAPersonSaysThatARoomIsNew(t *testing.T) {
	s := newStage(t, Options{Unknown: true}, nil)
	s.join(1, `{"size":5}`)
	s.join(2, `{}`)
	if got := s.say(2, `{"id":2,"method":"seats","params":{"new":true}}`)[0]; !get(got, "result").ToBool() {
		t.Fatal(got)
	}
	if s.unknown(1) || s.record == nil || s.record.Size != 5 {
		t.Fatalf("the room is new now: %+v", s.record)
	}
	if got := s.say(1, `{"id":3,"method":"seat","params":{}}`)[0]; get(got, "result", "server").ToInt() != 1 ||
		!get(got, "result", "fresh").ToBool() {
		t.Errorf("a watcher takes a seat: %s", got)
	}
	// A program says that the room is new as it joins.
	s = newStage(t, Options{Unknown: true}, nil)
	s.seated(1, `{"new":true}`)
	s.seated(2, `{"new":true}`)
	if s.record.Seats[0].Lease == "" || s.record.Seats[1].Lease == "" {
		t.Errorf("two members have seats: %+v", s.record)
	}
	expectError(t, s.say(1, `{"id":3,"method":"seats","params":{"new":true}}`), CodeBadParams, "new", "nobody")
}

func TestAWatcherTakesASeatThatBecomesFree(t *testing.T) {
	s := newStage(t, Options{Size: 1}, nil)
	s.seated(1, `{}`)
	watcher := s.join(2, `{}`)
	refused := s.say(2, `{"id":2,"method":"seat","params":{}}`)[0]
	if get(refused, "result", "server").ValueType() != jsoniter.NilValue {
		t.Fatalf("no seat is free, but: %s", refused)
	}
	expectError(t, s.say(2, `{"id":3,"method":"seats","params":{"give":[1]}}`), CodeBadParams, "give", "connected")
	s.hub.Disconnect(1)
	s.say(2, `{"id":4,"method":"seats","params":{"give":[1],"empty":true}}`)
	got := s.say(2, `{"id":5,"method":"seat","params":{}}`)
	if get(got[0], "result", "server").ToInt() != 1 ||
		get(got[0], "result", "client").ToUint64() != get(watcher, "result", "client").ToUint64() {
		t.Errorf("the seat was given up: %s", got)
	}
	expectError(t, s.say(2, `{"id":6,"method":"seat","params":{}}`), CodeNotRequest, "", "seat 1 already")
}

// The new disk of a seat knows nothing of what the old one promised. No server may go on counting on such a
// promise, so all of them restart.
func TestWhenASeatIsGivenAwayEveryServerStartsAgain(t *testing.T) {
	s := trio(t, Options{})
	lease := s.record.Seats
	s.hub.Disconnect(3)
	if got := s.say(4, `{"id":1,"method":"seats","params":{"give":[3]}}`)[0]; !get(got, "result").ToBool() {
		t.Fatal(got)
	}
	for conn := uint64(1); conn <= 2; conn++ {
		if closed := s.closed[conn]; closed.Code != closeRestart || !strings.Contains(closed.Reason, "S3") {
			t.Errorf("connection %d was closed with %+v", conn, closed)
		}
		claim := `{"server":` + decimal(conn) + `,"lease":"` + lease[conn-1].Lease + `","claim":1,"resume":`
		expectError(t, []string{s.join(conn+10, claim+`true}`)}, CodeSuperseded, "claim", "read the disk again")
		s.hub.Disconnect(conn + 10)
		s.seated(conn+20, claim+`false}`)
	}
	expectError(t, []string{s.join(30, `{"server":3,"lease":"`+lease[2].Lease+`","claim":1}`)}, CodeWrongLease,
		"lease", "nobody has held seat 3")
	newcomer := s.seated(31, `{}`)
	if newcomer.Get("server").ToInt() != 3 || !newcomer.Get("anew").ToBool() || newcomer.Get("claim").ToInt() < 2 {
		t.Errorf("the newcomer: %s", newcomer.ToString())
	}
	if s.record.Seats[2].Lease == lease[2].Lease || !s.record.Seats[2].Anew {
		t.Errorf("seat 3 is %+v", s.record.Seats[2])
	}
}

// In a room whose clock has not started, no server has promised anything yet.
func TestASeatThatIsGivenAwayBeforeTheStartIsAsNew(t *testing.T) {
	s := newStage(t, Options{}, nil)
	s.seated(1, `{}`)
	s.seated(2, `{}`)
	s.hub.Disconnect(1)
	s.say(2, `{"id":1,"method":"seats","params":{"give":[1]}}`)
	if again := s.seated(3, `{}`); again.Get("server").ToInt() != 1 || again.Get("anew").ToBool() ||
		len(s.closed) != 0 {
		t.Errorf("%s, closed %v", again.ToString(), s.closed)
	}
}

func TestWhatPeopleDecideAboutSeatsIsChecked(t *testing.T) {
	s := trio(t, Options{})
	s.hub.Disconnect(3)
	s.pass(gather)
	for params, expected := range map[string]string{
		`{"give":[4]}`: "1 to 3, got 4", `{"give":3}`: "a list", `{"give":[1]}`: "seat 1 is connected",
		`{"new":true}`: "nobody", `{}`: "new or give",
	} {
		field := "give"
		if strings.Contains(params, "new") {
			field = "new"
		} else if params == "{}" {
			field = "params"
		}
		expectError(t, s.say(4, `{"id":1,"method":"seats","params":`+params+`}`), CodeBadParams, field, expected)
	}
}

// An address is never reused: a late answer must not reach another client.
func TestClientAddressesOfAnotherLifeAreRefused(t *testing.T) {
	s := newStage(t, Options{FirstClient: 1 << 40}, nil)
	s.join(1, `{}`)
	if got := get(s.join(2, `{"server":0}`), "result"); got.Get("client").ToUint64() != 1<<40+1 ||
		got.Get("clients").ToUint64() != 1<<40 {
		t.Fatalf("the addresses: %s", got.ToString())
	}
	expectError(t, s.say(1, `{"jsonrpc":"2.0","id":"1001>1:7","from":1,"to":1001,"result":{}}`),
		CodeNoSuchAddress, "to", "nobody has the address 1001")
}
