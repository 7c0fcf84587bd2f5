package told

import (
	"cmp"
	"slices"
	"strconv"

	"raftplayground/raft"
	"raftplayground/raft/kv"
	"raftplayground/raft/lab"
	"raftplayground/raft/wire"
	"raftplayground/relay/hub"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/page"
)

// ShownWire is how much of a frame is shown in each encoding, bytes.
const ShownWire = 16 << 10

// UnderWay returns a frame between servers, nil if it is not under way at the playhead.
func (t *Teller) UnderWay(seq uint64) *hub.Flight {
	t.world.View(&t.view)
	for i := range t.view.Frames {
		if t.view.Frames[i].Seq == seq {
			return &t.view.Frames[i]
		}
	}
	return nil
}

// FrameName says what a frame is: "the RequestVote of S3 to S1"; empty if there is none.
func (t *Teller) FrameName(f *hub.Flight) string {
	if f == nil || f.Seq == 0 {
		return ""
	}
	view := t.flight(f)
	kind := string(view.Kind)
	if view.Kind == contract.Unknown {
		kind = "message"
	}
	return "the " + kind + " of S" + page.Decimal(f.From) + " to S" + page.Decimal(f.To)
}

// FrameDetails returns all about a frame under way, and whether it is.
func (t *Teller) FrameDetails(seq uint64) (d contract.FrameDetails, there bool) {
	f := t.UnderWay(seq)
	if f == nil {
		return d, false
	}
	flight := t.flight(f)
	d = contract.FrameDetails{
		Seq: f.Seq, From: int(f.From), To: int(f.To), Sent: f.Sent, Due: f.Due, Held: f.Held, Name: flight.Kind,
		Fields: []contract.Field{}, Bytes: len(f.Data), Whole: len(f.Data) <= ShownWire, Next: t.wouldDo(f),
	}
	t.writeForms(&d, f)
	d.Deeds = Encoded(t.world.OffersForFrame(f))
	return d, true
}

// writeForms shows a frame in each encoding. In its own it is shown as it travels, which may be written in
// another way than wire's.
func (t *Teller) writeForms(d *contract.FrameDetails, f *hub.Flight) {
	kind := wire.KindOf(f.Binary)
	own, _ := wire.Recognise(kind, f.Data)
	understood := t.Reader.Read(kind, f.Data)
	if understood {
		own = t.Reader.Frame.Encoding
		d.Fields = fieldsOf(t.Reader.Frame.RPC)
	}
	d.Encoding = own.String()
	for _, e := range wire.Encodings() {
		shown := contract.FrameForm{Encoding: e.String(), Title: e.Title()}
		switch {
		case e == own:
			shown.Text = page.Shown(kind, f.Data, ShownWire)
		case !e.Calls():
			continue
		case understood && e.For(&t.Reader.Frame) == e:
			shown.Text = page.Shown(e.Kind(), wire.Append(nil, &t.Reader.Frame, e), ShownWire)
		}
		d.Forms = append(d.Forms, shown)
		if e == own && kind == wire.Text || e == wire.JSON && kind == wire.Binary {
			d.Draft = shown.Text
		}
	}
}

// wouldDo says what the receiver would do with a frame now: a copy of the world finds out.
func (t *Teller) wouldDo(f *hub.Flight) []string {
	words := []string{}
	switch state, _, _ := t.world.Look(raft.ServerID(f.To)); state {
	case lab.Paused:
		return append(words, "S"+page.Decimal(f.To)+" is paused: the message would wait.")
	case lab.Down, lab.Damaged:
		return append(words, "S"+page.Decimal(f.To)+" is down: the message would be lost.")
	}
	copied := t.world.Clone()
	copied.Watch(true)
	before, bad := copied.Events(), copied.Faults.BadFrames
	if _, err := copied.Do(lab.Action{Do: lab.DeliverFrame, Frame: f.Seq}); err != nil {
		return append(words, page.Clip(err.Error(), 300))
	}
	for _, h := range copied.EventsSince(before, nil) {
		if h.Server == raft.ServerID(f.To) {
			words = append(words, page.Event(h.Server, &h.Event).Text)
		}
	}
	if copied.Faults.BadFrames > bad {
		for _, b := range copied.BadFrames() {
			words = append(words, server(b.Server)+" would not understand it: "+page.Clip(b.Reason.Message, 200)+".")
		}
	}
	list, _ := copied.Sightings(nil)
	for i := range list {
		if reply := &list[i]; !reply.Later && reply.From == f.To {
			view := t.flight(sent(reply))
			kind := string(view.Kind)
			if view.Kind == contract.ClientAnswer {
				kind = "an answer"
			}
			words = append(words, "It sends "+kind+" to S"+page.Decimal(reply.To)+labelled(view.Label)+".")
		}
	}
	if len(words) == 0 {
		words = append(words, "Nothing: it learns nothing new from it.")
	}
	return words
}

func labelled(label string) string {
	if label == "" {
		return ""
	}
	return ": " + label
}

// Inboxes returns what is on its way to each server, in the order in which it arrives; what waits in a paused
// server comes first.
func (t *Teller) Inboxes() []contract.Inbox {
	t.world.View(&t.view)
	size := len(t.view.Machines)
	boxes := make([]contract.Inbox, 0, size)
	for i := range size {
		box := contract.Inbox{Server: i + 1, Frames: []contract.InboxFrame{}}
		for _, f := range t.world.Inbox(raft.ServerID(i + 1)) {
			view := t.flight(&f)
			box.Frames = append(box.Frames, contract.InboxFrame{
				Seq: f.Seq, From: view.From, Name: view.Kind, Label: view.Label, Due: view.Due, Waiting: true,
			})
		}
		boxes = append(boxes, box)
	}
	slices.SortStableFunc(t.view.Frames, func(a, b hub.Flight) int { return cmp.Compare(a.Due, b.Due) })
	for i := range t.view.Frames {
		f := &t.view.Frames[i]
		view := t.flight(f)
		box := &boxes[f.To-1]
		box.Frames = append(box.Frames, contract.InboxFrame{
			Seq: f.Seq, From: view.From, Name: view.Kind, Label: view.Label, Due: view.Due, Held: f.Held,
		})
	}
	return boxes
}

// fieldsOf lists what a call or a reply says, in the order and with the meanings of Figures 2 and 13.
func fieldsOf(rpc raft.RPC) []contract.Field {
	switch m := rpc.(type) {
	case *raft.RequestVote:
		list := []contract.Field{
			field("term", page.Decimal(m.Term), "candidate's term"),
			field("candidateId", server(m.CandidateID), "candidate requesting vote"),
			field("lastLogIndex", page.Decimal(m.LastLogIndex), "index of candidate's last log entry (§5.4)"),
			field("lastLogTerm", page.Decimal(m.LastLogTerm), "term of candidate's last log entry (§5.4)"),
		}
		if m.PreVote {
			list = append(list, field("preVote", "true", "only asks whether the vote would be given (thesis 9.6)"))
		}
		if m.Transfer {
			list = append(list, field("transfer", "true", "the leader itself wants this election (thesis 3.10)"))
		}
		return list
	case *raft.AppendEntries:
		return []contract.Field{
			field("term", page.Decimal(m.Term), "leader's term"),
			field("leaderId", server(m.LeaderID), "so follower can redirect clients"),
			field("prevLogIndex", page.Decimal(m.PrevLogIndex), "index of log entry immediately preceding new ones"),
			field("prevLogTerm", page.Decimal(m.PrevLogTerm), "term of prevLogIndex entry"),
			field("entries", entriesText(m.Entries), "log entries to store (empty for heartbeat)"),
			field("leaderCommit", page.Decimal(m.LeaderCommit), "leader's commitIndex"),
		}
	case *raft.InstallSnapshot:
		return []contract.Field{
			field("term", page.Decimal(m.Term), "leader's term"),
			field("leaderId", server(m.LeaderID), "so follower can redirect clients"),
			field(
				"lastIncludedIndex", page.Decimal(m.LastIncludedIndex),
				"the snapshot replaces all entries up through and including this index",
			),
			field("lastIncludedTerm", page.Decimal(m.LastIncludedTerm), "term of lastIncludedIndex"),
			field(
				"configuration", string(m.Configuration.AppendText(nil)),
				"the servers of the cluster as of lastIncludedIndex (§7)",
			),
			field("offset", page.Decimal(m.Offset), "byte offset where chunk is positioned in the snapshot"),
			field("data", page.Plural(len(m.Data), "byte"), "raw bytes of the snapshot chunk, starting at offset"),
			field("done", strconv.FormatBool(m.Done), "true if this is the last chunk"),
		}
	case *raft.TimeoutNow:
		return []contract.Field{
			field("term", page.Decimal(m.Term), "leader's term"),
			field("leaderId", server(m.LeaderID), "who hands its leadership over (thesis 3.10)"),
		}
	}
	return fieldsOfReply(rpc)
}

// fieldsOfReply is fieldsOf for replies; of what is none there are none.
func fieldsOfReply(rpc raft.RPC) []contract.Field {
	switch m := rpc.(type) {
	case *raft.RequestVoteReply:
		return []contract.Field{
			field("term", page.Decimal(m.Term), "currentTerm, for candidate to update itself"),
			field("voteGranted", strconv.FormatBool(m.VoteGranted), "true means candidate received vote"),
		}
	case *raft.AppendEntriesReply:
		list := []contract.Field{
			field("term", page.Decimal(m.Term), "currentTerm, for leader to update itself"),
			field(
				"success", strconv.FormatBool(m.Success),
				"true if follower contained entry matching prevLogIndex and prevLogTerm",
			),
		}
		if m.Success {
			return append(
				list,
				field("matchIndex", page.Decimal(m.MatchIndex), "the last index that this call verified or stored"),
			)
		}
		return append(
			list,
			field("conflictTerm", page.Decimal(m.ConflictTerm),
				"term of the conflicting entry, 0 if there is none (§5.3)"),
			field("conflictIndex", page.Decimal(m.ConflictIndex),
				"first index the follower stores for that term (§5.3)"),
		)
	case *raft.InstallSnapshotReply:
		return []contract.Field{
			field("term", page.Decimal(m.Term), "currentTerm, for leader to update itself"),
			field("nextOffset", page.Decimal(m.NextOffset), "how many bytes of the snapshot the follower holds"),
			field("matchIndex", page.Decimal(m.MatchIndex),
				"once it is installed: the index through which the logs agree; else 0"),
		}
	case *raft.TimeoutNowReply:
		return []contract.Field{field("term", page.Decimal(m.Term), "currentTerm, for leader to update itself")}
	}
	return []contract.Field{}
}

// server names one.
func server(id raft.ServerID) string { return "S" + page.Decimal(id) }

// field is an argument or a result of a call, and what it means.
func field(name, value, meaning string) contract.Field {
	return contract.Field{Name: name, Value: value, Meaning: meaning}
}

// entriesText names the first few entries.
func entriesText(entries []raft.Entry) string {
	text := ""
	for i := range entries {
		if i == 8 {
			return text + ", and " + strconv.Itoa(len(entries)-i) + " more"
		}
		if i > 0 {
			text += ", "
		}
		what := kv.Text(entries[i].Data)
		switch entries[i].Kind {
		case raft.NoOp:
			what = "no-op"
		case raft.Config:
			what = "servers " + string(entries[i].Data)
		}
		text += what + " (term " + page.Decimal(entries[i].Term) + ")"
	}
	if text == "" {
		return "none"
	}
	return text
}
