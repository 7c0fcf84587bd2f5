package yardstick

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"raftplayground/raft"
)

// outsider leads, or stands for election, without a vote in the configuration that is tested: every voter's part is then the test's to play. It may,
// because it had a vote in the configuration before, and the change is not committed.
const outsider = 1000

// entries is how long the outsider's log is before the configuration that is tested: more than any index in the cases. Nothing of the configuration is
// ever committed then, so that it stays in force.
const entries = 200

// Etcd's cases for what a majority, or two of them, have voted for and have stored; each also with the halves of the configuration exchanged.
func TestQuorumDecidesAsEtcdsCasesExpect(t *testing.T) {
	driven := map[string]int{}
	var without []string
	for _, c := range yardstick(t, "quorum/testdata/*.txt") {
		half, other := servers(t, c.args["cfg"]), servers(t, c.args["cfgj"])
		if len(half) == 0 {
			without = append(without, c.name) // a configuration without voters: ours have at least one
			continue
		}
		driven[c.command]++
		t.Run(c.name, func(t *testing.T) {
			given := answers(t, slices.Concat(half, other), c.args[map[string]string{"vote": "votes", "committed": "idx"}[c.command]])
			configs := []raft.Configuration{{Voters: half, Outgoing: other}}
			if len(other) > 0 {
				configs = append(configs, raft.Configuration{Voters: other, Outgoing: half})
			} else {
				configs = append(configs, raft.Configuration{Voters: half, Outgoing: half})
			}
			for _, config := range configs {
				if c.command == "vote" {
					checkVote(t, config, given, c.expected, 0)
					checkVote(t, config, given, c.expected, raft.RulesOf(raft.PreVote))
				} else {
					checkCommitted(t, config, given, c.expected)
				}
			}
		})
	}
	t.Logf("%d cases of votes, %d of commitment; without voters, and so without equivalent: %v", driven["vote"], driven["committed"], without)
	if driven["vote"] != 59 || driven["committed"] != 65 || len(without) != 3 {
		t.Errorf("wanted 59, 65 and 3: etcd's files are others, or are not read rightly")
	}
}

func servers(t *testing.T, ids []string) (s []raft.ServerID) {
	for _, id := range ids {
		if id == "zero" {
			return nil
		}
		n, err := strconv.ParseUint(id, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		s = append(s, raft.ServerID(n))
	}
	return s
}

// answer is what one voter has said; "_" is nothing.
type answer struct {
	from raft.ServerID
	what string
}

// answers gives the voters their answers, in the order in which they are named first.
func answers(t *testing.T, voters []raft.ServerID, said []string) (a []answer) {
	for _, v := range voters {
		if slices.ContainsFunc(a, func(x answer) bool { return x.from == v }) {
			continue
		}
		if len(a) == len(said) {
			t.Fatalf("%d answers of more voters: %v", len(said), voters)
		}
		a = append(a, answer{v, said[len(a)]})
	}
	if len(a) != len(said) {
		t.Fatalf("%d answers of %d voters", len(said), len(a))
	}
	return a
}

// under returns the outsider with a configuration in force.
func under(t *testing.T, c raft.Configuration, off raft.RuleSet) *server {
	d := raft.Durable{CurrentTerm: 1}
	for range entries {
		d.Log = append(d.Log, raft.Entry{Term: 1, Data: []byte("x")})
	}
	d.Log = append(d.Log, raft.Entry{Term: 1, Kind: raft.Config, Data: c.AppendText(nil)})
	return newServer(t, raft.Options{ID: outsider, Voters: []raft.ServerID{outsider}, Off: off}, d)
}

// checkVote holds the election, or the pre-vote before it. What etcd calls lost, a candidate here does not say: it is one that the votes that are
// still out cannot win any more. Pending is one that they can.
func checkVote(t *testing.T, c raft.Configuration, given []answer, expected string, off raft.RuleSet) {
	s := under(t, c, off)
	s.node.Campaign()
	s.run()
	asking := s.node.Role()
	for _, a := range given {
		if a.what != "_" && s.node.Role() == asking {
			s.vote(a.from, a.what == "y")
		}
	}
	got := "VoteWon"
	if s.node.Role() == asking {
		got = "VoteLost"
		for _, a := range given {
			if a.what == "_" && s.node.Role() == asking {
				s.vote(a.from, true)
			}
		}
		if s.node.Role() != asking {
			got = "VotePending"
		}
	}
	if got != expected {
		t.Errorf("%s, rules off %b: %v: got %s, want %s", c.AppendText(nil), off, given, got, expected)
	}
}

// checkCommitted leads and is told what the voters store. Terms are left out of it, as they are in etcd's arithmetic: entries of an older one count.
func checkCommitted(t *testing.T, c raft.Configuration, given []answer, expected string) {
	lines := strings.Split(expected, "\n") // a picture, and the index
	want := lines[len(lines)-1]
	for _, order := range []string{"as given", "reversed"} {
		s := under(t, c, raft.RulesOf(raft.CommitOnlyCurrentTerm, raft.PreVote))
		s.elect()
		for _, a := range given {
			if a.what == "_" {
				continue
			}
			i, err := strconv.ParseUint(a.what, 10, 64)
			if err != nil || i >= entries {
				t.Fatalf("index %s, want less than %d (%v)", a.what, entries, err)
			}
			s.store(a.from, raft.Index(i))
		}
		if got := strconv.FormatUint(uint64(s.status().CommitIndex), 10); got != want {
			t.Errorf("%s: %v, %s: committed through %s, want %s", c.AppendText(nil), given, order, got, want)
		}
		slices.Reverse(given)
	}
}
