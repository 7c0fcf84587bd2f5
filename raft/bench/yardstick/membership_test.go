package yardstick

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"raftplayground/raft"
)

// Why a case of etcd's has no equivalent here.
const (
	fromNothing = "it starts from a configuration without voters, which a cluster here never has: " +
		"Options.Voters are the first ones"
	noOrderTo = "a host does not order to leave a joint configuration: the leader does so by itself when it " +
		"is committed, as with etcd's auto-leave"
	jointForLess = "it enters a joint configuration without need, or starts in one: here a change of less than " +
		"two voters is one entry (thesis 4.1)"
)

// Etcd's cases for changes of the configuration. Each starts from what the one before it in the file has led to.
func TestMembershipChangesAsEtcdsCasesExpect(t *testing.T) {
	driven := 0
	without := map[string][]string{}
	var file string
	var now raft.Configuration
	for _, c := range yardstick(t, "confchange/testdata/*.txt") {
		if f, _, _ := strings.Cut(c.name, ":"); f != file {
			file, now = f, raft.Configuration{}
		}
		after, done := configuration(t, c.expected)
		if why := noEquivalent(c, now, done); why != "" {
			without[why] = append(without[why], fmt.Sprintf("%s %s", c.name, c.command))
		} else {
			driven++
			t.Run(c.name, func(t *testing.T) { checkChange(t, c, now, after, done) })
		}
		if done {
			now = after
		}
	}
	for why, cases := range without {
		t.Logf("%d cases without equivalent, because %s: %s", len(cases), why, strings.Join(cases, ", "))
	}
	if driven != 40 || len(without[fromNothing]) != 13 || len(without[noOrderTo]) != 2 ||
		len(without[jointForLess]) != 3 {
		t.Errorf(
			"%d cases driven, want 40; %d, %d and %d without equivalent, want 13, 2 and 3: etcd's files are "+
				"others, or are not read rightly",
			driven, len(without[fromNothing]), len(without[noOrderTo]), len(without[jointForLess]))
	}
}

func noEquivalent(c testCase, now raft.Configuration, done bool) string {
	switch {
	case len(now.Voters) == 0:
		return fromNothing
	case now.Joint() && slices.Equal(now.Voters, now.Outgoing):
		return jointForLess
	case c.command == "leave-joint" && !now.Joint():
		return noOrderTo
	case c.command == "enter-joint" && done && !twoVotersChange(now, target(now, c.input)):
		return jointForLess
	}
	return ""
}

// shown is how etcd writes a configuration: "voters=(1 2)&&(3) learners=(4) learners_next=(3) autoleave". A server in
// learners_next is a voter of the outgoing half that becomes a learner.
var shown = regexp.MustCompile(
	`^voters=\(([\d ]+)\)(?:&&\(([\d ]+)\))?(?: learners=\(([\d ]+)\))?(?: learners_next=\(([\d ]+)\))?( autoleave)?$`)

// configuration reads what etcd expects; done is false if that is an error.
func configuration(t *testing.T, expected string) (c raft.Configuration, done bool) {
	first, _, _ := strings.Cut(expected, "\n")
	m := shown.FindStringSubmatch(first)
	if m == nil {
		return c, false
	}
	c.Voters = servers(t, strings.Fields(m[1]))
	c.Outgoing = servers(t, strings.Fields(m[2]))
	c.Learners = servers(t, append(strings.Fields(m[3]), strings.Fields(m[4])...))
	slices.Sort(c.Learners)
	return c, true
}

// target returns what a list of orders leads to: v2 makes server 2 a voter, l2 a learner, r2 removes it; u2
// changes nothing for Raft, and 0 is no server.
func target(now raft.Configuration, orders string) raft.Configuration {
	c := now.Clone()
	c.Outgoing = nil
	for _, order := range strings.Fields(orders) {
		var s raft.ServerID
		if _, err := fmt.Sscanf(order[1:], "%d", &s); err != nil {
			panic(order + ": " + err.Error())
		}
		if s == 0 || order[0] == 'u' {
			continue
		}
		is := func(v raft.ServerID) bool { return v == s }
		c.Voters, c.Learners = slices.DeleteFunc(c.Voters, is), slices.DeleteFunc(c.Learners, is)
		switch order[0] {
		case 'v':
			c.Voters = append(c.Voters, s)
		case 'l':
			c.Learners = append(c.Learners, s)
		}
	}
	slices.Sort(c.Voters)
	slices.Sort(c.Learners)
	return c
}

func twoVotersChange(now, then raft.Configuration) bool {
	changes := 0
	for _, v := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(now.Voters, then.Voters)))) {
		if slices.Contains(now.Voters, v) != slices.Contains(then.Voters, v) {
			changes++
		}
	}
	return changes > 1
}

// checkChange asks a leader under configuration now for the change, and compares what is in force afterwards.
func checkChange(t *testing.T, c testCase, now, after raft.Configuration, done bool) {
	then := target(now, c.input)
	s := leading(t, now, then)
	if c.command == "leave-joint" {
		s.acknowledge()
		s.mustBe(after)
		return
	}
	if !now.Joint() {
		s.acknowledge() // the change before is complete
	}
	err := s.node.Reconfigure(then)
	switch {
	case done:
		if err != nil {
			t.Fatalf("%s to %s: %v", now.AppendText(nil), then.AppendText(nil), err)
		}
		s.mustBe(after)
	case c.expected == "removed all voters":
		if err == nil || !strings.Contains(err.Error(), "no voters") {
			t.Errorf("a change to no voters: %v", err)
		}
	case c.expected == "config is already joint" || c.expected == "can't apply simple config change in joint config":
		if err != raft.ErrChangePending {
			t.Errorf("a change while the last is not complete: %v, want %v", err, raft.ErrChangePending)
		}
	case c.expected == "more than one voter changed without entering joint config":
		// What etcd refuses to do in one step, the leader here does in two.
		if err != nil {
			t.Fatal(err)
		}
		then.Outgoing = now.Voters
		s.mustBe(then)
	default:
		t.Fatalf("etcd expects %q: that is new", c.expected)
	}
}

// leading returns a leader under a configuration whose entry is not acknowledged yet. It stays a voter, if
// any voter does. Etcd leaves it to the user that a new voter is caught up, so that is not looked at here.
func leading(t *testing.T, now, then raft.Configuration) *server {
	id := now.Voters[0]
	for _, v := range now.Voters {
		if slices.Contains(then.Voters, v) {
			id = v
			break
		}
	}
	s := newServer(t, raft.Options{ID: id, Voters: now.Voters, Off: raft.RulesOf(raft.PreVote, raft.CatchUpFirst)},
		raft.Durable{CurrentTerm: 1, Log: []raft.Entry{{Term: 1, Kind: raft.Config, Data: now.AppendText(nil)}}})
	s.elect()
	s.mustBe(now)
	return s
}

// acknowledge has every follower store the whole log, until there is nothing new.
func (s *server) acknowledge() {
	for st := s.status(); st.Role == raft.Leader && st.CommitIndex < st.LastIndex; st = s.status() {
		for _, p := range st.Peers {
			if s.node.Role() == raft.Leader {
				s.store(p.Server, st.LastIndex)
			}
		}
	}
}

func (s *server) mustBe(want raft.Configuration) {
	s.t.Helper()
	if got := s.status().Config; !got.Equal(want) {
		s.t.Errorf("in force: %s, want %s", got.AppendText(nil), want.AppendText(nil))
	}
}
