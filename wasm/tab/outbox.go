package tab

import (
	"rsc.io/qr"

	"raftplayground/wasm/page"
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
	watches        string // why this tab only watches, as the page knows it
	serversChanged bool
	posted         float64 // real time of the last batch
	lastLine       uint64  // id of the last line of the story
	dropped        int     // flights and lines of story since the last batch
}

func newOutbox() outbox { return outbox{drawn: true} }

func (o *outbox) flight(f page.Flight) {
	o.changed = true
	o.dropped += o.next.AddFlight(f)
}

func (o *outbox) loss(l page.Loss) {
	o.changed = true
	o.next.AddLoss(l)
}

func (o *outbox) line(line page.StoryLine) {
	o.changed = true
	o.lastLine++
	line.ID = o.lastLine
	o.dropped += o.next.AddLine(line)
}

func (o *outbox) request(r page.ClientRequest) {
	o.changed = true
	o.dropped += o.next.AddRequest(r)
}

func (o *outbox) connection(c page.Connection) { o.changed, o.next.Connection = true, &c }
func (o *outbox) room(r *page.Room)            { o.changed, o.next.Room = true, r }

func (o *outbox) advice(a []page.Advice) { o.changed, o.next.Advice = true, &a }

// watching says why this tab has no server; empty: it has one, or there is nothing to say.
func (o *outbox) watching(why string) {
	if why != o.watches {
		o.changed, o.next.Watching, o.watches = true, &why, why
	}
}

func (o *outbox) notice(text string) {
	o.changed = true
	o.next.AddNotice(text)
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
	batch := o.next
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
	t.post(page.Delivery{Type: "batch", Batch: o.take()})
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
