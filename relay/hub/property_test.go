package hub

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// Whatever members and the network do: frames of one direction arrive in the order in which they were sent, and every
// frame that was accepted is either delivered once, or reported lost once, or still under way.
func TestFramesAreDeliveredInOrderOrAccountedForExactlyOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := trio(t, Options{Seed: rapid.Uint64().Draw(rt, "seed"), Limits: Limits{InFlight: 8, InFlightBytes: 200}})
		leases := s.record.Seats
		conns := map[uint64]uint64{1: 1, 2: 2, 3: 3} // of servers
		owner := map[uint64]uint64{1: 1, 2: 2, 3: 3} // of connections
		nextConn, sent := uint64(10), 0
		server := rapid.Uint64Range(1, 3)
		rt.Repeat(map[string]func(*rapid.T){
			"send": func(rt *rapid.T) {
				from, to := server.Draw(rt, "from"), server.Draw(rt, "to")
				if conns[from] == 0 || from == to {
					rt.Skip("nobody there")
				}
				sent++
				for _, got := range s.say(conns[from], fmt.Sprintf("%d>%d:%d", from, to, sent)) {
					if get(got, "error").Size() > 0 {
						rt.Fatalf("refused: %s", got)
					}
				}
			},
			"pass": func(rt *rapid.T) { s.pass(rapid.Int64Range(0, 30_000).Draw(rt, "micros")) },
			"crash": func(rt *rapid.T) {
				victim := server.Draw(rt, "server")
				s.hub.Disconnect(conns[victim])
				conns[victim] = 0
			},
			"return": func(rt *rapid.T) {
				id := server.Draw(rt, "server")
				if conns[id] != 0 {
					rt.Skip("never went")
				}
				nextConn++
				s.join(nextConn, `{"server":`+strconv.FormatUint(id, 10)+`,"lease":"`+leases[id-1].Lease+`"}`)
				conns[id], owner[nextConn] = nextConn, id
			},
			"network": func(rt *rapid.T) {
				s.say(4, fmt.Sprintf(
					`{"method":"network","params":{"rate":%g,"latency":%d,"jitter":%d,"links":[{"from":%d,`+
						`"to":%d,"up":%t}]}}`,
					rapid.SampledFrom([]float64{0, 0.1, 1}).Draw(rt, "rate"),
					rapid.IntRange(0, 20_000).Draw(rt, "latency"), rapid.IntRange(0, 20_000).Draw(rt, "jitter"),
					server.Draw(rt, "from"), server.Draw(rt, "to"), rapid.Bool().Draw(rt, "up")))
			},
		})
		s.pass(gather)
		account(rt, s, owner, sent)
		s.say(4, `{"method":"network","params":{"rate":1}}`)
		s.pass(1_000_000)
		if underWay := account(rt, s, owner, sent); underWay != 0 {
			rt.Fatalf("%d frames are under way for ever", underWay)
		}
	})
}

// account checks what arrived against the reports to the watcher on connection 4, and returns how many
// frames are under way.
func account(rt *rapid.T, s *stage, owner map[uint64]uint64, sent int) (underWay int) {
	arrived := map[string]int{}
	for conn, id := range owner {
		latest := map[string]int{}
		for _, frame := range s.frames(conn) {
			address, number, _ := bytes.Cut([]byte(frame), []byte(":"))
			n, _ := strconv.Atoi(string(number))
			if latest[string(address)] >= n {
				rt.Fatalf("%s overtook %s:%d", frame, address, latest[string(address)])
			}
			if !bytes.HasSuffix(address, []byte(">"+strconv.FormatUint(id, 10))) {
				rt.Fatalf("server %d got %s", id, frame)
			}
			latest[string(address)] = n
			arrived[frame]++
		}
	}
	frames, lost := map[uint64]string{}, map[uint64]bool{}
	lastDue, direction := map[string]int64{}, map[uint64]string{}
	for _, line := range s.sightings(4) {
		seq := line.Get("seq").ToUint64()
		if line.Get("frame").ToString() != "" {
			if frames[seq] != "" {
				rt.Fatalf("frame %d was told twice", seq)
			}
			direction[seq] = line.Get("from").ToString() + ">" + line.Get("to").ToString()
			if line.Get("fate").ToString() == "sent" {
				due := line.Get("due").ToInt64()
				if last := lastDue[direction[seq]]; due < last {
					rt.Fatalf("frame %d is said to be due at %d, before one that it cannot overtake, at %d", seq, due,
						last)
				}
				lastDue[direction[seq]] = due
			}
			frames[seq] = line.Get("frame").ToString()
		}
		if line.Get("fate").ToString() != "sent" {
			if lost[seq] || frames[seq] == "" {
				rt.Fatalf("frame %d was lost twice or never sent", seq)
			}
			lost[seq] = true
			lastDue[direction[seq]] = 0 // all frames under way on it are lost, and cannot be overtaken
		}
	}
	if len(frames) != sent {
		rt.Fatalf("%d frames were sent, %d were told", sent, len(frames))
	}
	for seq, frame := range frames {
		switch {
		case arrived[frame] > 1 || arrived[frame] == 1 && lost[seq]:
			rt.Fatalf("%s arrived %d times; lost: %v", frame, arrived[frame], lost[seq])
		case arrived[frame] == 0 && !lost[seq]:
			underWay++
		}
	}
	return underWay
}

// Whatever the network does to frames, watchers are told the truth: a frame that was sent, or is a copy,
// arrives exactly once at the time of its last line, unless that line says that it is lost, held, dropped or
// cut off, or that its receiver was gone.
func TestAFaultyNetworkTellsTheTruth(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := trio(t, Options{Seed: rapid.Uint64().Draw(rt, "seed"), Limits: Limits{InFlight: 8, InFlightBytes: 200}})
		server, sent := rapid.Uint64Range(1, 3), 0
		chance := rapid.SampledFrom([]float64{0, 0.5, 1})
		rt.Repeat(map[string]func(*rapid.T){
			"send": func(rt *rapid.T) {
				from := server.Draw(rt, "from")
				sent++
				s.say(from, fmt.Sprintf("%d>%d:%d", from, from%3+1, sent))
			},
			"pass": func(rt *rapid.T) { s.pass(rapid.Int64Range(0, 30_000).Draw(rt, "micros")) },
			"frame": func(rt *rapid.T) {
				sent++ // no two frames have the same text
				s.say(4, fmt.Sprintf(
					`{"method":"frame","params":{"seq":%d,"do":"%s","frame":"1>2:%d","from":3,"to":1}}`,
					rapid.IntRange(1, sent).Draw(rt, "seq"),
					rapid.SampledFrom([]string{"hold", "release", "drop", "deliver", "duplicate", "edit",
						"inject"}).Draw(rt, "do"), sent))
			},
			"link": func(rt *rapid.T) {
				from := server.Draw(rt, "from")
				s.say(4, fmt.Sprintf(
					`{"method":"network","params":{"links":[{"from":%d,"to":%d,"up":%t,"hold":%t,"latency":%d,`+
						`"loss":%g,"duplicate":%g,"reorder":%g,"bandwidth":%d}]}}`,
					from, from%3+1, rapid.Bool().Draw(rt, "up"), rapid.Bool().Draw(rt, "hold"),
					rapid.IntRange(0, 20_000).Draw(rt, "latency"),
					chance.Draw(rt, "loss"), chance.Draw(rt, "duplicate"), chance.Draw(rt, "reorder"),
					rapid.SampledFrom([]int{0, 3, 300}).Draw(rt, "bandwidth")))
			},
		})
		s.pass(4_000_000)
		expected := map[string]int{}
		lines := map[uint64]string{}
		fates := map[uint64]string{}
		for _, line := range s.sightings(4) {
			seq := line.Get("seq").ToUint64()
			if frame := line.Get("frame").ToString(); frame != "" {
				lines[seq] = frame
				if original := line.Get("copyOf").ToUint64(); original != 0 && lines[original] != frame {
					rt.Fatalf("frame %d is said to be a copy of %d", seq, original)
				}
			}
			fates[seq] = line.Get("fate").ToString()
		}
		for seq, fate := range fates {
			if fate == "sent" {
				expected[lines[seq]]++
			}
		}
		for conn := uint64(1); conn <= 3; conn++ {
			for _, frame := range s.frames(conn) {
				expected[frame]--
			}
		}
		for frame, missing := range expected {
			if missing != 0 {
				rt.Fatalf("%s arrived %d times less than told", frame, missing)
			}
		}
		held := 0
		for i := range s.hub.links {
			for _, f := range s.hub.links[i].held {
				held += len(f.data)
			}
		}
		if s.hub.flying != held {
			rt.Fatalf("%d bytes are counted as under way, %d are held", s.hub.flying, held)
		}
	})
}

// The same seed and inputs give the same outputs, to the byte: the simulator and sharing by link rely on it.
func TestARoomIsDeterministic(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed, texts := rapid.Uint64().Draw(rt, "seed"),
			rapid.SliceOf(rapid.StringMatching(`[123]>[123]:[a-z]`)).Draw(rt, "texts")
		run := func() string {
			s := trio(t, Options{Seed: seed})
			s.say(4, `{"method":"network","params":{"latency":1000,"jitter":900}}`)
			for i, text := range texts {
				s.say(uint64(i%3+1), text)
				s.pass(100)
			}
			s.pass(100_000)
			return fmt.Sprint(s.inbox)
		}
		if a, b := run(), run(); a != b {
			rt.Fatalf("two runs differ:\n%s\n%s", a, b)
		}
	})
}

// A copy of a room goes on as the room does, to the byte, and neither affects the other.
func TestACloneGoesOnAsTheOriginalWould(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := trio(t, Options{Seed: rapid.Uint64().Draw(rt, "seed")})
		server := rapid.Uint64Range(1, 3)
		draw := func() []string {
			return rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) string {
				from := server.Draw(rt, "from")
				switch rapid.IntRange(0, 5).Draw(rt, "what") {
				case 0:
					return fmt.Sprintf(
						`{"method":"network","params":{"latency":%d,"jitter":500,"loss":0.2,"duplicate":0.3,`+
							`"reorder":0.3,"bandwidth":%d}}`, rapid.IntRange(0, 9000).Draw(rt, "latency"),
						rapid.SampledFrom([]int{0, 100, 2000}).Draw(rt, "bandwidth"))
				case 1:
					return fmt.Sprintf(
						`{"method":"network","params":{"links":[{"from":%d,"to":%d,"hold":%t,"up":%t}]}}`, from,
						from%3+1,
						rapid.Bool().Draw(rt, "hold"), rapid.IntRange(0, 3).Draw(rt, "up") > 0)
				case 2:
					return fmt.Sprintf(`{"method":"frame","params":{"seq":%d,"do":"hold"}}`,
						rapid.IntRange(1, 30).Draw(rt, "seq"))
				}
				return fmt.Sprintf("%d>%d:%d", from, from%3+1, rapid.IntRange(0, 99).Draw(rt, "text"))
			}), 0, 20).Draw(rt, "messages")
		}
		live := func(s *stage, messages []string) string {
			s.forget()
			for _, text := range messages {
				conn := uint64(4)
				if text[0] != '{' {
					conn = uint64(text[0] - '0')
				}
				s.say(conn, text)
				s.pass(700)
			}
			s.pass(100_000)
			return fmt.Sprint(s.inbox, s.hub.AppendState(nil))
		}
		for _, text := range draw() {
			if text[0] == '{' {
				s.say(4, text)
			} else {
				s.say(uint64(text[0]-'0'), text)
			}
		}
		before := fmt.Sprint(s.hub.AppendState(nil))
		twin := &stage{t: t, hub: s.hub.Clone(), real: s.real, inbox: map[uint64][]string{},
			closed: map[uint64]Closing{}}
		other := &stage{t: t, hub: s.hub.Clone(), real: s.real, inbox: map[uint64][]string{},
			closed: map[uint64]Closing{}}
		later := draw()
		first := live(twin, later)
		other.hub.Disconnect(2)
		if fmt.Sprint(s.hub.AppendState(nil)) != before {
			rt.Fatal("what happened in a copy changed the room")
		}
		if second := live(s, later); first != second {
			rt.Fatalf("the copy and the room differ:\n%s\n%s", first, second)
		}
	})
}

// FuzzReceive: any bytes from a member lead to an answer, frames for others or a change of the room, never
// to a panic; text passed on is UTF-8, a JSON answer is valid JSON, and the other members stay.
func FuzzReceive(f *testing.F) {
	for _, seed := range []string{
		"1>2:RequestVotes:Request:1:1:0:0", "1:AppendEntries:Reply:1:true",
		`{"from":1,"to":2,"id":"1>2:3","method":"RequestVote","params":{}}`,
		`{"id":1,"method":"join","params":{"server":1,"lease":"x","watch":true,"size":3,"name":"n","disk":"opfs",` +
			`"hidden":false}}`,
		`{"id":1,"method":"network","params":{"rate":0.5,"latency":1,"jitter":2,"links":[{"from":1,"to":2,` +
			`"up":false,"latency":3,"jitter":4}]}}`,
		`{"id":1,"method":"network","params":{"loss":0.5,"duplicate":1,"reorder":0,"links":[{"from":1,"to":2,` +
			`"hold":true}]}}`,
		`{"id":1,"method":"frame","params":{"seq":1,"do":"hold"}}`,
		`{"method":"state","params":{"hidden":true,"name":"Ada","disk":"memory"}}`,
		`{"method":"report","params":{"server":1,"term":3}}`,
		`{"variant":"RequestVote","fields":[{"uuid":"u"}]}`, `{"variant":"Accepted","fields":[{"uuid":"u"}]}`,
		`{"from":1,"from":2}`, "{", "[", "", "\xff",
		`{"method":"report","params":null}`, `{"method":"report","params":{,}}`, `{"id":1e400,"method":"x"}`,
		`{"from":1,null:2}`,
	} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	f.Add(binaryFrame(1, 2, 17, 4), true)
	f.Fuzz(func(t *testing.T, data []byte, binary bool) {
		s := trio(t, Options{})
		s.hub.Receive(1, bytes.Clone(data), binary)
		s.collect()
		s.pass(gather)
		for conn, inbox := range s.inbox {
			for _, text := range inbox {
				if text == string(data) {
					continue // passed on
				}
				if !utf8.ValidString(text) {
					t.Fatalf("connection %d was sent bytes that are not UTF-8: %q", conn, text)
				}
				if !json.Valid([]byte(text)) {
					t.Fatalf("connection %d was sent what is not JSON: %q", conn, text)
				}
			}
		}
		s.say(4, `{"method":"network","params":{"rate":1,"latency":0,"jitter":0,"loss":0,"duplicate":0,`+
			`"links":[{"from":2,"to":3,"up":true,"hold":false}]}}`)
		s.pass(60_000_000)
		s.forget()
		s.say(2, "2>3:still here")
		s.expectFrames(3, "2>3:still here")
	})
}

// FuzzRecord: a record from a disk is refused, or makes a room that works and gives the same record back.
func FuzzRecord(f *testing.F) {
	for _, seed := range []string{
		`{"size":1,"seats":[{"lease":"","name":""}]}`, `{"size":3,"seats":[]}`, `{"size":-1}`,
		`{"rate":1e300,"size":1,"seats":[{}]}`,
		`{"size":2,"started":true,"now":9223372036854775807,"rate":1,"seats":[{"lease":"x","name":"\ud800"},{}],` +
			`"links":[{"from":1,"to":2,"up":true,"latency":1,"jitter":60000000}]}`,
		`{"size":2,"seats":[{},{}],"links":[{"from":1,"to":2,"up":true,"loss":0.5,"duplicate":1e-9,"reorder":1,` +
			`"hold":true}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var record Record
		if json.Unmarshal(text, &record) != nil {
			return
		}
		h, err := New(Options{Random: counting()}, &record)
		if err != nil {
			return
		}
		again, err := New(Options{}, h.Record())
		if err != nil || fmt.Sprint(again.Record()) != fmt.Sprint(h.Record()) {
			t.Fatalf("%+v came back as %+v, %v", h.Record(), again.Record(), err)
		}
		h.Advance(0)
		h.Connect(1)
		h.Receive(1, []byte(`{"id":1,"method":"join"}`), false)
		h.Advance(1e6)
		if now := h.Record().Now; now < record.Now {
			t.Fatalf("cluster time went back from %d to %d", record.Now, now)
		}
		var out Output
		if !h.Output(&out) || len(out.Deliver) == 0 || !json.Valid(out.Deliver[0].Data) {
			t.Fatalf("a join was answered %+v", out)
		}
	})
}

func BenchmarkForward(b *testing.B) {
	for name, text := range map[string]string{
		"colon": "1>2:AppendEntries:Request:3:1:9:2:8:call=17",
		"json": `{"jsonrpc":"2.0","id":"1>2:17","from":1,"to":2,"method":"AppendEntries","params":{"term":3,` +
			`"leaderId":1,"prevLogIndex":9,"prevLogTerm":2,"leaderCommit":8,"entries":[]}}`,
	} {
		for _, watched := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/watched=%t", name, watched), func(b *testing.B) {
				s := trio(b, Options{Limits: Limits{Rate: 1e6, Burst: 1e9}})
				if !watched {
					s.hub.Disconnect(4)
				}
				data := []byte(text)
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					if i%16 == 0 {
						s.real += 100
						s.hub.Advance(s.real)
					}
					s.hub.Receive(1, data, false)
					s.hub.Output(&s.out)
				}
			})
		}
	}
}
