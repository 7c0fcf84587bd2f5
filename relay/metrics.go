package main

import (
	"fmt"
	"io"
	"net/http"

	jsoniter "github.com/json-iterator/go"
)

// figure is one number of the relay, in the words of the Prometheus text format (0.0.4).
type figure struct {
	name, kind, help string
	value            int64
}

// figures returns what the relay uses, may use, and has refused.
func (r *relay) figures() []figure {
	open, connections := r.rooms.count()
	list := []figure{
		{"raft_rooms", "gauge", "open rooms", int64(open)},
		{"raft_connections", "gauge", "WebSockets in rooms", int64(connections)},
		{"raft_rooms_unstored", "gauge", "rooms whose record is not on the disk", r.rooms.records.unstored.Load()},
		{"raft_store_failures_total", "counter", "records that could not be stored, each attempt",
			r.rooms.records.failures.Load()},
		{"raft_rooms_without_record_total", "counter", "rooms that came back without their record",
			r.rooms.records.strangers.Load()},
	}
	for kind, b := range budgetNames {
		budget := &r.budgets.of[kind]
		list = append(list,
			figure{"raft_" + b.name + "_used", "gauge", b.help, budget.used.Load()},
			figure{"raft_" + b.name + "_limit", "gauge", b.help + ", at most; for one address half of it", budget.most},
			figure{"raft_" + b.name + "_refused_total", "counter", b.help + ", refused", budget.refused.Load()})
	}
	return append(list,
		figure{"raft_messages_delayed_total", "counter",
			"messages that used up the pace of their address or of the relay",
			r.budgets.messages.refused.Load()},
		figure{"raft_large_messages_delayed_total", "counter", "messages whose bytes used up that pace",
			r.budgets.bytes.refused.Load()},
		figure{"raft_news_left_out_total", "counter", "messages to watchers left out because too much was told",
			r.budgets.news.refused.Load()},
		figure{"raft_too_often_total", "counter", "handshakes refused because their address came too often",
			r.budgets.tooOften.Load()},
		figure{"raft_connections_closed_total", "counter",
			"connections closed by their rooms: full, flooding, not joined",
			r.budgets.closed.Load()},
		figure{"raft_control_floods_total", "counter", "connections closed for too many pings or pongs",
			r.budgets.floods.Load()})
}

var budgetNames = [budgetKinds]struct{ name, help string }{
	sockets:   {"sockets", "TCP connections"},
	openRooms: {"open_rooms", "rooms that hold a place"},
	reading:   {"reading_bytes", "bytes of messages being read"},
	flying:    {"flying_bytes", "bytes set aside for frames on their way in rooms"},
	waiting:   {"waiting_bytes", "bytes set aside for what waits for connections"},
}

// metrics writes the figures for Prometheus.
func (r *relay) metrics(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	for _, f := range r.figures() {
		writeFigure(w, f)
	}
}

func writeFigure(w io.Writer, f figure) {
	fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n%s %d\n", f.name, f.help, f.name, f.kind, f.name, f.value)
}

// health tells a person or a monitor how the relay is: "ok" while it answers, with its troubles beside it.
func (r *relay) health(w http.ResponseWriter, _ *http.Request) {
	rooms, connections := r.rooms.count()
	kept := r.rooms.records
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	jsoniter.NewEncoder(w).Encode(struct {
		Status      string `json:"status"`
		Rooms       int    `json:"rooms"`
		Connections int    `json:"connections"`
		Records     string `json:"records"`       // "disk", or "memory": lost with this process
		Unstored    int64  `json:"roomsUnstored"` // their joins wait, and their people know
		// since the start: servers came back to rooms whose record was lost
		WithoutRecord int64 `json:"roomsWithoutRecord"`
	}{"ok", rooms, connections, kept.where(), kept.unstored.Load(), kept.strangers.Load()})
}
