package blackbox

// event is something that will happen. Its kind decides which fields matter.
type event struct {
	kind   eventKind
	server *server
	life   int    // of the server, for what ends with it
	packet packet // that arrives
	number uint64 // of told: the save; of relief: the deed
}

type eventKind uint8

const (
	everyTick eventKind = iota // all clocks tick
	ownTick                    // one server's clock ticks
	resume                     // a stalled server goes on
	arrival                    // a message arrives
	settling                   // a late host asks for the output
	written                    // a disk has finished a write
	told                       // the host tells the server of a finished write
	applying                   // the state machine goes on
	rebirth                    // a server that was killed starts again
	relief                     // a fault ends
)

// queue holds the events to come. Those of one instant happen in the order in which they were pushed.
// Only small records move within the heap; events stay in their slots.
type queue struct {
	heap   []due
	events []event // by slot
	free   []int   // slots
	order  uint64
}

type due struct {
	at    instant
	order uint64
	slot  int
}

func (q *queue) push(at instant, e event) {
	slot := len(q.events)
	if n := len(q.free); n > 0 {
		slot, q.free = q.free[n-1], q.free[:n-1]
		q.events[slot] = e
	} else {
		q.events = append(q.events, e)
	}
	q.order++
	q.heap = append(q.heap, due{at, q.order, slot})
	for i := len(q.heap) - 1; i > 0 && q.before(i, (i-1)/2); i = (i - 1) / 2 {
		q.swap(i, (i-1)/2)
	}
}

// next takes out the first event that is due before the instant, if there is one.
func (q *queue) next(before instant) (at instant, e event, ok bool) {
	if len(q.heap) == 0 || q.heap[0].at >= before {
		return 0, event{}, false
	}
	first, last := q.heap[0], len(q.heap)-1
	q.heap[0] = q.heap[last]
	q.heap = q.heap[:last]
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < last; child++ {
			if q.before(child, least) {
				least = child
			}
		}
		if least == i {
			break
		}
		q.swap(i, least)
		i = least
	}
	e = q.events[first.slot]
	q.events[first.slot] = event{}
	q.free = append(q.free, first.slot)
	return first.at, e, true
}

func (q *queue) before(i, j int) bool {
	a, b := &q.heap[i], &q.heap[j]
	return a.at < b.at || a.at == b.at && a.order < b.order
}

func (q *queue) swap(i, j int) { q.heap[i], q.heap[j] = q.heap[j], q.heap[i] }
