package raft

// outbox collects what Output hands out. There are two boxes: one is being filled while the host still reads
// the other, which it was handed by the last Output. Messages are elements of slices that are used again and
// again, so that a server in steady state allocates nothing.
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
	handed := &o.boxes[o.turn]
	o.turn ^= 1
	o.boxes[o.turn].reclaim()
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

// another extends a slice by one element for the caller to fill in: the element may still hold old values. A
// pointer to an element stays valid when the slice grows: the old memory is not reused before it expires.
func another[T any](s *[]T) *T {
	k := len(*s)
	if k == cap(*s) {
		*s = append(*s, *new(T))
	} else {
		*s = (*s)[:k+1]
	}
	return &(*s)[k]
}

// send puts a message into the box. Frequent kinds of message lie in the box's own memory (another); the
// others are too rare to be worth it.
func (n *Node) send(to ServerID, after uint64, m RPC) {
	e := another(&n.out.filling().envelopes)
	e.To, e.After, e.RPC = to, after, m
}
