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
	"raftplayground/wasm/report"
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

// FrameName names a frame: "the RequestVote of S3 to S1"; empty if there is none.
func (t *Teller) FrameName(f *hub.Flight) string {
	if f == nil || f.Seq == 0 {
		return ""
	}
	view := t.flight(f)
	kind := string(view.Kind)
	if view.Kind == contract.Unknown {
		kind = "message"
	}
	return "the " + kind + " of S" + report.Decimal(f.From) + " to S" + report.Decimal(f.To)
}

// FrameDetails returns all about a frame, and whether it is under way.
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

// writeForms shows a frame in each encoding. In its own encoding it is shown as it travels, which may differ
// from the form that package wire writes.
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
			shown.Text = report.Shown(kind, f.Data, ShownWire)
		case !e.Calls():
			continue
		case understood && e.For(&t.Reader.Frame) == e:
			shown.Text = report.Shown(e.Kind(), wire.Append(nil, &t.Reader.Frame, e), ShownWire)
		}
		d.Forms = append(d.Forms, shown)
		if e == own && kind == wire.Text || e == wire.JSON && kind == wire.Binary {
			d.Draft = shown.Text
		}
	}
}

// wouldDo returns what the receiver would do with a frame now, as a copy of the world finds out.
func (t *Teller) wouldDo(f *hub.Flight) []string {
	words := []string{}
	switch state, _, _ := t.world.Look(raft.ServerID(f.To)); state {
	case lab.Paused:
		return append(words, "S"+report.Decimal(f.To)+" is paused: the message would wait.")
	case lab.Down, lab.Damaged:
		return append(words, "S"+report.Decimal(f.To)+" is down: the message would be lost.")
	}
	copied := t.world.Clone()
	copied.Watch(true)
	before, bad := copied.Events(), copied.Faults.BadFrames
	if _, err := copied.Do(lab.Action{Do: lab.DeliverFrame, Frame: f.Seq}); err != nil {
		return append(words, report.Clip(err.Error(), 300))
	}
	for _, h := range copied.EventsSince(before, nil) {
		if h.Server == raft.ServerID(f.To) {
			words = append(words, report.Event(h.Server, &h.Event).Text)
		}
	}
	if copied.Faults.BadFrames > bad {
		for _, b := range copied.BadFrames() {
			words = append(words, server(b.Server)+" would not understand it: "+report.Clip(b.Reason.Message, 200)+".")
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
			words = append(words, "It sends "+kind+" to S"+report.Decimal(reply.To)+labelled(view.Label)+".")
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

// Inboxes returns the frames on their way to each server, in order of arrival; those that wait in a paused
// server come first.
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

// fieldsOf lists the fields of a call or a reply, with the meanings of Figures 2 and 13.
func fieldsOf(rpc raft.RPC) []contract.Field {
	list := []contract.Field{}
	for _, f := range wire.Tell(rpc) {
		if m, appends := rpc.(*raft.AppendEntries); appends && f.Value == "" {
			f.Value = entriesText(m.Entries)
		}
		list = append(list, contract.Field{Name: f.Name, Value: f.Value, Meaning: f.Meaning})
	}
	return list
}

// server names a server.
func server(id raft.ServerID) string { return "S" + report.Decimal(id) }

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
		text += what + " (term " + report.Decimal(entries[i].Term) + ")"
	}
	if text == "" {
		return "none"
	}
	return text
}
