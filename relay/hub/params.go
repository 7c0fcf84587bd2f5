package hub

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	jsoniter "github.com/json-iterator/go"
)

// params reads the parameters of a call to the room, one value after the other. After the first fault its reads give zero values.
type params struct {
	it  *jsoniter.Iterator
	bad *refusal
}

// readParams calls member for each member of the object raw. member reads its value, or leaves it if it does not know the key.
func readParams(raw []byte, member func(p *params, key string) (known bool)) *refusal {
	if raw == nil {
		return nil
	}
	p := &params{it: jsoniter.ParseBytes(jsoniter.ConfigDefault, raw)}
	p.object("params", member)
	return p.bad
}

func (p *params) object(field string, member func(p *params, key string) (known bool)) {
	if p.it.WhatIsNext() != jsoniter.ObjectValue {
		p.expect(field, "an object")
		return
	}
	var read []string // the keys that are known; of them there are few
	p.it.ReadObjectCB(func(it *jsoniter.Iterator, key string) bool {
		switch known := member(p, key); {
		case !known:
			it.Skip()
		case slices.Contains(read, key) && p.bad == nil:
			p.bad = &refusal{codeBadParams, key, key + ": the key appears twice; only one of its values can be meant"}
		default:
			read = append(read, key)
		}
		return p.bad == nil && it.Error == nil
	})
	if p.bad == nil && p.it.Error != nil {
		p.bad = badParam(field, "an object", "something that cannot be read")
	}
}

func (p *params) list(field string, element func(p *params)) {
	if p.it.WhatIsNext() != jsoniter.ArrayValue {
		p.expect(field, "a list")
		return
	}
	p.it.ReadArrayCB(func(it *jsoniter.Iterator) bool {
		element(p)
		return p.bad == nil && it.Error == nil
	})
}

// expect takes the value that is there and says what should be there instead.
func (p *params) expect(field, expected string) {
	p.fault(badParam(field, expected, string(p.it.SkipAndReturnBytes())))
}

// fault keeps the first fault.
func (p *params) fault(bad *refusal) {
	if p.bad == nil {
		p.bad = bad
	}
}

func (p *params) null() bool { return p.it.WhatIsNext() == jsoniter.NilValue && p.it.ReadNil() }

// number reads a whole number from least to most.
func (p *params) number(field string, least, most int64) int64 {
	expected := "a whole number from " + strconv.FormatInt(least, 10) + " to " + strconv.FormatInt(most, 10)
	if p.it.WhatIsNext() != jsoniter.NumberValue {
		p.expect(field, expected)
		return 0
	}
	text := string(p.it.ReadNumber())
	value, err := strconv.ParseInt(text, 10, 64)
	if (err != nil || value < least || value > most) && p.bad == nil {
		p.bad = badParam(field, expected, text)
	}
	return value
}

func (p *params) rate(field string) float64 {
	const expected = "0, or a number from 0.000001 to 1"
	if p.it.WhatIsNext() != jsoniter.NumberValue {
		p.expect(field, expected)
		return 0
	}
	text := string(p.it.ReadNumber())
	value, err := strconv.ParseFloat(text, 64)
	if (err != nil || !new(clock).setRate(value)) && p.bad == nil {
		p.bad = badParam(field, expected, text)
	}
	return value
}

// between reads a number from least to most.
func (p *params) between(field string, least, most float64) float64 {
	expected := "a number from " + strconv.FormatFloat(least, 'f', -1, 64) + " to " + strconv.FormatFloat(most, 'f', -1, 64)
	if p.it.WhatIsNext() != jsoniter.NumberValue {
		p.expect(field, expected)
		return 0
	}
	text := string(p.it.ReadNumber())
	value, err := strconv.ParseFloat(text, 64)
	if (err != nil || !(value >= least && value <= most)) && p.bad == nil {
		p.bad = badParam(field, expected, text)
	}
	return value
}

func (p *params) truth(field string) bool {
	if p.it.WhatIsNext() != jsoniter.BoolValue {
		p.expect(field, "true or false")
		return false
	}
	return p.it.ReadBool()
}

// words reads text that is shown to others: null is empty, control characters are refused.
func (p *params) words(field string, most int) string {
	if p.null() {
		return ""
	}
	text := p.text(field)
	if p.bad == nil && (utf8.RuneCountInString(text) > most || !printable(text)) {
		p.bad = badParam(field, "at most "+strconv.Itoa(most)+" printable characters", strconv.Quote(clip(text)))
	}
	return text
}

// text reads text that may hold anything.
func (p *params) text(field string) string {
	if p.it.WhatIsNext() != jsoniter.StringValue {
		p.expect(field, "text")
		return ""
	}
	return p.it.ReadString()
}

// printable tells whether text can be shown as one line that people can read: every character is seen, or goes
// with one that is. Emoji of several parts and some scripts join characters with invisible ones; these stand
// between two others.
func printable(text string) bool {
	seen, joined := false, false // the character before is one that can be seen, or a joiner behind one
	for _, r := range text {
		switch {
		case r == zeroWidthJoiner || r == zeroWidthNonJoiner:
			if !seen {
				return false
			}
			seen, joined = false, true
			continue
		case isTag(r) || unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r):
			if !seen { // a mark stands on something; tags say whose flag is meant
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

// invisible tells of letters and symbols of which nothing is seen, such as the Hangul fillers.
func invisible(r rune) bool {
	return r == brailleBlank || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}
