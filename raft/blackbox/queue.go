package blackbox

// event is something that is going to happen: which fields matter depends on its kind.
type event struct {
	at     instant
	number uint64 // order among those of one instant; of told: the save
	kind   eventKind
	server *server
	life   int // of the server, for what ends with it
	packet packet
	order  uint64
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

// queue is a heap of events; those of the same instant come in the order in which they were pushed.
type queue struct {
	heap  []event
	order uint64
}

func (q *queue) any() bool     { return len(q.heap) > 0 }
func (q *queue) first() *event { return &q.heap[0] }

func (q *queue) push(at instant, e event) {
	q.order++
	e.at, e.order = at, q.order
	q.heap = append(q.heap, e)
	i := len(q.heap) - 1
	for i > 0 && q.before(i, (i-1)/2) {
		q.swap(i, (i-1)/2)
		i = (i - 1) / 2
	}
}

func (q *queue) pop() event {
	e := q.heap[0]
	last := len(q.heap) - 1
	q.heap[0] = q.heap[last]
	q.heap[last] = event{}
	q.heap = q.heap[:last]
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < last; child++ {
			if q.before(child, least) {
				least = child
			}
		}
		if least == i {
			return e
		}
		q.swap(i, least)
		i = least
	}
}

func (q *queue) before(i, j int) bool {
	a, b := &q.heap[i], &q.heap[j]
	return a.at < b.at || a.at == b.at && a.order < b.order
}

func (q *queue) swap(i, j int) { q.heap[i], q.heap[j] = q.heap[j], q.heap[i] }
