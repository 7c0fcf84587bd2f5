package raft

// outbox gathers what goes out. There are two boxes: one is being filled while the host still reads the other, which it was handed by the last Output.
// Messages are elements of slices that are used again and again, so that a server in steady state allocates nothing.
type outbox struct {
	boxes [2]box
	turn  uint8 // which one is being filled
}

type box struct {
	envelopes     []Envelope
	events        []Event
	reads         []Read
	save          []Entry // only for a Save whose entries lie in more than one chunk
	requestVotes  []RequestVote
	voteReplies   []RequestVoteReply
	appends       []AppendEntries
	appendReplies []AppendEntriesReply
}

func (o *outbox) filling() *box { return &o.boxes[o.turn] }

// flip takes back the box that the host had, and hands out the one that was being filled.
func (o *outbox) flip() *box {
	handed := o.filling()
	o.turn = 1 - o.turn
	o.filling().reclaim()
	return handed
}

func (b *box) reclaim() {
	if checking {
		b.poison()
	}
	b.envelopes, b.events, b.save = b.envelopes[:0], b.events[:0], b.save[:0]
	b.requestVotes, b.voteReplies = b.requestVotes[:0], b.voteReplies[:0]
	b.appends, b.appendReplies = b.appends[:0], b.appendReplies[:0]
	b.reads = b.reads[:0]
}

// Each of these puts a message into the box. A pointer stays good when its slice grows: the old memory is not used again until it expires.

func (n *Node) sendRequestVote(to ServerID, after uint64, m RequestVote) {
	b := n.out.filling()
	b.requestVotes = append(b.requestVotes, m)
	b.envelopes = append(b.envelopes, Envelope{to, after, &b.requestVotes[len(b.requestVotes)-1]})
}

func (n *Node) sendRequestVoteReply(to ServerID, after uint64, m RequestVoteReply) {
	b := n.out.filling()
	b.voteReplies = append(b.voteReplies, m)
	b.envelopes = append(b.envelopes, Envelope{to, after, &b.voteReplies[len(b.voteReplies)-1]})
}

func (n *Node) sendAppendEntries(to ServerID, after uint64, m AppendEntries) {
	b := n.out.filling()
	b.appends = append(b.appends, m)
	b.envelopes = append(b.envelopes, Envelope{to, after, &b.appends[len(b.appends)-1]})
}

func (n *Node) sendAppendEntriesReply(to ServerID, after uint64, m AppendEntriesReply) {
	b := n.out.filling()
	b.appendReplies = append(b.appendReplies, m)
	b.envelopes = append(b.envelopes, Envelope{to, after, &b.appendReplies[len(b.appendReplies)-1]})
}

// send is for messages that are too seldom to be worth memory of their own.
func (n *Node) send(to ServerID, after uint64, m RPC) {
	b := n.out.filling()
	b.envelopes = append(b.envelopes, Envelope{to, after, m})
}
