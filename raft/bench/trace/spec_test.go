package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	jsoniter "github.com/json-iterator/go"
)

// This is a translation of etcd's etcdraft.tla and Traceetcdraft.tla (v3.7.0) into Go, action by action and
// under their names. Where the specification leaves a choice the trace decides it: a line names the action,
// its servers and its message, and among messages that look alike there is no difference. So a trace is
// accepted if each of its lines is a step of the specification from the state that the lines before led to,
// and the state is as the line says; and if no invariant of Traceetcdraft.cfg breaks.

// specEntry is an entry of a log: a value, or the members that a configuration names.
type specEntry struct {
	term     uint64
	isConfig bool
	config   string // voters, and learners behind a '+'
}

// specMessage is any message; what its kind lacks is empty.
type specMessage struct {
	kind, subtype       string
	from, to            string
	term                uint64
	prevIndex, prevTerm uint64 // RequestVoteRequest: of the last entry
	entries             int
	commit              uint64
	success             bool // or the vote is granted
	match               uint64
	log                 string // all entries as text, so that messages can be compared
}

type durable struct {
	term, commit uint64
	vote         string
	log          int
	config       []string
	learners     []string
}

type specServer struct {
	id                 string
	term, commit       uint64
	role, vote         string
	log                []specEntry
	responded, granted map[string]bool
	match              map[string]uint64
	pendingChange      int // 0: none
	config, learners   []string
	durable            durable
	pending            []specMessage
}

// traceLine is a line as Traceetcdraft.tla reads it.
type traceLine struct {
	Tag   string
	Event struct {
		Name  string
		Nid   string
		State struct {
			Term, Commit uint64
			Vote         string
		}
		Role string
		Log  int
		Conf [2][]string
		Msg  *struct {
			Type, From, To       string
			Term, LogTerm, Index uint64
			Commit               uint64
			Entries              int
			Reject               bool
		}
		Prop struct {
			Cc struct {
				Newconf []string
				Changes []struct{ Nid, Action string }
			}
		}
	}
}

const (
	follower  = "StateFollower"
	candidate = "StateCandidate"
	leader    = "StateLeader"
	nobody    = "0"
)

// spec is a state of the specification, and the trace that leads through it.
type spec struct {
	lines    []traceLine
	at       int
	servers  map[string]*specServer
	order    []string
	messages map[specMessage]int
	entries  map[string][]specEntry // of messages, by their text
}

// validate reads a trace. The error says which line is no step of the specification, and why.
func validate(trace []byte) (lines int, err error) {
	s := &spec{servers: map[string]*specServer{}, messages: map[specMessage]int{}, entries: map[string][]specEntry{}}
	for text := range bytes.Lines(trace) {
		var l traceLine
		if err := jsoniter.Unmarshal(text, &l); err != nil {
			return 0, err
		}
		if l.Tag == "trace" {
			s.lines = append(s.lines, l)
		}
	}
	bootstrap := s.init()
	for s.at = range s.lines {
		if bootstrap[s.at] {
			continue
		}
		err := s.step(&s.lines[s.at])
		if err == nil {
			err = s.invariants()
		}
		if err != nil {
			e := &s.lines[s.at].Event
			return s.at, fmt.Errorf("line %d, %s at %s: %w", s.at+1, e.Name, e.Nid, err)
		}
	}
	return len(s.lines), nil
}

// init is TraceInit: each server's state is that of the last of its first lines, which tell only of its
// start. It returns which lines these are.
func (s *spec) init() (bootstrap map[int]bool) {
	bootstrap = map[int]bool{}
	last, done := map[string]int{}, map[string]bool{}
	for i := range s.lines {
		e := &s.lines[i].Event
		if !slices.Contains([]string{"InitState", "BecomeFollower", "ApplyConfChange"}, e.Name) {
			done[e.Nid] = true
		}
		if !done[e.Nid] {
			last[e.Nid], bootstrap[i] = i, true
		}
	}
	for id, i := range last {
		e := &s.lines[i].Event
		config := e.Conf[0]
		if e.Name == "ApplyConfChange" {
			config = e.Prop.Cc.Newconf
		}
		n := &specServer{id: id, term: e.State.Term, commit: e.State.Commit, role: e.Role, vote: e.State.Vote}
		n.config = sorted(config)
		for range e.Log {
			n.log = append(n.log, specEntry{1, true, text(n.config, nil)})
		}
		n.forget()
		n.persist()
		s.servers[id] = n
		s.order = append(s.order, id)
	}
	slices.Sort(s.order)
	return bootstrap
}

func sorted(servers []string) []string { return slices.Sorted(slices.Values(servers)) }

func text(config, learners []string) string {
	return strings.Join(config, ",") + "+" + strings.Join(learners, ",")
}

func parse(config string) (voters, learners []string) {
	v, l, _ := strings.Cut(config, "+")
	isComma := func(r rune) bool { return r == ',' }
	return strings.FieldsFunc(v, isComma), strings.FieldsFunc(l, isComma)
}

// forget clears what a server does not keep on disk, except its role.
func (n *specServer) forget() {
	n.responded, n.granted, n.match = map[string]bool{}, map[string]bool{}, map[string]uint64{}
	n.pendingChange, n.pending = 0, nil
}

// persist is PersistState.
func (n *specServer) persist() {
	n.durable = durable{n.term, n.commit, n.vote, len(n.log), n.config, n.learners}
}

func (n *specServer) lastTerm() uint64 {
	if len(n.log) == 0 {
		return 0
	}
	return n.log[len(n.log)-1].term
}

func (n *specServer) hasMember(id string) bool {
	return slices.Contains(n.config, id) || slices.Contains(n.learners, id)
}

// quorum is Quorum.
func quorum(of []string, in func(string) bool) bool {
	count := 0
	for _, id := range of {
		if in(id) {
			count++
		}
	}
	return 2*count > len(of)
}

// is tells whether the server is as the line says: ValidatePreStates, or ValidatePostStates.
func (n *specServer) is(l *traceLine) error {
	e := &l.Event
	own := n.term == e.State.Term && n.role == e.Role && n.vote == e.State.Vote
	logged := len(n.log) == e.Log && n.commit == e.State.Commit
	if !own || !logged || !slices.Equal(n.config, sorted(e.Conf[0])) || len(e.Conf[1]) > 0 {
		const words = "term %d, %s, vote %s, log %d, commit %d, members %v"
		is := fmt.Sprintf(words, n.term, n.role, n.vote, len(n.log), n.commit, n.config)
		return fmt.Errorf("it is %s, and not %+v, %s, log %d, %v", is, e.State, e.Role, e.Log, e.Conf)
	}
	return nil
}

func guard(holds bool, words string) error {
	if !holds {
		return fmt.Errorf("not enabled: %s", words)
	}
	return nil
}

// step is TraceNext.
func (s *spec) step(l *traceLine) error {
	e := &l.Event
	n := s.servers[e.Nid]
	if n == nil {
		return fmt.Errorf("no such server")
	}
	switch e.Name {
	case "SendRequestVoteRequest":
		return s.requestVote(n, l)
	case "SendRequestVoteResponse":
		if e.Msg.From != e.Msg.To {
			return nil // SkipUnusedLogline
		}
		return s.requestVote(n, l)
	case "SendAppendEntriesRequest":
		return s.appendEntries(n, l)
	case "SendAppendEntriesResponse":
		if e.Msg.From != e.Msg.To {
			return nil
		}
		return s.appendEntriesToSelf(n, l)
	case "ReceiveAppendEntriesRequest", "ReceiveAppendEntriesResponse",
		"ReceiveRequestVoteRequest", "ReceiveRequestVoteResponse":
		return s.receive(l)
	case "BecomeLeader":
		return n.becomeLeader(l)
	case "Replicate":
		n.log = append(slices.Clip(n.log), specEntry{term: n.term})
		return guard(n.role == leader, "a leader replicates")
	case "Commit":
		return n.advanceCommitIndex(l)
	case "BecomeCandidate":
		return n.timeout(l)
	case "ChangeConf":
		return n.changeConf(l)
	case "ApplyConfChange":
		return n.applySimpleConfChange()
	case "Ready":
		s.ready(n)
		return nil
	case "InitState":
		return n.restart(l)
	case "BecomeFollower":
		return s.becomeFollower(n, l)
	}
	return fmt.Errorf("no action has this name")
}

// requestVote is RequestVoteIfLogged: RequestVote.
func (s *spec) requestVote(n *specServer, l *traceLine) error {
	m := l.Event.Msg
	to := m.To
	sent := specMessage{kind: "vote", from: n.id, to: to, term: n.term}
	sent.prevIndex, sent.prevTerm = uint64(len(n.log)), n.lastTerm()
	if to == n.id {
		sent = specMessage{kind: "voteReply", from: n.id, to: to, term: n.term, success: true}
	}
	err := guard(m.From == n.id && n.role == candidate, "a candidate asks for votes")
	if err == nil {
		err = guard(n.hasMember(to) && !n.responded[to], "of members that have not answered")
	}
	if err == nil {
		err = n.is(l)
	}
	if err == nil {
		err = guard(matches(&sent, l), "the message is another one")
	}
	n.pending = append(n.pending, sent)
	return err
}

// appendEntries is AppendEntriesIfLogged, HeartbeatIfLogged and SendSnapshotIfLogged:
// AppendEntriesInRangeToPeer.
func (s *spec) appendEntries(n *specServer, l *traceLine) error {
	m := l.Event.Msg
	from, end, subtype := int(m.Index)+1, int(m.Index)+1+m.Entries, "app"
	switch m.Type {
	case "MsgHeartbeat":
		from, end, subtype = 1, 1, "heartbeat"
	case "MsgSnap":
		from, end, subtype = 1, m.Entries+1, "snapshot"
		if m.Entries < 1 || uint64(m.Entries) > n.commit {
			return guard(false, "a snapshot is of what is committed")
		}
	default:
		if from <= int(n.match[m.To]) || end > len(n.log)+1 {
			const words = "entries %d to %d are not between match %d and the log's end %d"
			return fmt.Errorf(words, from, end, n.match[m.To], len(n.log))
		}
	}
	last := min(len(n.log), end-1)
	sent := specMessage{kind: "app", subtype: subtype, from: n.id, to: m.To, term: n.term}
	sent.prevIndex, sent.commit = uint64(from-1), min(n.commit, uint64(last))
	if from > 1 {
		sent.prevTerm = n.log[from-2].term
	}
	if subtype == "heartbeat" {
		sent.commit = min(n.commit, n.match[m.To])
	}
	entries := n.log[from-1 : max(last, from-1)]
	sent.entries, sent.log = len(entries), fmt.Sprint(entries)
	s.entries[sent.log] = entries
	n.pending = append(n.pending, sent)
	err := guard(m.From == n.id && m.To != n.id && n.role == leader, "a leader sends entries")
	if err == nil {
		err = guard(n.hasMember(m.To), "to a member")
	}
	if err == nil {
		err = n.is(l)
	}
	if err == nil {
		err = guard(matches(&sent, l), fmt.Sprintf("the message is %+v", sent))
	}
	return err
}

// appendEntriesToSelf is AppendEntriesToSelfIfLogged.
func (s *spec) appendEntriesToSelf(n *specServer, l *traceLine) error {
	sent := specMessage{kind: "appReply", subtype: "app", from: n.id, to: n.id, term: n.term, success: true}
	sent.match = uint64(len(n.log))
	n.pending = append(n.pending, sent)
	err := guard(n.role == leader, "a leader stores its own entries")
	if err == nil {
		err = n.is(l)
	}
	if err == nil {
		err = guard(matches(&sent, l), "the message is another one")
	}
	return err
}

// matches tells whether a message is the one that a line names: LoglineIsRequestVoteRequest and the like.
func matches(m *specMessage, l *traceLine) bool {
	x := l.Event.Msg
	if m.from != x.From || m.to != x.To || m.term != x.Term {
		return false
	}
	subtype := subtypes[x.Type]
	switch x.Type {
	case "MsgVote":
		return m.kind == "vote" && m.prevIndex == x.Index && m.prevTerm == x.LogTerm
	case "MsgVoteResp":
		return m.kind == "voteReply" && m.success == !x.Reject
	case "MsgApp", "MsgHeartbeat", "MsgSnap":
		place := m.prevIndex == x.Index && m.prevTerm == x.LogTerm || subtype == "heartbeat"
		commit := m.commit == x.Commit || subtype == "snapshot"
		return m.kind == "app" && m.subtype == subtype && m.entries == x.Entries && place && commit
	case "MsgAppResp", "MsgHeartbeatResp":
		match := x.Reject || subtype == "heartbeat" || m.match == x.Index
		return m.kind == "appReply" && m.subtype == subtype && m.success == !x.Reject && match
	}
	return false
}

// subtypes is RaftMsgSubtype.
var subtypes = map[string]string{
	"MsgHeartbeat": "heartbeat", "MsgHeartbeatResp": "heartbeat",
	"MsgApp": "app", "MsgAppResp": "app", "MsgSnap": "snapshot",
}

// becomeLeader is BecomeLeaderIfLogged: BecomeLeader.
func (n *specServer) becomeLeader(l *traceLine) error {
	if n.role != candidate || !quorum(n.config, func(id string) bool { return n.granted[id] }) {
		return fmt.Errorf("a %s has the votes of %v of %v", n.role, slices.Collect(maps.Keys(n.granted)), n.config)
	}
	n.role = leader
	n.match = map[string]uint64{n.id: uint64(len(n.log))}
	return n.is(l)
}

// advanceCommitIndex is AdvanceCommitIndexIfLogged: AdvanceCommitIndex.
func (n *specServer) advanceCommitIndex(l *traceLine) error {
	agreed := uint64(0)
	for i := range n.log {
		if quorum(n.config, func(id string) bool { return n.match[id] >= uint64(i)+1 }) {
			agreed = uint64(i) + 1
		}
	}
	if agreed > 0 && n.log[agreed-1].term == n.term {
		n.commit = max(n.commit, agreed)
	}
	if err := guard(n.role == leader, "a leader commits"); err != nil {
		return err
	}
	return n.is(l)
}

// timeout is TimeoutIfLogged: Timeout.
func (n *specServer) timeout(l *traceLine) error {
	err := guard(n.role != leader && slices.Contains(n.config, n.id), "a member that does not lead times out")
	n.role, n.term, n.vote = candidate, n.term+1, n.id
	n.responded, n.granted = map[string]bool{}, map[string]bool{}
	if err == nil {
		err = guard(l.Event.Role == candidate && n.term == l.Event.State.Term, "the line says another term or role")
	}
	return err
}

// changeConf is AddNewServerIfLogged, AddLearnerIfLogged and DeleteServerIfLogged.
func (n *specServer) changeConf(l *traceLine) error {
	changes := l.Event.Prop.Cc.Changes
	if len(changes) != 1 || n.role != leader {
		return guard(false, "a leader makes one change")
	}
	id := changes[0].Nid
	config, learners := slices.Clone(n.config), slices.Clone(n.learners)
	isVoter, isLearner := slices.Contains(config, id), slices.Contains(learners, id)
	var enabled bool
	switch changes[0].Action {
	case "AddNewServer":
		enabled, config = !isVoter, append(config, id)
	case "AddLearner":
		enabled, learners = !isVoter && !isLearner, append(learners, id)
	case "RemoveServer":
		enabled = isVoter || isLearner
		is := func(x string) bool { return x == id }
		config, learners = slices.DeleteFunc(config, is), slices.DeleteFunc(learners, is)
	}
	entry := specEntry{term: n.term}
	if n.pendingChange == 0 {
		entry.isConfig, entry.config = true, text(sorted(config), sorted(learners))
		n.pendingChange = len(n.log) + 1
	}
	n.log = append(slices.Clip(n.log), entry)
	return guard(enabled, "the change changes something")
}

// applySimpleConfChange is ApplySimpleConfChange.
func (n *specServer) applySimpleConfChange() error {
	for k := int(n.commit); k > 0; k-- {
		if !n.log[k-1].isConfig {
			continue
		}
		n.config, n.learners = parse(n.log[k-1].config)
		if n.role == leader && n.pendingChange >= k {
			n.pendingChange = 0
		}
		return nil
	}
	return guard(false, "a configuration is committed")
}

// ready is Ready.
func (s *spec) ready(n *specServer) {
	n.persist()
	for _, m := range n.pending {
		s.messages[m]++
	}
	n.pending = nil
}

// restart is RestartIfLogged: Restart.
func (n *specServer) restart(l *traceLine) error {
	d := n.durable
	n.forget()
	n.role, n.term, n.commit, n.vote = follower, d.term, d.commit, d.vote
	n.log, n.config, n.learners = n.log[:d.log:d.log], d.config, d.learners
	return n.is(l)
}

// becomeFollower is StepDownToFollowerIfLogged, or a line that is skipped because the receipt before it did
// that.
func (s *spec) becomeFollower(n *specServer, l *traceLine) error {
	for k := s.at - 1; k >= 0; k-- {
		if before := &s.lines[k].Event; before.Nid == n.id {
			term := l.Event.State.Term
			isReceipt := strings.HasPrefix(before.Name, "Receive")
			newer := isReceipt && before.State.Term < before.Msg.Term && before.Msg.Term == term
			same := before.Name == "ReceiveAppendEntriesRequest" && before.State.Term == before.Msg.Term
			if newer || same && before.Msg.Term == term && before.Role == candidate {
				return nil
			}
			break
		}
	}
	if err := guard(n.role != follower, "a leader or candidate steps down"); err != nil {
		return err
	}
	n.role = follower
	return n.is(l)
}

// receive is ReceiveIfLogged, with all the steps that a message takes until it is processed.
func (s *spec) receive(l *traceLine) error {
	kinds := map[string]string{
		"ReceiveAppendEntriesRequest": "app", "ReceiveAppendEntriesResponse": "appReply",
		"ReceiveRequestVoteRequest": "vote", "ReceiveRequestVoteResponse": "voteReply",
	}
	var m specMessage
	for candidate := range s.messages {
		if candidate.kind == kinds[l.Event.Name] && matches(&candidate, l) {
			m = candidate
		}
	}
	n := s.servers[l.Event.Msg.To]
	if m.kind == "" || n == nil || n.id != l.Event.Nid {
		return fmt.Errorf("no such message is under way")
	}
	if err := n.is(l); err != nil {
		return err
	}
	if s.messages[m]--; s.messages[m] == 0 {
		delete(s.messages, m)
	}
	if m.term > n.term { // UpdateTerm
		n.term, n.role, n.vote = m.term, follower, nobody
	}
	switch m.kind {
	case "vote":
		n.handleRequestVoteRequest(&m)
	case "voteReply":
		if m.term == n.term {
			n.responded[m.from] = true
			if m.success {
				n.granted[m.from] = true
			}
		}
	case "app":
		return n.handleAppendEntriesRequest(&m, s.entries[m.log])
	case "appReply":
		if m.term == n.term && m.success {
			n.match[m.from] = max(n.match[m.from], m.match)
		}
	}
	return nil
}

// handleRequestVoteRequest is HandleRequestVoteRequest.
func (n *specServer) handleRequestVoteRequest(m *specMessage) {
	upToDate := m.prevTerm > n.lastTerm() || m.prevTerm == n.lastTerm() && m.prevIndex >= uint64(len(n.log))
	grant := m.term == n.term && upToDate && (n.vote == nobody || n.vote == m.from)
	if grant {
		n.vote = m.from
	}
	n.pending = append(n.pending, specMessage{kind: "voteReply", from: n.id, to: m.from, term: n.term, success: grant})
}

// handleAppendEntriesRequest is HandleAppendEntriesRequest, repeated until the message is answered.
func (n *specServer) handleAppendEntriesRequest(m *specMessage, entries []specEntry) error {
	reply := specMessage{kind: "appReply", subtype: "app", from: n.id, to: m.from, term: n.term}
	consistent := m.prevIndex == 0 || m.prevIndex <= uint64(len(n.log)) && n.log[m.prevIndex-1].term == m.prevTerm
	if m.term == n.term && n.role == candidate { // ReturnToFollowerState
		n.role = follower
	}
	if m.term < n.term || n.role == follower && !consistent { // RejectAppendEntriesRequest
		n.pending = append(n.pending, reply)
		return nil
	}
	if n.role == leader {
		return guard(false, "two leaders in one term")
	}
	last := m.prevIndex + uint64(len(entries))
	reply.subtype, reply.success, reply.match = m.subtype, true, last
	switch index := m.prevIndex + 1; {
	case index <= n.commit: // AppendEntriesAlreadyDone
		if m.subtype == "heartbeat" {
			n.commit = max(n.commit, m.commit)
		} else {
			reply.match = n.commit
		}
	default:
		for k := range entries { // ConflictAppendEntriesRequest, NoConflictAppendEntriesRequest
			if at := int(m.prevIndex) + k; at < len(n.log) && n.log[at].term != entries[k].term {
				n.log = n.log[:at:at]
			}
			if at := int(m.prevIndex) + k; at == len(n.log) {
				n.log = append(n.log, entries[k])
			}
		}
		n.commit = max(n.commit, min(m.commit, last))
	}
	n.pending = append(n.pending, reply)
	return nil
}

// invariants are those of Traceetcdraft.cfg.
func (s *spec) invariants() error {
	for _, a := range s.order {
		i := s.servers[a]
		committed := i.log[:i.commit]
		if i.role == leader && int(i.commit) > i.durable.log {
			return fmt.Errorf("CommittedIsDurableInv: %s committed %d, and stores %d", a, i.commit, i.durable.log)
		}
		lacking := func(id string) bool { return !hasPrefix(s.servers[id].log, committed) }
		if len(i.config) > 0 && quorum(i.config, lacking) {
			return fmt.Errorf("QuorumLogInv: what %s knows to be committed is not with a majority", a)
		}
		for _, b := range s.order {
			if err := i.agrees(s.servers[b], committed); a != b && err != nil {
				return err
			}
		}
	}
	return nil
}

// agrees looks at two servers.
func (n *specServer) agrees(o *specServer, committed []specEntry) error {
	if theirs := o.log[:o.commit]; !hasPrefix(committed, theirs) && !hasPrefix(theirs, committed) {
		return fmt.Errorf("LogInv: %s and %s committed different entries", n.id, o.id)
	}
	if n.role == leader && o.role == leader && n.term == o.term {
		return fmt.Errorf("MoreThanOneLeaderInv: %s and %s in term %d", n.id, o.id, n.term)
	}
	if n.role == leader && lastOf(n.log, n.term) < lastOf(o.log, n.term) {
		return fmt.Errorf("ElectionSafetyInv: %s leads term %d, and %s has more of it", n.id, n.term, o.id)
	}
	for k := min(len(n.log), len(o.log)) - 1; k >= 0; k-- {
		if n.log[k].term == o.log[k].term {
			if !hasPrefix(n.log, o.log[:k+1]) {
				return fmt.Errorf("LogMatchingInv: %s and %s agree at %d, and not before", n.id, o.id, k+1)
			}
			break
		}
	}
	upToDate := o.lastTerm() > n.lastTerm() || o.lastTerm() == n.lastTerm() && len(o.log) >= len(n.log)
	if upToDate && !hasPrefix(o.log, committed) {
		return fmt.Errorf("MoreUpToDateCorrectInv: %s is as up to date as %s, and lacks what it committed", o.id, n.id)
	}
	for k := range committed {
		if o.role == leader && o.term > committed[k].term && (k >= len(o.log) || o.log[k] != committed[k]) {
			return fmt.Errorf("LeaderCompletenessInv: %s leads, and lacks entry %d of %s", o.id, k+1, n.id)
		}
	}
	return nil
}

func hasPrefix(log, prefix []specEntry) bool {
	return len(log) >= len(prefix) && slices.Equal(log[:len(prefix)], prefix)
}

// lastOf returns the last index of a term, 0 if there is none.
func lastOf(log []specEntry, term uint64) int {
	for k := len(log) - 1; k >= 0; k-- {
		if log[k].term == term {
			return k + 1
		}
	}
	return 0
}
