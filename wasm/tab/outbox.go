package tab

import (
	"rsc.io/qr"

	"raftplayground/wasm/contract"
	"raftplayground/wasm/page"
)

// outbox is what waits for the page.
type outbox struct {
	page.Outbox
	selfChanged    bool
	watches        string // why this tab only watches, as the page knows it
	serversChanged bool
}

func (o *outbox) connection(c contract.Connection) { o.Changed, o.Next.Connection = true, &c }
func (o *outbox) room(r *contract.Room)            { o.Changed, o.Next.Room = true, r }

func (o *outbox) advice(a []contract.Advice) { o.Changed, o.Next.Advice = true, &a }

// watching says why this tab has no server; empty: it has one, or there is nothing to say.
func (o *outbox) watching(why string) {
	if why != o.watches {
		o.Changed, o.Next.Watching, o.watches = true, &why, why
	}
}

// setLink makes the code of the room's link. A link that is too long for one has none.
func (o *outbox) setLink(link string) {
	code, err := qr.Encode(link, qr.M)
	if link == "" || err != nil {
		return
	}
	view := &contract.QR{Size: code.Size, Rows: make([]string, code.Size)}
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
	o.Changed, o.Next.QR = true, view
}

// flush posts a batch if the page wants one and there is something to tell. It is the end of every input.
func (t *Tab) flush() {
	o := &t.outbox
	if !o.Wanted(t.now, t.start.Hidden) || !t.started && !o.Changed {
		return
	}
	if !o.Changed && !o.selfChanged && !o.serversChanged && o.Since(t.now) < page.ClockEvery {
		return
	}
	if o.selfChanged {
		o.Next.Self = t.status()
	}
	if o.serversChanged {
		o.Next.Servers = t.serverViews()
	}
	if t.room != nil {
		rate := t.clock.rate
		if !t.clock.runs {
			rate = 0
		}
		o.Next.Clock = &contract.Clock{Now: t.clock.now(), Rate: rate}
	}
	if o.Gone > 0 {
		o.Notice(page.Plural(o.Gone, "older message or story line") + " left out while this page was not drawn.")
	}
	o.selfChanged, o.serversChanged = false, false
	o.Send(t.now)
}
