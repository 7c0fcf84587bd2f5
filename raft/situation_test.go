package raft

import (
	"bytes"
	"reflect"
	"regexp"
	"testing"
)

// What AppendSituation leaves out, beyond what AppendState does, is named in its comment: time, random numbers, numbers
// of calls, and the state of features that it assumes to be off or not used. Of some numbers it tells only
// the result of their comparisons.
var leftOut = regexp.MustCompile(untold.String() +
	`|^\.(elapsed|timeout|random|calls|loyalTo|loyalFor|leader|snapshot|incoming)\b|^\.disk\.snapshotChanged$` +
	`|^\.candidacy\.(reason|since)$` +
	`|^\.leadership\.(heldBack|ticks|contact|readsDue|handedOver|rounds|reads|transfer|writing|writingSince)\b` +
	`|^\.leadership\.followers\[\d+\]\.(probe|since|told|heard|snapshot\.Index|offset|rounds)$` +
	`|^\.leadership\.followers\[\d+\]\.(roundBegan|roundEnd|learner|caughtUp)$`)

func TestSituationsTellEverythingButWhatTheirCommentNames(t *testing.T) {
	servers := busy(t)
	waiting := start(t, 1, 3, Durable{CurrentTerm: 4, Log: logOf(1)})
	waiting.manual = true
	waiting.receive(2, &AppendEntries{Term: 4, LeaderID: 2, PrevLogIndex: 1, PrevLogTerm: 1, Entries: logOf(4)})
	waiting.save()
	waiting.timeOut() // its candidacy is not durable yet
	servers["waiting candidate"] = waiting.n
	servers["newcomer"] = start(t, 1, 3, Durable{}).n
	for name, n := range servers {
		t.Run(name, func(t *testing.T) {
			same := situation(n, false)
			tells := func(way string, number reflect.Value) {
				changed(number, func() {
					if bytes.Equal(situation(n, false), same) {
						t.Errorf("n%s is not told", way)
					}
				})
			}
			eachNumber("", reflect.ValueOf(n).Elem(), func(way string, number reflect.Value) {
				if !leftOut.MatchString(way) && way != ".log.last" && way != ".log.base" {
					tells(way, number)
				}
			})
			for i := n.log.base + 1; i <= n.log.last; i++ {
				eachNumber(".log", reflect.ValueOf(n.log.at(i)).Elem(), tells)
			}
			for what, other := range map[string]struct {
				has    bool
				change func(*Node)
			}{
				"the log's beginning": {true, func(n *Node) { n.log.base++; n.log.last++ }},
				"an entry less": {n.log.last > n.log.base,
					func(n *Node) { n.log.truncate(n.log.last) }},
				"whether it only asks": {n.candidacy != nil,
					func(n *Node) { n.candidacy.pre = !n.candidacy.pre }},
				"that an election is a transfer's": {n.candidacy != nil,
					func(n *Node) { n.candidacy.reason = Transferred }},
				"whether a probe is under way": {n.leadership != nil,
					func(n *Node) { f := &n.leadership.followers[0]; f.probe = 1 - min(1, f.probe) }},
			} {
				if !other.has {
					continue
				}
				clone := n.Clone()
				other.change(clone)
				if bytes.Equal(situation(clone, false), same) {
					t.Errorf("%s is not told", what)
				}
			}
		})
	}
}

func TestSituationsCountSavesFromTheLastDurableOne(t *testing.T) {
	at := func(saves uint64) *Node {
		h := start(t, 1, 3, Durable{})
		h.n.disk.handedSeq, h.n.disk.savedSeq = saves, saves
		h.manual = true
		h.receive(2, &AppendEntries{Term: 1, LeaderID: 2, Entries: logOf(1)})
		h.timeOut()
		return h.n
	}
	if few, many := at(2), at(1000); !bytes.Equal(situation(few, false), situation(many, false)) ||
		few.candidacy.ownVote != 4 {
		t.Errorf("servers that differ only in how many Saves they made have different situations; the vote waits "+
			"for Save %d", few.candidacy.ownVote)
	}
	// A candidate whose own vote is counted and one whose vote's Save is the last durable one: nothing more can
	// come of either.
	counted, done := at(2), at(2)
	counted.disk.savedSeq, done.disk.savedSeq = 4, 4
	counted.candidacy.ownVote = 0
	if !bytes.Equal(situation(counted, false), situation(done, false)) {
		t.Error("an own vote that is durable is told")
	}
}

func TestNobodyHasNoOtherName(t *testing.T) {
	a, b := start(t, 1, 3, Durable{}), start(t, 3, 3, Durable{}) // they voted for nobody
	if !bytes.Equal(situation(a.n, false), situation(b.n, true)) {
		t.Error("servers that differ only in names have different situations")
	}
}

func TestAnAnswerWithoutANumberIsToNoCall(t *testing.T) {
	leader := led(t, 1, 1, 0)
	_, age := leader.n.AppendSituation(nil, func(s ServerID) ServerID { return s })
	equal(t, "no number", age(2, 0), 0)
	equal(t, "a call since nextIndex moved last", age(3, leader.n.calls), 1)
}
