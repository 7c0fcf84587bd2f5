package hub

import (
	"strconv"
	"unicode/utf8"
)

// The codes of a Refusal: JSON-RPC 2.0's own and those that PROTOCOL.md names.
const (
	CodeNotJSON       = -32700
	CodeNotRequest    = -32600
	CodeUnknownMethod = -32601
	CodeBadParams     = -32602
	CodeNotYours      = -32001
	CodeNoSuchAddress = -32002
	CodeWrongLease    = -32003
	CodeSeatTaken     = -32004
	CodeJoinFirst     = -32005
	CodeTooLarge      = -32006
	CodeTooFast       = -32007
	CodeSuperseded    = -32008
	CodeTooMuch       = -32009
	CodeFull          = -32010
	CodeOlderDisk     = -32015
)

// Refusal is the error of every input that the room rejects. A refused input has no effect.
type Refusal struct {
	Code    int
	Field   string // the field at fault; empty if it is the input as a whole
	Message string // what was expected and what came
}

func (r *Refusal) Error() string { return r.Message }

func badParam(field, expected, got string) error {
	return &Refusal{CodeBadParams, field, field + ": expected " + expected + ", got " + clip(got)}
}

func tooLarge(what string, bytes, limit int) error {
	words := "the " + what + " has " + strconv.Itoa(bytes) + " bytes; at most " + strconv.Itoa(limit) + " are taken"
	return &Refusal{CodeTooLarge, "", words}
}

// firstOf returns the first error that is not nil.
func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// The allowed values, in the words of a Refusal.
const rateWords = "0, or a number from 0.000001 to 1"

func wholeWords(least, most int64) string {
	return "a whole number from " + strconv.FormatInt(least, 10) + " to " + strconv.FormatInt(most, 10)
}

func betweenWords(least, most float64) string {
	return "a number from " + number(least) + " to " + number(most)
}

// whole refuses a number that is not from least to most; neither is negative.
func whole[N int | int64 | uint64](field string, value N, least, most int64) error {
	if value >= 0 && uint64(value) >= uint64(least) && uint64(value) <= uint64(most) {
		return nil
	}
	got := decimal(uint64(value))
	if value < 0 {
		got = strconv.FormatInt(int64(value), 10)
	}
	return badParam(field, wholeWords(least, most), got)
}

// between refuses a number that is not from least to most.
func between(field string, value, least, most float64) error {
	if value >= least && value <= most {
		return nil
	}
	return badParam(field, betweenWords(least, most), number(value))
}

// shown refuses text that cannot be displayed, or is too long.
func shown(field, text string, most int) error {
	if utf8.RuneCountInString(text) <= most && printable(text) {
		return nil
	}
	return badParam(field, "at most "+strconv.Itoa(most)+" printable characters", strconv.Quote(clip(text)))
}

// twoServers refuses numbers that do not name two different servers of a room of this size.
func twoServers(field string, from, to uint64, size int) error {
	if most := uint64(size); from >= 1 && from <= most && to >= 1 && to <= most && from != to {
		return nil
	}
	expected := "from and to of two servers of this room, 1 to " + strconv.Itoa(size)
	return badParam(field, expected, decimal(from)+" to "+decimal(to))
}

func number(value float64) string { return strconv.FormatFloat(value, 'f', -1, 64) }

// clip quotes the beginning of what came, for an error message.
func clip[T string | []byte](text T) string {
	const most = 64
	if len(text) <= most {
		return string(text)
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return string(text[:cut]) + "…"
}
