//go:build raftcheck

package raft

// checking tells whether this build checks the invariants. With the build tag raftcheck, which the tests
// use, every server checks its own state after every input, and how it changed since the last one; memory
// that the host borrowed is overwritten when it expires.
const checking = true

// selfCheck remembers the state after the last input.
type selfCheck struct {
	term        Term
	votedFor    ServerID
	role        Role
	commitIndex Index
	commitTerm  Term // of the entry at commitIndex
	lastApplied Index
	last        Index
	lastTerm    Term
	durable     Index
	unruly      bool // a rule was off once (SwitchOff): what that broke stays broken
}

func (n *Node) check() {
	n.selfCheck.unruly = n.selfCheck.unruly || n.opt.Off&^Extensions != 0
	if n.selfCheck.unruly {
		return // a server that does not keep the rules breaks the invariants too: that is what one wants to see
	}
	n.checkState()
	n.checkChange()
	n.selfCheck = selfCheck{n.currentTerm, n.votedFor, n.Role(), n.commitIndex, n.log.term(n.commitIndex),
		n.lastApplied, n.log.last, n.log.lastTerm(), n.disk.durable, false}
}

func must(ok bool, invariant string) {
	if !ok {
		panic("raft: broken invariant: " + invariant)
	}
}

func (n *Node) checkState() {
	must(n.log.base <= n.commitIndex && (n.snapshot == nil) == (n.log.base == 0),
		"what is compacted is committed, and in a snapshot")
	must(n.lastApplied <= n.applying && n.applying <= n.commitIndex, "lastApplied ≤ applying ≤ commitIndex")
	must(n.commitIndex <= n.log.last, "commitIndex ≤ last log index")
	must(n.applying <= n.disk.durable, "only what is durable here is applied")
	must(n.disk.durable <= n.disk.handed && n.disk.handed <= n.log.last, "durable ≤ handed out ≤ last log index")
	must(n.configs[0].index <= n.log.base && n.configs[len(n.configs)-1].index <= n.log.last,
		"configurations stand in the log")
	must(n.log.lastTerm() <= n.currentTerm, "no entry is of a later term than currentTerm")
	must(n.candidacy == nil || n.leadership == nil, "a server has one role")
	must(n.Role() == Follower || n.Role() == PreCandidate || n.votedFor == n.opt.ID,
		"candidates and leaders voted for themselves")
	must((n.Role() == Leader) == (n.leader == n.opt.ID), "whoever leads knows it, and nobody else thinks so")
	must(n.leadership != nil || n.elapsed <= n.timeout, "the election timer does not run past its end")
	if n.leadership == nil {
		return
	}
	must(n.log.lastTerm() == n.currentTerm, "a leader's log ends with its own term")
	c := n.config()
	for i := range n.leadership.followers {
		f := &n.leadership.followers[i]
		must(f.match < f.next && f.next <= n.log.last+1, "matchIndex < nextIndex ≤ last log index + 1")
		must(f.probing || f.probe == 0 && f.snapshot == nil, "probes and snapshots are sent while probing")
		must(c.Contains(f.id), "followers are those of the configuration")
	}
}

func (n *Node) checkChange() {
	was := &n.selfCheck
	must(n.currentTerm >= was.term, "currentTerm never decreases")
	must(n.currentTerm > was.term || was.votedFor == 0 || n.votedFor == was.votedFor,
		"votedFor changes only with currentTerm")
	must(n.commitIndex >= was.commitIndex, "commitIndex never decreases")
	must(was.commitIndex < n.log.base || n.log.term(was.commitIndex) == was.commitTerm, "committed entries stay")
	must(n.lastApplied >= was.lastApplied, "lastApplied never decreases")
	if was.role == Leader && n.Role() == Leader && n.currentTerm == was.term {
		must(n.log.last >= was.last && (was.last < n.log.base || n.log.term(was.last) == was.lastTerm),
			"a leader never overwrites or deletes entries in its log (Leader Append-Only)")
		must(n.disk.durable >= was.durable, "what a leader has on disk stays there")
	}
}

// poison overwrites memory that the host may no longer read with unmistakable values.
func (b *box) poison() {
	const dead = 0xdeaddeaddead
	for i := range b.requestVotes {
		b.requestVotes[i] = RequestVote{dead, dead, dead, dead, dead, true, true, true}
	}
	for i := range b.voteReplies {
		b.voteReplies[i] = RequestVoteReply{dead, dead, true, true, dead}
	}
	for i := range b.appends {
		b.appends[i] = AppendEntries{Call: dead, Term: dead, LeaderID: dead, PrevLogIndex: dead, PrevLogTerm: dead,
			LeaderCommit: dead}
	}
	for i := range b.appendReplies {
		b.appendReplies[i] = AppendEntriesReply{dead, dead, true, dead, dead, dead}
	}
	for i := range b.events {
		b.events[i] = Event{Kind: EventKinds, Reason: Reasons}
	}
	clear(b.envelopes)
	clear(b.save)
}
