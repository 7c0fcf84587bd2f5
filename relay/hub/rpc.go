package hub

import (
	jsoniter "github.com/json-iterator/go"

	"raftplayground/relay/quality"
)

// The calls of JSON-RPC are one way to the room's typed methods: they are read here, carried out by methods
// that the host's own process could call, and answered here. params.go reads values, report.go reports.

// mostParams is how long the parameters of a method may be. Only frames and reports need to be long; 80,000
// keys of another method took 20 ms to read.
func (h *Hub) mostParams(method string) int {
	if method == "frame" || method == "report" || method == "act" {
		return h.limits.Message
	}
	return 32 << 10 // 72 links with all settings are 12 KiB
}

// call does what a member asks of the room itself, and answers.
func (h *Hub) call(m *member, e *envelope) {
	if err := h.answerCall(m, e.id, e.method, e.params); err != nil {
		h.refuse(m, e.id, err)
	}
}

// answerCall does a call and answers it, unless the answer is an error.
func (h *Hub) answerCall(m *member, id []byte, method string, raw []byte) (err error) {
	if most := h.mostParams(method); len(raw) > most {
		return tooLarge("params", len(raw), most)
	}
	switch method {
	case "join":
		return h.callJoin(m, id, raw)
	case "seat":
		return h.callSeat(m, id, raw)
	case "seats":
		err = h.callSeats(m, raw)
	case "network":
		var c Change
		if err = readParams(raw, c.read); err == nil {
			err = h.Change(m.conn, &c)
		}
	case "frame":
		var a Act
		if err = readParams(raw, a.read); err == nil {
			err = h.Act(m.conn, &a)
		}
	case "act":
		var d ToDo
		if err = readParams(raw, d.read); err == nil {
			err = d.decode()
		}
		if err == nil {
			err = h.Do(m.conn, &d)
		}
	case "state":
		var d Description
		if err = readParams(raw, d.read); err == nil {
			err = h.Describe(m.conn, &d)
		}
	case "report":
		err = h.report(m, raw)
	default:
		const methods = "join, seat, seats, network, frame, act, state or report"
		words := "method: expected " + methods + ", or a frame with from and to; got " + clip(method)
		err = &Refusal{CodeUnknownMethod, "method", words}
	}
	if err == nil {
		h.agree(m, id)
	}
	return err
}

func (h *Hub) callJoin(m *member, id, raw []byte) error {
	w := Wish{Any: true}
	if err := readParams(raw, w.read); err != nil {
		return err
	}
	seating, err := h.join(m, &w)
	if err != nil {
		return err
	}
	h.answerSeating(m, id, &seating)
	if m.watch {
		h.sendReports(m)
	}
	return nil
}

func (h *Hub) callSeat(m *member, id, raw []byte) error {
	w := Wish{Any: true}
	if err := readParams(raw, w.read); err != nil {
		return err
	}
	seating, err := h.Seat(m.conn, &w)
	if err == nil {
		h.answerSeating(m, id, &seating)
	}
	return err
}

// callSeats carries out what people decide about the room's seats: that the room is new, or that a server
// will not come back.
func (h *Hub) callSeats(m *member, raw []byte) error {
	isNew, empty, give := false, false, []uint64(nil)
	err := readParams(raw, func(p *params, key string) bool {
		switch key {
		case "new":
			isNew = p.truth(key)
		case "empty":
			empty = p.truth(key)
		case "give":
			p.list(key, maxSize, func(p *params) { give = append(give, uint64(p.number(key, 1, int64(len(h.seats))))) })
		default:
			return false
		}
		return true
	})
	switch {
	case err != nil:
		return err
	case isNew:
		return h.BeginAnew(m.conn)
	}
	return h.GiveAway(m.conn, give, empty)
}

func (w *Wish) read(p *params, key string) bool {
	switch key {
	case "server":
		if w.Any = p.null(); !w.Any {
			w.Server = uint64(p.number(key, 0, maxSize))
		}
	case "lease":
		w.Lease = p.words(key, 2*leaseBytes)
	case "watch":
		w.Watch = p.truth(key)
	case "size":
		if !p.null() {
			w.Size = int(p.number(key, 1, maxSize))
		}
	case "name":
		w.Name = p.words(key, mostName)
	case "hidden":
		w.Hidden = p.truth(key)
	case "disk":
		w.Disk = p.words(key, mostDisk)
	case "binary":
		w.Binary = p.truth(key)
	case "claim":
		w.Claim = uint64(p.number(key, 0, mostClaim))
	case "resume":
		w.Resume = p.truth(key)
	case "made":
		w.Made = p.words(key, 2*leaseBytes)
	case "new":
		w.New = p.truth(key)
	default:
		return false
	}
	return true
}

func (c *Change) read(p *params, key string) bool {
	switch key {
	case "rate":
		rate := p.rate(key)
		c.Rate = &rate
	case "start":
		if c.Start = p.truth(key); !c.Start && p.bad == nil {
			p.bad = badParam(key, "true: a clock that has started is paused by rate 0", "false")
		}
	case "links":
		c.Links = []LinkChange{}
		p.list(key, mostLinks, func(p *params) {
			var l LinkChange
			p.object("links", l.read)
			c.Links = append(c.Links, l)
		})
	default:
		return readQuality(p, &c.Every, "", key)
	}
	return true
}

func (l *LinkChange) read(p *params, key string) bool {
	switch key {
	case "from":
		l.From = uint64(p.number("links.from", 1, maxSize))
	case "to":
		l.To = uint64(p.number("links.to", 1, maxSize))
	case "up":
		up := p.truth("links.up")
		l.Up = &up
	case "hold":
		hold := p.truth("links.hold")
		l.Hold = &hold
	default:
		return readQuality(p, &l.Wanted, "links.", key)
	}
	return true
}

// readQuality reads the wanted value of a quality.
func readQuality(p *params, w *quality.Wanted, prefix, key string) bool {
	q := quality.Named(key)
	switch {
	case q == nil:
		return false
	case q.Whole:
		q.Want(w, float64(p.number(prefix+key, 0, q.Most)))
	default:
		q.Want(w, p.between(prefix+key, 0, float64(q.Most)))
	}
	return true
}

func (a *Act) read(p *params, key string) bool {
	switch key {
	case "do":
		a.Do = FrameAct(p.words(key, 10))
	case "seq":
		a.Seq = uint64(p.number(key, 1, mostNow))
	case "from":
		a.From = uint64(p.number(key, 1, maxSize))
	case "to":
		a.To = uint64(p.number(key, 1, maxSize))
	case "frame":
		a.Frame = []byte(p.text(key))
	case "base64":
		a.Frame, a.Binary = p.base64(key), true
	default:
		return false
	}
	return true
}

func (d *Description) read(p *params, key string) bool {
	switch key {
	case "hidden":
		hidden := p.truth(key)
		d.Hidden = &hidden
	case "name":
		name := p.words(key, mostName)
		d.Name = &name
	case "disk":
		disk := p.words(key, mostDisk)
		d.Disk = &disk
	case "claim":
		d.Claim = uint64(p.number(key, 0, mostClaim))
	default:
		return false
	}
	return true
}

// answerSeating answers join and seat, once the record that holds the promise is stored.
func (h *Hub) answerSeating(m *member, id []byte, s *Seating) {
	result := struct {
		Room    string  `json:"room"`
		Client  uint64  `json:"client"`
		Clients uint64  `json:"clients"`
		Server  *uint64 `json:"server"` // nil, like all that belongs to it, without a seat
		Lease   *string `json:"lease"`
		Claim   *uint64 `json:"claim,omitempty"`
		Made    *string `json:"made,omitempty"`
		Anew    *bool   `json:"anew,omitempty"`
		Fresh   bool    `json:"fresh"`
		roomView
	}{Room: h.options.Code, Client: s.Client, Clients: h.options.FirstClient, Fresh: s.Fresh, roomView: h.view()}
	if s.Server != 0 {
		result.Server, result.Lease = &s.Server, &s.Lease
		result.Claim, result.Made, result.Anew = &s.Claim, &s.Made, &s.Anew
	}
	w := h.answer(id)
	w.WriteRaw(`,"result":`)
	w.WriteVal(result)
	w.WriteObjectEnd()
	h.deliver = append(h.deliver, Delivery{Conn: m.conn, Kind: Answer, After: s.After, Data: h.written()})
}

// badID refuses a call whose answer could not be matched to it.
var badID = &Refusal{CodeNotRequest, "id", "id: expected text of at most 254 bytes, a whole number, or none"}

// refuse answers m with an error. id is the raw JSON of the call's id, nil if it has none or cannot be read.
func (h *Hub) refuse(m *member, id []byte, err error) {
	why := err.(*Refusal) // every error of the room is one
	w := h.answer(id)
	w.WriteMore()
	w.WriteObjectField("error")
	w.WriteObjectStart()
	w.WriteObjectField("code")
	w.WriteInt(why.Code)
	w.WriteMore()
	w.WriteObjectField("message")
	w.WriteString(why.Message)
	if why.Field != "" {
		w.WriteMore()
		w.WriteObjectField("data")
		w.WriteObjectStart()
		w.WriteObjectField("field")
		w.WriteString(why.Field)
		w.WriteObjectEnd()
	}
	w.WriteObjectEnd()
	w.WriteObjectEnd()
	h.reply(m, h.written())
}

// agree answers a call with true. A notification, which has no id, gets no answer.
func (h *Hub) agree(m *member, id []byte) {
	if id == nil {
		return
	}
	w := h.answer(id)
	w.WriteMore()
	w.WriteObjectField("result")
	w.WriteTrue()
	w.WriteObjectEnd()
	h.reply(m, h.written())
}

// answer starts the answer to the call id.
func (h *Hub) answer(id []byte) *jsoniter.Stream {
	w := h.json
	w.Reset(nil)
	w.WriteRaw(`{"jsonrpc":"2.0","id":`)
	if id == nil {
		w.WriteNil()
	} else {
		w.Write(id)
	}
	return w
}

// reply sends a member the answer to its own call.
func (h *Hub) reply(m *member, data []byte) {
	h.deliver = append(h.deliver, Delivery{Conn: m.conn, Kind: Answer, Data: data})
}
