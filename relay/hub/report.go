package hub

import (
	"slices"
	"strings"
)

// The room passes on a server's report unread, but checks the form of the members that PROTOCOL.md names:
// the author of a malformed member gets an error, where watchers would merely have shown nothing. A report
// may omit any member and have others.

// form is the kind of value that a member of a report may have.
type form uint8

const (
	someText form = iota
	aWord         // one of the words
	aTime         // whole µs of cluster time
	aTimeout      // likewise, an election timeout
	aNumber       // of Raft: unsigned 64 bits, as a number or in decimal text
	aCount        // of servers
	aSeat
	aSeatOrNull
	seatList
	anObject
	anObjectOrNull
	objectList
)

const (
	mostCells  = 64  // of the log's end
	mostEvents = 100 // in a report
)

// leastTimeout is the shortest election timeout, in µs, that a report may tell of. Reports used to have
// milliseconds: timeouts below it, and fractions, reveal servers that still send them.
const leastTimeout = 1000

// reported describes a member of a report.
type reported struct {
	name   string
	form   form
	words  string // the allowed words, in order, separated by bars
	most   int    // elements of a list
	inside []reported
}

var reportForm = []reported{
	{name: "at", form: aTime}, {name: "role", form: aWord, words: "follower|candidate|leader|preCandidate"},
	{name: "term", form: aNumber}, {name: "votedFor", form: aSeatOrNull}, {name: "leader", form: aSeatOrNull},
	{name: "commitIndex", form: aNumber}, {name: "lastIndex", form: aNumber}, {name: "lastTerm", form: aNumber},
	{name: "appliedIndex", form: aNumber}, {name: "stateHash"},
	{name: "encoding", form: aWord, words: "colon|json|variant|protobuf"},
	{name: "timer", form: anObjectOrNull, inside: []reported{
		{name: "elapsed", form: aTime}, {name: "timeout", form: aTimeout}, {name: "longest", form: aTimeout}}},
	{name: "votes", form: objectList, most: maxSize, inside: []reported{
		{name: "server", form: aSeat}, {name: "state", form: aWord, words: "requested|granted|denied"}}},
	{name: "votesNeeded", form: aCount},
	{name: "quorums", form: objectList, most: 2, inside: []reported{
		{name: "voters", form: seatList, most: maxSize}, {name: "needed", form: aCount},
		{name: "agreed", form: aCount}}},
	{name: "peers", form: objectList, most: maxSize, inside: []reported{
		{name: "server", form: aSeat}, {name: "match", form: aNumber}, {name: "next", form: aNumber}}},
	{name: "log", form: anObject, inside: []reported{
		{name: "first", form: aNumber},
		{name: "cells", form: objectList, most: mostCells, inside: []reported{
			{name: "term", form: aNumber}, {name: "kind", form: aWord, words: "command|noop|configuration"},
			{name: "text"}}}}},
	{name: "badFrames", form: aNumber}, {name: "life", form: aNumber}, {name: "first", form: aNumber},
	{name: "events", form: objectList, most: mostEvents, inside: []reported{
		{name: "at", form: aTime}, {name: "kind"}, {name: "weight", form: aWord, words: "key|detail"},
		{name: "text"}, {name: "why"}, {name: "section"}, {name: "term", form: aNumber}}},
}

// report passes on what a server says of itself, byte for byte, if its known members have the right form. It
// adds server if the sender omitted it.
func (h *Hub) report(m *member, raw []byte) error {
	if m.server == 0 {
		return &Refusal{CodeNotYours, "", "only a server reports; this connection is the client " + decimal(m.client)}
	}
	if len(raw) > h.limits.Report {
		return tooLarge("report", len(raw), h.limits.Report)
	}
	named, empty := int64(0), true
	bad := readParams(raw, func(p *params, key string) bool {
		empty = false
		if key == "server" {
			named = p.number(key, 1, maxSize)
			return true
		}
		return p.reported(reportForm, "", key)
	})
	switch {
	case bad != nil:
		return bad
	case raw == nil:
		return badParam("params", "an object", "none")
	case named != 0 && uint64(named) != m.server:
		return &Refusal{CodeNotYours, "server", "server: " + decimal(uint64(named)) +
			" is not this connection's server, which is " + decimal(m.server)}
	}
	w := h.notification("report")
	if named == 0 {
		w.WriteRaw(`{"server":`)
		w.WriteUint64(m.server)
		raw = raw[1:]
		if !empty {
			w.WriteMore()
		}
	}
	w.Write(raw)
	w.WriteObjectEnd()
	h.tellReport(m, h.written())
	return nil
}

// reported reads one member of an object; of is the prefix of its full name.
func (p *params) reported(among []reported, of, key string) (known bool) {
	for i := range among {
		if r := &among[i]; r.name == key {
			p.inForm(r, of+key)
			return true
		}
	}
	return false
}

func (p *params) inForm(r *reported, field string) {
	object := func(p *params) {
		p.object(field, func(p *params, key string) bool { return p.reported(r.inside, field+".", key) })
	}
	switch r.form {
	case someText:
		p.text(field)
	case aWord:
		p.word(field, r.words)
	case aTime:
		p.number(field, 0, mostNow)
	case aTimeout:
		p.number(field, leastTimeout, mostNow)
	case aNumber:
		p.raftNumber(field)
	case aCount:
		p.number(field, 0, maxSize)
	case seatList:
		p.list(field, r.most, func(p *params) { p.number(field, 1, maxSize) })
	case anObject:
		object(p)
	case objectList:
		p.list(field, r.most, object)
	case aSeatOrNull:
		if p.null() {
			return
		}
		fallthrough
	case aSeat:
		p.number(field, 1, maxSize)
	case anObjectOrNull:
		if !p.null() {
			object(p)
		}
	}
}

// word reads one of the words.
func (p *params) word(field, words string) {
	text := ""
	if p.raw[0] == '"' && len(p.raw) <= mostWord {
		text = string(unquoted(p.raw))
	}
	if !slices.Contains(strings.Split(words, "|"), text) {
		p.expect(field, "one of "+strings.ReplaceAll(words, "|", ", "))
	}
}

const mostWord = 128 // bytes, each letter escaped

// raftNumber reads an unsigned 64-bit number, as a number or in decimal text.
func (p *params) raftNumber(field string) {
	text := p.raw
	if text[0] == '"' {
		text = unquoted(text)
	}
	if _, ok := wholeNumber(text); !ok {
		p.expect(field, "a whole number from 0 to 18446744073709551615")
	}
}
