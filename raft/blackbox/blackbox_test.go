package blackbox

import (
	"bytes"
	"flag"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"raftplayground/raft"
)

var (
	seedFlag  = flag.Uint64("seed", 0, "live through the world of this seed alone")
	traceFlag = flag.Bool("trace", false, "with -seed: print all that happens")
	offFlag   = flag.String("off", "", "rules that no server keeps, by name, with commas between")
	timeFlag  = flag.Duration("time", 20*time.Second, "how long to go on with new seeds")
	fromFlag  = flag.Uint64("from", 1, "the first seed")
)

// leastWorlds is how many worlds are lived through however slow the machine is.
const leastWorlds = 200

// TestBlackBox lives through one world after the other, until its time is over or something is wrong.
func TestBlackBox(t *testing.T) {
	var off raft.RuleSet
	if *offFlag != "" {
		var err error
		if off, err = raft.RulesNamed(strings.Split(*offFlag, ",")); err != nil {
			t.Fatal(err)
		}
	}
	if *seedFlag != 0 {
		var to io.Writer
		if *traceFlag {
			to = os.Stdout
		}
		if err := watch(*seedFlag, off, to); err != nil {
			t.Error(err)
		}
		return
	}
	began, seed := time.Now(), *fromFlag
	for time.Since(began) < *timeFlag || seed < *fromFlag+leastWorlds {
		if err := watch(seed, off, nil); err != nil {
			t.Fatalf("%v\nto see it: go test ./raft/blackbox -run TestBlackBox -seed %d -trace", err, seed)
		}
		seed++
	}
	t.Logf("%d worlds in %.0f s", seed-*fromFlag, time.Since(began).Seconds())
}

// TestRulesSwitchedOffAreSeen proves that the checks can fail: with a rule switched off, one of the first
// worlds fails, and the same world passes with the rule on.
func TestRulesSwitchedOffAreSeen(t *testing.T) {
	for _, rule := range []raft.Rule{
		raft.StepDownForHigherTerm, raft.OneVotePerTerm, raft.UpToDateCandidate, raft.DurableCandidacy,
		raft.DurableAppend,
		raft.CountVoters, raft.AnswersOfThisElection, raft.ConsistencyCheck, raft.DeleteOnlyConflicts,
		raft.CompactedMatches,
		raft.DurableVote, raft.CommitOnlyCurrentTerm, raft.CountOwnDisk, raft.ForgetCutWrites, raft.MajorityDecides,
		raft.RefuseImpossible, raft.RandomTimeouts, raft.HeartbeatResetsTimer, raft.PreVote, raft.RefusalTellsTerm,
		raft.PreVoteLeavesTimer, raft.CheckQuorum, raft.LeaderLoyalty, raft.ReadInOwnTerm, raft.ReadRound,
		raft.OnlyVotersCount, raft.ConfigOnAppend, raft.RollBackConfig, raft.OneChangeAtATime, raft.ChangeInOwnTerm,
		raft.AnswersOfThisTerm, raft.LoyaltyOutlivesTerm, raft.LoyalCandidate, raft.LeaderWrites,
		raft.LeaseEndsWithTransfer, raft.TransferDeadline,
		raft.ResendSnapshot, raft.TwoMajorities,
	} {
		t.Run(raft.Rules[rule].ID, func(t *testing.T) {
			const within = 1000 // worlds; most need less than 30
			for seed := uint64(1); seed <= within; seed++ {
				if err := watch(seed, raft.RulesOf(rule), nil); err != nil {
					t.Logf("after %d worlds: %.200v", seed, err)
					if err := Run(seed); err != nil {
						t.Errorf("the same world with the rule kept: %v", err)
					}
					return
				}
			}
			t.Errorf("nothing is wrong in %d worlds", within)
		})
	}
}

func TestSameSeedSameWorld(t *testing.T) {
	for seed := uint64(1); seed <= hostileWorlds; seed++ {
		var first, second bytes.Buffer
		one, other := watch(seed, 0, &first), watch(seed, 0, &second)
		if !reflect.DeepEqual(one, other) || !bytes.Equal(first.Bytes(), second.Bytes()) || first.Len() < 1000 {
			t.Errorf("seed %d: once %v, %d bytes; then %v, %d bytes", seed, one, first.Len(), other, second.Len())
		}
	}
}

// TestSnapshotsCannotBeMixed: a mixture of two snapshots of the same state cannot be read.
func TestSnapshotsCannotBeMixed(t *testing.T) {
	one, other := encode(1, 100, 7, 42), encode(2, 100, 7, 42)
	for _, data := range [][]byte{one, other} {
		if index, digest, ok := decode(data); index != 7 || digest != 42 || !ok {
			t.Errorf("read: %d, %d, %t", index, digest, ok)
		}
	}
	for cut := 1; cut < len(one); cut++ {
		if _, _, ok := decode(slices.Concat(one[:cut], other[cut:])); ok {
			t.Errorf("%d bytes of one and the rest of the other can be read", cut)
		}
	}
	if _, _, ok := decode(one[:99]); ok {
		t.Error("a part can be read")
	}
}

// TestDiskHoldsWhatDurableSaveMakes compares this package's disk with the function that says what a disk
// holds.
func TestDiskHoldsWhatDurableSaveMakes(t *testing.T) {
	entries := func(term raft.Term, n int) (list []raft.Entry) {
		for range n {
			list = append(list, raft.Entry{Term: term})
		}
		return list
	}
	var ours disk
	var theirs raft.Durable
	for i, s := range []raft.Save{
		{CurrentTerm: 1, VotedFor: 2, First: 1},
		{CurrentTerm: 1, VotedFor: 2, First: 1, Entries: entries(1, 5)},
		{CurrentTerm: 2, First: 4, Entries: entries(2, 3)},
		{CurrentTerm: 2, First: 6},
		{CurrentTerm: 2, First: 6, Snapshot: &raft.Snapshot{Index: 3, Term: 1}},
		{CurrentTerm: 3, VotedFor: 1, First: 6, Entries: entries(3, 4)},
		{CurrentTerm: 3, VotedFor: 1, First: 8, Snapshot: &raft.Snapshot{Index: 6, Term: 3}, Entries: entries(3, 1)},
		{CurrentTerm: 4, First: 21, Snapshot: &raft.Snapshot{Index: 20, Term: 4}},
		{CurrentTerm: 4, First: 21, Entries: entries(4, 2)},
	} {
		if problem := ours.put(s); problem != "" {
			t.Errorf("save %d: %s", i, problem)
		}
		theirs.Save(s)
		got := ours.contents()
		if got.CurrentTerm != theirs.CurrentTerm || got.VotedFor != theirs.VotedFor ||
			got.Snapshot != theirs.Snapshot || !slices.EqualFunc(got.Log, theirs.Log, same) {
			t.Errorf("save %d: %+v, want %+v", i, got, theirs)
		}
	}
	if ours.put(raft.Save{CurrentTerm: 4, First: 30, Entries: entries(4, 1)}) == "" {
		t.Error("a hole in the log is no problem")
	}
}
