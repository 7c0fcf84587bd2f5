package yardstick

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"raftplayground/raft"
)

// outsider leads, or stands for election, without a vote in the configuration that is tested: every voter's part is
// then the test's to play. It may, because it had a vote in the configuration before, and the change is not committed.
const outsider = 1000

// entries is how long the outsider's log is before the configuration that is tested: more than any index in the cases.
// Nothing of the configuration is ever committed then, so that it stays in force.
const entries = 200

// Etcd's cases for what a majority, or two of them, have voted for and have stored; each also with the halves of the
// configuration exchanged, or doubled.
func TestQuorumDecidesAsEtcdsCasesExpect(t *testing.T) {
	driven := map[string]int{}
	var without []string
	for _, c := range yardstick(t, "quorum/testdata/*.txt") {
		configs := configurations(t, c)
		if configs == nil {
			without = append(without, c.name)
			continue
		}
		driven[c.command]++
		t.Run(c.name, func(t *testing.T) {
			for _, config := range configs {
				for _, off := range []raft.RuleSet{0, raft.RulesOf(raft.PreVote)} {
					if got, want := decided(t, c, config, off), wanted(c); got != want {
						t.Errorf("%s, rules off %b: %v: got %s, want %s", config.AppendText(nil), off, c.args, got,
							want)
					}
				}
			}
		})
	}
	t.Logf("%d cases of votes, %d of commitment; without voters, and so without equivalent: %v", driven["vote"],
		driven["committed"], without)
	if driven["vote"] != 59 || driven["committed"] != 65 || len(without) != 3 {
		t.Errorf("wanted 59, 65 and 3: etcd's files are others, or are not read rightly")
	}
}

// The cases tell right from wrong: with the rules of the arithmetic left out, some come out otherwise.
func TestEtcdsCasesNoticeAMissingRule(t *testing.T) {
	for _, rule := range []raft.Rule{raft.MajorityDecides, raft.TwoMajorities} {
		for _, command := range []string{"vote", "committed"} {
			wrong := 0
			for _, c := range yardstick(t, "quorum/testdata/*.txt") {
				for _, config := range configurations(t, c) {
					if c.command == command && decided(t, c, config, raft.RulesOf(rule)) != wanted(c) {
						wrong++
					}
				}
			}
			t.Logf("without %s: %d of the %s cases come out wrong", raft.Rules[rule].ID, wrong, command)
			if wrong == 0 {
				t.Errorf("no %s case notices that %s is left out", command, raft.Rules[rule].ID)
			}
		}
	}
}

// configurations returns those that a case is put to, none if it is about one without voters: ours have at least one.
func configurations(t *testing.T, c testCase) []raft.Configuration {
	half, other := servers(t, c.args["cfg"]), servers(t, c.args["cfgj"])
	switch {
	case len(half) == 0:
		return nil
	case len(other) == 0:
		return []raft.Configuration{{Voters: half}, {Voters: half, Outgoing: half}}
	}
	return []raft.Configuration{{Voters: half, Outgoing: other}, {Voters: other, Outgoing: half}}
}

// wanted returns what etcd expects, without the picture that it draws of indexes.
func wanted(c testCase) string {
	return c.expected[strings.LastIndex(c.expected, "\n")+1:]
}

// decided puts a case to a configuration.
func decided(t *testing.T, c testCase, config raft.Configuration, off raft.RuleSet) string {
	voters := slices.Concat(servers(t, c.args["cfg"]), servers(t, c.args["cfgj"]))
	if c.command == "vote" {
		return voted(t, config, answers(t, voters, c.args["votes"]), off)
	}
	return committed(t, config, answers(t, voters, c.args["idx"]), off)
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

// voted holds the election, or the pre-vote before it. A candidate here does not say that an election is
// lost, as etcd calls one that the outstanding votes can no longer win; pending is one that they can.
func voted(t *testing.T, c raft.Configuration, given []answer, off raft.RuleSet) string {
	s := under(t, c, off)
	s.node.Campaign()
	s.run()
	asking := s.node.Role()
	for _, a := range given {
		if a.what != "_" && s.node.Role() == asking {
			s.vote(a.from, a.what == "y")
		}
	}
	if s.node.Role() != asking {
		return "VoteWon"
	}
	for _, a := range given {
		if a.what == "_" && s.node.Role() == asking {
			s.vote(a.from, true)
		}
	}
	if s.node.Role() != asking {
		return "VotePending"
	}
	return "VoteLost"
}

// committed makes the outsider lead, and tells it what the voters store. Terms are ignored, as in etcd's
// arithmetic: entries of an older term count.
func committed(t *testing.T, c raft.Configuration, given []answer, off raft.RuleSet) string {
	s := under(t, c, off|raft.RulesOf(raft.CommitOnlyCurrentTerm, raft.PreVote))
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
	return strconv.FormatUint(uint64(s.status().CommitIndex), 10)
}
