package goal

import (
	"strconv"
	"strings"

	"raftplayground/raft"
)

// String returns the goal in its shortest form, which Parse reads.
func (g *Goal) String() string { return string(g.root.append(nil, either)) }

// append writes a fact inside one that binds as closely as that kind.
func (f *fact) append(b []byte, inside kind) []byte {
	switch f.kind {
	case either, both:
		return f.appendParts(b, inside)
	case denied:
		return f.parts[0].append(append(b, "not "...), denied)
	case data:
		b = appendWord(append(appendWord(b, f.key), '='), f.value)
		if b = append(append(b, ' '), places[f.word]...); f.word == on {
			b = append(append(b, ' '), Name(f.who)...)
		}
		return b
	case leads, is, has, event:
		return f.appendOfServers(b)
	}
	return f.appendOfAll(b)
}

func (f *fact) appendParts(b []byte, inside kind) []byte {
	enclosed := f.kind < inside
	if enclosed {
		b = append(b, '(')
	}
	for i := range f.parts {
		if i > 0 {
			b = append(append(append(b, ' '), joints[f.kind]...), ' ')
		}
		b = f.parts[i].append(b, f.kind+1)
	}
	if enclosed {
		b = append(b, ')')
	}
	return b
}

func (f *fact) appendOfServers(b []byte) []byte {
	switch {
	case f.who != 0:
		b = append(b, Name(f.who)...)
	case f.none:
		b = append(b, "no server"...)
	default:
		b = append(b, "a server"...)
	}
	b = append(b, ' ')
	switch f.kind {
	case leads:
		b = append(b, "leads"...)
	case is:
		return append(append(b, "is "...), states[f.word]...)
	case has:
		b = append(append(append(b, "has "...), fields[f.word]...), ' ', f.compare, ' ')
		return strconv.AppendInt(b, f.number, 10)
	case event:
		b = append(b, phrases[f.word].words...)
	}
	if f.term != 0 {
		b = strconv.AppendUint(append(b, " in term "...), uint64(f.term), 10)
	}
	switch {
	case f.kind == event && f.number == 2:
		return append(b, " twice"...)
	case f.kind == event && f.number > 2:
		return append(strconv.AppendInt(append(b, ' '), f.number, 10), " times"...)
	}
	return b
}

func (f *fact) appendOfAll(b []byte) []byte {
	switch f.kind {
	case leaders:
		b = append(strconv.AppendInt(b, f.number, 10), " leaders "...)
		return append(b, gatherings[f.word]...)
	case deeds:
		return append(strconv.AppendInt(append(b, "within "...), f.number, 10), " deeds"...)
	case clock:
		return appendTime(append(append(b, relations[f.word]...), ' '), f.number)
	case breaks:
		return append(b, "something breaks"...)
	}
	switch {
	case f.property != 0:
		b = append(b, f.property.String()...)
	case f.none:
		b = append(b, "nothing"...)
	default:
		b = append(b, "something"...)
	}
	return append(b, " broken"...)
}

// appendTime writes µs as seconds if they are whole, else as milliseconds.
func appendTime(b []byte, micros int64) []byte {
	if micros%1e6 == 0 {
		return append(strconv.AppendInt(b, micros/1e6, 10), " s"...)
	}
	b = strconv.AppendInt(b, micros/1e3, 10)
	if rest := micros % 1e3; rest != 0 {
		b = append(b, '.')
		for digit := int64(100); rest > 0; digit /= 10 {
			b = append(b, byte('0'+rest/digit))
			rest %= digit
		}
	}
	return append(b, " ms"...)
}

// appendWord writes a key or a value, in quotes where it would be read otherwise without them.
func appendWord(b []byte, word string) []byte {
	if word != "" && !strings.ContainsAny(word, special) {
		return append(b, word...)
	}
	b = append(b, '"')
	for i := range len(word) {
		if c := word[i]; c == '"' || c == '\\' {
			b = append(b, '\\')
		}
		b = append(b, word[i])
	}
	return append(b, '"')
}

// Name returns how a server is called: S4.
func Name(id raft.ServerID) string { return "S" + strconv.FormatUint(uint64(id), 10) }
