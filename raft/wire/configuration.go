package wire

import (
	"strings"

	"raftplayground/raft"
)

// Package raft says what a configuration is; this file says how it is written in a frame. Colon has raft's
// text, 1,2,3>3,4,5+6, JSON an object of three lists.

// parseConfiguration reads a configuration's text. came is what an error repeats: the part of the frame that
// the text was taken from. It is stricter than raft: a server's number has one form only, like all numbers
// of frames.
func parseConfiguration(text, came []byte) (raft.Configuration, *Error) {
	const what = "servers, 1 and up, such as 1,2,3 or 1,2,3>3,4,5+6"
	for i, c := range text {
		if !isDigit(c) && c != ',' && c != '>' && c != '+' || c == '0' && (i == 0 || !isDigit(text[i-1])) {
			return raft.Configuration{}, expected(CodeBadField, "configuration", what, came)
		}
	}
	c, err := raft.ParseConfiguration(string(text))
	if err != nil {
		e := expected(CodeBadField, "configuration", what, came)
		e.Message += ": " + strings.TrimPrefix(err.Error(), "raft: configuration: ")
		return raft.Configuration{}, e
	}
	return c, nil
}

// configurationOf returns the configuration that an entry of kind Config holds. The log takes in no other, so one that
// cannot be read means that it is broken.
func configurationOf(entry *raft.Entry) raft.Configuration {
	c, err := raft.ParseConfiguration(string(entry.Data))
	if err != nil {
		panic("wire: an entry of kind Config holds none: " + err.Error())
	}
	return c
}

// configuration reads the segment of an InstallSnapshot.
func (r *colonReader) configuration() (c raft.Configuration) {
	text := r.segment("configuration")
	if r.err == nil {
		c, r.err = parseConfiguration(text, text)
	}
	return c
}

// configuration reads a required object of the lists voters and, if they are not empty, outgoing and learners.
func (r *reader) configuration(text []byte) (c raft.Configuration) {
	var o object
	r.object(text, "configuration", &o)
	if r.err == nil && !o.has(fieldVoters) {
		r.err = missing("voters", "a list of at least one server")
	}
	written := r.servers(nil, &o, fieldOutgoing)
	if len(written) > 0 {
		written = append(written, '>')
	}
	voters := len(written)
	written = r.servers(written, &o, fieldVoters)
	if r.err == nil && len(written) == voters {
		r.err = expected(CodeBadField, "voters", "a list of at least one server", o.get(fieldVoters))
	}
	if learners := r.servers(nil, &o, fieldLearners); len(learners) > 0 {
		written = append(append(written, '+'), learners...)
	}
	if r.err == nil {
		c, r.err = parseConfiguration(written, text)
	}
	return c
}

// servers appends a list of servers, nothing if it is not there, as the text of a configuration has it.
func (r *reader) servers(dst []byte, o *object, f field) []byte {
	if !o.has(f) {
		return dst
	}
	list := r.list(o, f)
	for first := true; ; first = false {
		server := list.next()
		if server == nil {
			return dst
		}
		if r.parse(server, fieldNames[f]); r.err != nil {
			return dst
		}
		if !first {
			dst = append(dst, ',')
		}
		dst = append(dst, server...)
	}
}

// configuration writes the object, with all its lists.
func (w *writer) configuration(c raft.Configuration) {
	w.WriteRaw(`{"voters":[`)
	w.servers(c.Voters)
	w.WriteRaw(`],"outgoing":[`)
	w.servers(c.Outgoing)
	w.WriteRaw(`],"learners":[`)
	w.servers(c.Learners)
	w.WriteRaw("]}")
}

func (w *writer) servers(servers []raft.ServerID) {
	for i, s := range servers {
		if i > 0 {
			w.WriteRaw(",")
		}
		w.WriteUint64(uint64(s))
	}
}
