package tab

import (
	"slices"

	"rsc.io/qr"

	"raftplayground/wasm/page"
)

// Most of each that waits for a page that does not draw. Beyond it the oldest is dropped and counted.
const (
	mostFlights  = 500
	mostLosses   = 500
	mostStory    = 500
	mostRequests = 500
	mostNotices  = 8
)

// Times of batches, in ms of real time.
const (
	clockEvery  = 250 // after which the page is told the time even if nothing else is new: it draws timers by it
	hiddenEvery = 250 // between two batches for a hidden page at least: only scripts read it
)

// outbox folds what is new until the page asks for it.
type outbox struct {
	next           page.Batch
	drawn          bool // the page wants a batch
	changed        bool // next holds something
	selfChanged    bool
	watches        bool // the page was told that this tab only watches
	serversChanged bool
	posted         float64 // real time of the last batch
	lastLine       uint64  // id of the last line of the story
	dropped        int     // flights and lines of story since the last batch
	notices        []string
}

func newOutbox() outbox { return outbox{drawn: true} }

// queue appends to a bounded list: when it is full the oldest goes.
func queue[T any](list []T, item T, most int, dropped *int) []T {
	if len(list) >= most {
		*dropped++
		copy(list, list[1:])
		list[len(list)-1] = item
		return list
	}
	return append(list, item)
}

func (o *outbox) flight(f page.Flight) {
	o.changed = true
	o.next.Flights = queue(o.next.Flights, f, mostFlights, &o.dropped)
}

// loss corrects a flight: in place if the page has not had it yet.
func (o *outbox) loss(l page.Loss) {
	o.changed = true
	for i := len(o.next.Flights) - 1; i >= 0; i-- {
		if f := &o.next.Flights[i]; f.Seq == l.Seq {
			at := l.At
			f.Fate, f.LostAt = l.Fate, &at
			return
		}
	}
	var old int // a correction of a flight that is long over is not missed
	o.next.Lost = queue(o.next.Lost, l, mostLosses, &old)
}

func (o *outbox) line(line page.StoryLine) {
	o.changed = true
	o.lastLine++
	line.ID = o.lastLine
	if len(o.next.Story) == mostStory {
		o.forgetLine()
	}
	o.next.Story = append(o.next.Story, line)
}

// forgetLine drops the oldest detail, so that heartbeats do not push the elections out; if there is none, the oldest line.
func (o *outbox) forgetLine() {
	at := max(0, slices.IndexFunc(o.next.Story, func(l page.StoryLine) bool { return l.Weight == "detail" }))
	o.next.Story = slices.Delete(o.next.Story, at, at+1)
	o.dropped++
}

// request keeps the latest of each request.
func (o *outbox) request(r page.ClientRequest) {
	o.changed = true
	for i := range o.next.Requests {
		if o.next.Requests[i].ID == r.ID {
			o.next.Requests[i] = r
			return
		}
	}
	o.next.Requests = queue(o.next.Requests, r, mostRequests, &o.dropped)
}

func (o *outbox) connection(c page.Connection) { o.changed, o.next.Connection = true, &c }
func (o *outbox) room(r *page.Room)            { o.changed, o.next.Room = true, r }

// watching says why this tab has no server; serving, that it has one after all.
func (o *outbox) watching(why string) { o.changed, o.next.Watching, o.watches = true, &why, true }

func (o *outbox) serving() {
	if o.watches {
		nothing := ""
		o.changed, o.next.Watching, o.watches = true, &nothing, false
	}
}

// notice keeps the first few: what goes wrong first explains the rest.
func (o *outbox) notice(text string) {
	o.changed = true
	if len(o.notices) < mostNotices {
		o.notices = append(o.notices, text)
	}
}

// setLink makes the code of the room's link. A link that is too long for one has none.
func (o *outbox) setLink(link string) {
	code, err := qr.Encode(link, qr.M)
	if link == "" || err != nil {
		return
	}
	view := &page.QR{Size: code.Size, Rows: make([]string, code.Size)}
	row := make([]byte, code.Size)
	for y := range view.Rows {
		for x := range row {
			row[x] = '0'
			if code.Black(x, y) {
				row[x] = '1'
			}
		}
		view.Rows[y] = string(row)
	}
	o.changed, o.next.QR = true, view
}

// take closes the batch.
func (o *outbox) take() *page.Batch {
	if o.dropped > 0 {
		o.notice(page.Plural(o.dropped, "older message or story line") + " left out while this page was not drawn.")
		o.dropped = 0
	}
	for i, text := range o.notices {
		if i > 0 {
			o.next.Notice += "\n"
		}
		o.next.Notice += text
	}
	batch := o.next
	o.notices = o.notices[:0]
	o.next = page.Batch{}
	o.drawn, o.changed, o.selfChanged, o.serversChanged = false, false, false, false
	return &batch
}

// flush posts a batch if the page wants one and there is something to tell. It is the end of every input.
func (t *Tab) flush() {
	o := &t.outbox
	if !o.drawn || t.start.Type == "" && !o.changed {
		return
	}
	since := t.now - o.posted
	if !o.changed && !o.selfChanged && !o.serversChanged && since < clockEvery || t.start.Hidden && since < hiddenEvery {
		return
	}
	if o.selfChanged {
		o.next.Self = t.status()
	}
	if o.serversChanged {
		o.next.Servers = t.serverViews()
	}
	if t.room != nil {
		rate := t.clock.rate
		if !t.clock.runs {
			rate = 0
		}
		o.next.Clock = &page.Clock{Now: t.clock.now, Rate: rate}
	}
	o.posted = t.now
	t.post(page.Message{Type: "batch", Batch: o.take()})
}

// answer ends one message of the page that carried an id.
func (t *Tab) answer(a page.Answer) {
	a.Type = "answer"
	t.post(a)
}

func (t *Tab) post(message any) {
	text, err := page.Codec.Marshal(message)
	if err != nil {
		// Only a number that JSON does not have (NaN, infinity) can do this.
		panic("tab: a message for the page cannot be written: " + err.Error())
	}
	t.host.Post(text)
}
