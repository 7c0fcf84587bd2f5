package goal

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"raftplayground/raft"
	"raftplayground/raft/check"
	"raftplayground/raft/lab"
)

// Bounds of a goal, which may come from a stranger.
const (
	MostText   = 4096 // bytes
	mostNested = 32   // parentheses and "not"s inside each other
	mostNumber = 1_000_000
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
	if rest := strings.TrimLeft(e.Text[e.At:], " \t\n\r"); rest != "" {
		word := rest
		if end := strings.IndexFunc(rest[1:], ends); end >= 0 {
			word = rest[:end+1]
		}
		if got = strconv.Quote(word); len(got) > 40 {
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
	p := parser{text: text, goal: &Goal{}}
	p.split()
	if p.bad == nil {
		p.goal.root = p.or()
		if p.next < len(p.words) {
			p.fail("and, or, or the end")
		}
	}
	if p.bad != nil {
		return nil, p.bad
	}
	return p.goal, nil
}

// Must reads a goal that is part of a program.
func Must(text string) *Goal {
	g, err := Parse(text)
	if err != nil {
		panic(err)
	}
	return g
}

// parser reads the words of a goal, one after the other. After the first fault its reads give nothing of use.
type parser struct {
	text   string
	words  []word
	next   int
	nested int
	goal   *Goal
	bad    error
}

// word is a word, a comma or a parenthesis.
type word struct {
	at   int // in the text
	text string
}

// ends tells whether a word ends before a character.
func ends(r rune) bool { return strings.ContainsRune(" \t\n\r,()", r) }

// split finds the words. What stands in quotes belongs to its word, whatever it is.
func (p *parser) split() {
	for at := 0; at < len(p.text); {
		switch c := p.text[at]; {
		case strings.IndexByte(" \t\n\r", c) >= 0:
			at++
			continue
		case strings.IndexByte(",()", c) >= 0:
			p.words = append(p.words, word{at, p.text[at : at+1]})
			at++
			continue
		}
		start := at
		for at < len(p.text) && !ends(rune(p.text[at])) {
			if p.text[at] != '"' {
				at++
				continue
			}
			quoted, err := strconv.QuotedPrefix(p.text[at:])
			if err != nil {
				p.bad = &Error{p.text, at, "text in quotes, with a quote at its end"}
				return
			}
			at += len(quoted)
		}
		p.words = append(p.words, word{start, p.text[start:at]})
	}
}

func (p *parser) or() node {
	list := either{p.and()}
	for p.take("or") {
		list = append(list, p.and())
	}
	if len(list) == 1 {
		return list[0]
	}
	return list
}

func (p *parser) and() node {
	list := both{p.not()}
	for p.take("and") || p.take(",") {
		list = append(list, p.not())
	}
	if len(list) == 1 {
		return list[0]
	}
	return list
}

func (p *parser) not() node {
	if p.nested++; p.nested > mostNested {
		p.fail("at most " + strconv.Itoa(mostNested) + " parentheses and nots inside each other")
	}
	defer func() { p.nested-- }()
	switch {
	case p.bad != nil:
		return deeds{}
	case p.take("not"):
		return denied{p.not()}
	case !p.take("("):
		return p.fact()
	}
	inside := p.or()
	if !p.take(")") {
		p.fail("and, or, or )")
	}
	return inside
}

const facts = "a fact: S4 leads, two leaders at once, S4 is …, x=2 committed, S2 becomes leader, " +
	"Election Safety broken, within 6 deeds, before 2 s"

func (p *parser) fact() node {
	switch {
	case p.take("within"), p.take("before"), p.take("after"):
		return p.bound(strings.ToLower(p.words[p.next-1].text))
	case p.take("something", "broken"):
		return broken{}
	case p.take("nothing", "broken"):
		return broken{none: true}
	}
	for property := check.ElectionSafety; property <= check.Liveness; property++ {
		if p.take(strings.Fields(property.String())...) {
			if !p.take("broken") {
				p.fail("broken")
			}
			return broken{property: property}
		}
	}
	if who, is := p.who(); is {
		return p.ofServer(who)
	}
	if n, is := p.count(); is {
		return p.leaders(n)
	}
	if p.next < len(p.words) && strings.Contains(p.words[p.next].text, "=") {
		return p.data()
	}
	p.fail(facts)
	return deeds{}
}

// who reads a server, somebody or nobody.
func (p *parser) who() (o who, is bool) {
	switch {
	case p.take("somebody"):
		return who{}, true
	case p.take("nobody"):
		return who{none: true}, true
	}
	server, is := p.server()
	return who{server: server}, is
}

func (p *parser) server() (raft.ServerID, bool) {
	if p.next == len(p.words) {
		return 0, false
	}
	w := p.words[p.next].text
	if len(w) != 2 || w[0] != 'S' && w[0] != 's' || w[1] < '1' || w[1] > '0'+lab.MaxServers {
		return 0, false
	}
	p.next++
	return raft.ServerID(w[1] - '0'), true
}

func (p *parser) ofServer(o who) node {
	if p.take("leads") {
		return leads{o, p.term()}
	}
	if p.take("is") {
		return p.being(o)
	}
	for moment, phrase := range lab.Phrases {
		if p.take(strings.Fields(phrase)...) {
			e := &event{number: len(p.goal.events), who: o, kind: lab.Moments[moment], term: p.term(),
				least: p.times()}
			p.goal.events = append(p.goal.events, e)
			return e
		}
	}
	var phrases []string
	for _, phrase := range lab.Phrases {
		phrases = append(phrases, phrase)
	}
	slices.Sort(phrases)
	p.fail("leads, is, " + strings.Join(phrases[:len(phrases)-1], ", ") + " or " + phrases[len(phrases)-1])
	return deeds{}
}

func (p *parser) being(o who) node {
	for what := range states {
		if p.take(what) {
			return being{o, what}
		}
	}
	for what := range roles {
		if p.take(strings.Fields(what)...) {
			return being{o, what}
		}
	}
	p.fail("a follower, a candidate, a leader, running, paused, down or damaged")
	return deeds{}
}

// term reads "in term 3", 0 if it is not there.
func (p *parser) term() raft.Term {
	if !p.take("in") {
		return 0
	}
	if !p.take("term") {
		p.fail("term")
	}
	n, is := p.count()
	if !is || n == 0 {
		p.fail("a term, 1 or more")
	}
	return raft.Term(n)
}

// times reads "twice" or "3 times", once if it is not there.
func (p *parser) times() int {
	if p.take("twice") {
		return 2
	}
	n, is := p.count()
	if !is {
		return 1
	}
	if n == 0 {
		p.next--
		p.fail("1 or more times")
	}
	if !p.take("times") {
		p.fail("times")
	}
	return n
}

func (p *parser) leaders(least int) node {
	switch {
	case least == 0:
		p.next--
		p.fail("1 or more leaders")
	case !p.take("leaders") && !p.take("leader"):
		p.fail("leaders")
	case p.take("at", "once"):
		return leaders{least: least}
	case p.take("in", "one", "term"):
		return leaders{least: least, oneTerm: true}
	}
	p.fail("at once or in one term")
	return deeds{}
}

func (p *parser) data() node {
	w := p.words[p.next]
	f, rest := data{}, w.text
	key, rest, fine := p.part(rest)
	if value, more, alsoFine := "", "", false; fine && strings.HasPrefix(rest, "=") {
		value, more, alsoFine = p.part(rest[1:])
		f.key, f.value, fine = key, value, alsoFine && more == "" && key != ""
	} else {
		fine = false
	}
	if !fine {
		p.fail(`key=value, in quotes what has blanks, commas, =, " or parentheses in it`)
	}
	p.next++
	switch {
	case p.take("committed"):
		return f
	case p.take("everywhere"):
		f.everywhere = true
		return f
	case !p.take("on"):
		p.fail("committed, everywhere or on")
		return f
	}
	server, is := p.server()
	if !is {
		p.fail("a server, S1 to S" + strconv.Itoa(lab.MaxServers))
	}
	f.on = server
	return f
}

// part reads a key or a value off the front of a word.
func (p *parser) part(text string) (part, rest string, fine bool) {
	if !strings.HasPrefix(text, `"`) {
		end := strings.IndexAny(text, `="\`)
		if end < 0 {
			end = len(text)
		}
		return text[:end], text[end:], true
	}
	quoted, err := strconv.QuotedPrefix(text)
	if err != nil {
		return "", "", false
	}
	part, err = strconv.Unquote(quoted)
	return part, text[len(quoted):], err == nil
}

// bound reads what stands behind within, before or after: deeds or a time.
func (p *parser) bound(relation string) node {
	if p.next == len(p.words) {
		p.fail("a number")
		return deeds{}
	}
	w := strings.ToLower(p.words[p.next].text)
	unit := strings.TrimLeft(w, "0123456789.")
	number, err := strconv.ParseFloat(w[:len(w)-len(unit)], 64)
	if n, is := numbers[w]; is {
		number, unit, err = float64(n), "", nil
	}
	if err != nil || number < 0 || number > mostNumber || !slices.Contains([]string{"", "s", "ms"}, unit) {
		p.fail("a number from 0 to " + strconv.Itoa(mostNumber))
		return deeds{}
	}
	if p.next++; unit == "" {
		switch {
		case relation == "within" && number == math.Trunc(number) && (p.take("deeds") || p.take("deed")):
			return deeds{int(number)}
		case p.take("s"):
			unit = "s"
		case p.take("ms"):
			unit = "ms"
		}
	}
	switch unit {
	case "s":
		return p.time(relation, number*1e6)
	case "ms":
		return p.time(relation, number*1e3)
	}
	p.fail(map[bool]string{true: "deeds, s or ms", false: "s or ms"}[relation == "within"])
	return deeds{}
}

// time is a fact about the clock, and a moment at which a goal may come to be reached though nothing happens.
func (p *parser) time(relation string, micros float64) node {
	at := int64(math.Round(micros))
	if relation == "before" {
		p.goal.times = append(p.goal.times, at)
	} else {
		p.goal.times = append(p.goal.times, at+1)
	}
	return clock{relation, at}
}

var numbers = map[string]int{
	"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
}

// count reads a whole number, in digits or as a word.
func (p *parser) count() (n int, is bool) {
	if p.next == len(p.words) {
		return 0, false
	}
	text := strings.ToLower(p.words[p.next].text)
	if n, is = numbers[text]; !is {
		parsed, err := strconv.ParseUint(text, 10, 32)
		if n, is = int(parsed), err == nil && parsed <= mostNumber; !is {
			return 0, false
		}
	}
	p.next++
	return n, true
}

// take takes words if they come next.
func (p *parser) take(words ...string) bool {
	if p.bad != nil || len(words) > len(p.words)-p.next {
		return false
	}
	for i, w := range words {
		if !strings.EqualFold(w, p.words[p.next+i].text) {
			return false
		}
	}
	p.next += len(words)
	return true
}

// fail notes what was expected instead of the next word. The first fault counts.
func (p *parser) fail(expected string) {
	if p.bad != nil {
		return
	}
	at := len(p.text)
	if p.next < len(p.words) {
		at = p.words[p.next].at
	}
	p.bad = &Error{p.text, at, expected}
}
