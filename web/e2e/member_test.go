package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	jsoniter "github.com/json-iterator/go"
)

// member speaks the room's protocol (relay/hub) over a WebSocket of its own, by hand.
type member struct {
	t      *testing.T
	socket *websocket.Conn
	server int // 0: it only watches
	client int
	joined string // what the room answered to its join

	mu      sync.Mutex
	came    []message      // answers and frames that have come and were not yet taken
	reports map[int]report // what each server last said of itself
	terms   []time.Time    // when each term was first heard of, term 1 first; zero for one that was skipped
	end     error          // why the socket was closed
}

// report is the part of a server's report of itself that the tests look at.
type report struct {
	Server    int
	Term      uint64
	Leader    int
	LastIndex uint64
	Encoding  string
	BadFrames int
}

// message is anything that the room sends. Fields that only some kinds have are kept in the text alone.
type message struct {
	ID     jsoniter.RawMessage
	Method string
	Params jsoniter.RawMessage
	Result jsoniter.RawMessage
	Error  *struct {
		Code    int
		Message string
		Data    struct{ Field string }
	}
	text string
}

// join opens a WebSocket to the room and joins with these params, JSON.
func (r *room) join(params string) *member {
	r.t.Helper()
	address := "ws://" + r.relay.addr + "/rooms/" + r.code
	socket, _, err := websocket.DefaultDialer.Dial(address, http.Header{"Origin": {r.relay.url("")}})
	if err != nil {
		r.t.Fatalf("opening %s: %v", address, err)
	}
	m := &member{t: r.t, socket: socket, reports: map[int]report{}}
	r.t.Cleanup(func() { socket.Close() })
	go m.read()
	m.send(`{"jsonrpc":"2.0","id":"join","method":"join","params":` + params + `}`)
	answer := m.await("the answer to join", 5*time.Second, func(got message) bool { return string(got.ID) == `"join"` })
	if answer.Error != nil {
		r.t.Fatalf("joining: %s", answer.text)
	}
	var joined struct {
		Server *int
		Client int
	}
	if err := jsoniter.Unmarshal(answer.Result, &joined); err != nil {
		r.t.Fatalf("joining: %v in %s", err, answer.text)
	}
	m.joined = answer.text
	if m.client = joined.Client; joined.Server != nil {
		m.server = *joined.Server
	}
	return m
}

func (m *member) read() {
	for {
		_, data, err := m.socket.ReadMessage()
		m.mu.Lock()
		if err != nil {
			m.end = err
			m.mu.Unlock()
			return
		}
		got := message{text: string(data)}
		if strings.HasPrefix(got.text, "{") {
			_ = jsoniter.Unmarshal(data, &got) // anything but JSON-RPC stays text
		}
		m.keep(got)
		m.mu.Unlock()
	}
}

// keep stores a message, except notifications of which only the latest or none is needed.
func (m *member) keep(got message) {
	switch got.Method {
	case "room", "seen":
	case "report":
		var of report
		if err := jsoniter.Unmarshal(got.Params, &of); err != nil {
			m.t.Errorf("a report that is none: %v in %s", err, got.text)
			return
		}
		if known := len(m.terms); of.Term > uint64(known) {
			m.terms = append(m.terms, make([]time.Time, of.Term-uint64(known))...)
			m.terms[of.Term-1] = time.Now()
		}
		m.reports[of.Server] = of
	default:
		m.came = append(m.came, got)
	}
}

func (m *member) send(text string) { m.write(websocket.TextMessage, []byte(text)) }

func (m *member) write(kind int, data []byte) {
	m.t.Helper()
	if err := m.socket.WriteMessage(kind, data); err != nil {
		m.t.Fatalf("sending to the room: %v", err)
	}
}

// await takes the messages that have come, oldest first, until it finds a wanted one, and returns it.
func (m *member) await(what string, limit time.Duration, wanted func(message) bool) message {
	m.t.Helper()
	var found message
	var last string
	eventually(m.t, limit, what, func() error {
		m.mu.Lock()
		defer m.mu.Unlock()
		for i, got := range m.came {
			if wanted(got) {
				found, m.came = got, m.came[i+1:]
				return nil
			}
			last = got.text
		}
		m.came = nil
		if m.end != nil {
			return m.end
		}
		return &notYet{last}
	})
	return found
}

// settled waits until n servers report the same leader and last index, and returns the report of one of them.
func (m *member) settled(limit time.Duration, n int) report {
	m.t.Helper()
	var one report
	eventually(m.t, limit, "the servers report the same leader and log", func() error {
		m.mu.Lock()
		defer m.mu.Unlock()
		for _, one = range m.reports {
			for _, other := range m.reports {
				if one.Leader == 0 || other.Term != one.Term || other.Leader != one.Leader ||
					other.LastIndex != one.LastIndex {
					return fmt.Errorf("reports %+v", m.reports)
				}
			}
		}
		if len(m.reports) != n {
			return fmt.Errorf("%d of %d servers have reported", len(m.reports), n)
		}
		return nil
	})
	return one
}

// closed waits until the room has closed the socket and returns the reason that it gave.
func (m *member) closed(limit time.Duration) *websocket.CloseError {
	m.t.Helper()
	var reason *websocket.CloseError
	eventually(m.t, limit, "the room closes the connection with a reason", func() error {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.end == nil {
			return &notYet{"nothing"}
		}
		reason, _ = m.end.(*websocket.CloseError)
		if reason == nil {
			m.t.Fatalf("the connection ended without a reason: %v", m.end)
		}
		return nil
	})
	return reason
}

type notYet struct{ last string }

func (n *notYet) Error() string { return "the last message was: " + n.last }
