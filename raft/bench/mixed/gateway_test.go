package mixed

import (
	"encoding/binary"
	"slices"

	pb "go.etcd.io/raft/v3/raftpb"
	"raftplayground/raft"
)

// gateway stands at the border of one of our servers and translates between its remote procedure calls and etcd's
// messages. The two mean the same by Figure 2; they differ in what an answer says about its question:
//
//   - Ours carry the number of the call that they answer. Etcd's carry none, but for MsgHeartbeatResp, which returns
//     the Context of its MsgHeartbeat.
//   - Etcd's refusals of MsgApp carry the index that was refused (Index) and a place that may
//     agree (RejectHint, LogTerm).
//
// A question of etcd's is given a call number that holds what its answer has to repeat: see question. A call
// of ours that appends goes out as two messages: MsgApp, whose answer is about the log, and MsgHeartbeat
// with the call's number as its Context, whose answer is about the leadership.
//
// What has no translation:
//
//   - A configuration in the log. Ours takes effect when it is appended (§6), etcd's when it is applied, and each has
//     its own text: the cluster keeps its first configuration, which snapshots carry too.
//   - A snapshot in chunks: etcd sends it whole. MaxChunk is larger than any snapshot here.
//   - TimeoutNowReply: etcd's MsgTimeoutNow has no answer, and nobody needs one.
//   - The commitIndex of etcd's heartbeat, if the log through it is compacted: nothing is lost, it is known already.
//   - Etcd's MsgReadIndex, MsgProp and MsgTransferLeader, which followers forward to leaders: clients here go
//     to the leader.
type gateway struct {
	node  *raft.Node
	asked map[uint64][2]uint64 // of each server, the number of the last vote and of the last pre-vote it was asked for
}

// question is a call number made up for a message of etcd's, from which the answer's translation learns the
// question's kind and, of MsgApp, the place.
type question uint64

const (
	voteAsked question = iota + 1
	preVoteAsked
	appendAsked
	heartbeatAsked
	snapshotAsked
	timeoutNowSaid

	kinds = 1 << 3
	spans = 1 << 30 // indexes and terms stay below
)

func appendQuestion(prev, prevTerm uint64) question {
	return appendAsked + kinds*question(prev) + kinds*spans*question(prevTerm)
}

func (q question) kind() question   { return q % kinds }
func (q question) prev() uint64     { return uint64(q / kinds % spans) }
func (q question) prevTerm() uint64 { return uint64(q / kinds / spans) }

// transfer is the Context of a MsgVote that its candidate's leader has asked for.
const transfer = "CampaignTransfer"

// out translates what our server says to server to.
func (g *gateway) out(from, to uint64, rpc raft.RPC) []*pb.Message {
	message := func(kind pb.MessageType, term raft.Term) *pb.Message {
		return &pb.Message{Type: kind.Enum(), From: new(from), To: new(to), Term: new(uint64(term))}
	}
	switch m := rpc.(type) {
	case *raft.RequestVote:
		return []*pb.Message{g.outRequestVote(message(pb.MsgVote, m.Term), m)}
	case *raft.RequestVoteReply:
		kind := pb.MsgVoteResp
		if m.PreVote {
			kind = pb.MsgPreVoteResp
		}
		v := message(kind, m.Term)
		v.Reject = new(!m.VoteGranted)
		return []*pb.Message{v}
	case *raft.AppendEntries:
		a, h := message(pb.MsgApp, m.Term), message(pb.MsgHeartbeat, m.Term)
		a.Index, a.LogTerm, a.Commit = new(uint64(m.PrevLogIndex)), new(uint64(m.PrevLogTerm)),
			new(uint64(m.LeaderCommit))
		for i, e := range m.Entries {
			a.Entries = append(a.Entries, outEntry(uint64(m.PrevLogIndex)+1+uint64(i), e))
		}
		h.Commit = new(uint64(0)) // MsgApp says it, and checks the log first
		h.Context = binary.BigEndian.AppendUint64(nil, m.Call)
		return []*pb.Message{a, h}
	case *raft.AppendEntriesReply:
		if question(m.Call).kind() == heartbeatAsked && m.Success {
			return []*pb.Message{message(pb.MsgHeartbeatResp, m.Term)}
		}
		return []*pb.Message{outAppendReply(message(pb.MsgAppResp, m.Term), m)}
	case *raft.InstallSnapshot:
		if m.Offset != 0 || !m.Done {
			panic("a snapshot in chunks has no translation")
		}
		s := message(pb.MsgSnap, m.Term)
		s.Snapshot = &pb.Snapshot{Data: slices.Clone(m.Data), Metadata: &pb.SnapshotMetadata{
			ConfState: &pb.ConfState{Voters: voters()}, Index: new(uint64(m.LastIncludedIndex)),
			Term: new(uint64(m.LastIncludedTerm))}}
		return []*pb.Message{s}
	case *raft.InstallSnapshotReply:
		a := message(pb.MsgAppResp, m.Term)
		a.Index = new(uint64(m.MatchIndex))
		return []*pb.Message{a}
	case *raft.TimeoutNow:
		return []*pb.Message{message(pb.MsgTimeoutNow, m.Term)}
	}
	return nil // TimeoutNowReply
}

func (g *gateway) outRequestVote(v *pb.Message, m *raft.RequestVote) *pb.Message {
	asked := g.asked[v.GetTo()]
	if m.PreVote {
		v.Type = pb.MsgPreVote.Enum()
		asked[1] = m.Call
	} else {
		asked[0] = m.Call
	}
	g.asked[v.GetTo()] = asked
	v.Index, v.LogTerm = new(uint64(m.LastLogIndex)), new(uint64(m.LastLogTerm))
	if m.Transfer {
		v.Context = []byte(transfer)
	}
	return v
}

// outAppendReply says where the logs may agree. Etcd's leader takes RejectHint for the next place to try; with
// LogTerm, the follower's term there, it first skips its own entries of later terms. Only if the follower's term at
// the refused place is the earlier one does that skip anything. A refusal because of the term says nothing but the
// term, as etcd's own does.
func outAppendReply(a *pb.Message, m *raft.AppendEntriesReply) *pb.Message {
	q := question(m.Call)
	switch {
	case m.Success:
		a.Index = new(uint64(m.MatchIndex))
	case m.ConflictIndex == 0:
	default:
		a.Index, a.Reject = new(q.prev()), new(true)
		a.RejectHint = new(uint64(m.ConflictIndex) - 1)
		if m.ConflictTerm != 0 && uint64(m.ConflictTerm) < q.prevTerm() {
			a.RejectHint, a.LogTerm = a.Index, new(uint64(m.ConflictTerm))
		}
	}
	return a
}

func outEntry(index uint64, e raft.Entry) *pb.Entry {
	if e.Kind == raft.Config {
		panic("a configuration has no translation")
	}
	return &pb.Entry{Type: pb.EntryNormal.Enum(), Index: new(index), Term: new(uint64(e.Term)), Data: e.Data}
}

// in translates what a server of etcd's says to ours, nil if ours has no use for it.
func (g *gateway) in(m *pb.Message) raft.RPC {
	from, term := raft.ServerID(m.GetFrom()), raft.Term(m.GetTerm())
	switch m.GetType() {
	case pb.MsgVote, pb.MsgPreVote:
		call := voteAsked
		if m.GetType() == pb.MsgPreVote {
			call = preVoteAsked
		}
		return &raft.RequestVote{Call: uint64(call), Term: term, CandidateID: from,
			LastLogIndex: raft.Index(m.GetIndex()), LastLogTerm: raft.Term(m.GetLogTerm()),
			PreVote: call == preVoteAsked, Transfer: string(m.GetContext()) == transfer}
	case pb.MsgVoteResp:
		return &raft.RequestVoteReply{Call: g.asked[m.GetFrom()][0], Term: term, VoteGranted: !m.GetReject()}
	case pb.MsgPreVoteResp:
		return &raft.RequestVoteReply{Call: g.asked[m.GetFrom()][1], Term: term, VoteGranted: !m.GetReject(),
			PreVote: true}
	case pb.MsgApp:
		a := &raft.AppendEntries{Call: uint64(appendQuestion(m.GetIndex(), m.GetLogTerm())), Term: term, LeaderID: from,
			PrevLogIndex: raft.Index(m.GetIndex()), PrevLogTerm: raft.Term(m.GetLogTerm()),
			LeaderCommit: raft.Index(m.GetCommit())}
		for _, e := range m.GetEntries() {
			a.Entries = append(a.Entries, inEntry(e))
		}
		return a
	case pb.MsgHeartbeat:
		return g.inHeartbeat(m)
	case pb.MsgAppResp:
		return inAppendReply(m)
	case pb.MsgHeartbeatResp:
		// It took us for its leader after the call was made. It says nothing of its log, which agrees
		// through 0, as all logs do.
		return &raft.AppendEntriesReply{Call: binary.BigEndian.Uint64(m.GetContext()), Term: term, Success: true}
	case pb.MsgSnap:
		d := m.GetSnapshot().GetMetadata()
		c := raft.Configuration{}
		for _, v := range d.GetConfState().GetVoters() {
			c.Voters = append(c.Voters, raft.ServerID(v))
		}
		return &raft.InstallSnapshot{Call: uint64(snapshotAsked), Term: term, LeaderID: from,
			LastIncludedIndex: raft.Index(d.GetIndex()),
			LastIncludedTerm:  raft.Term(d.GetTerm()), Configuration: c, Data: m.GetSnapshot().GetData(), Done: true}
	case pb.MsgTimeoutNow:
		return &raft.TimeoutNow{Call: uint64(timeoutNowSaid), Term: term, LeaderID: from}
	}
	panic("no translation of " + m.GetType().String())
}

// inHeartbeat turns etcd's heartbeat, which has a commitIndex and no place in the log, into Figure 2's,
// which has both. Etcd's leader sends no commitIndex beyond what this server has acknowledged to it in this
// term, so the entry there is the leader's too: that is the place.
func (g *gateway) inHeartbeat(m *pb.Message) raft.RPC {
	a := &raft.AppendEntries{Call: uint64(heartbeatAsked), Term: raft.Term(m.GetTerm()),
		LeaderID: raft.ServerID(m.GetFrom()), LeaderCommit: raft.Index(m.GetCommit())}
	var s raft.Status
	g.node.Status(&s)
	if a.Term < s.CurrentTerm || a.LeaderCommit <= s.SnapshotIndex {
		return a
	}
	e, ok := g.node.Entry(a.LeaderCommit)
	if !ok {
		panic("etcd's leader tells a commitIndex beyond what this server stores")
	}
	a.PrevLogIndex, a.PrevLogTerm = a.LeaderCommit, e.Term
	return a
}

// inAppendReply has no call's number, and need not: place and term decide what is done with it. A number that is too
// high would renew a lease that has ended. Without Reject, Index says how far the logs agree; it is 0 when the answer
// tells of a higher term. RejectHint is the last place that may agree. If it is the refused place itself, LogTerm is
// the term of the entry that stands there, Figure 2's conflict.
func inAppendReply(m *pb.Message) raft.RPC {
	a := &raft.AppendEntriesReply{Term: raft.Term(m.GetTerm()), Success: !m.GetReject(),
		MatchIndex: raft.Index(m.GetIndex())}
	if m.GetReject() {
		a.MatchIndex = 0
		a.ConflictIndex = raft.Index(m.GetRejectHint()) + 1
		if m.GetRejectHint() == m.GetIndex() {
			a.ConflictTerm = raft.Term(m.GetLogTerm())
		}
	}
	return a
}

func inEntry(e *pb.Entry) raft.Entry {
	switch {
	case e.GetType() != pb.EntryNormal:
		panic("a configuration has no translation")
	case len(e.GetData()) == 0:
		return raft.Entry{Term: raft.Term(e.GetTerm()), Kind: raft.NoOp}
	}
	return raft.Entry{Term: raft.Term(e.GetTerm()), Kind: raft.Command, Data: e.GetData()}
}

// copied returns a copy of a message that is only borrowed.
func copied(rpc raft.RPC) raft.RPC {
	switch m := rpc.(type) {
	case *raft.RequestVote:
		return new(*m)
	case *raft.RequestVoteReply:
		return new(*m)
	case *raft.AppendEntries:
		c := *m
		c.Entries = slices.Clone(m.Entries)
		return &c
	case *raft.AppendEntriesReply:
		return new(*m)
	case *raft.InstallSnapshot:
		c := *m
		c.Configuration, c.Data = m.Configuration.Clone(), slices.Clone(m.Data)
		return &c
	}
	return rpc // the others are not borrowed
}
