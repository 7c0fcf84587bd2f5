package study

import (
	"slices"
	"strconv"

	"raftplayground/raft"
	"raftplayground/raft/check"
	"raftplayground/raft/explore"
	"raftplayground/raft/lab"
	"raftplayground/raft/wire"
)

// Times of a told run, µs of cluster time.
const (
	flight = 40_000 // how long a message takes once it is released
	pace   = 60_000 // from one action to the next
	frozen = 0.01   // the rate of every clock: a told run is over long before the first timeout
	hasty  = 100    // the rate of a leader's clock while its heartbeat becomes due
	still  = 60 * second
	seeds  = 8 // tried for a run: what a power loss leaves of a write under way is random
)

// tell tells a run of the explorer, in which there is no time, as a run of the lab: clocks nearly stand
// still, every message is held, and is released when the run says that it arrives. It returns nil if the
// property does not break there: the lab leaves to chance whether a disk finishes a stalled write.
func tell(config *explore.Config, run []explore.Action, property check.Property, how How) (*Found, error) {
	for seed := range uint64(seeds) {
		t, err := newTeller(config, seed)
		if err != nil {
			return nil, err
		}
		words := make([]string, 0, len(run))
		for _, a := range run {
			if err := t.act(a); err != nil {
				return nil, err
			}
			words = append(words, a.String())
		}
		t.w.RunTo(t.w.Now() + flight)
		if v := broken(t.w); v != nil && v.Property == property {
			return open(t.w.Run(), words, how)
		}
	}
	return nil, nil
}

type teller struct {
	w         *lab.World
	view      lab.View
	decoder   wire.Decoder
	frame     wire.Frame
	proposals []string // the commands as the log shows them, in the order of the proposals
}

func newTeller(config *explore.Config, seed uint64) (*teller, error) {
	run := lab.Run{Version: lab.Version, Seed: seed, Config: lab.Config{Servers: config.Servers, Latency: flight,
		Off: (config.Off | raft.Extensions).IDs()}}
	w, err := lab.New(run)
	if err != nil {
		return nil, err
	}
	t := &teller{w: w}
	for id := raft.ServerID(1); id <= raft.ServerID(config.Servers); id++ {
		if err := t.do(lab.Action{Do: lab.Clock, Server: id, Rate: frozen},
			lab.Action{Do: lab.Hold, Server: id}); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (t *teller) do(actions ...lab.Action) error {
	for _, a := range actions {
		if _, err := t.w.Do(a); err != nil {
			return err
		}
	}
	return nil
}

// act does one action, and waits until its effects can be seen.
func (t *teller) act(a explore.Action) (err error) {
	t.w.RunTo(t.w.Now() + pace)
	switch a.Do {
	case explore.TimeOut:
		err = t.do(lab.Action{Do: lab.Campaign, Server: a.Server})
	case explore.Heartbeat:
		err = t.beat(a.Server)
	case explore.Propose:
		n := strconv.Itoa(len(t.proposals) + 1)
		err = t.do(lab.Action{Do: lab.Put, Server: a.Server, Key: "x", Value: n})
		t.proposals = append(t.proposals, t.newest(a.Server))
	case explore.Stall:
		err = t.do(lab.Action{Do: lab.SlowDisk, Server: a.Server, Disk: still})
	case explore.Write:
		err = t.do(lab.Action{Do: lab.SlowDisk, Server: a.Server})
	case explore.CrashLose:
		err = t.do(lab.Action{Do: lab.PowerLoss, Server: a.Server}, lab.Action{Do: lab.SlowDisk, Server: a.Server})
	case explore.CrashKeep:
		err = t.do(lab.Action{Do: lab.Crash, Server: a.Server}, lab.Action{Do: lab.SlowDisk, Server: a.Server})
	case explore.Restart:
		err = t.do(lab.Action{Do: lab.Restart, Server: a.Server})
	default:
		err = t.message(a)
	}
	return err
}

// message does what an action says to the message that it names; to none if the run differs from the
// explorer's.
func (t *teller) message(a explore.Action) error {
	seq := t.find(a)
	if seq == 0 {
		return nil
	}
	switch a.Do {
	case explore.Lose:
		return t.do(lab.Action{Do: lab.DropFrame, Frame: seq})
	case explore.Duplicate:
		return t.do(lab.Action{Do: lab.DuplicateFrame, Frame: seq})
	}
	err := t.do(lab.Action{Do: lab.ReleaseFrame, Frame: seq})
	t.w.RunTo(t.w.Now() + flight)
	return err
}

// find returns the number of the frame that an action names, 0 if there is none: identical messages are
// counted in the order of their sending.
func (t *teller) find(a explore.Action) uint64 {
	t.w.View(&t.view)
	same := make([]uint64, 0, 4)
	for i := range t.view.Frames {
		f := &t.view.Frames[i]
		if f.Held && raft.ServerID(f.To) == a.Server && t.says(f.From, wire.KindOf(f.Binary), f.Data) == a.Message {
			same = append(same, f.Seq)
		}
	}
	slices.Sort(same)
	if int(a.Nth) < len(same) {
		return same[a.Nth]
	}
	return 0
}

// says describes a frame in the explorer's words, in which a command is the number of its proposal.
func (t *teller) says(from uint64, kind wire.Kind, data []byte) string {
	if err := t.decoder.Decode(kind, append([]byte(nil), data...), &t.frame); err != nil || t.frame.RPC == nil {
		return ""
	}
	switch m := t.frame.RPC.(type) {
	case *raft.AppendEntries:
		for i := range m.Entries {
			if e := &m.Entries[i]; e.Kind == raft.Command {
				e.Data = t.number(e.Data)
			}
		}
	case *raft.RequestVote, *raft.RequestVoteReply, *raft.AppendEntriesReply:
	default:
		return ""
	}
	return explore.Describe(raft.ServerID(from), t.frame.RPC)
}

func (t *teller) number(data []byte) []byte {
	for i, p := range t.proposals {
		if p == string(data) {
			return []byte(strconv.Itoa(i + 1))
		}
	}
	return data
}

// newest returns the command that a server has just taken into its log.
func (t *teller) newest(id raft.ServerID) string {
	s := t.w.Server(id)
	if s == nil {
		return ""
	}
	var status raft.Status
	s.Node().Status(&status)
	e, _ := s.Node().Entry(status.LastIndex)
	return string(e.Data)
}

// beat lets a leader's clock run until its heartbeat is due.
func (t *teller) beat(id raft.ServerID) error {
	if err := t.do(lab.Action{Do: lab.Clock, Server: id, Rate: hasty}); err != nil {
		return err
	}
	t.w.View(&t.view)
	m := &t.view.Machines[id-1]
	t.w.RunTo(t.w.Now() + max(0, m.Timeout-m.Elapsed) + 20)
	return t.do(lab.Action{Do: lab.Clock, Server: id, Rate: frozen})
}
