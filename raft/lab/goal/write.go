package goal

import (
	"strconv"
	"strings"

	"raftplayground/raft"
)

// String returns the goal in its shortest form, which Parse reads.
func (g *Goal) String() string {
	var w writer
	w.fact(g.root, either)
	return string(w)
}

// writer is text that is being written. It is part of what a first visit loads, and so does little at once.
type writer []byte

func (w *writer) add(text string) { *w = append(*w, text...) }

func (w *writer) number(n int64) { w.add(strconv.FormatInt(n, 10)) }

// fact writes a fact inside one that binds as closely as that kind.
func (w *writer) fact(f *fact, inside kind) {
	switch f.kind {
	case either, both:
		w.parts(f, f.kind < inside)
	case denied:
		w.add("not ")
		w.fact(f.parts[0], denied)
	case leads, is, has, event:
		w.ofServers(f)
	case data:
		w.word(f.key)
		w.add("=")
		w.word(f.value)
		w.add(" ")
		w.add(places[f.word])
		if f.word == on {
			w.add(" ")
			w.add(Name(f.who))
		}
	default:
		w.ofAll(f)
	}
}

func (w *writer) parts(f *fact, enclosed bool) {
	before := ""
	if enclosed {
		before = "("
	}
	for _, part := range f.parts {
		w.add(before)
		w.fact(part, f.kind+1)
		before = " " + joints[f.kind] + " "
	}
	if enclosed {
		w.add(")")
	}
}

func (w *writer) ofServers(f *fact) {
	switch {
	case f.who != 0:
		w.add(Name(f.who))
	case f.none:
		w.add("no server")
	default:
		w.add("a server")
	}
	switch f.kind {
	case leads:
		w.add(" leads")
	case is:
		w.add(" is ")
		w.add(states[f.word])
	case has:
		w.add(" has ")
		w.add(fields[f.word])
		w.add(" ")
		w.add(comparisons[f.compare])
		w.add(" ")
		w.number(f.number)
	case event:
		w.add(" ")
		w.add(phrases[f.word].words)
	}
	if f.term != 0 {
		w.add(" in term ")
		w.number(int64(f.term))
	}
	switch {
	case f.kind != event || f.number == 1:
	case f.number == 2:
		w.add(" twice")
	default:
		w.add(" ")
		w.number(f.number)
		w.add(" times")
	}
}

func (w *writer) ofAll(f *fact) {
	switch f.kind {
	case leaders:
		w.number(f.number)
		w.add(" leaders ")
		w.add(gatherings[f.word])
	case deeds:
		w.add("within ")
		w.number(f.number)
		w.add(" deeds")
	case clock:
		w.add(relations[f.word])
		w.add(" ")
		w.time(f.number)
	case broken:
		if f.property == 0 {
			w.add(breaches[f.word])
			return
		}
		w.add(f.property.String())
		w.add(" broken")
	}
}

// time writes µs as seconds if they are whole, else as milliseconds.
func (w *writer) time(micros int64) {
	if micros%1e6 == 0 {
		w.number(micros / 1e6)
		w.add(" s")
		return
	}
	w.number(micros / 1e3)
	if micros %= 1e3; micros != 0 {
		w.add(".")
		w.add(strings.TrimRight(strconv.FormatInt(1e3+micros, 10)[1:], "0"))
	}
	w.add(" ms")
}

// word writes a key or a value, in quotes where it would be read otherwise without them.
func (w *writer) word(word string) {
	if word != "" && !strings.ContainsAny(word, special) {
		w.add(word)
		return
	}
	w.add(`"`)
	for i := range len(word) {
		if c := word[i]; c == '"' || c == '\\' {
			w.add(`\`)
		}
		w.add(word[i : i+1])
	}
	w.add(`"`)
}

// Name returns how a server is called: S4.
func Name(id raft.ServerID) string { return "S" + strconv.FormatUint(uint64(id), 10) }
