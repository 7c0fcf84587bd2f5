package hub

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// mostDepth is how deep a message may nest objects and lists. Those of this project nest six.
const mostDepth = 512

// walker moves over JSON text (RFC 8259) at about the same cost for every byte, whatever the text says: a member
// is charged for the length of its messages. A library that converts numbers and copies keys took up to 80
// times as long for some texts as for others. The walker accepts nothing that a browser's JSON.parse
// rejects, and no number that JSON.parse reads as infinity.
type walker struct {
	text  []byte
	at    int
	wrong string // why a value is invalid, if there is more to say than that it is incomplete
}

// value moves over one value and the spaces before it, and tells whether there was one.
func (w *walker) value(depth int) bool {
	switch c := w.next(); {
	case c == '{' || c == '[':
		return w.composite(c, depth)
	case c == '"':
		return w.quoted()
	case c == '-' || isDigit(c):
		return w.number()
	}
	return w.word("true") || w.word("false") || w.word("null")
}

// next skips spaces and returns the byte behind them, 0 at the end of the text.
func (w *walker) next() byte {
	for ; w.at < len(w.text); w.at++ {
		if c := w.text[w.at]; c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			return c
		}
	}
	return 0
}

// take moves over the byte c and the spaces before it, and tells whether it was there.
func (w *walker) take(c byte) bool {
	if w.next() != c {
		return false
	}
	w.at++
	return true
}

func (w *walker) word(word string) bool {
	if !bytes.HasPrefix(w.text[w.at:], []byte(word)) {
		return false
	}
	w.at += len(word)
	return true
}

// composite moves over an object or a list, which begins here.
func (w *walker) composite(begin byte, depth int) bool {
	if depth == mostDepth {
		w.wrong = "nested deeper than " + strconv.Itoa(mostDepth)
		return false
	}
	end := begin + 2 // in ASCII a closing bracket comes two after its opening one
	w.at++
	if w.take(end) {
		return true
	}
	for {
		if begin == '{' && !w.key() || !w.value(depth+1) {
			return false
		}
		if w.take(end) {
			return true
		}
		if !w.take(',') {
			return false
		}
	}
}

// key moves over a key and its colon.
func (w *walker) key() bool { return w.next() == '"' && w.quoted() && w.take(':') }

// quoted moves over a string, which begins here.
func (w *walker) quoted() bool {
	text := w.text
	for i := w.at + 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			w.at = i + 1
			return true
		case c < ' ':
			return false
		case c == '\\':
			n := escape(text[i:])
			if n == 0 {
				return false
			}
			i += n - 1
		}
	}
	return false
}

// escape returns the length of the escape with which text begins, 0 if it is invalid.
func escape(text []byte) int {
	if len(text) < 2 {
		return 0
	}
	switch text[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if _, ok := unit(text); ok {
			return 6
		}
	}
	return 0
}

// unit reads the \u and four hexadecimal digits with which text begins: a unit of UTF-16.
func unit(text []byte) (unit rune, ok bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	value, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return rune(value), err == nil
}

// number moves over a number, which begins here.
func (w *walker) number() bool {
	start := w.at
	if w.text[w.at] == '-' {
		w.at++
	}
	whole := w.at
	ok := w.digits() > 0 && (w.text[whole] != '0' || w.at == whole+1)
	if ok && w.at < len(w.text) && w.text[w.at] == '.' {
		w.at++
		ok = w.digits() > 0
	}
	digits, exponent := w.text[whole:w.at], 0
	if ok && w.at < len(w.text) && w.text[w.at]|' ' == 'e' {
		w.at++
		exponent, ok = w.exponent()
	}
	if ok = ok && !(w.at < len(w.text) && inNumber(w.text[w.at])) && !tooGreat(digits, exponent); !ok {
		for w.at < len(w.text) && inNumber(w.text[w.at]) {
			w.at++
		}
		w.wrong = "not a JSON number: " + clip(w.text[start:w.at])
	}
	return ok
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// inNumber tells whether a byte would continue a number.
func inNumber(c byte) bool {
	return isDigit(c) || c == '+' || c == '-' || c == '.' || c == 'e' || c == 'E'
}

// digits moves over the digits that follow and counts them.
func (w *walker) digits() int {
	start := w.at
	for w.at < len(w.text) && isDigit(w.text[w.at]) {
		w.at++
	}
	return w.at - start
}

// exponent moves over the exponent of a number, behind its e. Beyond nine digits it need not be exact.
func (w *walker) exponent() (exponent int, ok bool) {
	sign := 1
	if w.at < len(w.text) && (w.text[w.at] == '-' || w.text[w.at] == '+') {
		if w.text[w.at] == '-' {
			sign = -1
		}
		w.at++
	}
	start := w.at
	if w.digits() == 0 {
		return 0, false
	}
	for _, c := range w.text[start:w.at] {
		exponent = min(10*exponent+int(c-'0'), 1e9)
	}
	return sign * exponent, true
}

// tooGreat tells whether a number is beyond the largest double, 1.797…e308. It compares text, because
// converting some numbers exactly takes thousands of steps. digits may contain a point.
func tooGreat(digits []byte, exponent int) bool {
	if len(digits)+exponent < 309 {
		return false
	}
	point := bytes.IndexByte(digits, '.')
	if point < 0 {
		point = len(digits)
	}
	first := 0
	for first < len(digits) && (digits[first] == '0' || digits[first] == '.') {
		first++
	}
	if first == len(digits) {
		return false
	}
	size := point - first + exponent // the number is 0.d₁d₂… × 10^size, of which d₁ is not 0
	if first > point {
		size++
	}
	const largest, largestSize = "17976931348623157", 309
	if size != largestSize {
		return size > largestSize
	}
	same := 0
	for _, c := range digits[first:] {
		switch {
		case c == '.':
		case same == len(largest):
			return false
		case c != largest[same]:
			return c > largest[same]
		default:
			same++
		}
	}
	return false
}

// contents goes through the members of an object or the elements of a list.
type contents struct {
	walker
	end   byte // the closing bracket
	begun bool
	ended bool   // it was reached; false after more means that the text is malformed
	key   []byte // of a member, unquoted; may be part of the text
	raw   []byte // the value as it is written
}

// contentsOf stands before the first member or element of text, which begins with a bracket.
func contentsOf(text []byte) contents {
	c := contents{walker: walker{text: text}}
	c.end = c.next() + 2
	c.at++
	return c
}

// more moves on to the next member or element, and tells whether there is one.
func (c *contents) more() bool {
	if c.ended = c.take(c.end); c.ended || c.begun && !c.take(',') {
		return false
	}
	c.begun = true
	if c.end == '}' {
		first := c.next()
		start := c.at
		if first != '"' || !c.quoted() {
			return false
		}
		c.key = unquoted(c.text[start:c.at])
		if !c.take(':') {
			return false
		}
	}
	c.next()
	start := c.at
	if !c.value(1) {
		return false
	}
	c.raw = c.text[start:c.at]
	return true
}

// unquoted returns the content of a string that was walked over. The result is part of text if there are no
// escapes. Half of a surrogate pair becomes U+FFFD.
func unquoted(text []byte) []byte {
	text = text[1 : len(text)-1]
	at := bytes.IndexByte(text, '\\')
	if at < 0 {
		return text
	}
	said := append(make([]byte, 0, len(text)), text[:at]...)
	for at < len(text) {
		c := text[at]
		switch {
		case c != '\\':
			said = append(said, c)
			at++
		case text[at+1] == 'u':
			r, _ := unit(text[at:])
			at += 6
			if low, is := unit(text[min(at, len(text)):]); is && utf16.DecodeRune(r, low) != utf8.RuneError {
				r = utf16.DecodeRune(r, low)
				at += 6
			}
			said = utf8.AppendRune(said, r) // half a pair becomes U+FFFD
		default:
			said = append(said, unescaped[text[at+1]])
			at += 2
		}
	}
	return said
}

var unescaped = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}
