package hub

import (
	"strconv"
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
	p.it.ReadObjectCB(func(it *jsoniter.Iterator, key string) bool {
		if !member(p, key) {
			it.Skip()
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
	got := string(p.it.SkipAndReturnBytes())
	if p.bad == nil {
		p.bad = badParam(field, expected, got)
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

func printable(text string) bool {
	for _, r := range text {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return utf8.ValidString(text)
}
