package main

import (
	"bytes"
	"errors"
	"strconv"
	"time"

	"github.com/gorilla/websocket"
	jsoniter "github.com/json-iterator/go"

	"raftplayground/raft/wire"
)

// member is one connection to a room.
type member struct {
	socket   *websocket.Conn
	messages chan message // that have come; closed with the connection
	joined   joined
}

// message is one message of the connection, in either direction.
type message struct {
	kind wire.Kind
	data []byte
}

// joined is the room's answer to a join.
type joined struct {
	Client uint64
	Server uint64
	Lease  string
	Claim  uint64
	Made   string
}

// refusal is the room's error.
type refusal struct {
	Code    int
	Message string
}

func (r *refusal) Error() string { return strconv.Itoa(r.Code) + ": " + r.Message }

// Codes of a refusal (package hub).
const (
	seatInUse  = -32004
	superseded = -32008
	olderDisk  = -32015
)

// join connects to the room and joins it with these params, JSON.
func join(addr, code, params string) (*member, error) {
	dialer := websocket.Dialer{HandshakeTimeout: patience}
	socket, _, err := dialer.Dial("ws://"+addr+"/rooms/"+code, nil)
	if err != nil {
		return nil, err
	}
	m := &member{socket: socket, messages: make(chan message, 1024)}
	err = m.say(`{"jsonrpc":"2.0","id":"join","method":"join","params":` + params + `}`)
	for err == nil {
		var data []byte
		if _, data, err = socket.ReadMessage(); err != nil {
			break
		}
		var answer struct {
			ID     string
			Result *joined
			Error  *refusal
		}
		switch jsoniter.Unmarshal(data, &answer); {
		case answer.ID != "join": // a notification of the room, meanwhile
		case answer.Error != nil:
			err = answer.Error
		case answer.Result != nil:
			m.joined = *answer.Result
			go m.read()
			return m, nil
		}
	}
	socket.Close()
	return nil, err
}

// read passes on messages. If they come too fast it waits, and so does the relay, which then loses frames.
func (m *member) read() {
	defer close(m.messages)
	for {
		kind, data, err := m.socket.ReadMessage()
		if err != nil {
			return
		}
		m.messages <- message{wire.KindOf(kind == websocket.BinaryMessage), data}
	}
}

func (m *member) say(text string) error { return m.send(message{wire.Text, []byte(text)}) }

func (m *member) send(s message) error {
	m.socket.SetWriteDeadline(time.Now().Add(patience))
	kind := websocket.TextMessage
	if s.kind == wire.Binary {
		kind = websocket.BinaryMessage
	}
	return m.socket.WriteMessage(kind, s.data)
}

// ask calls a method of the room and waits until it is done.
func (m *member) ask(method, params string) error {
	err := m.say(`{"jsonrpc":"2.0","id":"ask","method":"` + method + `","params":` + params + `}`)
	if err != nil {
		return err
	}
	for came := range m.messages {
		var answer struct {
			ID    string
			Error *refusal
		}
		switch jsoniter.Unmarshal(came.data, &answer); {
		case answer.ID != "ask":
		case answer.Error != nil:
			return answer.Error
		default:
			return nil
		}
	}
	return errors.New("the connection was lost")
}

// leave closes the connection abruptly, as a program that ends does.
func (m *member) leave() {
	m.socket.NetConn().Close()
	go func() {
		for range m.messages { // so that read ends
		}
	}()
}

// started tells from the room's notification whether its clock has started; ok: it is this notification.
func started(data []byte) (running, ok bool) {
	if !bytes.HasPrefix(data, []byte(`{"jsonrpc":"2.0","method":"room"`)) {
		return false, false
	}
	return jsoniter.Get(data, "params", "started").ToBool(), true
}
