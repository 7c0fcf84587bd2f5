package told

import (
	"raftplayground/raft/wire"
	"raftplayground/relay/hub"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/report"
)

// Sightings tells what became of frames since its last call; unseen: the page is hidden, and never sees
// them.
func (t *Teller) Sightings(unseen bool) {
	list, _ := t.world.Sightings(nil) // sightings beyond the room's limit are not shown
	if unseen {
		return
	}
	for i := range list {
		t.see(&list[i])
	}
}

func (t *Teller) see(f *hub.Sighting) {
	if !f.Later {
		view := t.flight(sent(f))
		view.Held, view.Fate = f.Fate == "held", report.FateOf(f.Fate)
		t.Flight(view)
		if view.Fate == contract.Sent {
			t.remember(view)
		}
		return
	}
	view, known := t.flights[f.Seq]
	switch {
	case f.Fate != "held" && f.Fate != "sent":
		delete(t.flights, f.Seq)
		t.Loss(contract.Loss{Seq: f.Seq, Fate: report.FateOf(f.Fate), At: f.At})
	case known && f.Fate == "held":
		view.Held = true
		t.flights[f.Seq] = view
		t.Flight(view)
	case known:
		view.Held, view.Due = false, f.Due
		if f.Due > f.At {
			view.Sent = f.At // it was released, and sets out again
		}
		t.flights[f.Seq] = view
		t.Flight(view)
	}
}

// remember keeps a flight while it is under way, in case something is done to it. There is room for all that
// are under way at once, and as many again.
func (t *Teller) remember(view contract.Flight) {
	flights := t.flights
	flights[view.Seq] = view
	if len(flights) < 2*report.MostFlights {
		return
	}
	now := t.world.Now()
	for seq, f := range flights {
		if f.Due < now && !f.Held || len(flights) > 4*report.MostFlights {
			delete(flights, seq)
		}
	}
}

// tellFrames tells of all frames that are under way now.
func (t *Teller) tellFrames() {
	for i := range t.view.Frames {
		f := &t.view.Frames[i]
		view := t.flight(f)
		view.Held = f.Held
		t.Flight(view)
		t.remember(view)
	}
}

// sent returns a frame that was told of, as it set out.
func sent(f *hub.Sighting) *hub.Flight {
	return &hub.Flight{Seq: f.Seq, From: f.From, To: f.To, Sent: f.Sent, Due: f.Due, Data: f.Data, Binary: f.Binary}
}

func (t *Teller) flight(f *hub.Flight) contract.Flight {
	view := t.Reader.Flight(contract.Message{
		Seq: f.Seq, From: int(f.From), To: int(f.To), Sent: f.Sent, Due: f.Due, Fate: contract.Sent,
	}, wire.KindOf(f.Binary), f.Data, len(f.Data))
	if f.From == 0 && view.Kind != contract.Unknown { // a frame that waits in a paused server
		view.From = int(t.Reader.Frame.From)
	}
	return view
}
