// Package quality says what a link between two servers can be like. Each quality is an entry of All, a field of
// Qualities and one of Wanted. The hub, the lab, the contract with the page, and the page itself take its
// range, its dial and its words from here. The hub defines its effect on frames (hub/frames.go).
package quality

import "strconv"

// Qualities describe one direction between two servers.
type Qualities struct {
	Latency int64 `json:"latency"` // one way, µs of cluster time
	Jitter  int64 `json:"jitter"`  // the delay is drawn evenly from latency ± jitter, and never less than 0

	// Probabilities, 0 to 1, that a frame is lost, comes twice, or takes longer and lets later ones pass.
	Loss      float64 `json:"loss,omitempty"`
	Duplicate float64 `json:"duplicate,omitempty"`
	Reorder   float64 `json:"reorder,omitempty"`

	// Bytes that leave in a second of cluster time, one frame after the other. 0: all leave at once.
	Bandwidth int64 `json:"bandwidth,omitempty"`
}

// Wanted says what a link is to be like. Fields that are nil stay as they are.
type Wanted struct {
	Latency   *int64   `json:"latency,omitempty"`
	Jitter    *int64   `json:"jitter,omitempty"`
	Loss      *float64 `json:"loss,omitempty"`
	Duplicate *float64 `json:"duplicate,omitempty"`
	Reorder   *float64 `json:"reorder,omitempty"`
	Bandwidth *int64   `json:"bandwidth,omitempty"`
}

// Quality describes one quality of a link.
type Quality struct {
	Name string `json:"name" typescript:"keyof Qualities"`
	Most int64  `json:"-"` // the least is 0

	// How a person sets it: one unit of its dial is Per of the quality, and the dial goes from 0 to End in
	// steps of Step.
	Title string  `json:"title"`
	Unit  string  `json:"unit"`
	Per   float64 `json:"per"`
	End   int     `json:"end"`
	Step  int     `json:"step"`
	Zero  string  `json:"zero,omitempty"` // what the dial says at 0, if that is not a number

	// What a link with this fault does ("lose"); healing sets it to 0. Empty: it is not a fault.
	Fault string `json:"fault,omitempty"`

	Whole  bool                                 `json:"-"` // it is a whole number, not a probability
	Of     func(l *Qualities) float64           `json:"-"` // of a link
	Wanted func(w *Wanted) (v float64, is bool) `json:"-"` // the wanted value, and whether one is set
	Want   func(w *Wanted, v float64)           `json:"-"` // sets the wanted value
	set    func(l *Qualities, v float64)
}

// MaxDelay is the longest latency and jitter, µs.
const MaxDelay = 60 * 1000 * 1000

// All lists the qualities in the order in which they are shown.
var All = []Quality{
	kept(Quality{Name: "latency", Most: MaxDelay, Title: "Latency", Unit: "ms", Per: 1000, End: 200,
		Step: 1}, func(q *Qualities) *int64 { return &q.Latency }, func(w *Wanted) **int64 { return &w.Latency }),
	kept(Quality{Name: "jitter", Most: MaxDelay, Title: "Jitter", Unit: "ms", Per: 1000, End: 100,
		Step: 1}, func(q *Qualities) *int64 { return &q.Jitter }, func(w *Wanted) **int64 { return &w.Jitter }),
	kept(chance("loss", "Loss", "lose"), func(q *Qualities) *float64 { return &q.Loss },
		func(w *Wanted) **float64 { return &w.Loss }),
	kept(chance("duplicate", "Duplicates", "double"), func(q *Qualities) *float64 { return &q.Duplicate },
		func(w *Wanted) **float64 { return &w.Duplicate }),
	kept(chance("reorder", "Reordering", "reorder"), func(q *Qualities) *float64 { return &q.Reorder },
		func(w *Wanted) **float64 { return &w.Reorder }),
	kept(Quality{Name: "bandwidth", Most: 1e9, Title: "Bandwidth", Unit: "B/s", Per: 1, End: 5000, Step: 100,
		Zero: "unlimited", Fault: "transmit"}, func(q *Qualities) *int64 { return &q.Bandwidth },
		func(w *Wanted) **int64 { return &w.Bandwidth }),
}

func chance(name, title, fault string) Quality {
	return Quality{Name: name, Most: 1, Title: title, Unit: "%", Per: 0.01, End: 90, Step: 1, Zero: "none",
		Fault: fault}
}

// kept completes a quality by the fields that hold it.
func kept[N int64 | float64](q Quality, of func(*Qualities) *N, in func(*Wanted) **N) Quality {
	half := 0.5
	q.Whole = N(half) == 0
	q.Of = func(l *Qualities) float64 { return float64(*of(l)) }
	q.set = func(l *Qualities, v float64) { *of(l) = N(v) }
	q.Wanted = func(w *Wanted) (float64, bool) {
		if v := *in(w); v != nil {
			return float64(*v), true
		}
		return 0, false
	}
	q.Want = func(w *Wanted, v float64) {
		n := N(v)
		*in(w) = &n
	}
	return q
}

// Named returns the quality of that name, nil if there is none.
func Named(name string) *Quality {
	for i := range All {
		if All[i].Name == name {
			return &All[i]
		}
	}
	return nil
}

// Has reports whether v is in its range.
func (q *Quality) Has(v float64) bool { return v >= 0 && v <= float64(q.Most) }

// Possible reports whether every quality is in its range.
func (l *Qualities) Possible() bool {
	for i := range All {
		if !All[i].Has(All[i].Of(l)) {
			return false
		}
	}
	return true
}

// Set applies the wanted values, which must be possible.
func (l *Qualities) Set(w *Wanted) {
	for i := range All {
		if v, is := All[i].Wanted(w); is {
			All[i].set(l, v)
		}
	}
}

// Exactly returns the wish that a link have exactly these qualities.
func (l Qualities) Exactly() (w Wanted) {
	for i := range All {
		All[i].Want(&w, All[i].Of(&l))
	}
	return w
}

// Healed returns the wish that a link have no fault. How long frames take stays as it is.
func Healed() (w Wanted) {
	for i := range All {
		if All[i].Fault != "" {
			All[i].Want(&w, 0)
		}
	}
	return w
}

// Words describes a link, as text behind its name: " takes 15 ms ± 5, loses 10 %".
func (l *Qualities) Words() string {
	ms := func(micros int64) string { return number(float64(micros) / 1000) }
	text := " takes " + ms(l.Latency) + " ms"
	if l.Jitter > 0 {
		text += " ± " + ms(l.Jitter)
	}
	for i := range All {
		if q := &All[i]; q.Fault != "" && q.Of(l) > 0 {
			text += ", " + q.Fault + "s " + number(q.Of(l)/q.Per) + " " + q.Unit
		}
	}
	return text
}

// number writes a number with at most four significant digits.
func number(v float64) string {
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 4, 64), 64)
	return strconv.FormatFloat(v, 'f', -1, 64)
}
