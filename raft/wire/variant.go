package wire

import (
	"math"

	"raftplayground/raft"
)

// decodeVariant reads a frame of 2015, the form whose messages carry a uuid, which pairs the halves. Of the form before
// that, without uuid, the RequestVote and its answer in bare numbers are understood:
// {"variant":"Accepted","fields":[5]}. Its AppendEntries is not, for what it calls prev_log_term is text of which
// nobody can tell the order.
func (d *Decoder) decodeVariant(r *reader, top *object, f *Frame) *Error {
	f.From, f.To = r.optional(top, fieldFrom), r.optional(top, fieldTo)
	variant := unquoted(top.get(fieldVariant))
	list := r.list(top, fieldFields)
	first := list.next()
	f.Reply = string(variant) == "Accepted" || string(variant) == "Rejected"
	var p object
	switch {
	case r.err != nil:
	case string(variant) == "RequestVote":
		r.object(first, "fields", &p)
		r.uuid(&p, f, false)
		m := raft.RequestVote{Call: f.Call, Term: raft.Term(r.number(&p, fieldTerm)),
			CandidateID:  raft.ServerID(r.number(&p, fieldCandidate2015)),
			LastLogIndex: raft.Index(r.number(&p, fieldLastLogIndex2015)),
			LastLogTerm:  raft.Term(r.number(&p, fieldLastLogTerm2015))}
		d.vote(f, m)
		if f.From == 0 {
			f.From = uint64(m.CandidateID)
		}
	case string(variant) == "AppendEntries":
		r.object(first, "fields", &p)
		r.uuid(&p, f, true)
		m := raft.AppendEntries{Call: f.Call, Term: raft.Term(r.number(&p, fieldTerm)),
			LeaderID:     raft.ServerID(r.number(&p, fieldLeader2015)),
			PrevLogIndex: raft.Index(r.number(&p, fieldPrevLogIndex2015)),
			PrevLogTerm:  raft.Term(r.number(&p, fieldPrevLogTerm2015)),
			LeaderCommit: raft.Index(r.number(&p, fieldLeaderCommit2015))}
		r.pairs(&d.entries, &p)
		m.Entries = d.entries.entries()
		d.append(f, m)
		if f.From == 0 {
			f.From = uint64(m.LeaderID)
		}
	case !f.Reply:
		r.err = expected(CodeUnknownMethod, "variant", "RequestVote, AppendEntries, Accepted or Rejected",
			top.get(fieldVariant))
	case first == nil || first[0] != '{':
		d.decodeBareReply(r, first, list, f, string(variant) == "Accepted")
	default:
		r.object(first, "fields", &p)
		d.decodeVariantReply(r, &p, f, string(variant) == "Accepted")
	}
	return r.err
}

// decodeVariantReply reads Accepted or Rejected, which answer either call. Which one it is, the uuid tells, if it is
// one of ours. An answer to a foreign uuid is taken for an AppendEntries reply, since it has the fields of one.
func (d *Decoder) decodeVariantReply(r *reader, p *object, f *Frame, accepted bool) {
	kind := r.uuid(p, f, true)
	term := raft.Term(r.number(p, fieldTerm))
	match, next := raft.Index(r.number(p, fieldMatchIndex2015)), raft.Index(r.number(p, fieldNextIndex2015))
	if !accepted && string(p.get(fieldCurrentLeader2015)) != "null" {
		f.Leader = r.optional(p, fieldCurrentLeader2015)
	}
	switch {
	case kind == voteUUID:
		d.voteReply(f, raft.RequestVoteReply{Call: f.Call, Term: term, VoteGranted: accepted})
	case accepted:
		d.appendReply(f, raft.AppendEntriesReply{Call: f.Call, Term: term, Success: true, MatchIndex: match})
	default:
		d.appendReply(f, raft.AppendEntriesReply{Call: f.Call, Term: term, ConflictIndex: next,
			ConflictTerm: raft.Term(r.optional(p, fieldConflictTerm2015))})
	}
}

// decodeBareReply reads [term] of an Accepted, [term, leader] of a Rejected. It is the answer to a RequestVote, the
// only call of that form that is understood. To take it for one is safe: a server that accepts something of term T has
// seen no leader or candidate of T but the one it answers.
func (d *Decoder) decodeBareReply(r *reader, term []byte, rest scanner, f *Frame, accepted bool) {
	if term == nil {
		r.err = missing("fields", "the term")
		return
	}
	m := raft.RequestVoteReply{Term: raft.Term(r.parse(term, "fields")), VoteGranted: accepted}
	if !accepted && r.err == nil {
		leader := rest.next()
		if leader == nil {
			r.err = missing("fields", "the term and the leader")
			return
		}
		f.Leader = r.parse(leader, "fields")
	}
	d.voteReply(f, m)
}

// pairs reads entries as [[term,"command"],…]. What the dialect has no word for stays apart from what it
// has: a no-op is "", an empty command {"base64":""}.
func (r *reader) pairs(p *payloads, o *object) {
	const what = "a pair of a term and a command"
	for list := r.list(o, fieldEntries); r.err == nil; {
		text := list.next()
		if text == nil {
			return
		}
		if text[0] != '[' {
			r.err = expected(CodeBadField, "entries", what, text)
			return
		}
		pair := scanner{data: text, pos: 1, checked: true}
		term, command := pair.next(), pair.next()
		if command == nil || pair.next() != nil {
			r.err = expected(CodeBadField, "entries", what, text)
			return
		}
		n, kind := r.parse(term, "entries"), raft.Command
		if string(command) == `""` {
			kind = raft.NoOp
		}
		p.buf = r.payload(p.buf, command, "entries")
		if r.err == nil {
			r.err = p.add(raft.Term(n), kind)
		}
	}
}

// uuidKind tells which call of ours a uuid names.
type uuidKind byte

const (
	foreignUUID uuidKind = iota
	voteUUID
	appendUUID
)

// uuidMagic begins the uuids that this package makes: version 8 (RFC 9562), which is for content of one's own. They
// hold the kind and the number of the call, so that nothing needs to be remembered to understand the answer.
var uuidMagic = [5]byte{'r', 'a', 'f', 't', 0}

// makeUUID returns the uuid of a call.
func makeUUID(kind uuidKind, call uint64) (id [16]byte) {
	copy(id[:], uuidMagic[:])
	id[5] = byte(kind)
	id[6] = 0x80 // version
	id[7] = byte(call >> 56)
	id[8] = 0x80 // variant
	for i := range 7 {
		id[9+i] = byte(call >> (48 - 8*i))
	}
	return id
}

// openUUID returns what makeUUID put in, foreignUUID if it was not makeUUID.
func openUUID(id [16]byte) (kind uuidKind, call uint64) {
	call = uint64(id[7])
	for _, b := range id[9:] {
		call = call<<8 | uint64(b)
	}
	for kind = voteUUID; kind <= appendUUID; kind++ {
		if id == makeUUID(kind, call) {
			return kind, call
		}
	}
	return foreignUUID, 0
}

// uuid reads the uuid into f: into Call if it is one of ours, else into ID.
func (r *reader) uuid(p *object, f *Frame, required bool) uuidKind {
	const what = "a uuid such as \"6ba7b810-9dad-41d1-80b4-00c04fd430c8\""
	text := p.get(fieldUUID)
	if r.err != nil || text == nil {
		if r.err == nil && required {
			r.err = missing("uuid", what)
		}
		return foreignUUID
	}
	id, ok := parseUUID(unquoted(text))
	if !ok {
		r.err = expected(CodeBadField, "uuid", what, text)
		return foreignUUID
	}
	kind, call := openUUID(id)
	f.Call = call
	if kind == foreignUUID {
		f.ID, f.Call = text, foreignCall(text)
	}
	return kind
}

const lowerHex = "0123456789abcdef"

// uuidLength is the length of a uuid as text: 32 digits and 4 hyphens.
const uuidLength = 36

func hyphenAt(i int) bool { return i == 8 || i == 13 || i == 18 || i == 23 }

func parseUUID(text []byte) (id [16]byte, ok bool) {
	if len(text) != uuidLength {
		return id, false
	}
	digits := 0
	for i, c := range text {
		if hyphenAt(i) {
			if c != '-' {
				return id, false
			}
			continue
		}
		digit := unhex(c)
		if digit > 15 {
			return id, false
		}
		id[digits/2] = id[digits/2]<<4 | digit
		digits++
	}
	return id, true
}

// appendUUIDText appends a uuid as text, in its quotes.
func appendUUIDText(dst []byte, id [16]byte) []byte {
	dst = append(dst, '"')
	for i, b := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, lowerHex[b>>4], lowerHex[b&15])
	}
	return append(dst, '"')
}

// variantHas reports whether the dialect can say a frame. It knows two calls and commands, and nothing of
// pre-votes, transfers, snapshots and membership. Half of such a frame would mislead its server: it would
// give its vote where it is only asked whether it would.
func variantHas(f *Frame) bool {
	switch m := f.RPC.(type) {
	case *raft.RequestVote:
		return !m.PreVote && !m.Transfer
	case *raft.AppendEntries:
		for i := range m.Entries {
			if m.Entries[i].Kind == raft.Config {
				return false
			}
		}
		return true
	case *raft.RequestVoteReply:
		return !m.PreVote
	case *raft.AppendEntriesReply:
		return true
	}
	return false
}

func appendVariant(dst []byte, f *Frame) []byte {
	w := borrowWriter(dst)
	w.variant(f)
	return w.finish()
}

// variant writes an RPC that variantHas. The dialect has no address; ours comes behind everything that it has, where
// its decoder passes over it.
func (w *writer) variant(f *Frame) {
	switch m := f.RPC.(type) {
	case *raft.RequestVote:
		w.WriteRaw(`{"variant":"RequestVote","fields":[{"term":`)
		w.WriteUint64(uint64(m.Term))
		w.number(`,"candidate_id":`, uint64(m.CandidateID))
		w.number(`,"last_log_index":`, uint64(m.LastLogIndex))
		w.number(`,"last_log_term":`, uint64(m.LastLogTerm))
		if len(f.ID) > 0 || m.Call != 0 {
			w.WriteRaw(`,"uuid":`)
			w.uuid(f, voteUUID, m.Call)
		}
		w.WriteRaw("}]")
	case *raft.AppendEntries:
		w.WriteRaw(`{"variant":"AppendEntries","fields":[{"term":`)
		w.WriteUint64(uint64(m.Term))
		w.number(`,"leader_id":`, uint64(m.LeaderID))
		w.number(`,"prev_log_index":`, uint64(m.PrevLogIndex))
		w.number(`,"prev_log_term":`, uint64(m.PrevLogTerm))
		w.WriteRaw(`,"entries":[`)
		w.pairs(m.Entries)
		w.number(`],"leader_commit":`, uint64(m.LeaderCommit))
		w.WriteRaw(`,"uuid":`)
		w.uuid(f, appendUUID, m.Call)
		w.WriteRaw("}]")
	case *raft.RequestVoteReply:
		if len(f.ID) == 0 && m.Call == 0 {
			w.bareReply(f, m)
			break
		}
		w.variantReply(f, m.VoteGranted, voteUUID, m.Call, uint64(m.Term), 0, 1, 0)
	case *raft.AppendEntriesReply:
		next := uint64(m.ConflictIndex)
		if m.Success && m.MatchIndex < math.MaxUint64 {
			next = uint64(m.MatchIndex) + 1
		}
		w.variantReply(f, m.Success, appendUUID, m.Call, uint64(m.Term), uint64(m.MatchIndex), next,
			uint64(m.ConflictTerm))
	}
	w.address(f)
	w.WriteRaw("}")
}

// variantReply writes Accepted or Rejected with the fields that the dialect has, and conflict_term behind them where
// there is one.
func (w *writer) variantReply(f *Frame, accepted bool, kind uuidKind, call, term, match, next, conflictTerm uint64) {
	w.acceptedOrRejected(accepted)
	w.WriteRaw(`{"uuid":`)
	w.uuid(f, kind, call)
	w.number(`,"term":`, term)
	if !accepted {
		w.WriteRaw(`,"current_leader":`)
		w.leader(f.Leader)
	}
	w.number(`,"match_index":`, match)
	w.number(`,"next_index":`, next)
	if conflictTerm != 0 {
		w.number(`,"conflict_term":`, conflictTerm)
	}
	w.WriteRaw("}]")
}

// bareReply writes the answer to a RequestVote without uuid.
func (w *writer) bareReply(f *Frame, m *raft.RequestVoteReply) {
	w.acceptedOrRejected(m.VoteGranted)
	w.WriteUint64(uint64(m.Term))
	if !m.VoteGranted {
		w.number(",", f.Leader)
	}
	w.WriteRaw("]")
}

func (w *writer) acceptedOrRejected(accepted bool) {
	if accepted {
		w.WriteRaw(`{"variant":"Accepted","fields":[`)
	} else {
		w.WriteRaw(`{"variant":"Rejected","fields":[`)
	}
}

func (w *writer) uuid(f *Frame, kind uuidKind, call uint64) {
	if len(f.ID) > 0 {
		w.raw(f.ID)
		return
	}
	w.SetBuffer(appendUUIDText(w.Buffer(), makeUUID(kind, call)))
}

func (w *writer) pairs(entries []raft.Entry) {
	for i, entry := range entries {
		if i > 0 {
			w.WriteRaw(",")
		}
		w.number("[", uint64(entry.Term))
		switch {
		case entry.Kind == raft.NoOp:
			w.WriteRaw(`,""]`)
		case len(entry.Data) == 0:
			w.WriteRaw(`,{"base64":""}]`)
		default:
			w.WriteRaw(",")
			w.payload(entry.Data)
			w.WriteRaw("]")
		}
	}
}
