package wire

import (
	"testing"

	"raftplayground/raft"
)

// hot are the frames that a cluster at rest or under load is made of.
func hot() []struct {
	name   string
	frame  Frame
	allocs float64 // of Decode
} {
	entries := make([]raft.Entry, 8)
	for i := range entries {
		entries[i] = raft.Entry{Term: 3, Data: []byte("set some-key=some value")}
	}
	return []struct {
		name   string
		frame  Frame
		allocs float64
	}{
		{"vote", Frame{From: 1, To: 2, RPC: &raft.RequestVote{Call: 17, Term: 3, CandidateID: 1, LastLogIndex: 48,
			LastLogTerm: 2}}, 0},
		{"preVote", Frame{From: 1, To: 2, RPC: &raft.RequestVote{Call: 17, Term: 3, CandidateID: 1, LastLogIndex: 48,
			LastLogTerm: 2, PreVote: true}}, 0},
		{"voteReply", Frame{From: 2, To: 1, RPC: &raft.RequestVoteReply{Call: 17, Term: 3, VoteGranted: true}}, 0},
		{"heartbeat", Frame{From: 1, To: 2, RPC: &raft.AppendEntries{Call: 1718, Term: 3, LeaderID: 1,
			PrevLogIndex: 4812, PrevLogTerm: 3, LeaderCommit: 4812}}, 0},
		{"reply", Frame{From: 2, To: 1, RPC: &raft.AppendEntriesReply{Call: 1718, Term: 3, Success: true,
			MatchIndex: 4812}}, 0},
		{"entries", Frame{From: 1, To: 2, RPC: &raft.AppendEntries{Call: 1719, Term: 3, LeaderID: 1, PrevLogIndex: 4812,
			PrevLogTerm: 3, LeaderCommit: 4812, Entries: entries}}, 1},
	}
}

func TestHotFramesDoNotAllocate(t *testing.T) {
	for _, encoding := range Encodings() {
		for _, c := range hot() {
			var d Decoder
			var f Frame
			text := Append(nil, &c.frame, encoding)
			if got := testing.AllocsPerRun(200, func() {
				if err := d.Decode(encoding.Kind(), text, &f); err != nil {
					t.Fatal(err)
				}
			}); got != c.allocs {
				t.Errorf("%v %s: Decode allocates %v times, expected %v", encoding, c.name, got, c.allocs)
			}
			buffer := make([]byte, 0, 4096)
			if got := testing.AllocsPerRun(200, func() { buffer = Append(buffer[:0], &c.frame, encoding) }); got != 0 {
				t.Errorf("%v %s: Append allocates %v times", encoding, c.name, got)
			}
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, encoding := range Encodings() {
		for _, c := range hot() {
			b.Run(encoding.String()+"/"+c.name, func(b *testing.B) {
				var d Decoder
				var f Frame
				text := Append(nil, &c.frame, encoding)
				b.SetBytes(int64(len(text)))
				b.ReportAllocs()
				for b.Loop() {
					if err := d.Decode(encoding.Kind(), text, &f); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, encoding := range Encodings() {
		for _, c := range hot() {
			b.Run(encoding.String()+"/"+c.name, func(b *testing.B) {
				buffer := Append(nil, &c.frame, encoding)
				b.SetBytes(int64(len(buffer)))
				b.ReportAllocs()
				for b.Loop() {
					buffer = Append(buffer[:0], &c.frame, encoding)
				}
			})
		}
	}
}
