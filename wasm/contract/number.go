package contract

import (
	"errors"
	"strconv"
	"unsafe"

	jsoniter "github.com/json-iterator/go"
)

// Codec reads and writes all JSON of the contract. Keys are case-sensitive, as everywhere in the room's protocol.
var Codec = jsoniter.Config{CaseSensitive: true, EscapeHTML: false}.Froze()

// largestExact is the largest integer below which a JavaScript number holds every integer.
const largestExact = 1<<53 - 1

// U64 is a number of Raft, which has 64 bits. It is a number where JavaScript holds it exactly, else decimal
// text.
//
//typescript:number | string
type U64 uint64

// Micros is a time in whole microseconds: of cluster time, on the room's clock, if nothing else is said.
type Micros = int64

// UnmarshalJSON implements json.Unmarshaler; it takes both forms.
func (u *U64) UnmarshalJSON(text []byte) error {
	digits := text
	if len(text) > 2 && text[0] == '"' && text[len(text)-1] == '"' {
		digits = text[1 : len(text)-1]
	}
	value, err := strconv.ParseUint(string(digits), 10, 64)
	if err != nil {
		return errors.New("expected an unsigned 64-bit number, got " + string(text[:min(len(text), 40)]))
	}
	*u = U64(value)
	return nil
}

// A report holds more than a hundred of these numbers: written as a json.Marshaler would, each costs three allocations.
func init() {
	jsoniter.RegisterTypeEncoderFunc("contract.U64", func(at unsafe.Pointer, stream *jsoniter.Stream) {
		if u := *(*uint64)(at); u <= largestExact {
			stream.WriteUint64(u)
		} else {
			stream.WriteString(strconv.FormatUint(u, 10))
		}
	}, func(at unsafe.Pointer) bool { return *(*uint64)(at) == 0 })
}
