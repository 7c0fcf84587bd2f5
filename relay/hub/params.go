package hub

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// params reads the parameters of a call to the room, one value after the other. After the first fault its reads
// give zero values.
type params struct {
	raw []byte // the value to be read, as it is written
	bad error
}

// readParams calls member for each member of the object raw. member reads the value, or skips unknown keys.
func readParams(raw []byte, member func(p *params, key string) (known bool)) error {
	if raw == nil {
		return nil
	}
	p := &params{raw: raw}
	p.object("params", member)
	return p.bad
}

func (p *params) object(field string, member func(p *params, key string) (known bool)) {
	if p.raw[0] != '{' {
		p.expect(field, "an object")
		return
	}
	var read []string // the known keys, which are few
	for c := contentsOf(p.raw); p.bad == nil && c.more(); {
		key := string(c.key)
		p.raw = c.raw
		switch known := member(p, key); {
		case !known:
		case slices.Contains(read, key):
			p.fault(&Refusal{CodeBadParams, key, key + ": the key appears twice; only one of its values can be meant"})
		default:
			read = append(read, key)
		}
	}
}

// list reads a list of at most so many elements: reading one costs more than its length suggests.
func (p *params) list(field string, most int, element func(p *params)) {
	if p.raw[0] != '[' {
		p.expect(field, "a list")
		return
	}
	n := 0
	for c := contentsOf(p.raw); p.bad == nil && c.more(); n++ {
		if n == most {
			p.fault(badParam(field, "at most "+strconv.Itoa(most)+" elements", "more"))
			return
		}
		p.raw = c.raw
		element(p)
	}
}

// expect notes what was expected instead of the value.
func (p *params) expect(field, expected string) { p.fault(badParam(field, expected, clip(p.raw))) }

// fault keeps the first fault.
func (p *params) fault(bad error) {
	if p.bad == nil {
		p.bad = bad
	}
}

func (p *params) null() bool { return string(p.raw) == "null" }

func (p *params) isNumber() bool { return p.raw[0] == '-' || isDigit(p.raw[0]) }

// number reads a whole number from least to most.
func (p *params) number(field string, least, most int64) int64 {
	value, err := int64(0), strconv.ErrRange
	if p.isNumber() && len(p.raw) <= mostNumber {
		value, err = strconv.ParseInt(string(p.raw), 10, 64)
	}
	if err != nil || value < least || value > most {
		p.expect(field, wholeWords(least, most))
	}
	return value
}

func (p *params) rate(field string) float64 {
	value, ok := p.float()
	if !ok || !new(clock).setRate(value) {
		p.expect(field, rateWords)
	}
	return value
}

// between reads a number from least to most.
func (p *params) between(field string, least, most float64) float64 {
	value, ok := p.float()
	if !ok || !(value >= least && value <= most) {
		p.expect(field, betweenWords(least, most))
	}
	return value
}

const mostNumber = 64 // characters of a number in a call to the room

func (p *params) float() (value float64, ok bool) {
	if !p.isNumber() || len(p.raw) > mostNumber {
		return 0, false
	}
	value, err := strconv.ParseFloat(string(p.raw), 64)
	return value, err == nil
}

func (p *params) truth(field string) bool {
	if string(p.raw) != "true" && string(p.raw) != "false" {
		p.expect(field, "true or false")
	}
	return string(p.raw) == "true"
}

// words reads text that is shown to others: null is empty, control characters are refused.
func (p *params) words(field string, most int) string {
	if p.null() {
		return ""
	}
	text := p.text(field)
	if p.bad == nil {
		p.bad = shown(field, text, most)
	}
	return text
}

// text reads any text.
func (p *params) text(field string) string {
	if p.raw[0] != '"' {
		p.expect(field, "text")
		return ""
	}
	return string(unquoted(p.raw))
}

// base64 reads bytes, as RFC 4648 (section 4) writes them.
func (p *params) base64(field string) []byte {
	text := p.text(field)
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil && p.bad == nil {
		p.bad = badParam(field, "bytes in base64", strconv.Quote(clip(text)))
	}
	return data
}

// printable tells whether text can be shown as one readable line: every character is visible, or belongs to
// one that is. Emoji of several parts and some scripts join characters with invisible ones; these stand
// between two others.
func printable(text string) bool {
	seen, joined := false, false // whether the previous character is visible, or a joiner behind a visible one
	for _, r := range text {
		switch {
		case r == zeroWidthJoiner || r == zeroWidthNonJoiner:
			if !seen {
				return false
			}
			seen, joined = false, true
			continue
		case isTag(r) || unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r):
			if !seen { // a mark needs a base; tags select a flag
				return false
			}
			continue
		case !unicode.IsPrint(r) || invisible(r):
			return false
		}
		seen, joined = true, false
	}
	blank := text != "" && strings.TrimSpace(text) == ""
	return !joined && !blank && utf8.ValidString(text)
}

const (
	zeroWidthNonJoiner = 0x200C
	zeroWidthJoiner    = 0x200D
	brailleBlank       = 0x2800
)

func isTag(r rune) bool { return r >= 0xE0020 && r <= 0xE007F }

// invisible tells whether a letter or symbol shows nothing, such as the Hangul fillers.
func invisible(r rune) bool {
	return r == brailleBlank || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}
