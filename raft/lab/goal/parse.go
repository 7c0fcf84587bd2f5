package goal

import (
	"slices"
	"strconv"
	"strings"

	"raftplayground/raft"
	"raftplayground/raft/check"
)

// Bounds of a goal, which may come from a stranger.
const (
	MostText   = 1024 // bytes
	mostNested = 32   // parentheses and "not"s inside each other
	mostNumber = 10_000_000
	maxServers = 9
)

// Characters at which a word ends, and those for which a key or a value needs quotes.
const (
	blanks  = " \t\n\r"
	ends    = blanks + ",()"
	special = ends + `="\`
)

// Error says what is wrong with the text of a goal, and where.
type Error struct {
	Text     string // of the goal, at most MostText bytes of it
	At       int    // the byte at which it is wrong; its length, if something is missing
	Expected string
}

// Error shows the place: `goal: at 3: expected leads, is, has or …, got "loses"`.
func (e *Error) Error() string {
	got := "nothing more"
	if rest := strings.TrimLeft(e.Text[e.At:], blanks); rest != "" {
		if end := strings.IndexAny(rest[1:], ends); end >= 0 {
			rest = rest[:end+1]
		}
		if got = strconv.Quote(rest); len(got) > 40 {
			got = got[:40] + "…"
		}
	}
	return "goal: at " + strconv.Itoa(e.At) + ": expected " + e.Expected + ", got " + got
}

// Parse reads a goal. Its error is an *Error.
func Parse(text string) (*Goal, error) {
	if len(text) > MostText {
		return nil, &Error{text[:MostText], MostText, "at most " + strconv.Itoa(MostText) + " bytes"}
	}
	p := parser{text: text}
	if at := p.split(); at >= 0 {
		return nil, &Error{text, at, "text in quotes, with a quote at its end"}
	}
	g := &Goal{root: p.joined(either, 0)}
	if g.root == nil {
		return nil, p.fault()
	}
	if p.next < len(p.words) {
		p.miss(p.next, "the end")
		return nil, p.fault()
	}
	g.collect(g.root)
	return g, nil
}

// fault says what is wrong: what was expected where the text was read farthest.
func (p *parser) fault() error {
	at, expected := len(p.text), ""
	if p.far < len(p.words) {
		at = p.words[p.far].at
	}
	for i, what := range p.missed {
		switch {
		case i > 0 && i == len(p.missed)-1:
			expected += " or "
		case i > 0:
			expected += ", "
		}
		expected += what
	}
	return &Error{p.text, at, expected}
}

// Must reads a goal that is known to be one.
func Must(text string) *Goal {
	g, err := Parse(text)
	if err != nil {
		panic(err.Error())
	}
	return g
}

// collect notes what the goal's facts are about.
func (g *Goal) collect(f *fact) {
	switch {
	case f.kind == event:
		f.count = len(g.events)
		g.events = append(g.events, f)
	case f.kind == clock && f.word == before:
		g.times = append(g.times, f.number)
	case f.kind == clock:
		g.times = append(g.times, f.number+1)
	}
	if f.who != 0 && f.who != g.about {
		if g.about = f.who; g.named {
			g.about = 0
		}
		g.named = true
	}
	for _, part := range f.parts {
		g.collect(part)
	}
}

// parser reads the words of a goal, one after the other. It tries one form of a fact after the other; a
// wrong text is blamed on what was expected at the farthest place.
type parser struct {
	text   string
	words  []word
	next   int
	far    int // of words
	missed []string
}

// word is a word, a comma or a parenthesis.
type word struct {
	at   int // in the text
	text string
}

// split finds the words (the 2 and the s of 2s are two) and returns where a quote begins that does not end,
// -1 if all do. Text in quotes belongs to its word, whatever it is.
func (p *parser) split() (bad int) {
	for at := 0; at < len(p.text); {
		start := at
		for at < len(p.text) && strings.IndexByte(ends, p.text[at]) < 0 {
			end := at + 1
			if p.text[at] == '"' {
				if end = behindQuote(p.text, at); end < 0 {
					return at
				}
			}
			at = end
		}
		if at == start {
			at++
		}
		w := p.text[start:at]
		unit := strings.TrimLeft(w, "0123456789.")
		if number := w[:len(w)-len(unit)]; millionths(number) >= 0 && (same(unit, "s") || same(unit, "ms")) {
			p.words = append(p.words, word{start, number})
			start, w = at-len(unit), unit
		}
		if strings.IndexByte(blanks, w[0]) < 0 {
			p.words = append(p.words, word{start, w})
		}
	}
	return -1
}

// behindQuote returns where the text in quotes ends that begins at a place, -1 if it does not.
func behindQuote(text string, at int) int {
	for i := at + 1; i < len(text); i++ {
		switch text[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
	}
	return -1
}

// joined reads facts with the word of this kind between them, or a fact alone; nil: there is none.
func (p *parser) joined(by kind, nested int) *fact {
	if by == denied {
		return p.one(nested)
	}
	f := &fact{kind: by}
	for {
		part := p.joined(by+1, nested)
		if part == nil {
			return nil
		}
		f.parts = append(f.parts, part)
		if by == both && p.word() == "," {
			p.next++
		} else if !p.take(joints[by]) {
			break
		}
	}
	if len(f.parts) == 1 {
		return f.parts[0]
	}
	return f
}

// one reads a fact, or what stands in parentheses.
func (p *parser) one(nested int) *fact {
	if nested++; nested > mostNested {
		p.miss(p.next, "at most "+strconv.Itoa(mostNested)+" parentheses and nots inside each other")
		return nil
	}
	if p.take("not") {
		part := p.one(nested)
		if part == nil {
			return nil
		}
		return &fact{kind: denied, parts: []*fact{part}}
	}
	if p.take("(") {
		f := p.joined(either, nested)
		if !p.take(")") {
			return nil
		}
		return f
	}
	start := p.next
	for i := range forms {
		f := &fact{kind: forms[i].kind, number: 1}
		if p.read(f, forms[i].words) {
			return f
		}
		p.next = start
	}
	return nil
}

// read reads a fact of a form, and returns whether it is of that form.
func (p *parser) read(f *fact, form string) bool {
	for more := true; more; {
		var part string
		if part, form, more = strings.Cut(form, " "); part[0] > 'Z' && !p.take(part) ||
			part[0] <= 'Z' && !p.fill(f, part[0]) {
			return false
		}
	}
	return true
}

// fill reads what stands for a capital of a form.
func (p *parser) fill(f *fact, slot byte) bool {
	switch slot {
	case 'W':
		if f.none = p.takeOf(nobody) >= 0; f.none || p.takeOf(anybody) >= 0 {
			return true
		}
		return p.server(f)
	case 'S':
		return p.server(f)
	case 'T':
		return !p.take("in term") || p.number(&f.term, 1)
	case 'O':
		if p.take("twice") {
			f.number = 2
			return true
		}
		return !p.number(&f.number, 1) || p.take("times")
	case 'M':
		return p.number(&f.number, 1)
	case 'N':
		return p.number(&f.number, 0)
	case 'U':
		return p.time(f)
	case 'D':
		return p.data(f)
	case 'C':
		f.compare = p.takeOf(comparisons)
		return f.compare >= 0
	case 'A':
		f.property = check.Property(p.takeOf(properties) + 1)
		return f.property > 0
	}
	f.word = p.takeOf(lists[f.kind])
	return f.word >= 0
}

// server reads a server.
func (p *parser) server(f *fact) bool {
	w := p.word()
	if len(w) != 2 || w[0]|0x20 != 's' || w[1] < '1' || w[1] > '0'+maxServers {
		p.miss(p.next, "a server such as S4")
		return false
	}
	f.who = raft.ServerID(w[1] - '0')
	p.next++
	return true
}

// number reads a whole number, in digits or as a word.
func (p *parser) number(into *int64, least int64) bool {
	n := int64(-1)
	for i, word := range numbers {
		if same(p.word(), word) {
			n = int64(i)
		}
	}
	if parsed, err := strconv.ParseUint(p.word(), 10, 64); err == nil && parsed <= mostNumber {
		n = int64(parsed)
	}
	if n < least {
		p.miss(p.next, "a number from "+strconv.FormatInt(least, 10)+" to "+strconv.Itoa(mostNumber))
		return false
	}
	p.next++
	*into = n
	return true
}

// time reads a time with its unit, as µs.
func (p *parser) time(f *fact) bool {
	if f.number = millionths(p.word()); f.number >= 0 {
		p.next++
	} else if p.number(&f.number, 0) {
		f.number *= 1e6
	} else {
		return false
	}
	if p.take("ms") {
		f.number /= 1e3
		return true
	}
	return p.take("s")
}

// millionths reads a number with at most six decimals, -1 if it is none or too large.
func millionths(text string) int64 {
	whole, decimals, _ := strings.Cut(text, ".")
	if whole == "" || len(decimals) > 6 {
		return -1
	}
	n, err := strconv.ParseUint(whole+decimals+"000000"[len(decimals):], 10, 64)
	if err != nil || n > mostNumber*1e6 {
		return -1
	}
	return int64(n)
}

// data reads a key and a value.
func (p *parser) data(f *fact) bool {
	key, rest := part(p.word())
	if f.key = key; key != "" && strings.HasPrefix(rest, "=") {
		if f.value, rest = part(rest[1:]); rest == "" {
			p.next++
			return true
		}
	}
	p.miss(p.next, `key=value, in quotes what has blanks, commas, =, " or parentheses in it`)
	return false
}

// part reads a key or a value off the front of a word.
func part(text string) (part, rest string) {
	if !strings.HasPrefix(text, `"`) {
		end := strings.IndexAny(text+"=", special)
		return text[:end], text[end:]
	}
	end := behindQuote(text, 0)
	for i := 1; i < end-1; i++ {
		if text[i] == '\\' {
			i++
		}
		part += text[i : i+1]
	}
	return part, text[end:]
}

// word returns the next word, which is not taken; empty if there is none.
func (p *parser) word() string {
	if p.next == len(p.words) {
		return ""
	}
	return p.words[p.next].text
}

// takeOf takes the words of a list that come next, and returns which; -1 if none do.
func (p *parser) takeOf(list []string) int {
	for i := range list {
		if p.take(list[i]) {
			return i
		}
	}
	return -1
}

// take takes words, with blanks between them, if they come next.
func (p *parser) take(words string) bool {
	next := p.next
	for more := true; more; next++ {
		word, rest, longer := strings.Cut(words, " ")
		if next == len(p.words) || !same(p.words[next].text, word) {
			p.miss(next, words)
			return false
		}
		words, more = rest, longer
	}
	p.next = next
	return true
}

// miss notes that something did not come at a place where it could have. Only the farthest place counts.
func (p *parser) miss(at int, what string) {
	if at > p.far {
		p.far, p.missed = at, nil
	}
	if at == p.far && !slices.Contains(p.missed, what) {
		p.missed = append(p.missed, what)
	}
}

// same tells whether two words are the same but for upper and lower case, of letters without accents.
func same(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if x, y := a[i], b[i]; x != y && (x^y != 0x20 || x|0x20 < 'a' || x|0x20 > 'z') {
			return false
		}
	}
	return true
}
