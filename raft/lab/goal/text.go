package goal

import (
	"slices"
	"strconv"
	"strings"

	"raftplayground/raft"
)

// Text returns a goal in its shortest form, which Parse reads. (It is not a method String, so that a program
// that only reads goals, such as the lab in the browser, is smaller.)
func Text(g *Goal) string { return g.root.text(either) }

// text writes a fact inside one that binds as closely as that kind.
func (f *fact) text(inside kind) string {
	switch f.kind {
	case either, both:
		var parts []string
		for _, part := range f.parts {
			parts = append(parts, part.text(f.kind+1))
		}
		text := strings.Join(parts, " "+joints[f.kind]+" ")
		if f.kind < inside {
			return "(" + text + ")"
		}
		return text
	case denied:
		return "not " + f.parts[0].text(denied)
	}
	form := slices.IndexFunc(forms, func(form form) bool { return form.kind == f.kind })
	words := strings.Fields(forms[form].words)
	for i, word := range words {
		if word[0] <= 'Z' {
			words[i] = f.filled(word[0])
		}
	}
	return strings.Join(slices.DeleteFunc(words, func(word string) bool { return word == "" }), " ")
}

// filled returns what stands for a capital of a form.
func (f *fact) filled(slot byte) string {
	switch slot {
	case 'W':
		switch {
		case f.none:
			return nobody[0]
		case f.who == 0:
			return anybody[0]
		}
		return Name(f.who)
	case 'S':
		return Name(f.who)
	case 'T':
		if f.term == 0 {
			return ""
		}
		return "in term " + strconv.FormatInt(f.term, 10)
	case 'O':
		switch f.number {
		case 1:
			return ""
		case 2:
			return "twice"
		}
		return strconv.FormatInt(f.number, 10) + " times"
	case 'U':
		return timeText(f.number)
	case 'D':
		return quoted(f.key) + "=" + quoted(f.value)
	case 'C':
		return comparisons[f.compare]
	case 'A':
		return f.property.String()
	case 'L':
		return lists[f.kind][f.word]
	}
	return strconv.FormatInt(f.number, 10)
}

// timeText writes µs as seconds if they are whole, else as milliseconds.
func timeText(micros int64) string {
	if micros%1e6 == 0 {
		return strconv.FormatInt(micros/1e6, 10) + " s"
	}
	return strconv.FormatFloat(float64(micros)/1e3, 'f', -1, 64) + " ms"
}

// quoted returns a key or a value, in quotes where it would otherwise be misread.
func quoted(word string) string {
	if word != "" && !strings.ContainsAny(word, special) {
		return word
	}
	return `"` + strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(word) + `"`
}

// Name returns how a server is called: S4.
func Name(id raft.ServerID) string { return "S" + strconv.FormatUint(uint64(id), 10) }
