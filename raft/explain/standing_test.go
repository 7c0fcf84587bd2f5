package explain

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"raftplayground/raft"
	"raftplayground/relay/quality"
)

// log is a Log that holds its entries.
type log struct {
	first   raft.Index
	entries []Entry
}

func (l log) First() raft.Index { return l.first }

func (l log) At(i raft.Index) (Entry, bool) {
	if i < l.first || i-l.first >= raft.Index(len(l.entries)) {
		return Entry{}, false
	}
	return l.entries[i-l.first], true
}

// someEntries makes a log of entries of these terms, from index 1 on.
func someEntries(terms ...raft.Term) log {
	l := log{first: 1}
	for i, t := range terms {
		l.entries = append(l.entries, Entry{t, "x = " + decimal(uint64(i+1))})
	}
	return l
}

// cluster is a Standing of servers 1, 2, … that run and say this of themselves, at 100 ms. What a Report does not say
// of its log's end follows from its Log.
func cluster(reports ...Report) Standing {
	s := Standing{Started: true, Now: 100_000}
	for i := range reports {
		r := &reports[i]
		if r.At == 0 {
			r.At = s.Now
		}
		if r.Log == nil {
			r.Log = log{first: 1}
		}
		own := r.Log.(log)
		if n := len(own.entries); n > 0 && r.LastIndex == 0 {
			r.LastIndex, r.LastTerm = own.first+raft.Index(n)-1, own.entries[n-1].Term
		}
		s.Servers = append(s.Servers, Server{ID: raft.ServerID(i + 1), Report: r})
	}
	for a := range reports {
		for b := range reports {
			if a != b {
				s.Links = append(s.Links, Link{
					From: raft.ServerID(a + 1), To: raft.ServerID(b + 1), Up: true,
					Qualities: quality.Qualities{Latency: 15_000, Jitter: 5_000},
				})
			}
		}
	}
	return s
}

// many returns n servers of which nothing is known except that they are voters.
func many(n int, q ...raft.Quorum) Standing {
	reports := make([]Report, n)
	for i := range reports {
		reports[i].Quorums = q
	}
	return cluster(reports...)
}

func set(s *Standing, state State, servers ...raft.ServerID) {
	for _, id := range servers {
		s.Servers[id-1].State = state
	}
}

// cut cuts single directions.
func cut(s *Standing, ways ...[2]raft.ServerID) {
	for i := range s.Links {
		if l := &s.Links[i]; slices.Contains(ways, [2]raft.ServerID{l.From, l.To}) {
			l.Up = false
		}
	}
}

// part cuts both directions of every link between one side and the rest.
func part(s *Standing, side ...raft.ServerID) {
	for i := range s.Links {
		if l := &s.Links[i]; slices.Contains(side, l.From) != slices.Contains(side, l.To) {
			l.Up = false
		}
	}
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\ngot  %v\nwant %v", what, got, want)
	}
}

// answered returns the question asked of a cluster, and its answer as one text.
func answered(s Standing) (ask, answer, section string) {
	q := Look(s).Why()
	if q == nil {
		return "", "", ""
	}
	return q.Ask, strings.Join(q.Answer, " "), q.Section
}

var (
	three = raft.Quorum{Voters: []raft.ServerID{1, 2, 3}, Needed: 2}

	five = raft.Quorum{Voters: []raft.ServerID{1, 2, 3, 4, 5}, Needed: 3}
	// half is the quorum of servers that decide without a majority.
	half = raft.Quorum{Voters: []raft.ServerID{1, 2, 3, 4, 5}, Needed: 2}
)

// joint is the configuration on the way from S1, S2, S3 to S1, S4, S5.
func joint(agreed, agreedOld int) []raft.Quorum {
	return []raft.Quorum{
		{Voters: []raft.ServerID{1, 4, 5}, Needed: 2, Agreed: agreed},
		{Voters: []raft.ServerID{1, 2, 3}, Needed: 2, Agreed: agreedOld},
	}
}

func TestWhoSaysWhatAMajorityIs(t *testing.T) {
	says := func(index raft.Index, role raft.Role, q ...raft.Quorum) Report {
		return Report{Role: role, Quorums: q, LastIndex: index, LastTerm: 2, Term: 2}
	}
	old, newer := raft.Quorum{Voters: []raft.ServerID{1, 2, 3}, Needed: 2}, joint(0, 0)
	led := cluster(says(3, raft.Leader, old), says(4, raft.Follower, newer...), says(9, raft.Follower))
	equal(t, "the leader", len(Look(led).Quorums), 1)
	set(&led, Down, 1)
	equal(t, "else who has the newest log", len(Look(led).Quorums), 2)
	equal(t, "everybody in them", Look(led).Voters.String(), "S1, S2, S3, S4 and S5")
	set(&led, Down, 2)
	set(&led, Running, 1)
	led.Servers[0].Report.Role = raft.Follower
	equal(t, "and runs", len(Look(led).Quorums), 1)

	strangers := many(3)
	equal(t, "of servers of another kind everybody counts", Look(strangers).Majority().Needed, "2 of 3")
	strangers.Servers[2].NoVote = true
	equal(t, "but who only learns", Look(strangers).Majority().Needed, "2 of 2")
	strangers.Off = raft.RulesOf(raft.MajorityDecides)
	equal(t, "as servers count that do not keep the rule", Look(strangers).Majority().Needed, "1 of 2")
}

func TestMajority_SaysHowManyDecideAndWhetherTheyDo(t *testing.T) {
	for _, c := range []struct {
		what  string
		s     Standing
		spoil func(*Standing)
		want  Majority
	}{
		{"all run", many(5, five), func(*Standing) {},
			Majority{"3 of 5", "3 of 5 servers make a majority", "5 of 5", true}},
		{"two are down and one is paused", many(5, five),
			func(s *Standing) { set(s, Down, 1, 2); set(s, Paused, 3) },
			Majority{"3 of 5", "3 of 5 servers make a majority", "2 of 5", false}},
		{"without a majority two decide", many(5, half), func(s *Standing) { set(s, Down, 3, 4, 5) },
			Majority{"2 of 5", "2 of 5 servers decide, which is no majority: that rule is off", "2 of 5", true}},
		{"two majorities and not four of six", many(5, joint(0, 0)...), func(s *Standing) { set(s, Down, 2, 3) },
			Majority{"2 of 3 and 2 of 3", "The configuration changes: 2 of S1, S4 and S5 and 2 of S1, S2 and S3 " +
				"have to agree",
				"3 of 3 and 1 of 3", false}},
		{"a majority of each", many(5, joint(0, 0)...), func(s *Standing) { set(s, Down, 3, 5) },
			Majority{"2 of 3 and 2 of 3", "The configuration changes: 2 of S1, S4 and S5 and 2 of S1, S2 and S3 " +
				"have to agree",
				"2 of 3 and 2 of 3", true}},
		{"the larger side", many(5, five), func(s *Standing) { part(s, 1, 4) },
			Majority{"3 of 5", "3 of 5 servers make a majority", "3 of 5", true}},
		{"who only is heard decides nothing", many(3), func(s *Standing) {
			cut(s, [2]raft.ServerID{1, 2}, [2]raft.ServerID{2, 3}, [2]raft.ServerID{3, 1})
		}, Majority{"2 of 3", "2 of 3 servers make a majority", "1 of 3", false}},
		{"a leader need only reach the others", many(3),
			func(s *Standing) { cut(s, [2]raft.ServerID{1, 2}, [2]raft.ServerID{2, 1}) },
			Majority{"2 of 3", "2 of 3 servers make a majority", "3 of 3", true}},
		{"a learner connects nobody", many(5, raft.Quorum{Voters: []raft.ServerID{1, 2, 3}, Needed: 2}),
			func(s *Standing) {
				cut(s, [][2]raft.ServerID{{1, 2}, {2, 1}, {1, 3}, {3, 1}, {2, 3}, {3, 2}}...)
			},
			Majority{"2 of 3", "2 of 3 servers make a majority", "1 of 3", false}},
	} {
		c.spoil(&c.s)
		equal(t, c.what, Look(c.s).Majority(), c.want)
	}
}

func TestSides_SayWhatEachCanDo(t *testing.T) {
	told := func(s Standing) (text string) {
		for _, side := range Look(s).Sides() {
			text += side.Servers.String() + " " + side.Words + "; "
		}
		return text
	}
	cutIn := func(s Standing, side ...raft.ServerID) Standing {
		s.Links = slices.Clone(s.Links)
		part(&s, side...)
		return s
	}
	paused := cutIn(many(5, five), 1, 2)
	set(&paused, Paused, 3)
	gone := cutIn(many(5, five), 1, 2)
	set(&gone, Down, 1, 5)
	oneWay := many(3)
	cut(&oneWay, [2]raft.ServerID{1, 2}, [2]raft.ServerID{1, 3}, [2]raft.ServerID{3, 1}, [2]raft.ServerID{2, 1},
		[2]raft.ServerID{2, 3})
	pieces := cutIn(cutIn(many(5, five), 1), 2)
	bridged := cutIn(many(5, raft.Quorum{Voters: []raft.ServerID{1, 2, 3}, Needed: 2}), 3, 5)
	cut(&bridged, [2]raft.ServerID{1, 2}, [2]raft.ServerID{2, 1})
	for _, c := range []struct {
		what string
		s    Standing
		want string
	}{
		{"whole", many(5, five), ""},
		{"a learner leads nobody", bridged, "S1, S2 and S4 1 of 3: cannot elect; S3 and S5 1 of 3: cannot elect; "},
		{"in two", cutIn(many(5, five), 1, 2), "S3, S4 and S5 majority 3 of 5; S1 and S2 2 of 5: cannot elect; "},
		{"in three", pieces, "S3, S4 and S5 majority 3 of 5; S1 1 of 5: cannot elect; S2 1 of 5: cannot elect; "},
		{"in four", cutIn(pieces, 3), ""},
		{"no majority is needed", cutIn(many(5, half), 1, 2),
			"S3, S4 and S5 majority 3 of 5; S1 and S2 majority 2 of 5; "},
		{"while the configuration changes", cutIn(many(5, joint(0, 0)...), 1, 4, 5),
			"S1, S4 and S5 3 of 3 and 1 of 3: cannot elect; S2 and S3 0 of 3 and 2 of 3: cannot elect; "},
		{"a paused server does not vote", paused,
			"S3, S4 and S5 2 of 5: cannot elect; S1 and S2 2 of 5: cannot elect; "},
		{"one that is down is on no side", gone, "S3 and S4 2 of 5: cannot elect; S2 1 of 5: cannot elect; "},
		{"one way is not enough", oneWay, "S2 and S3 1 of 3: cannot elect; S1 1 of 3: cannot elect; "},
	} {
		equal(t, c.what, told(c.s), c.want)
	}
}

func TestACutThatIsBeingChosenIsTold(t *testing.T) {
	s := many(5, five)
	equal(t, "of five", Look(s).Cut(SetOf(2, 4)),
		[2]string{"S2 and S4: cannot elect", "S1, S3 and S5: majority 3 of 5"})
	set(&s, Down, 5)
	equal(t, "with one down", Look(s).Cut(SetOf(2, 4)),
		[2]string{"S2 and S4: cannot elect", "S1, S3 and S5: cannot elect"})
	equal(t, "everybody", Look(s).Cut(SetOf(1, 2, 3, 4, 5))[1], "nobody: cannot elect")
	part(&s, 2)
	equal(t, "what is cut now does not matter", Look(s).Cut(SetOf(5))[1],
		"S1, S2, S3 and S4: majority 4 of 5")
}

func TestHalf_FindsNoMajority(t *testing.T) {
	lead := func(s Standing, id raft.ServerID) Standing {
		s.Servers[id-1].Report.Role = raft.Leader
		return s
	}
	three := raft.Quorum{Voters: []raft.ServerID{1, 2, 3}, Needed: 2}
	for _, c := range []struct {
		what string
		s    Standing
		want string
	}{
		{"one alone", many(1), ""},
		{"nobody leads", many(3), "S1"},
		{"S4 leads", lead(many(5, five), 4), "S1 and S4"},
		{"of four", lead(many(4), 2), "S1 and S2"},
		{"S1 and S2 would be two of the three voters", lead(many(5, three), 1), "S1 and S4"},
		{"while the configuration changes", lead(many(5, joint(0, 0)...), 3), "S1 and S3"},
	} {
		equal(t, c.what, Look(c.s).Half().String(), c.want)
	}
}

func withoutServer(s Standing, id raft.ServerID) string {
	c := Look(s)
	return WithoutServer(id, c.Quorums, c.up)
}

func withoutMember(s Standing, id raft.ServerID) string {
	c := Look(s)
	return WithoutMember(id, c.Voters, c.up, c.Off)
}

func TestWhoWouldCostTheClusterItsMajority(t *testing.T) {
	s := many(5, five)
	equal(t, "all run", withoutServer(s, 2)+withoutMember(s, 2), "")
	set(&s, Down, 4)
	equal(t, "one is down", withoutServer(s, 2), "")
	set(&s, Paused, 5)
	equal(t, "the last that is needed", withoutServer(s, 2),
		"Only S1, S2 and S3 of 5 voters run. Without S2 no leader can be elected and nothing can be committed.")
	equal(t, "one that does not run", withoutServer(s, 4), "")
	equal(t, "no member any more", withoutMember(s, 3),
		"Of the 4 voters that stay only 2 run: they could not commit anything any more.")
	equal(t, "three of four run", withoutMember(s, 5), "")
	equal(t, "who has no vote", withoutMember(s, 9), "")
	s.Off = raft.RulesOf(raft.MajorityDecides)
	equal(t, "two of four decide", withoutMember(s, 3), "")

	change := many(5, joint(0, 0)...)
	set(&change, Down, 3)
	equal(t, "of one half", withoutServer(change, 2),
		"Only S1, S2, S4 and S5 of 5 voters run. Without S2 no leader can be elected and nothing can be committed.")
	equal(t, "of the other two are left", withoutServer(change, 4), "")
	without := many(5, half)
	set(&without, Down, 4, 5)
	equal(t, "where two decide a third is not needed", withoutServer(without, 1), "")
}

func TestHowAnElectionStandsIsWhatTheCandidateCounts(t *testing.T) {
	equal(t, "joint", (&Report{Quorums: joint(3, 1)}).Tally(), "3 of 2 and 1 of 2")
	stranger := &Report{Votes: []raft.Vote{{Server: 1, State: raft.Granted}, {Server: 2, State: raft.Denied}},
		VotesNeeded: 2}
	equal(t, "of another kind", stranger.Tally(), "1 of 2")
}

func TestStability_IsTheShareOfTheShortestElectionTimeout(t *testing.T) {
	for _, c := range []struct {
		latency, jitter, write, longest int64
		loss                            float64
		bandwidth                       int64
		stable                          bool
		sentence, arithmetic            string
	}{
		{10_000, 5_000, 0, 0, 0, 0, true,
			"A round trip of up to 30 ms is 20 % of the shortest election timeout: stable.",
			"2 × (10 ms + 5 ms) = 30 ms; 30 ms ÷ 150 ms = 20 %"},
		{10_000, 5_000, 30_000, 300_000, 0, 0, false,
			"A round trip of up to 60 ms is 40 % of the shortest election timeout: strained. Elections fail now " +
				"and then, or repeat.",
			"2 × (10 ms + 5 ms) + 30 ms for the disk = 60 ms; 60 ms ÷ 150 ms = 40 %"},
		{10_000, 5_000, 0, 300_000, 0.3, 0, false,
			"A round trip of up to 30 ms is 20 % of the shortest election timeout: strained. But of ten calls " +
				"only 5 are answered.",
			"2 × (10 ms + 5 ms) = 30 ms; 30 ms ÷ 150 ms = 20 %"},
		{80_000, 0, 0, 200_000, 0, 0, false,
			"A round trip of up to 160 ms is 160 % of the shortest election timeout: no leader can last. Votes " +
				"arrive when the next timer has run out already.",
			"2 × (80 ms + 0 ms) = 160 ms; 160 ms ÷ 100 ms = 160 %"},
		{1_500_000, 0, 0, 20_000_000, 0, 0, true,
			"A round trip of up to 3 s is 30 % of the shortest election timeout: stable.",
			"2 × (1.5 s + 0 ms) = 3 s; 3 s ÷ 10 s = 30 %"},
		{10_000, 5_000, 0, 300_000, 0, 1000, false,
			"A round trip of up to 230 ms is 153 % of the shortest election timeout: no leader can last. Votes " +
				"arrive when the next timer has run out already.",
			"2 × (10 ms + 5 ms + 100 ms for 100 bytes) = 230 ms; 230 ms ÷ 150 ms = 153 %"},
	} {
		s := many(3)
		for i := range s.Links {
			s.Links[i].Latency, s.Links[i].Jitter = 0, 0
		}
		s.Links[3].Bandwidth = c.bandwidth
		s.Links[4].Latency, s.Links[2].Jitter, s.Links[1].Loss = c.latency, c.jitter, c.loss
		s.Servers[1].Write = c.write
		if c.longest > 0 {
			s.Servers[2].Report.Timer = &Timer{Longest: c.longest}
		}
		equal(t, c.sentence, *Look(s).Stability(), Stability{c.stable, c.sentence, c.arithmetic, "§5.6"})
	}
	if alone := Look(many(1)).Stability(); alone != nil {
		t.Errorf("of one server alone: %+v", alone)
	}
	equal(t, "minutes", span(180_000_000)+", "+span(400)+", "+span(2_404_000), "3 min, 0.4 ms, 2.4 s")
}

// The best placed server may hear from a majority in time even if the worst links are too slow.
func TestTooSlow_AsksWhatTheBestPlacedServerCanDo(t *testing.T) {
	slow := func(s Standing, latency int64, ids ...raft.ServerID) Standing {
		s.Links = slices.Clone(s.Links)
		for i := range s.Links {
			if l := &s.Links[i]; slices.Contains(ids, l.From) || slices.Contains(ids, l.To) {
				l.Latency, l.Jitter = latency, 0
			}
		}
		return s
	}
	cutOff := slow(many(3, three), 100_000, 1, 2, 3)
	part(&cutOff, 1)
	quick := slow(many(3, three), 100_000, 1, 2, 3)
	quick.Servers[0].Report.Timer = &Timer{Longest: 500_000}
	alone := slow(many(3, three), 100_000, 1, 2, 3)
	part(&alone, 1)
	part(&alone, 2)
	const tooShort = "Election timeouts of 150 to 300 ms are too short for this network, where a round trip takes up " +
		"to 200 ms: votes arrive when the next timer has run out already. Timeouts of 600 to 1200 ms would do (§5.6)."
	for _, c := range []struct {
		what string
		s    Standing
		want string
	}{
		{"quick", many(5, five), ""},
		{"one timeout is just long enough", slow(many(3, three), 75_200, 1, 2, 3), ""},
		{"all are slow", slow(many(3, three), 100_000, 1, 2, 3), tooShort},
		{"two of five are slow: three are a majority", slow(many(5, five), 100_000, 4, 5), ""},
		{"three of five are", slow(many(5, five), 100_000, 3, 4, 5), tooShort},
		{"a learner's links do not count", slow(many(5, three), 100_000, 4, 5), ""},
		{"both majorities of a joint configuration do", slow(many(5, joint(0, 0)...), 100_000, 4, 5), tooShort},
		{"their timeouts are longer", quick, ""},
		{"one is cut off, two are a majority", cutOff, tooShort},
		{"nobody reaches a majority", alone, ""},
		{"one server alone", many(1), ""},
	} {
		equal(t, c.what, Look(c.s).TooSlow(), c.want)
	}
}

func TestLeaders_AreListedByTheirTerms(t *testing.T) {
	s := cluster(Report{Role: raft.Leader, Term: 2}, Report{Term: 5}, Report{Role: raft.Leader, Term: 5},
		Report{Role: raft.Leader, Term: 2})
	equal(t, "three call themselves leader", fmt.Sprint(Look(s).Leaders()), "[3 1 4]")
	set(&s, Paused, 1)
	set(&s, Down, 3)
	equal(t, "one that is paused does, one that is down does not", fmt.Sprint(Look(s).Leaders()), "[1 4]")
	equal(t, "nobody", len(Look(many(3)).Leaders()), 0)
}

func TestRivals_AreTwoWhoCouldHoldAnElection(t *testing.T) {
	s := cluster(Report{}, Report{}, Report{Role: raft.Leader}, Report{}, Report{}, Report{})
	set(&s, Paused, 1)
	set(&s, Down, 4)
	s.Servers[1].NoVote = true
	equal(t, "of six", Look(s).Rivals(), SetOf(5, 6))
	set(&s, Down, 6)
	equal(t, "only one is left", Look(s).Rivals(), SetOf(5))
}

func TestParted_IsWhereNothingPassesEitherWay(t *testing.T) {
	cutBetween := func(ways ...[2]raft.ServerID) func(from, to raft.ServerID) bool {
		return func(from, to raft.ServerID) bool { return !slices.Contains(ways, [2]raft.ServerID{from, to}) }
	}
	parted := func(passes func(from, to raft.ServerID) bool, ids ...raft.ServerID) (text string) {
		for _, g := range Parted(SetOf(ids...), passes) {
			text += g.String() + "; "
		}
		return text
	}
	equal(t, "whole", parted(cutBetween(), 1, 2, 3), "S1, S2 and S3; ")
	equal(t, "one way still passes",
		parted(cutBetween([2]raft.ServerID{1, 2}, [2]raft.ServerID{2, 1}, [2]raft.ServerID{1, 3}), 1, 2, 3),
		"S1, S2 and S3; ")
	equal(t, "in two", parted(cutBetween([2]raft.ServerID{1, 2}, [2]raft.ServerID{2, 1},
		[2]raft.ServerID{1, 3}, [2]raft.ServerID{3, 1}), 1, 2, 3), "S2 and S3; S1; ")
	even := func(a, b raft.ServerID) bool { return (a+b)%2 == 0 }
	equal(t, "not by neighbours", parted(even, 1, 2, 3, 4, 5), "S1, S3 and S5; S2 and S4; ")
	equal(t, "in pieces", parted(func(_, _ raft.ServerID) bool { return false }, 1, 2, 3), "S1; S2; S3; ")
	equal(t, "nobody", parted(even), "")
}
