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
)

// MaxKey and MaxValue are the greatest lengths in bytes. A key has at least one byte.
const (
	MaxKey   = 256
	MaxValue = 64 << 10
)

// Command is one operation on the store. Key and Value are any bytes.
type Command struct {
	Op    Op
	Key   string
	Value string // of a Set
}

// Why a command is none.
var (
	errUnknown   = errors.New(`kv: expected a command "set KEY=VALUE", "del KEY" or "get KEY"`)
	errNoEquals  = errors.New(`kv: expected "=" behind the key of "set"`)
	errNoKey     = errors.New("kv: expected a key of 1 to " + strconv.Itoa(MaxKey) + " bytes, got none")
	errEscape    = errors.New(`kv: expected two hexadecimal digits behind "%" in the key`)
	errRawInKey  = errors.New(`kv: expected a key with spaces, "=", control characters and bytes that are not UTF-8 percent-encoded`)
	errValueRest = errors.New("kv: only a set has a value")
)

// Check says why the command cannot be proposed: an unknown Op, a key or a value of a wrong length, a value where there is none.
func (c Command) Check() error {
	switch {
	case c.Op < Get || c.Op > Delete:
		return errUnknown
	case len(c.Key) == 0:
		return errNoKey
	case len(c.Key) > MaxKey:
		return tooLong("key", MaxKey, len(c.Key))
	case len(c.Value) > MaxValue:
		return tooLong("value", MaxValue, len(c.Value))
	case c.Op != Set && c.Value != "":
		return errValueRest
	}
	return nil
}

// Encode appends the command as it stands in the log to dst: "set x=1", "del x", "get x". In the key, space, "=", "%", control
// characters and bytes that are not UTF-8 are percent-encoded; the value stands raw to the end. For a command that fails Check
// Parse will not accept the result.
func Encode(dst []byte, c Command) []byte {
	switch c.Op {
	case Set:
		dst = append(dst, "set "...)
	case Delete:
		dst = append(dst, "del "...)
	case Get:
		dst = append(dst, "get "...)
	}
	dst = appendKey(dst, c.Key)
	if c.Op == Set {
		dst = append(dst, '=')
		dst = append(dst, c.Value...)
	}
	return dst
}

// Parse reads what Encode wrote, or what a person typed. The result shares no memory with data. Every server comes to the same result and the same error.
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
	default:
		return Command{}, errUnknown
	}
	key := string(data[4:])
	if c.Op == Set {
		var found bool
		if key, c.Value, found = strings.Cut(key, "="); !found {
			return Command{}, errNoEquals
		}
	}
	var err error
	if c.Key, err = parseKey(key); err == nil {
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

func parseKey(text string) (string, error) {
	if len(text) > 3*MaxKey {
		return "", tooLong("key", MaxKey, len(text)/3)
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
	return errors.New("kv: expected a " + what + " of at most " + strconv.Itoa(limit) + " bytes, got " + strconv.Itoa(got))
}
