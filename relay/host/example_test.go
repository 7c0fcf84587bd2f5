package host_test

import (
	"fmt"
	"time"

	"raftplayground/relay/host"
	"raftplayground/relay/hub"
)

// worker is a complete host, as a SharedWorker might be: its events come one after the other, its ports take
// everything, and its store is a variable.
type worker struct {
	begun  time.Time
	room   *host.Room
	record *hub.Record
	ended  []func() // ends of stores, called after the event that began them
}

func (w *worker) Now() int64 { return time.Since(w.begun).Microseconds() }

func (w *worker) Store(record *hub.Record) {
	w.record = record
	w.ended = append(w.ended, func() { w.room.Stored("") })
}

// event does one thing and carries out its effects. It returns when to wake up.
func (w *worker) event(do func()) (wake int64) {
	do()
	wake, _ = w.room.Turn()
	for len(w.ended) > 0 {
		stored := w.ended[0]
		w.ended = w.ended[1:]
		stored()
		wake, _ = w.room.Turn()
	}
	return wake
}

// port is a connection: messages that wait for a record wait here.
type port struct {
	name    string
	waiting []*hub.Delivery
	gate    uint64
}

func (p *port) Send(d *hub.Delivery, stored uint64) bool {
	copied := *d
	p.waiting = append(p.waiting, &copied)
	p.gate = max(p.gate, d.After)
	p.Stored(stored)
	return true
}

func (p *port) Stored(number uint64) {
	if number < p.gate {
		return
	}
	for _, d := range p.waiting {
		if d.Kind == hub.Frame {
			fmt.Println(p.name, "gets", string(d.Data))
		}
	}
	p.waiting = nil
}

func (p *port) Backlog() int { return 0 }

func (p *port) Close(code int, reason string) { fmt.Println(p.name, "is closed:", code, reason) }

func Example() {
	h, err := hub.New(hub.Options{Code: "here", Size: 2, Random: func(into []byte) { clear(into) }}, nil)
	if err != nil {
		panic(err)
	}
	w := &worker{begun: time.Now()}
	w.room = host.New(w, h, false, time.Hour)
	for conn, name := range map[uint64]string{1: "the first tab", 2: "the second tab"} {
		w.event(func() { w.room.Connect(conn, "", &port{name: name}) })
	}
	const join = `{"jsonrpc":"2.0","id":1,"method":"join","params":{"server":null}}`
	w.event(func() { w.room.Receive(1, []byte(join), false) })
	w.event(func() { w.room.Receive(2, []byte(join), false) })
	w.event(func() {
		w.room.Receive(1, []byte(`{"method":"network","params":{"latency":0,"jitter":0,"rate":1}}`), false)
	})
	w.event(func() { w.room.Receive(1, []byte("1>2:RequestVotes:Request:1:1:0:0"), false) })
	fmt.Println("stored are", len(w.record.Seats), "seats, both of them taken:", w.record.Seats[1].Lease != "")
	// Output:
	// the second tab gets 1>2:RequestVotes:Request:1:1:0:0
	// stored are 2 seats, both of them taken: true
}
