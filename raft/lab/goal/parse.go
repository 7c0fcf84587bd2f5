package goal

import (
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

// Error shows the place: `goal: at 4: expected leads, is or what happens to it, got "loses"`.
func (e *Error) Error() string {
	got := "nothing more"
	if rest := strings.TrimLeft(e.Text[e.At:], blanks); rest != "" {
		end := strings.IndexAny(rest[1:], ends)
		if got = strconv.Quote(rest[:max(end+1, 1)]); end < 0 {
			got = strconv.Quote(rest)
		}
		if len(got) > 40 {
			got = got[:40] + "…"
		}
	}
	return "goal: at " + strconv.Itoa(e.At) + ": expected " + e.Expected + ", got " + got
}

// Parse reads a goal. Its error is an *Error.
func Parse(text string) (*Goal, error) {
	p := parser{text: text, goal: &Goal{}}
	if len(text) > MostText {
		p.text = text[:MostText]
		p.failAt(MostText, "at most "+strconv.Itoa(MostText)+" bytes")
	} else {
		p.split()
	}
	p.goal.root = p.joined(either)
	if p.next < len(p.words) {
		p.fail("and, or, or the end")
	}
	if p.bad != nil {
		return nil, p.bad
	}
	p.goal.collect(p.goal.root)
	return p.goal, nil
}

// Must reads a goal that is part of a program.
func Must(text string) *Goal {
	g, err := Parse(text)
	if err != nil {
		panic(err.Error())
	}
	return g
}

// collect finds the facts that count events.
func (g *Goal) collect(f *fact) {
	if f.kind == event {
		f.count = len(g.events)
		g.events = append(g.events, f)
	}
	for _, part := range f.parts {
		g.collect(part)
	}
}

// parser reads the words of a goal, one after the other. After the first fault there are no more.
type parser struct {
	text   string
	words  []word
	next   int
	nested int
	goal   *Goal
	bad    *Error
}

// word is a word, a comma or a parenthesis.
type word struct {
	at   int // in the text
	text string
}

// split finds the words. What stands in quotes belongs to its word, whatever it is.
func (p *parser) split() {
	for at := 0; at < len(p.text); {
		start := at
		for at < len(p.text) && strings.IndexByte(ends, p.text[at]) < 0 {
			if p.text[at] != '"' {
				at++
				continue
			}
			end := behindQuote(p.text, at)
			if end < 0 {
				p.failAt(at, "text in quotes, with a quote at its end")
				return
			}
			at = end
		}
		if at == start {
			at++
		}
		if strings.IndexByte(blanks, p.text[start]) < 0 {
			p.words = append(p.words, word{start, p.text[start:at]})
		}
	}
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

// joined reads facts with the word of this kind between them, or a fact alone.
func (p *parser) joined(by kind) *fact {
	if by == denied {
		return p.not()
	}
	list := []*fact{p.joined(by + 1)}
	for p.take(joints[by]) || by == both && p.take(",") {
		list = append(list, p.joined(by+1))
	}
	if len(list) == 1 {
		return list[0]
	}
	return &fact{kind: by, parts: list}
}

func (p *parser) not() (f *fact) {
	if p.nested == mostNested {
		return p.fail("at most " + strconv.Itoa(mostNested) + " parentheses and nots inside each other")
	}
	p.nested++
	switch {
	case p.take(joints[denied]):
		f = &fact{kind: denied, parts: []*fact{p.not()}}
	case p.take("("):
		if f = p.joined(either); !p.take(")") {
			p.fail("and, or, or )")
		}
	default:
		f = p.fact()
	}
	p.nested--
	return f
}

const facts = "a fact: S4 leads, two leaders at once, S4 is …, S4 has …, x=2 committed, S2 becomes leader, " +
	"Election Safety broken, within 6 deeds, before 2 s"

func (p *parser) fact() *fact {
	if word := p.takeOf(relations); word >= 0 {
		return p.bound(word)
	}
	if word := p.takeOf(breaches); word >= 0 {
		return &fact{kind: broken, word: word}
	}
	for property := check.ElectionSafety; property <= check.Liveness; property++ {
		if p.take(property.String()) {
			if !p.take("broken") {
				p.fail("broken")
			}
			return &fact{kind: broken, property: property}
		}
	}
	switch who := p.server(); {
	case who != 0:
		return p.ofServers(&fact{who: who})
	case p.take("a server"), p.take("somebody"):
		return p.ofServers(&fact{})
	case p.take("no server"), p.take("nobody"):
		return p.ofServers(&fact{none: true})
	}
	if n := p.count(1, "1 or more leaders"); n > 0 {
		return p.leaders(n)
	}
	if strings.IndexByte(p.word(), '=') >= 0 {
		return p.data()
	}
	return p.fail(facts)
}

// server reads a server, 0 if none comes next.
func (p *parser) server() raft.ServerID {
	w := p.word()
	if len(w) != 2 || w[0]|0x20 != 's' || w[1] < '1' || w[1] > '0'+maxServers {
		return 0
	}
	p.next++
	id := raft.ServerID(w[1] - '0')
	if !p.goal.named {
		p.goal.named, p.goal.about = true, id
	} else if p.goal.about != id {
		p.goal.about = 0
	}
	return id
}

// ofServers reads what a fact says of whom it is about.
func (p *parser) ofServers(f *fact) *fact {
	switch {
	case p.take("leads"), p.take("is a leader"):
		f.kind, f.term = leads, p.term()
		return f
	case p.take("is"):
		if f.kind, f.word = is, p.takeOf(states); f.word < 0 {
			p.fail("a leader" + list(states))
		}
		return f
	case p.take("has caught up"): // and no field of that name
		p.next -= 3
	case p.take("has"):
		return p.compared(f)
	}
	for i := range phrases {
		if p.take(phrases[i].words) {
			f.kind, f.word = event, i
			f.term = p.term()
			f.number = p.times()
			return f
		}
	}
	expected := "leads, is, has"
	for i := range phrases {
		expected += ", " + phrases[i].words
	}
	return p.fail(expected)
}

// list returns the words of a kind, to be read behind others.
func list(words []string) (text string) {
	for i, w := range words {
		if i == len(words)-1 {
			return text + " or " + w
		}
		text += ", " + w
	}
	return text
}

// compared reads the field that a server has, and the number with which it is compared.
func (p *parser) compared(f *fact) *fact {
	if f.kind, f.word = has, p.takeOf(fields); f.word < 0 {
		return p.fail("term" + list(fields[1:]))
	}
	if f.compare = p.takeOf(comparisons); f.compare < 0 {
		return p.fail("=" + list(comparisons[1:]))
	}
	if f.number = p.count(0, ""); f.number < 0 {
		p.fail(someNumber)
	}
	return f
}

// term reads "in term 3", 0 if it is not there.
func (p *parser) term() raft.Term {
	if !p.take("in") {
		return 0
	}
	if !p.take("term") {
		p.fail("term")
	}
	n := p.count(1, "a term, 1 or more")
	if n < 0 {
		p.fail("a term, 1 or more")
	}
	return raft.Term(n)
}

// times reads "twice" or "3 times", once if it is not there.
func (p *parser) times() int64 {
	if p.take("twice") {
		return 2
	}
	n := p.count(1, "1 or more times")
	if n < 0 {
		return 1
	}
	if !p.take("times") {
		p.fail("times")
	}
	return n
}

func (p *parser) leaders(least int64) *fact {
	if !p.take("leaders") && !p.take("leader") {
		return p.fail("leaders")
	}
	f := &fact{kind: leaders, number: least, word: p.takeOf(gatherings)}
	if f.word < 0 {
		p.fail(gatherings[0] + list(gatherings[1:]))
	}
	return f
}

func (p *parser) data() *fact {
	f := &fact{kind: data}
	key, rest, fine := part(p.word())
	if !fine || key == "" || rest == "" || rest[0] != '=' {
		return p.fail(keyAndValue)
	}
	f.key = key
	if f.value, rest, fine = part(rest[1:]); !fine || rest != "" {
		return p.fail(keyAndValue)
	}
	p.next++
	if f.word = p.takeOf(places); f.word < 0 {
		return p.fail("committed" + list(places[1:]))
	}
	if f.word == on {
		if f.who = p.server(); f.who == 0 {
			p.fail("a server, S1 to " + Name(maxServers))
		}
	}
	return f
}

const keyAndValue = `key=value, in quotes what has blanks, commas, =, " or parentheses in it`

// part reads a key or a value off the front of a word.
func part(text string) (part, rest string, fine bool) {
	if text == "" || text[0] != '"' {
		end := strings.IndexAny(text, special)
		if end < 0 {
			end = len(text)
		}
		return text[:end], text[end:], true
	}
	end := behindQuote(text, 0)
	for i := 1; i < end-1; i++ {
		if text[i] == '\\' {
			i++
		}
		part += text[i : i+1]
	}
	return part, text[max(end, 0):], end > 0
}

// bound reads what stands behind within, before or after: deeds or a time.
func (p *parser) bound(word int) *fact {
	n := p.count(0, "")
	if n >= 0 && word == within && (p.take("deeds") || p.take("deed")) {
		return &fact{kind: deeds, number: n}
	}
	at, unit := n*1e6, ""
	if n < 0 {
		w := p.word()
		unit = strings.TrimLeft(w, "0123456789.")
		at = millionths(w[:len(w)-len(unit)])
		if at < 0 || unit != "" && unit != "s" && unit != "ms" {
			return p.fail(someNumber)
		}
		p.next++
	}
	switch {
	case unit == "ms" || unit == "" && p.take("ms"):
		at /= 1e3
	case unit == "s" || p.take("s"):
	case word == within:
		return p.fail("deeds, s or ms")
	default:
		return p.fail("s or ms")
	}
	f := &fact{kind: clock, word: word, number: at}
	if word != before {
		at++
	}
	p.goal.times = append(p.goal.times, at) // then it may come to be reached though nothing happens
	return f
}

const someNumber = "a number from 0 to 10000000"

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

// count reads a whole number, in digits or as a word; -1 if none comes next. One that is less than the least is a
// fault.
func (p *parser) count(least int64, expected string) int64 {
	n := int64(-1)
	for i, word := range numbers {
		if same(p.word(), word) {
			n = int64(i)
		}
	}
	if parsed, err := strconv.ParseUint(p.word(), 10, 64); err == nil && parsed <= mostNumber {
		n = int64(parsed)
	}
	switch {
	case n < 0:
	case n < least:
		p.fail(expected)
		return -1
	default:
		p.next++
	}
	return n
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
		var word string
		word, words, more = strings.Cut(words, " ")
		if next == len(p.words) || !same(p.words[next].text, word) {
			return false
		}
	}
	p.next = next
	return true
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

// fail notes what was expected instead of the next word. The first fault counts.
func (p *parser) fail(expected string) *fact {
	at := len(p.text)
	if p.next < len(p.words) {
		at = p.words[p.next].at
	}
	p.failAt(at, expected)
	return nil
}

func (p *parser) failAt(at int, expected string) {
	if p.bad == nil {
		p.bad = &Error{p.text, at, expected}
	}
	p.next = len(p.words)
}
