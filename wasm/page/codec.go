package page

import (
	"errors"
	"strconv"

	jsoniter "github.com/json-iterator/go"
)

// Codec reads and writes all JSON between page and Worker. Keys are case-sensitive, as everywhere in the room's protocol.
var Codec = jsoniter.Config{CaseSensitive: true, EscapeHTML: false}.Froze()

// largestExact is the largest integer below which a JavaScript number holds every integer.
const largestExact = 1<<53 - 1

// U64 is a number of Raft. In JSON it is a number where JavaScript holds it exactly, else decimal text.
type U64 uint64

// MarshalJSON implements json.Marshaler.
func (u U64) MarshalJSON() ([]byte, error) {
	text := strconv.AppendUint(nil, uint64(u), 10)
	if u > largestExact {
		text = append(append([]byte{'"'}, text...), '"')
	}
	return text, nil
}

// UnmarshalJSON implements json.Unmarshaler; it takes both forms.
func (u *U64) UnmarshalJSON(text []byte) error {
	digits := text
	if len(text) > 2 && text[0] == '"' && text[len(text)-1] == '"' {
		digits = text[1 : len(text)-1]
	}
	value, err := strconv.ParseUint(string(digits), 10, 64)
	if err != nil {
		return errors.New("expected an unsigned 64-bit number, got " + Clip(string(text), 40))
	}
	*u = U64(value)
	return nil
}

// Clip returns at most limit bytes of text, cut between characters and marked where it is cut.
func Clip(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	end := limit - len("…")
	for end > 0 && text[end]&0xC0 == 0x80 {
		end--
	}
	return text[:end] + "…"
}

// Decimal writes a number of Raft or a count.
func Decimal[N ~uint64 | ~int](n N) string { return strconv.FormatUint(uint64(n), 10) }
