package report

import "raftplayground/wasm/contract"

// Times of batches, in ms of real time.
const (
	ClockEvery  = 250 // after which a page is told the time even if nothing else is new, for its timers
	HiddenEvery = 250 // least time between two batches for a hidden page: only scripts read it
)

// Poster takes a message for a page: a contract.FromWorker as JSON. The bytes are borrowed: valid until it returns.
type Poster interface{ Post(json []byte) }

// Batches are what waits for a page, and the way to it.
type Batches struct {
	Waiting
	Drawn bool // the page wants a batch

	poster Poster
	posted float64 // real time of the last batch
	lines  uint64  // id of the last line of the story
}

// NewBatches returns the batches of a page that wants a first batch.
func NewBatches(p Poster) Batches { return Batches{poster: p, Drawn: true} }

// Line adds a line to the story, and returns it with its number.
func (o *Batches) Line(line contract.StoryLine) contract.StoryLine {
	o.lines++
	line.ID = o.lines
	o.Waiting.Line(line)
	return line
}

// Since is how long before now the last batch was posted, in ms of real time.
func (o *Batches) Since(now float64) float64 { return now - o.posted }

// Wanted tells whether the page takes a batch now.
func (o *Batches) Wanted(now float64, hidden bool) bool {
	return o.Drawn && !(hidden && o.Since(now) < HiddenEvery)
}

// Send posts what waits.
func (o *Batches) Send(now float64) {
	batch := o.Next
	o.Waiting, o.Drawn, o.posted = Waiting{}, false, now
	o.post(contract.FromWorker{Batch: &contract.Posted{Batch: batch}})
}

// Answer ends one message of the page that carried an id.
func (o *Batches) Answer(a contract.Answer) { o.post(contract.FromWorker{Answer: &a}) }

// Grant answers that a wish was done, with its result.
func (o *Batches) Grant(id int, value any) { o.Answer(contract.Answer{ID: id, OK: true, Value: value}) }

// Refuse answers with a sentence that says why not.
func (o *Batches) Refuse(id int, why string) { o.Answer(contract.Answer{ID: id, Error: why}) }

func (o *Batches) post(message contract.FromWorker) {
	text, err := contract.Write(message)
	if err != nil {
		// Only a number that JSON does not have (NaN, infinity) can do this.
		panic("page: a message for the page cannot be written: " + err.Error())
	}
	o.poster.Post(text)
}
