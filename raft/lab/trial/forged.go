package trial

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"

	"raftplayground/raft"
	"raftplayground/raft/kv"
	"raftplayground/raft/lab"
	"raftplayground/raft/wire"
)

// second is one of cluster time, in µs.
const second = 1_000_000

// Forged makes a run from a seed in which messages arrive that no server sends, amid five seconds of what
// lab.Harsh draws. In some, a field has a value that it must not have (of a field made of several, any part
// may); all others have possible values. Fields are those of the messages' Go types, so none is left out.
func Forged(seed uint64) lab.Run {
	run := lab.Harsh(seed)
	harsh := *run.Config.Harsh
	run.Config.Harsh, harsh.Serve = &harsh, 0
	run.Config.Chaos, run.Config.Heal = 5*second, 0
	run.Actions = slices.DeleteFunc(run.Actions, func(a lab.Action) bool { return a.At > run.Config.Chaos })
	if servers := run.Config.Servers; servers > 1 {
		f := forger{random: rand.New(rand.NewPCG(seed, 1)), servers: uint64(servers)}
		aims := []string{f.some(Fields), f.some(Fields), f.some(Fields), ""}
		for at := int64(second / 2); at < run.Config.Chaos; at += 1 + f.random.Int64N(second/20) {
			run.Actions = append(run.Actions, f.inject(at, f.some(aims)))
		}
	}
	slices.SortStableFunc(run.Actions, func(a, b lab.Action) int { return cmp.Compare(a.At, b.At) })
	return run
}

// Bear lives through a run in which messages are forged, and checks what can be promised even then: that no
// server panics, that the run ends, and that servers neither send nor keep without bound.
func Bear(run lab.Run) (Result, *lab.World) {
	return guarded(run, func(r *Result, world *lab.World) {
		world.RunTo(run.End())
		if most := uint64(mostFrames*run.Config.Servers) * uint64(1+run.End()/second); world.Faults.Frames > most {
			r.Violations = append(r.Violations, fmt.Errorf("expected at most %d frames to be sent, were %d", most,
				world.Faults.Frames))
		}
		for id := range raft.ServerID(run.Config.Servers) {
			if s := world.Server(id + 1); s != nil {
				if size := len(s.Node().AppendState(nil)); size > mostState {
					r.Violations = append(r.Violations,
						fmt.Errorf("expected server %d to keep at most %d bytes, are %d", id+1, mostState, size))
				}
			}
		}
	})
}

const (
	mostFrames = 5000    // of one server, within a second
	mostState  = 4 << 20 // bytes of a server's state: more than all that is ever said to it here
)

// messages has one of each type, to list their fields.
var messages = []raft.RPC{new(raft.RequestVote), new(raft.RequestVoteReply), new(raft.AppendEntries),
	new(raft.AppendEntriesReply),
	new(raft.InstallSnapshot), new(raft.InstallSnapshotReply), new(raft.TimeoutNow), new(raft.TimeoutNowReply)}

// Fields are all that can be forged, such as "AppendEntries.Term".
var Fields = fields()

func fields() (names []string) {
	for _, m := range messages {
		t := reflect.TypeOf(m).Elem()
		for i := range t.NumField() {
			names = append(names, t.Name()+"."+t.Field(i).Name)
		}
	}
	return names
}

// forger makes messages up.
type forger struct {
	random  *rand.Rand
	servers uint64
	term    uint64 // a little later than that of the servers, unless a term is forged
}

// inject returns the action that lets a message arrive with a forbidden value in the field, "" for none.
func (f *forger) inject(at int64, field string) lab.Action {
	f.term = 1 + uint64(at)/(second/8)
	from := 1 + f.random.Uint64N(f.servers)
	to := 1 + f.random.Uint64N(f.servers-1)
	if to >= from {
		to++
	}
	m := messages[f.random.IntN(len(messages))]
	for _, candidate := range messages {
		if strings.HasPrefix(field, reflect.TypeOf(candidate).Elem().Name()+".") {
			m = candidate
		}
	}
	forged := reflect.New(reflect.TypeOf(m).Elem())
	for i := range forged.Elem().NumField() {
		t := forged.Elem().Type()
		f.fill(forged.Elem().Field(i), t.Field(i).Name, from, field == t.Name()+"."+t.Field(i).Name)
	}
	frame := wire.Frame{From: from, To: to, RPC: forged.Interface().(raft.RPC)}
	encoding := f.encoding()
	text := wire.Append(nil, &frame, encoding)
	return lab.Action{At: at, Do: lab.InjectFrame, Server: raft.ServerID(from), To: raft.ServerID(to),
		Text: string(text)}
}

func (f *forger) encoding() wire.Encoding {
	if f.random.IntN(2) == 0 {
		return wire.JSON
	}
	return wire.Colon
}

// fill gives a field a value that it might have, or one that it must not.
func (f *forger) fill(v reflect.Value, name string, from uint64, wrong bool) {
	switch field := v.Addr().Interface().(type) {
	case *raft.ServerID: // the sender
		*field = raft.ServerID(from)
		if wrong {
			*field = raft.ServerID(f.extreme())
		}
	case *raft.Configuration:
		*field = f.configuration(wrong)
	case *[]raft.Entry:
		*field = f.entries(wrong)
	case *[]byte:
		*field = f.data(wrong)
	case *bool:
		*field = (f.random.IntN(4) == 0) == wrong
	default:
		v.SetUint(f.number(name, wrong))
	}
}

// number returns a term, an index, an offset or a call number. Unless it is to be wrong, the message is
// likely to be obeyed with it.
func (f *forger) number(name string, wrong bool) uint64 {
	switch {
	case wrong:
		return f.extreme()
	case name == "Call":
		return f.random.Uint64N(2000)
	case name == "Term":
		return f.term + f.random.Uint64N(3)
	case strings.HasSuffix(name, "Term"): // of an entry
		return f.random.Uint64N(4)
	case strings.HasSuffix(name, "Offset"):
		return f.random.Uint64N(20) * f.random.Uint64N(2)
	}
	return f.random.Uint64N(40)
}

// extreme returns a number at an end of what there is, or just before it.
func (f *forger) extreme() uint64 {
	near := f.random.Uint64N(3)
	return []uint64{0, near, math.MaxUint64, math.MaxUint64 - near, math.MaxInt64 + near, math.MaxInt64 - near,
		math.MaxUint32 - near, 1<<20 + near}[f.random.IntN(8)]
}

// configuration returns one with too many servers, or none, or unknown ones.
func (f *forger) configuration(wrong bool) (c raft.Configuration) {
	most := f.servers
	if wrong {
		most = []uint64{0, 1, 7, 8, 9, 10, 12, 40}[f.random.IntN(8)]
	}
	step := uint64(1)
	if wrong && f.random.IntN(4) == 0 {
		step = 1 + f.extreme()/(most+2)
	}
	for i := range most {
		id := raft.ServerID(1 + i*step)
		switch f.random.IntN(4) {
		case 0:
			c.Learners = append(c.Learners, id)
		case 1:
			if wrong {
				c.Outgoing = append(c.Outgoing, id)
			}
		default:
			c.Voters = append(c.Voters, id)
		}
	}
	return c
}

func (f *forger) entries(wrong bool) (entries []raft.Entry) {
	count := f.random.IntN(3)
	if wrong {
		count = []int{1, 2, 70, 500}[f.random.IntN(4)]
	}
	term := 1 + f.random.Uint64N(4)
	for range count {
		e := raft.Entry{Term: raft.Term(term), Data: []byte("set k0=1")}
		if wrong {
			e.Term, e.Data = raft.Term(f.extreme()), f.data(count < 70)
		}
		if f.random.IntN(3) == 0 {
			c := f.configuration(wrong)
			e.Kind, e.Data = raft.Config, c.AppendText(nil)
			if _, err := raft.ParseConfiguration(string(e.Data)); err != nil {
				e.Kind = raft.NoOp // the codec writes none that cannot be read
			}
		}
		entries = append(entries, e)
	}
	return entries
}

// data returns a part of a snapshot, or bytes that are not one.
func (f *forger) data(wrong bool) []byte {
	if !wrong {
		s := kv.New()
		s.Apply([]byte("set k0=forged"))
		return s.Snapshot(nil)
	}
	data := make([]byte, []int{0, 1, 100, 10_000}[f.random.IntN(4)])
	for i := range data {
		data[i] = byte(f.random.Uint32())
	}
	return data
}

func (f *forger) some(of []string) string { return of[f.random.IntN(len(of))] }
