package hub

import (
	"strconv"
	"unicode/utf8"
)

// The error codes of a room: JSON-RPC 2.0's own and those that doc.go names.
const (
	codeNotJSON       = -32700
	codeNotRequest    = -32600
	codeUnknownMethod = -32601
	codeBadParams     = -32602
	codeNotYours      = -32001
	codeNoSuchAddress = -32002
	codeWrongLease    = -32003
	codeSeatTaken     = -32004
	codeJoinFirst     = -32005
	codeTooLarge      = -32006
	codeTooFast       = -32007
	codeSuperseded    = -32008
	codeTooMuch       = -32009
	codeFull          = -32010
	codeOlderDisk     = -32015
)

// refusal is why a message is not done: an error object of JSON-RPC.
type refusal struct {
	code    int
	field   string // the field at fault, empty if it is the message as a whole
	message string // what was expected and what came
}

func badParam(field, expected, got string) *refusal {
	return &refusal{codeBadParams, field, field + ": expected " + expected + ", got " + clip(got)}
}

func tooLarge(what string, bytes, limit int) *refusal {
	return &refusal{codeTooLarge, "", "the " + what + " has " + strconv.Itoa(bytes) + " bytes; at most " + strconv.Itoa(limit) + " are taken"}
}

// badID refuses a call whose answer could not be told from others.
var badID = &refusal{codeNotRequest, "id", "id: expected text of at most 254 bytes, a whole number, or none"}

// refuse answers m with an error. id is the raw JSON of the call's id, nil if it has none or cannot be read.
func (h *Hub) refuse(m *member, id []byte, why *refusal) {
	w := h.answer(id)
	w.WriteMore()
	w.WriteObjectField("error")
	w.WriteObjectStart()
	w.WriteObjectField("code")
	w.WriteInt(why.code)
	w.WriteMore()
	w.WriteObjectField("message")
	w.WriteString(why.message)
	if why.field != "" {
		w.WriteMore()
		w.WriteObjectField("data")
		w.WriteObjectStart()
		w.WriteObjectField("field")
		w.WriteString(why.field)
		w.WriteObjectEnd()
	}
	w.WriteObjectEnd()
	w.WriteObjectEnd()
	h.send(m, h.written())
}

// agree answers a call with true. A notification, which has no id, gets no answer.
func (h *Hub) agree(m *member, id []byte) {
	if id == nil {
		return
	}
	w := h.answer(id)
	w.WriteMore()
	w.WriteObjectField("result")
	w.WriteTrue()
	w.WriteObjectEnd()
	h.send(m, h.written())
}

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
