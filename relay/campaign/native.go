package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"raftplayground/raft"
	"raftplayground/raft/server"
	"raftplayground/raft/wal"
	"raftplayground/raft/wire"
)

// native is a server of a room, as a program of its own would run it: a file is its disk, with a ticket
// beside.
type native struct {
	room   *room
	number int
	random *rand.Rand
	kill   chan bool     // ends the life: at once, or, if true, in the middle of the next write
	ended  chan struct{} // closed when the life has ended
	status atomic.Pointer[status]
}

// status is what a server reports to those who wait for it.
type status struct {
	role    raft.Role
	term    raft.Term
	applied raft.Index
	hash    uint64
}

// ticket is kept beside a server's disk: the room recognizes the server by it.
type ticket struct{ Lease, Made string }

var errKilled = errors.New("killed")

const (
	step = 2 * time.Millisecond   // how often a server looks at its clock
	idle = 300 * time.Millisecond // how long to wait for a write to die in
)

func (s *native) path() string {
	return filepath.Join(s.room.folder, fmt.Sprint("server-", s.number, ".wal"))
}
func (s *native) ticketPath() string { return s.path() + ".ticket" }

// start begins a life of the server.
func (s *native) start() {
	s.kill, s.ended = make(chan bool, 1), make(chan struct{})
	go func() {
		defer close(s.ended)
		if err := s.live(); !errors.Is(err, errKilled) {
			s.room.fails("S%d has ended: %v", s.number, err)
		}
		s.status.Store(nil)
	}()
}

// end ends the life, and returns when it is over.
func (s *native) end(midWrite bool) {
	s.kill <- midWrite
	<-s.ended
}

// live opens the disk, joins the room, starts the server, and goes on through lost connections until it is
// killed.
func (s *native) live() error {
	file, whose, err := s.open()
	if err != nil {
		return err
	}
	defer file.Close()
	claim, running := whose.Claim, (*running)(nil)
	for {
		m, t, err := s.join(claim, running != nil)
		var refused *refusal
		if errors.As(err, &refused) && refused.Code == superseded && running != nil {
			running = nil // what it remembers is void; the disk is read again
			continue
		}
		if err != nil {
			return err
		}
		claim = m.joined.Claim
		if running == nil {
			running, err = s.boot(file, t, claim)
		}
		if err == nil {
			err = running.serve(m)
		}
		m.leave()
		if err != nil {
			return err
		}
	}
}

// open opens the disk, and returns the identity on it.
func (s *native) open() (*mortal, wal.Identity, error) {
	file, err := wal.OpenFile(s.path())
	if err != nil {
		return nil, wal.Identity{}, err
	}
	data, err := file.ReadAll()
	var whose wal.Identity
	if err == nil {
		whose, err = wal.Whose(data)
	}
	if err != nil {
		file.Close()
		return nil, whose, err
	}
	return &mortal{File: file, path: s.path(), random: s.random}, whose, nil
}

// join claims the server's seat, again and again while the relay is down. claim is the last one on the disk;
// resume means that the server has been running since.
func (s *native) join(claim uint64, resume bool) (*member, ticket, error) {
	var t ticket
	if data, err := os.ReadFile(s.ticketPath()); err == nil {
		if err := json.Unmarshal(data, &t); err != nil {
			return nil, t, err
		}
	}
	params := fmt.Sprintf(`{"server":%d,"lease":null,"size":%d,"new":true}`, s.number, len(s.room.servers))
	if t.Lease != "" {
		params = fmt.Sprintf(`{"server":%d,"lease":%q,"size":%d,"claim":%d,"made":%q,"resume":%v}`,
			s.number, t.Lease, len(s.room.servers), claim, t.Made, resume)
	}
	for end := time.Now().Add(patience); ; {
		m, err := join(s.room.relay.addr, s.room.code, params)
		var refused *refusal
		switch {
		case err == nil && m.joined.Server != uint64(s.number): // the room has not been restored yet
			m.leave()
			err = errors.New("the room gives no seat")
		case err == nil:
			t.Lease, t.Made = m.joined.Lease, m.joined.Made
			return m, t, s.keep(t)
		case errors.As(err, &refused) && refused.Code != seatInUse:
			return nil, t, err
		}
		if time.Now().After(end) {
			return nil, t, err
		}
		select {
		case <-s.kill:
			return nil, t, errKilled
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// keep writes the ticket, which is the old one or the new one whenever the program dies.
func (s *native) keep(t ticket) error {
	data, err := json.Marshal(t)
	if err == nil {
		err = os.WriteFile(s.ticketPath()+".new", data, 0o600)
	}
	if err == nil {
		err = os.Rename(s.ticketPath()+".new", s.ticketPath())
	}
	return err
}

// disk returns what is on the disk of a server that has ended.
func (s *native) disk() (raft.Durable, error) {
	file, whose, err := s.open()
	if err != nil {
		return raft.Durable{}, err
	}
	defer file.Close()
	_, durable, _, err := wal.Open(file, whose)
	return durable, err
}

// running is a server that has been started.
type running struct {
	*native
	file   *mortal
	server *server.Server
	output server.Output
	begun  time.Time // when the room's clock was started, as far as this server knows; zero: it stands
	ticked int       // since then
}

// boot starts the server on its disk.
func (s *native) boot(file *mortal, t ticket, claim uint64) (*running, error) {
	r := &running{native: s, file: file}
	var voters []raft.ServerID
	for i := range s.room.servers {
		voters = append(voters, raft.ServerID(i+1))
	}
	var err error
	r.server, err = server.New(server.Options{ID: raft.ServerID(s.number), Voters: voters, Seed: s.random.Uint64(),
		Off: s.room.off, Encoding: wire.Encoding(s.number % 2), CompactAfter: 40,
		Room: s.room.code, Made: t.Made, Claim: claim}, r.file)
	if err != nil {
		return nil, fmt.Errorf("it does not start from its disk: %w", err)
	}
	if r.server.Recovery().Torn > 0 {
		s.room.count(cutOff)
	}
	return r, nil
}

// serve lets the server take part until the connection is lost, which returns nil, or it is killed. First it
// tells the room that the disk has taken the claim.
func (r *running) serve(m *member) error {
	if m.say(fmt.Sprintf(`{"method":"state","params":{"claim":%d}}`, m.joined.Claim)) != nil {
		return nil
	}
	clock := time.NewTicker(step)
	defer clock.Stop()
	for {
		select {
		case midWrite := <-r.kill:
			if !midWrite {
				return errKilled
			}
			r.file.dies = time.Now()
		case came, open := <-m.messages:
			if !open {
				return nil
			}
			r.take(came)
		case <-clock.C:
			if dies := r.file.dies; !dies.IsZero() && time.Since(dies) > idle {
				return errKilled // there was nothing to write
			}
		}
		r.tick()
		for r.server.Output(&r.output) {
			for i := range r.output.Frames {
				if f := &r.output.Frames[i]; m.send(message{f.Kind, f.Data}) != nil {
					return nil
				}
			}
		}
		if err := r.server.Failed(); err != nil {
			return err
		}
		r.tell()
	}
}

// take takes a message: a frame, or what the room says of itself.
func (r *running) take(came message) {
	runs, ok := started(came.data)
	switch {
	case !ok:
		r.server.Frame(came.kind, came.data)
	case runs && r.begun.IsZero():
		r.begun = time.Now()
	}
}

// tick gives the server the ticks that are due. The room's clock runs as fast as this program's.
func (r *running) tick() {
	if r.begun.IsZero() {
		return
	}
	passed := int(time.Since(r.begun)/time.Millisecond) - r.ticked
	r.server.Tick(passed)
	r.ticked += passed
}

func (r *running) tell() {
	var st raft.Status
	r.server.Node().Status(&st)
	r.status.Store(&status{role: st.Role, term: st.CurrentTerm, applied: st.LastApplied, hash: r.server.Store().Hash()})
}

// mortal is a file whose machine may lose its power in the middle of a write: then only part of the bytes
// are there, perhaps without their beginning.
type mortal struct {
	*wal.File
	path   string
	random *rand.Rand
	dies   time.Time // the next write after this is the last; zero: none is
}

// Append writes, or dies.
func (f *mortal) Append(data []byte, done func(error)) {
	if f.dies.IsZero() {
		f.File.Append(data, done)
		return
	}
	part := append([]byte(nil), data[:f.random.IntN(len(data)+1)]...)
	if len(part) > 0 && f.random.IntN(2) == 0 {
		clear(part[:f.random.IntN(len(part))])
	}
	file, err := os.OpenFile(f.path, os.O_WRONLY|os.O_APPEND, 0)
	if err == nil {
		_, err = file.Write(part)
		file.Close()
	}
	done(errors.Join(errKilled, err))
}
