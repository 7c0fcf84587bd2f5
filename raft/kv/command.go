package kv

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Op is what a Command does.
type Op uint8

const (
	Get Op = iota + 1
	Set
	Delete
	CompareAndSwap // Set, if the value is the one expected
)

// MaxKey and MaxValue are the greatest lengths in bytes. A key has at least one byte; an expected value has
// at most as many as a key.
const (
	MaxKey   = 256
	MaxValue = 64 << 10
)

// Command is one operation on the store. Key and Value are any bytes.
type Command struct {
	Op       Op
	Key      string
	Value    string // of a Set or a CompareAndSwap
	Expected string // CompareAndSwap: what the value must be. A key that does not exist has no value, not an empty one
}

// Reasons why a command is invalid.
var (
	errUnknown = errors.New(
		`kv: expected a command "set KEY=VALUE", "cas KEY=EXPECTED=VALUE", "del KEY" or "get KEY"`)
	errNoEquals = errors.New(
		`kv: expected "=" behind the key of "set", and behind the key and the expected value of "cas"`)
	errNoKey    = errors.New("kv: expected a key of 1 to " + strconv.Itoa(MaxKey) + " bytes, got none")
	errEscape   = errors.New(`kv: expected two hexadecimal digits behind "%" in the key or the expected value`)
	errRawInKey = errors.New(
		`kv: expected a key, or a value that is expected, with spaces, "=", ` +
			`control characters and bytes that are not UTF-8 percent-encoded`)
	errValueRest = errors.New("kv: only a set has a value, and only a cas one that is expected")
)

// Check says why the command cannot be proposed: an unknown Op, a key or a value of a wrong length, a value where
// there is none.
func (c Command) Check() error {
	switch {
	case c.Op < Get || c.Op > CompareAndSwap:
		return errUnknown
	case len(c.Key) == 0:
		return errNoKey
	case len(c.Key) > MaxKey:
		return tooLong("key", MaxKey, len(c.Key))
	case len(c.Value) > MaxValue:
		return tooLong("value", MaxValue, len(c.Value))
	case len(c.Expected) > MaxKey:
		return tooLong("value that is expected", MaxKey, len(c.Expected))
	case !c.writes() && c.Value != "" || c.Op != CompareAndSwap && c.Expected != "":
		return errValueRest
	}
	return nil
}

func (c Command) writes() bool { return c.Op == Set || c.Op == CompareAndSwap }

// Encode appends the command as it stands in the log to dst: "set x=1", "cas x=1=2", "del x", "get x". In
// keys and expected values, space, "=", "%", control characters and bytes that are not UTF-8 are
// percent-encoded; the value stands raw to the end. Parse rejects the result for a command that fails Check.
func Encode(dst []byte, c Command) []byte {
	switch c.Op {
	case Set:
		dst = append(dst, "set "...)
	case Delete:
		dst = append(dst, "del "...)
	case Get:
		dst = append(dst, "get "...)
	case CompareAndSwap:
		dst = append(dst, "cas "...)
	}
	dst = appendKey(dst, c.Key)
	if c.Op == CompareAndSwap {
		dst = appendKey(append(dst, '='), c.Expected)
	}
	if c.writes() {
		dst = append(dst, '=')
		dst = append(dst, c.Value...)
	}
	return dst
}

// Parse reads what Encode wrote, or what a person typed. The result shares no memory with data. Every server comes to
// the same result and the same error.
func Parse(data []byte) (Command, error) {
	if len(data) < 4 {
		return Command{}, errUnknown
	}
	var c Command
	switch string(data[:4]) {
	case "set ":
		c.Op = Set
	case "del ":
		c.Op = Delete
	case "get ":
		c.Op = Get
	case "cas ":
		c.Op = CompareAndSwap
	default:
		return Command{}, errUnknown
	}
	key, expected, found := string(data[4:]), "", true
	if c.writes() {
		key, c.Value, found = strings.Cut(key, "=")
	}
	if c.Op == CompareAndSwap && found {
		expected, c.Value, found = strings.Cut(c.Value, "=")
	}
	if !found {
		return Command{}, errNoEquals
	}
	var err error
	if c.Key, err = parseKey(key, "key"); err == nil {
		c.Expected, err = parseKey(expected, "value that is expected")
	}
	if err == nil {
		err = c.Check()
	}
	if err != nil {
		return Command{}, err
	}
	return c, nil
}

func appendKey(dst []byte, key string) []byte {
	const digits = "0123456789ABCDEF"
	for i := 0; i < len(key); {
		size := plain(key[i:])
		if size == 0 {
			dst = append(dst, '%', digits[key[i]>>4], digits[key[i]&15])
			i++
			continue
		}
		dst = append(dst, key[i:i+size]...)
		i += size
	}
	return dst
}

func parseKey(text, what string) (string, error) {
	if len(text) > 3*MaxKey {
		return "", tooLong(what, MaxKey, len(text)/3)
	}
	key := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		if text[i] == '%' {
			if len(text)-i < 3 {
				return "", errEscape
			}
			high, low := digit(text[i+1]), digit(text[i+2])
			if high > 15 || low > 15 {
				return "", errEscape
			}
			key = append(key, high<<4|low)
			i += 3
			continue
		}
		size := plain(text[i:])
		if size == 0 {
			return "", errRawInKey
		}
		key = append(key, text[i:i+size]...)
		i += size
	}
	return string(key), nil
}

// plain returns how many bytes the first character of s has if it may stand in a key as it is, else 0.
func plain(s string) int {
	r, size := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && size == 1 || r <= ' ' || r == '=' || r == '%' || r >= 0x7f && r < 0xa0 {
		return 0
	}
	return size
}

func digit(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	}
	return 16
}

func tooLong(what string, limit, got int) error {
	return errors.New("kv: expected a " + what + " of at most " + strconv.Itoa(limit) + " bytes, got " +
		strconv.Itoa(got))
}
