package tab

import (
	"slices"

	jsoniter "github.com/json-iterator/go"

	"raftplayground/raft/wire"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/report"
)

// Bounds of a report, for those that this tab sends and those that it takes.
const (
	reportEvery    = 33   // ms of real time between two reports of this tab's server at least
	logEvery       = 1000 // ms of real time after which a report carries the log even if unchanged: for latecomers
	reportedEvents = 100  // in one report; of more the oldest are left out
	reportedCells  = 64
	reportedWords  = 400 // bytes of a text or a reason
)

// life is a run of a server, and the number up to which its events have been told.
type life struct {
	of   contract.U64
	next contract.U64
}

// receiveReport takes another server's report. The server may be of another kind, so the form of its report
// is not trusted.
func (t *Tab) receiveReport(params jsoniter.RawMessage) {
	var r contract.ServerReport
	if err := contract.Codec.Unmarshal(params, &r); err != nil || r.Server < 1 || r.Server > 9 {
		return // not a report of this project's kind: the page shows the server without one
	}
	if r.Server == t.seat.number && t.seat.server != nil {
		return // this tab's own, from before a reload
	}
	if before := t.reports[r.Server]; r.Log != nil {
		r.Report.Log = *r.Log
	} else if before != nil {
		r.Report.Log = before.Log
	}
	bound(&r.Report)
	t.reports[r.Server] = &r.Report
	t.batches.serversChanged = true
	t.tellEvents(&r)
}

// tellEvents adds the new events of a report to the story.
func (t *Tab) tellEvents(r *contract.ServerReport) {
	heard := t.heard[r.Server]
	if heard.of != r.Life {
		heard = life{of: r.Life}
	}
	events := r.Events
	if len(events) > reportedEvents {
		events = events[:reportedEvents]
	}
	for i, e := range events {
		if number := r.First + contract.U64(i); number >= heard.next {
			heard.next = number + 1
			e.Weight = oneOf(e.Weight, contract.Detail, contract.Key)
			e.Kind, e.Section = report.Clip(e.Kind, 40), report.Clip(e.Section, 40)
			e.Text, e.Why = report.Clip(e.Text, reportedWords), report.Clip(e.Why, reportedWords)
			t.tellEvent(r.Server, &e)
		}
	}
	t.heard[r.Server] = heard
}

// bound brings another server's report into the form that the page relies on.
func bound(r *contract.Report) {
	r.Role = oneOf(r.Role, contract.Follower, contract.Candidate, contract.Leader, contract.PreCandidate)
	if _, known := wire.EncodingOf(r.Encoding); !known {
		r.Encoding = wire.Colon.String()
	}
	r.StateHash = report.Clip(r.StateHash, 16)
	r.Votes = slices.Clip(append([]contract.Vote{}, r.Votes[:min(len(r.Votes), 9)]...))
	for i := range r.Votes {
		r.Votes[i].State = oneOf(r.Votes[i].State, contract.VoteRequested, contract.VoteGranted, contract.VoteDenied)
	}
	r.Quorums = append([]contract.Quorum{}, r.Quorums[:min(len(r.Quorums), 2)]...)
	for i := range r.Quorums {
		voters := &r.Quorums[i].Voters
		*voters = append([]int{}, (*voters)[:min(len(*voters), 9)]...)
	}
	r.Peers = append([]contract.Peer{}, r.Peers[:min(len(r.Peers), 9)]...)
	r.Log.Cells = append([]contract.LogCell{}, r.Log.Cells[:min(len(r.Log.Cells), reportedCells)]...)
	for i := range r.Log.Cells {
		cell := &r.Log.Cells[i]
		cell.Kind = oneOf(cell.Kind, contract.CommandCell, contract.NoOpCell, contract.ConfigurationCell)
		cell.Text = report.Clip(cell.Text, 160) // 40 characters of at most 4 bytes
	}
}

// oneOf returns word if it is one of words, else the first of them.
func oneOf[W ~string](word W, words ...W) W {
	if slices.Contains(words, word) {
		return word
	}
	return words[0]
}
