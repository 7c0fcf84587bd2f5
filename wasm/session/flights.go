package session

import (
	"raftplayground/raft/wire"
	"raftplayground/relay/hub"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/page"
)

// takeSightings tells the page what became of frames since it was last told.
func (s *Session) takeSightings() {
	list, _ := s.world.Sightings(nil) // of more than find room the page is shown none
	if s.hidden || s.way != nil {
		return // nobody watches them, and they are not replayed
	}
	for i := range list {
		s.see(&list[i])
	}
}

func (s *Session) see(f *hub.Sighting) {
	o := &s.outbox
	if !f.Later {
		view := s.flight(sent(f))
		view.Held, view.Fate = f.Fate == "held", page.FateOf(f.Fate)
		o.Flight(view)
		if view.Fate == contract.Sent {
			s.remember(view)
		}
		return
	}
	view, known := o.told.flights[f.Seq]
	switch {
	case f.Fate != "held" && f.Fate != "sent":
		delete(o.told.flights, f.Seq)
		o.Loss(contract.Loss{Seq: f.Seq, Fate: page.FateOf(f.Fate), At: f.At})
	case known && f.Fate == "held":
		view.Held = true
		o.told.flights[f.Seq] = view
		o.Flight(view)
	case known:
		view.Held, view.Due = false, f.Due
		if f.Due > f.At {
			view.Sent = f.At // it was released, and sets out anew
		}
		o.told.flights[f.Seq] = view
		o.Flight(view)
	}
}

// remember keeps a flight for as long as it is under way, in case that something is done to it. So many as are under
// way at once have room, and as many again.
func (s *Session) remember(view contract.Flight) {
	flights := s.outbox.told.flights
	flights[view.Seq] = view
	if len(flights) < 2*page.MostFlights {
		return
	}
	now := s.world.Now()
	for seq, f := range flights {
		if f.Due < now && !f.Held || len(flights) > 4*page.MostFlights {
			delete(flights, seq)
		}
	}
}

// tellFrames tells of all frames that are under way now.
func (s *Session) tellFrames() {
	for i := range s.view.Frames {
		f := &s.view.Frames[i]
		view := s.flight(f)
		view.Held = f.Held
		s.outbox.Flight(view)
		s.remember(view)
	}
}

// sent is a frame that was told of, as it set out.
func sent(f *hub.Sighting) *hub.Flight {
	return &hub.Flight{Seq: f.Seq, From: f.From, To: f.To, Sent: f.Sent, Due: f.Due, Data: f.Data, Binary: f.Binary}
}

func (s *Session) flight(f *hub.Flight) contract.Flight {
	view := contract.Flight{
		Message: contract.Message{
			Seq: f.Seq, From: int(f.From), To: int(f.To), Sent: f.Sent, Due: f.Due, Fate: contract.Sent,
		},
		Entries: []contract.U64{}, Bytes: len(f.Data), Text: page.Shown(wire.KindOf(f.Binary), f.Data, page.ShownText),
	}
	if s.describe(&view, f) && f.From == 0 { // a frame that waits in a paused server
		view.From = int(s.frame.From)
	}
	return view
}

// describe says what a frame is, if it can be understood.
func (s *Session) describe(view *contract.Flight, f *hub.Flight) bool {
	s.buffer = append(s.buffer[:0], f.Data...)
	if err := s.decoder.Decode(wire.KindOf(f.Binary), s.buffer, &s.frame); err != nil {
		view.Kind, view.Label = contract.Unknown, "not understood"
		return false
	}
	page.Describe(view, &s.frame)
	return true
}
