package session

import (
	"math/rand/v2"

	"raftplayground/raft/lab"
	"raftplayground/raft/wire"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/page"
)

// Host is the platform that a Session stands on.
type Host interface {
	// Post gives the page a message: a contract.FromWorker as JSON. The bytes are borrowed: valid until it returns. It
	// does not call the Session back.
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

// Page takes a message of the page, a contract.ToLab. One that cannot be read is told in a notice, or answered if
// it has an id.
func (s *Session) Page(now float64, message []byte) {
	s.advance(now)
	var wish contract.ToLab
	head, err := contract.Read(message, &wish)
	if err != nil {
		s.misunderstood(head, err)
	} else {
		s.obey(head, &wish)
	}
	s.flush(head.Type != "drawn")
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
		if s.live {
			s.branch.client.Keep() // in the past what came is known
		}
	}
}

// misunderstood tells of a message that cannot be read: who waits for an answer gets one.
func (s *Session) misunderstood(head contract.Head, err error) {
	why := "The page sent a message that cannot be read: " + page.Clip(err.Error(), 200)
	if head.ID != 0 {
		s.refuse(head.ID, why)
		return
	}
	s.outbox.Notice(why)
}

func (s *Session) obey(head contract.Head, w *contract.ToLab) {
	switch {
	case w.Drawn != nil:
		s.outbox.drawn = true
	case w.Hidden != nil:
		s.hide(w.Hidden.Hidden)
	case w.Open != nil:
		s.open(w.Open)
	case head.Type == "stop" || head.Type == "reconnect": // of a live room; here there is nothing to end
	case *w == (contract.ToLab{}):
		s.outbox.Notice("The page sent a message of an unknown type: " + page.Clip(head.Type, 40))
	case s.world == nil:
		s.refuse(head.ID, "No run is open yet.")
	case s.way != nil && w.Seek == nil && !onlyRate(w.Network):
		s.refuse(head.ID, "The lab is on its way to another moment. Try again when it is there.")
	default:
		s.grant(w)
	}
}

// onlyRate tells whether a change of the network is one of the clock's rate alone: that may be changed at any time.
func onlyRate(w *contract.Network) bool { return w != nil && w.Change != nil && w.Change.OnlyRate() }

// grant does what the page wishes of a run that is open.
func (s *Session) grant(w *contract.ToLab) {
	switch {
	case w.Seek != nil:
		s.seek(w.Seek)
	case w.Step != nil:
		s.step(w.Step)
	case w.Branch != nil:
		s.lookAt(w.Branch)
	case w.Act != nil:
		s.act(w.Act)
	case w.Request != nil:
		s.branch.client.Request(w.Request)
	case w.Network != nil:
		s.network(w.Network)
	case w.Frame != nil:
		s.describeFrame(w.Frame)
	case w.FrameAct != nil:
		s.actOnFrame(w.FrameAct)
	case w.Inboxes != nil:
		s.inboxes(w.Inboxes.ID)
	case w.Timers != nil:
		s.setTimers(w.Timers)
	case w.Chaos != nil:
		s.setChaos(w.Chaos)
	case w.Moment != nil:
		s.moment(w.Moment.ID)
	case w.Replay != nil:
		s.replay(w.Replay)
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

func (s *Session) answer(id int, value any) {
	s.post(contract.FromWorker{Answer: &contract.Answer{ID: id, OK: true, Value: value}})
}

// refuse answers with a sentence that says why not.
func (s *Session) refuse(id int, why string) {
	s.post(contract.FromWorker{Answer: &contract.Answer{ID: id, Error: why}})
}

func (s *Session) post(message contract.FromWorker) {
	text, err := contract.Write(message)
	if err != nil {
		// Only a number that JSON does not have (NaN, infinity) can do this.
		panic("session: a message for the page cannot be written: " + err.Error())
	}
	s.host.Post(text)
}
