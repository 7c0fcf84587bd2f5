package report

import (
	"testing"

	"raftplayground/raft"
	"raftplayground/raft/explain"
	"raftplayground/relay/quality"
	"raftplayground/wasm/contract"
)

// told returns a cluster of size servers as a page is told of it: S1 leads, and the last lacks its entry.
func told(t testing.TB, size int) (*contract.RoomState, []contract.ServerView) {
	room := &contract.RoomState{Started: true, Links: []contract.Link{}}
	views := make([]contract.ServerView, 0, size)
	for i := 1; i <= size; i++ {
		s := start(t, raft.ServerID(i), size)
		if i == 1 {
			s.Campaign()
			hear(s)
			for voter := 2; voter <= size/2+1; voter++ {
				hear(s, Decimal(voter)+">1:RequestVotes:Reply:1:true")
			}
		} else if i < size {
			hear(s, "1>"+Decimal(i)+":AppendEntries:Request:1:1:0:0:0:entries=1,noop")
		}
		views = append(views, contract.ServerView{
			Server: i, Seat: contract.SeatConnected, Report: Of(s, 5000, 0),
			Machine: &contract.Machine{State: contract.MachineRunning, Member: contract.Voter, Clock: 1},
		})
		for other := 1; other <= size; other++ {
			if other != i {
				room.Links = append(room.Links, contract.Link{From: i, To: other, Up: true,
					Qualities: quality.Qualities{Latency: 15_000}})
			}
		}
	}
	return room, views
}

func TestAnswersAreToldOnceAndWhenTheyChange(t *testing.T) {
	room, views := told(t, 3)
	asked := AskedInLab()
	a := asked.Answer(room, views, 0, 5000)
	if a == nil || a.Majority.Together != "3 of 3" || a.Stability == nil || a.Stability.Section != "§5.6" {
		t.Fatalf("at first: %+v", a)
	}
	if a := asked.Answer(room, views, 0, 6000); a != nil {
		t.Errorf("though nothing is other: %+v", a)
	}
	asked.Regard(&contract.Regard{Cell: &contract.CellPlace{Server: 3, Index: 9}})
	if !asked.Waits() {
		t.Error("what is regarded anew is not waited for")
	}
	if a := asked.Answer(room, views, 0, 6000); a == nil || a.Entry != "S3 has no entry at index 9." || asked.Waits() {
		t.Errorf("of what is regarded: %+v", a)
	}
	views[1].Machine.State = contract.MachinePaused
	if a := asked.Answer(room, views, 0, 6000); a == nil || a.Majority.Together != "2 of 3" {
		t.Errorf("of a paused server: %+v", a)
	}
	views[1].Machine.State, views[1].Seat = contract.MachineDown, contract.SeatGone
	views[2].Machine.Member, views[2].Report = contract.Learner, nil
	if c := Look(room, views, raft.RulesOf(raft.MajorityDecides), 0); c.Servers[1].State != explain.Down ||
		!c.Servers[2].NoVote || !c.Off.Has(raft.MajorityDecides) {
		t.Errorf("%+v", c.Servers)
	}
}

func TestTheTallyIsOfCandidatesOnly(t *testing.T) {
	s := start(t, 1, 3)
	if got := Tally(Of(s, 0, 0)); got != "" {
		t.Errorf("of a follower: %q", got)
	}
	s.Campaign()
	hear(s)
	if got := Tally(Of(s, 0, 0)); got != "1 of 2" {
		t.Errorf("of a candidate: %q", got)
	}
	if got := Tally(nil); got != "" {
		t.Errorf("of nobody: %q", got)
	}
}

// The answers cost a small part of the cost of a batch of the same servers with full logs.
func BenchmarkAnswers(b *testing.B) {
	room, views := told(b, 5)
	for i := range views {
		log := &views[i].Report.Log
		for len(log.Cells) < reportEntries {
			log.Cells = append(log.Cells, contract.LogCell{Term: 1, Kind: contract.CommandCell, Text: "x = 1"})
		}
	}
	b.Run("answers", func(b *testing.B) {
		asked := AskedInLab()
		b.ReportAllocs()
		for b.Loop() {
			asked.Answer(room, views, 0, 5000)
		}
	})
	b.Run("servers", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := contract.Codec.Marshal(views); err != nil {
				b.Fatal(err)
			}
		}
	})
}
