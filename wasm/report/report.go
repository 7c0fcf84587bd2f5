package report

import (
	"slices"
	"unicode/utf8"

	"raftplayground/raft"
	"raftplayground/raft/kv"
	"raftplayground/raft/server"
	"raftplayground/wasm/contract"
)

// What a report shows of the log's end and of the key-value state: more would make every batch large.
const (
	reportEntries = 64
	reportPairs   = 32
	reportValue   = 200 // characters; the page's own client writes no more
)

// Of returns what a server says of itself at a moment. untold counts the ticks that its host has not passed
// on yet, as a simulation does while nothing happens.
func Of(s *server.Server, at contract.Micros, untold int) *contract.Report {
	var status raft.Status
	s.Node().Status(&status)
	quorums := s.Node().Quorums(nil)
	r := &contract.Report{
		Server: int(status.ID), At: at, Role: RoleOf(status.Role), Term: contract.U64(status.CurrentTerm),
		VotedFor: somebody(status.VotedFor), Leader: somebody(status.Leader),
		CommitIndex: contract.U64(status.CommitIndex), LastIndex: contract.U64(status.LastIndex),
		LastTerm: contract.U64(status.LastTerm), AppliedIndex: contract.U64(status.LastApplied),
		StateHash: kv.HashText(s.Store().Hash()), State: stateOf(s.Store()), Encoding: s.Encoding().String(),
		Votes: votesOf(&status), VotesNeeded: quorums[0].Needed, Quorums: quorumsOf(quorums), Peers: peersOf(&status),
		Log: logOf(s.Node(), status.SnapshotIndex+1, status.LastIndex), BadFrames: contract.U64(s.BadFrames()),
	}
	if status.Role != raft.Leader {
		elapsed := min(status.Elapsed+untold, status.Timeout)
		r.Timer = &contract.Timer{
			Elapsed: ticks(elapsed), Timeout: ticks(status.Timeout), Longest: ticks(s.LongestTimeout()),
		}
	}
	return r
}

// The names of roles and of states of votes.
var (
	roles = [...]contract.Role{
		raft.Follower: contract.Follower, raft.Candidate: contract.Candidate,
		raft.Leader: contract.Leader, raft.PreCandidate: contract.PreCandidate,
	}
	voteStates = [...]contract.VoteState{
		raft.Requested: contract.VoteRequested, raft.Granted: contract.VoteGranted, raft.Denied: contract.VoteDenied,
	}
)

// RoleOf names a role.
func RoleOf(r raft.Role) contract.Role { return roles[r] }

// placed returns the index of a name in names, 0 if it is missing.
func placed[N comparable](names []N, name N) int { return max(0, slices.Index(names, name)) }

// ticks returns how long n ticks of a server's clock last: a millisecond each.
func ticks(n int) contract.Micros { return 1000 * contract.Micros(n) }

func somebody(id raft.ServerID) *int {
	if id == 0 {
		return nil
	}
	number := int(id)
	return &number
}

func votesOf(status *raft.Status) []contract.Vote {
	votes := make([]contract.Vote, 0, len(status.Votes))
	for _, v := range status.Votes {
		votes = append(votes, contract.Vote{Server: int(v.Server), State: voteStates[v.State]})
	}
	return votes
}

func quorumsOf(quorums []raft.Quorum) []contract.Quorum {
	list := make([]contract.Quorum, 0, len(quorums))
	for _, q := range quorums {
		list = append(list, contract.Quorum{Voters: Numbers(q.Voters), Needed: q.Needed, Agreed: q.Agreed})
	}
	return list
}

func peersOf(status *raft.Status) []contract.Peer {
	peers := make([]contract.Peer, 0, len(status.Peers))
	for _, p := range status.Peers {
		match, next := contract.U64(p.MatchIndex), contract.U64(p.NextIndex)
		peers = append(peers, contract.Peer{Server: int(p.Server), Match: match, Next: next})
	}
	return peers
}

// logOf returns the end of a log, from entry first on: earlier ones are compacted away.
func logOf(n *raft.Node, first, last raft.Index) contract.Log {
	if last > reportEntries {
		first = max(first, last-reportEntries+1)
	}
	log := contract.Log{First: contract.U64(first), Cells: make([]contract.LogCell, 0, last+1-first)}
	for i := first; i <= last; i++ {
		e, _ := n.Entry(i)
		cell := contract.LogCell{Term: contract.U64(e.Term), Kind: contract.CommandCell}
		switch e.Kind {
		case raft.NoOp:
			cell.Kind = contract.NoOpCell
		case raft.Config:
			cell.Kind, cell.Text = contract.ConfigurationCell, string(e.Data)
		default:
			cell.Text = kv.Text(e.Data)
		}
		log.Cells = append(log.Cells, cell)
	}
	return log
}

// stateOf returns the beginning of a key-value state.
func stateOf(s *kv.Store) *contract.State {
	first := s.First(reportPairs)
	state := &contract.State{Keys: s.Len(), Pairs: make([]contract.Pair, 0, len(first))}
	for _, p := range first {
		begin := p.Value[:min(len(p.Value), utf8.UTFMax*(reportValue+1))]
		pair := contract.Pair{Key: kv.Shown(p.Key, kv.MaxKey), Value: kv.Shown(begin, reportValue)}
		if utf8.RuneCountInString(begin) > reportValue {
			pair.Bytes = len(p.Value)
		}
		state.Pairs = append(state.Pairs, pair)
	}
	return state
}

// Numbers returns the numbers of servers. The list is never nil.
func Numbers(ids []raft.ServerID) []int {
	list := make([]int, 0, len(ids))
	for _, id := range ids {
		list = append(list, int(id))
	}
	return list
}
