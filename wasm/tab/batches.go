package tab

import (
	"rsc.io/qr/coding"

	"raftplayground/wasm/contract"
	"raftplayground/wasm/report"
)

// batches is what waits for the page.
type batches struct {
	report.Batches
	selfChanged    bool
	watches        string // why this tab only watches, as the page knows it
	serversChanged bool
	views          []contract.ServerView // as the page knows the servers
	asked          report.Asked
}

func (o *batches) connection(c contract.Connection) { o.Changed, o.Next.Connection = true, &c }
func (o *batches) room(r *contract.RoomState)       { o.Changed, o.Next.Room = true, r }

func (o *batches) advice(a []contract.Advice) { o.Changed, o.Next.Advice = true, &a }

// watching says why this tab has no server; empty: it has one, or there is nothing to say.
func (o *batches) watching(why string) {
	if why != o.watches {
		o.Changed, o.Next.Watching, o.watches = true, &why, why
	}
}

// setLink makes the code of the room's link. A link that is too long for one has none.
func (o *batches) setLink(link string) {
	code := encode(link)
	if link == "" || code == nil {
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

// encode makes the smallest code that holds a text and stays readable when an eighth of it is hidden; nil:
// there is none. Package qr would do the same, but depends on all of package image.
func encode(text string) *coding.Code {
	for v := coding.Version(coding.MinVersion); v <= coding.MaxVersion; v++ {
		if coding.String(text).Bits(v) > v.DataBytes(coding.M)*8 {
			continue
		}
		if plan, err := coding.NewPlan(v, coding.M, 0); err == nil {
			code, _ := plan.Encode(coding.String(text))
			return code
		}
	}
	return nil
}

// flush posts a batch if the page wants one and there is something to tell. It is the end of every input.
func (t *Tab) flush() {
	o := &t.batches
	if !o.Wanted(t.now, t.start.Hidden) || !t.started && !o.Changed {
		return
	}
	asks := t.room != nil && o.asked.Waits()
	if !o.Changed && !o.selfChanged && !o.serversChanged && !asks && o.Since(t.now) < report.ClockEvery {
		return
	}
	if o.selfChanged {
		o.Next.Self = t.status()
	}
	if o.serversChanged {
		o.views = t.serverViews()
		o.Next.Servers = o.views
	}
	if t.room != nil {
		o.Next.Answers = o.asked.Answer(&t.room.RoomState, o.views, 0, t.clock.now())
		rate := t.clock.rate
		if !t.clock.runs {
			rate = 0
		}
		o.Next.Clock = &contract.Clock{Now: t.clock.now(), Rate: rate}
	}
	if o.Gone > 0 {
		o.Notice(report.Plural(o.Gone, "older message or story line") + " left out while this page was not drawn.")
	}
	o.selfChanged, o.serversChanged = false, false
	o.Send(t.now)
}
