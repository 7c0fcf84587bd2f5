package session

import (
	"math/rand/v2"

	jsoniter "github.com/json-iterator/go"

	"raftplayground/raft/lab"
	"raftplayground/raft/wire"
	"raftplayground/wasm/page"
)

// Host is the platform that a Session stands on.
type Host interface {
	// Post gives the page a message: JSON of the form of FromWorker in model.ts. The bytes are borrowed: valid until it returns. It does not call the
	// Session back.
	Post(json []byte)
}

// Times of real life, in ms.
const (
	batchEvery  = 33  // between two batches at least
	clockEvery  = 250 // after which the page is told the time even if nothing else is new
	hiddenEvery = 250 // between two batches for a hidden page at least
	skipped     = 500 // a longer gap between two inputs is not lived through
	idle        = 250 // until the next Tick when nothing moves
)

// Session is one lab. It is not safe for concurrent use.
type Session struct {
	host   Host
	random *rand.Rand // of the faults that are drawn while time goes on

	now    float64 // real time, ms
	rest   float64 // of a microsecond of cluster time
	rate   float64 // cluster time in a unit of real time; 0: paused
	hidden bool

	branches   []*branch // ascending by id; empty before a run is open
	lastBranch int
	lastLine   uint64
	branch     *branch // that is looked at
	world      *lab.World
	live       bool     // the playhead is at the end of the branch: what happens there is new
	way        *journey // under way to a far moment; nil: the clock runs
	replaying  *replay  // a stretch that is being looked at once more; nil: none

	chaos  chaos
	outbox outbox

	view    lab.View // scratch
	frame   wire.Frame
	decoder wire.Decoder
	buffer  []byte
}

// New returns a lab that waits for the page's "open". Seed is of the faults that it draws when it is asked to.
func New(host Host, seed uint64) *Session {
	return &Session{host: host, random: rand.New(rand.NewPCG(seed, 0)), outbox: newOutbox()}
}

// Page takes a message of the page, ToLab or one of those of ToWorker that the lab knows (model.ts). One that cannot be read is told in a notice.
func (s *Session) Page(now float64, message []byte) {
	s.advance(now)
	var w wish
	if err := page.Codec.Unmarshal(message, &w); err != nil {
		s.misunderstood(message, err)
	} else {
		s.obey(&w)
	}
	s.flush(w.Type != "drawn")
}

// Tick lets time pass. It returns how long the host may wait until the next Tick, in ms.
func (s *Session) Tick(now float64) float64 {
	s.advance(now)
	s.flush(false)
	switch {
	case s.way != nil || s.replaying != nil:
		return 0
	case s.rate == 0 || s.world == nil:
		return idle
	case s.hidden:
		return hiddenEvery
	}
	return batchEvery
}

func (s *Session) advance(now float64) {
	elapsed := now - s.now
	s.now = max(s.now, now)
	if s.replaying != nil {
		s.goOnReplaying()
	}
	switch {
	case s.world == nil || elapsed <= 0:
	case s.way != nil:
		s.goOn()
	case s.rate > 0 && elapsed <= skipped:
		s.rest += elapsed * 1000 * s.rate
		whole := int64(s.rest)
		s.rest -= float64(whole)
		s.play(s.world.Now() + whole)
		s.keepRequests()
	}
}

// misunderstood tells of a message that cannot be read: who waits for an answer gets one.
func (s *Session) misunderstood(message []byte, err error) {
	why := "The page sent a message that cannot be read: " + page.Clip(err.Error(), 200)
	if id := jsoniter.Get(message, "id"); id.ValueType() == jsoniter.NumberValue {
		s.refuse(&wish{Wish: page.Wish{ID: id.ToInt()}}, why)
		return
	}
	s.outbox.notice(why)
}

// wish is a message of the page: every member that some type of message has.
type wish struct {
	page.Wish
	Run     jsoniter.RawMessage `json:"run"`
	At      *float64            `json:"at"`
	From    *float64            `json:"from"`
	Until   *float64            `json:"until"`
	Details bool                `json:"details"`
	Rate    float64             `json:"rate"`
	To      string              `json:"to"`
	Back    bool                `json:"back"`
	Branch  int                 `json:"branch"`
	Action  jsoniter.RawMessage `json:"action"`
	Seq     uint64              `json:"seq"`
	Act     string              `json:"act"`
	Text    string              `json:"text"`
	On      bool                `json:"on"`
}

func (s *Session) obey(w *wish) {
	switch w.Type {
	case "drawn":
		s.outbox.drawn = true
		return
	case "hidden":
		s.hide(w.Hidden)
		return
	case "open":
		s.open(w)
		return
	case "stop", "reconnect":
		return
	}
	act := map[string]func(*wish){
		"seek": s.seek, "step": s.step, "branch": s.lookAt, "act": s.act, "request": s.request, "network": s.network, "frame": s.describeFrame, "frameAct": s.actOnFrame,
		"inboxes": s.inboxes, "timers": s.setTimers, "chaos": s.setChaos, "moment": s.moment, "replay": s.replay,
	}[w.Type]
	switch {
	case act == nil:
		s.outbox.notice("The page sent a message of an unknown type: " + page.Clip(w.Type, 40))
	case s.world == nil:
		s.refuse(w, "No run is open yet.")
	case s.way != nil && w.Type != "seek" && !(w.Type == "network" && w.Change != nil && w.Change.OnlyRate()):
		s.refuse(w, "The lab is on its way to another moment. Try again when it is there.")
	default:
		act(w)
	}
}

// hide takes note that the page is hidden, or seen again: then it is told what is under way now.
func (s *Session) hide(hidden bool) {
	if s.hidden && !hidden && s.world != nil {
		s.jump()
	}
	s.hidden = hidden
}

// setRate changes how fast the cluster's clock runs, 0 to 1.
func (s *Session) setRate(rate float64) {
	if s.rate != rate {
		s.rate, s.rest = rate, 0
	}
}

func (s *Session) answer(w *wish, value any) {
	s.post(page.Answer{Type: "answer", ID: w.ID, OK: true, Value: value})
}

// refuse answers with a sentence that says why not.
func (s *Session) refuse(w *wish, why string) {
	s.post(page.Answer{Type: "answer", ID: w.ID, Error: why})
}

func (s *Session) post(message any) {
	text, err := page.Codec.Marshal(message)
	if err != nil {
		// Only a number that JSON does not have (NaN, infinity) can do this.
		panic("session: a message for the page cannot be written: " + err.Error())
	}
	s.host.Post(text)
}

func ms(micros int64) float64 { return float64(micros) / 1000 }
