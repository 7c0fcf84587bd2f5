package wire

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"

	"raftplayground/raft"
)

// AppendShown appends a frame as a person can read it, and returns the result: text as it is; of a Protobuf
// frame, or as much of it as there is, a line for each field, with its bytes and what they say.
func AppendShown(dst []byte, kind Kind, data []byte) []byte {
	if encoding, known := Recognise(kind, data); known && codecs[encoding].show != nil {
		return codecs[encoding].show(dst, data)
	}
	return append(dst, data...)
}

// Peek tells the method of a call and its term from the beginning of a frame; "" if such a frame cannot be
// long, or too little is known. It looks only for AppendEntries: nothing else in a live room is long.
func Peek(kind Kind, beginning []byte) (method string, term raft.Term) {
	if encoding, known := Recognise(kind, beginning); known && codecs[encoding].peek != nil {
		return codecs[encoding].peek(beginning)
	}
	return "", 0
}

const longCall = "AppendEntries"

func peekColon(beginning []byte) (string, raft.Term) {
	address, fields, found := bytes.Cut(beginning, []byte(":AppendEntries:Request:"))
	if !found || len(address) > 2*maxNumber {
		return "", 0
	}
	return longCall, leadingTerm(fields)
}

func peekJSON(beginning []byte) (string, raft.Term) {
	if !bytes.Contains(beginning, []byte(`"method":"AppendEntries"`)) &&
		!bytes.Contains(beginning, []byte(`"variant":"AppendEntries"`)) {
		return "", 0
	}
	_, fields, _ := bytes.Cut(beginning, []byte(`"term":`))
	return longCall, leadingTerm(fields)
}

// leadingTerm is the number at the beginning of text, 0 if there is none.
func leadingTerm(text []byte) raft.Term {
	end := 0
	for end < len(text) && isDigit(text[end]) {
		end++
	}
	n, _ := parseNumber(text[:end])
	return raft.Term(n)
}

// peekProtobuf finds the content, whose own length is more than there is.
func peekProtobuf(beginning []byte) (string, raft.Term) {
	for rest := beginning; len(rest) > 0; {
		number, kind, tag, size := consumeField(rest)
		if size >= 0 {
			rest = rest[size:]
			continue
		}
		if number, kind, tag = protowire.ConsumeTag(rest); number != appendEntries || kind != protowire.BytesType ||
			tag < 0 {
			return "", 0
		}
		_, length := protowire.ConsumeVarint(rest[tag:])
		content := protoReader{schema: &appendEntriesSchema, rest: rest[tag+max(length, 0):]}
		content.next() // the term is the first field that Append writes
		return longCall, raft.Term(content.numbers[1])
	}
	return "", 0
}

const (
	shownBytes  = 8  // of a field, in one line
	shownColumn = 27 // where its words begin: behind so many bytes in hexadecimal, and the depth of four messages
)

// showProtobuf writes a line for each field.
func showProtobuf(dst, data []byte) []byte {
	return bytes.TrimSuffix(appendFields(dst, data, &frameSchema, 0), []byte{'\n'})
}

func appendFields(dst, message []byte, of *schema, depth int) []byte {
	for len(message) > 0 {
		number, kind, tag, size := consumeField(message)
		if size < 0 {
			return appendLine(dst, message, depth, "…")
		}
		value, known := message[tag:size], of.has(number)
		name := "field " + strconv.Itoa(int(number)) + ", not known"
		if known {
			name = of.nameOf(number)
		}
		content, _ := protowire.ConsumeBytes(value)
		switch {
		case known && of[number].of != nil && kind == protowire.BytesType:
			dst = appendLine(dst, message[:size-len(content)], depth, name)
			dst = appendFields(dst, content, of[number].of, depth+1)
		case kind == protowire.VarintType:
			n, _ := protowire.ConsumeVarint(value)
			dst = appendLine(dst, message[:size], depth, name+": "+strconv.FormatUint(n, 10))
		case kind == protowire.BytesType:
			dst = appendLine(dst, message[:size], depth,
				name+": "+shownContent(content, known && of[number].form == numberList))
		default:
			dst = appendLine(dst, message[:size], depth, name)
		}
		message = message[size:]
	}
	return dst
}

// appendLine writes bytes and words side by side, both further to the right the deeper the message.
func appendLine(dst, data []byte, depth int, words string) []byte {
	start := len(dst)
	for range depth {
		dst = append(dst, ' ', ' ')
	}
	for i, b := range data[:min(len(data), shownBytes)] {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = append(dst, lowerHex[b>>4], lowerHex[b&15])
	}
	if len(data) > shownBytes {
		dst = append(dst, " …"...)
	}
	for utf8.RuneCount(dst[start:]) < shownColumn+2*depth {
		dst = append(dst, ' ')
	}
	dst = append(dst, ' ', ' ')
	dst = append(dst, words...)
	return append(dst, '\n')
}

// shownContent is what bytes say: numbers, text in quotes, or how many they are.
func shownContent(content []byte, numbers bool) string {
	switch {
	case numbers:
		words := ""
		for len(content) > 0 {
			n, size := protowire.ConsumeVarint(content)
			if size < 0 {
				break
			}
			content = content[size:]
			words += strconv.FormatUint(n, 10) + " "
		}
		return string(bytes.TrimSpace([]byte(words)))
	case utf8.Valid(content) && bytes.IndexFunc(content, func(r rune) bool { return !strconv.IsPrint(r) }) < 0:
		return strconv.Quote(string(content))
	}
	if len(content) == 1 {
		return "1 byte"
	}
	return strconv.Itoa(len(content)) + " bytes"
}
