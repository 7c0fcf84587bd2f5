package explain

import (
	"strings"
	"testing"

	"raftplayground/raft"
	"raftplayground/relay/quality"
)

func TestWhyDoesNobodyLead(t *testing.T) {
	waiting := func(left int64) Report { return Report{Timer: &Timer{Left: left, Longest: 300_000}} }
	votes := []raft.Vote{{Server: 1, State: raft.Granted}, {Server: 2, State: raft.Denied}, {Server: 3},
		{Server: 4}, {Server: 5}}
	one := func(role raft.Role, term raft.Term) Report {
		return Report{Role: role, Term: term, Votes: votes, VotesNeeded: 3}
	}
	const split = "Each server has one vote a term: they are split. Whose next timer ends first tries a later term."
	for _, c := range []struct {
		what            string
		s               Standing
		spoil           func(*Standing)
		ask, answer, at string
	}{
		{"at the start everybody waits", cluster(waiting(100_000), waiting(40_000), waiting(300_000)), nil,
			"Why does nobody lead?",
			"Everybody still waits to hear from a leader; the timer of S2 ends first, at 0.140 s. Whose timer " +
				"ends first asks for votes. It needs 2 of 3.", "§5.2"},
		{"a slow clock's timer takes longer", cluster(waiting(100_000), waiting(40_000), waiting(300_000)),
			func(s *Standing) { s.Servers[1].Clock = 0.25 }, "Why does nobody lead?",
			"Everybody still waits to hear from a leader; the timer of S1 ends first, at 0.200 s. Whose timer " +
				"ends first asks for votes. It needs 2 of 3.", "§5.2"},
		{"what was said a while ago", cluster(waiting(100_000), waiting(40_000), waiting(300_000)),
			func(s *Standing) { s.Now = 150_000 }, "Why does nobody lead?",
			"Everybody still waits to hear from a leader; the timer of S2 ends now. Whose timer ends first asks " +
				"for votes. It needs 2 of 3.", "§5.2"},
		{"a paused server's timer stands", cluster(waiting(100_000), waiting(40_000), waiting(300_000)),
			func(s *Standing) { set(s, Paused, 2) }, "Why does nobody lead?",
			"Everybody still waits to hear from a leader; the timer of S1 ends first, at 0.200 s. Whose timer " +
				"ends first asks for votes. It needs 2 of 3.", "§5.2"},
		{"a minority runs", cluster(Report{Term: 3}, Report{Term: 3}, Report{Term: 3}),
			func(s *Standing) { set(s, Down, 2); set(s, Paused, 3) }, "Why does nobody lead term 3?",
			"A leader needs 2 of 3 votes, and only 1 of the servers runs. Nothing can be elected or committed " +
				"until more of them are back.", "§5.2"},
		{"none runs", cluster(Report{Term: 3}), func(s *Standing) { set(s, Down, 1) }, "Why does nobody lead term 3?",
			"A leader needs 1 of 1 votes, and none of the servers runs. Nothing can be elected or committed " +
				"until more of them are back.", "§5.2"},
		{"everybody is cut off, in one direction", cluster(Report{Term: 3}, Report{Term: 3}, Report{Term: 3}),
			func(s *Standing) {
				cut(s, [2]raft.ServerID{1, 2}, [2]raft.ServerID{2, 3}, [2]raft.ServerID{3, 1})
			}, "Why does nobody lead term 3?",
			"A leader needs 2 of 3 votes, and no server that runs reaches so many: the network is cut. Nothing " +
				"can be elected or committed until more of the links carry.", "§5.2"},
		{"a candidate", cluster(one(raft.Candidate, 4), Report{Term: 4}, Report{Term: 3}, Report{Term: 3},
			Report{Term: 3}),
			func(s *Standing) { set(s, Down, 3); cut(s, [2]raft.ServerID{1, 4}) }, "Why does nobody lead term 4?",
			"S1 has 1 of the 3 votes it needs: S2 refused, S3 is down, the link to S4 is cut, S5 has not " +
				"answered yet.", "§5.2"},
		{"a candidate that is not answered", cluster(one(raft.PreCandidate, 4), Report{Term: 4},
			Report{Term: 3}, Report{Term: 3}, Report{Term: 3}),
			func(s *Standing) {
				set(s, Paused, 3)
				cut(s, [2]raft.ServerID{4, 1}, [2]raft.ServerID{5, 1})
			}, "Why does nobody lead term 4?",
			"S1 has 1 of the 3 would-be votes it needs: S2 refused, S3 is paused, the link from S4 and S5 is " +
				"cut.", "§5.2"},
		{"a candidate of an older term does not matter", cluster(one(raft.Candidate, 3), Report{Term: 4},
			Report{}, Report{}, Report{}), nil,
			"Why does nobody lead term 4?", "Whose timer ends first asks for votes. It needs 3 of 5.", "§5.2"},
		{"two candidates", cluster(Report{Role: raft.Candidate, Term: 2, VotesNeeded: 2},
			Report{Role: raft.Candidate, Term: 2, VotesNeeded: 2}, Report{Term: 2}), nil,
			"Why does nobody lead term 2?", "S1 has 0 of the 2 votes it needs. S2 has 0 of the 2 votes it needs. " +
				"" + split, "§5.2"},
		{"two candidates where a server votes twice", cluster(Report{Role: raft.Candidate, Term: 2,
			VotesNeeded: 2}, Report{Role: raft.Candidate, Term: 2, VotesNeeded: 2}, Report{Term: 2}),
			func(s *Standing) { s.Off = raft.RulesOf(raft.OneVotePerTerm) },
			"Why does nobody lead term 2?", "S1 has 0 of the 2 votes it needs. S2 has 0 of the 2 votes it " +
				"needs.", "§5.2"},
		{"an old leader does not lead a newer term", cluster(Report{Role: raft.Leader, Term: 2},
			Report{Role: raft.Candidate, Term: 3, VotesNeeded: 2}, Report{Term: 2}), nil,
			"Why does nobody lead term 3?", "S2 has 0 of the 2 votes it needs.", "§5.2"},
		{"two majorities, and not four of six", cluster(Report{Role: raft.Candidate, Term: 2, Quorums: joint(3,
			1), LastIndex: 3}, Report{}, Report{}, Report{}, Report{}), nil,
			"Why does nobody lead term 2?", "S1 has 3 of the 2 and 1 of the 2 votes it needs.", "§6"},
		{"a majority of one half only runs", cluster(Report{Term: 2, Quorums: joint(0, 0), LastIndex: 3},
			Report{}, Report{}, Report{}, Report{}),
			func(s *Standing) { set(s, Down, 2, 3) }, "Why does nobody lead term 2?",
			"A leader needs 2 of 3 and 2 of 3 votes, and only 3 of the servers run. Nothing can be elected or " +
				"committed until more of them are back.", "§6"},
		{"servers that decide without a majority", many(5, half), func(s *Standing) { set(s, Down, 3, 4, 5) },
			"Why does nobody lead?", "Whose timer ends first asks for votes. It needs 2 of 5.", "§5.2"},
		{"learners do not count", many(5, raft.Quorum{Voters: []raft.ServerID{1, 2, 3}, Needed: 2}),
			func(s *Standing) { set(s, Down, 2, 3) }, "Why does nobody lead?",
			"A leader needs 2 of 3 votes, and only 1 of the servers runs. Nothing can be elected or committed " +
				"until more of them are back.", "§5.2"},
		{"before the clock runs nothing is asked", many(3), func(s *Standing) { s.Started = false }, "", "", ""},
		{"nor where nobody has said anything", many(2), func(s *Standing) {
			s.Servers[0].Report,
				s.Servers[1].Report = nil, nil
		}, "", "", ""},
		{"nor of nobody", Standing{Started: true}, nil, "", "", ""},
	} {
		if c.spoil != nil {
			c.spoil(&c.s)
		}
		ask, answer, section := answered(c.s)
		equal(t, c.what, ask+" "+answer+" "+section, c.ask+" "+c.answer+" "+c.at)
	}
}

// In a room a report is some milliseconds old, and a follower may know its leader before the page does.
func TestALeaderThatHasNotSaidSoYetIsNotMissed(t *testing.T) {
	follows := Report{At: 90_000, Term: 3, Leader: 1}
	for _, c := range []struct {
		what string
		one  Report
		want string
	}{
		{"it was a candidate when it spoke", Report{At: 80_000, Role: raft.Candidate, Term: 3, VotesNeeded: 2}, ""},
		{"it was in an older term", Report{At: 80_000, Term: 2}, ""},
		{"it has stepped down since", Report{At: 80_000, Term: 3}, "Why does nobody lead term 3?"},
		{"it has lost its term, and said so later", Report{At: 95_000}, "Why does nobody lead term 3?"},
	} {
		ask, _, _ := answered(cluster(c.one, follows, Report{At: 90_000, Term: 3}))
		equal(t, c.what, ask, c.want)
	}
	gone := cluster(Report{At: 80_000, Term: 2}, follows, Report{At: 90_000, Term: 3})
	set(&gone, Down, 1)
	ask, _, _ := answered(gone)
	equal(t, "it is down", ask, "Why does nobody lead term 3?")
}

func TestWhyIsThisNotCommitted(t *testing.T) {
	both, first := someEntries(1, 1), someEntries(1)
	lead := func(term raft.Term, own log, commit raft.Index) Report {
		return Report{Role: raft.Leader, Term: term, Log: own, CommitIndex: commit}
	}
	has, lacks := Report{Term: 1, Log: both, CommitIndex: 1}, Report{Term: 1, Log: first}
	heard := func(r Report, matches ...raft.Index) Report {
		for i, m := range matches {
			r.Peers = append(r.Peers, raft.Peer{Server: raft.ServerID(i + 2), MatchIndex: m})
		}
		return r
	}
	counting := func(r Report, q ...raft.Quorum) Report { r.Quorums = q; return r }
	half := half
	half.Agreed = 1
	leader := lead(1, both, 1)
	for _, c := range []struct {
		what            string
		s               Standing
		spoil           func(*Standing)
		ask, answer, at string
	}{
		{"too few store it", cluster(leader, has, lacks, lacks, lacks),
			func(s *Standing) {
				set(s, Down, 3)
				cut(s, [2]raft.ServerID{1, 4}, [2]raft.ServerID{4, 1})
			}, "Why is index 2 not committed?",
			"It is on 2 of 5; the leader, S1, needs 3. S3 does not run. The link from S1 to S4 is cut. S5 has " +
				"not received it yet.", "§5.3"},
		{"one that hears the leader is not heard", cluster(leader, has, lacks, lacks, lacks),
			func(s *Standing) { set(s, Paused, 3); cut(s, [2]raft.ServerID{4, 1}) }, "Why is index 2 not committed?",
			"It is on 2 of 5; the leader, S1, needs 3. S3 does not run. The link from S4 to S1 is cut. S5 has " +
				"not received it yet.", "§5.3"},
		{"the leader is paused", cluster(leader, lacks, lacks), func(s *Standing) { set(s, Paused, 1) },
			"Why is index 2 not committed?",
			"It is on 1 of 3; the leader, S1, needs 2. S2 and S3 have not received it yet. S1 is paused.", "§5.3"},
		{"an older term's: Figure 8", cluster(lead(4, both, 1), Report{Term: 4, Log: both}, Report{Term: 4,
			Log: first}), nil,
			"Why is index 2 not committed?",
			"It is on 2 of 3, a majority. But its term 1 is not the leader's term 4, and an older entry on a " +
				"majority may still be overwritten. " +
				"It is committed together with the first entry of term 4 that a majority stores.", "§5.4.2"},
		{"without that rule it is not what the entry waits for", cluster(heard(lead(4, both, 1), 1, 1),
			Report{Term: 4, Log: both}, lacks),
			func(s *Standing) { s.Off = raft.RulesOf(raft.CommitOnlyCurrentTerm) }, "Why is index 2 not committed?",
			"It is on 2 of 3. S1, the leader, knows of 1 and needs 2: the answers are still on their way.", "§5.3"},
		{"the answers are on their way", cluster(heard(leader, 1, 1), has, has), nil, "Why is index 2 not committed?",
			"It is on 3 of 3. S1, the leader, knows of 1 and needs 2: the answers are still on their way.", "§5.3"},
		{"the answers do not come", cluster(heard(leader, 1, 1), has, has),
			func(s *Standing) { set(s, Down, 2); cut(s, [2]raft.ServerID{3, 1}) }, "Why is index 2 not committed?",
			"It is on 3 of 3. S1, the leader, knows of 1 and needs 2. S2 does not run. The link from S3 to S1 is " +
				"cut.", "§5.3"},
		{"its own disk is slow", cluster(counting(heard(leader, 2, 1), raft.Quorum{Voters: []raft.ServerID{1, 2,
			3}, Needed: 2, Agreed: 1}), has, lacks), nil,
			"Why is index 2 not committed?",
			"It is on 2 of 3. S1, the leader, knows of 1 and needs 2: its own disk has not stored it yet.", "§5.3"},
		{"a follower that has said so to the leader only", cluster(heard(leader, 2, 1, 1, 1), lacks, lacks,
			lacks, lacks), nil,
			"Why is index 2 not committed?",
			"It is on 2 of 5; the leader, S1, needs 3. S3, S4 and S5 have not received it yet.", "§5.3"},
		{"two majorities, and not four of six", cluster(counting(leader, joint(3, 1)...), lacks, lacks, has, has), nil,
			"Why is index 2 not committed?",
			"It is on 3 of 3 and 1 of 3; the leader, S1, needs 2 and 2. S2 and S3 have not received it yet.", "§6"},
		{"the second one is not heard of", cluster(counting(heard(leader, 1, 1, 2, 2), joint(3, 1)...), has,
			lacks, has, has), nil,
			"Why is index 2 not committed?",
			"It is on 3 of 3 and 2 of 3. S1, the leader, knows of 3 and 1 and needs 2 and 2: the answers are " +
				"still on their way.", "§6"},
		{"servers that decide without a majority", cluster(counting(leader, half), has, lacks, lacks, lacks), nil,
			"Why is index 2 not committed?",
			"It is on 2 of 5. S1, the leader, knows of 1 and needs 2: the answers are still on their way.", "§5.3"},
		{"learners do not count", cluster(counting(leader, raft.Quorum{Voters: []raft.ServerID{1, 2, 3},
			Needed: 2, Agreed: 1}), lacks, lacks, has, has), nil,
			"Why is index 2 not committed?",
			"It is on 1 of 3; the leader, S1, needs 2. S2 and S3 have not received it yet.", "§5.3"},
		{"what a promise broken contradicts", cluster(
			Report{Log: first, CommitIndex: 1}, Report{Log: first, CommitIndex: 1}, Report{Log: first, CommitIndex: 1},
			Report{Log: first}, lead(4, someEntries(2), 0)), func(s *Standing) { set(s, Down, 1) },
			"Is index 1 committed?",
			"S1, S2 and S3 committed the entry of term 1 there. S5, the leader, lacks it, and has one of term 2. " +
				"While every server keeps the rules no such server is elected. What was committed may now be " +
				"overwritten.", "§5.4"},
		{"a follower committed it before this leader was elected", cluster(
			lead(2, someEntries(1, 1, 2), 1), Report{Term: 2, Log: both, CommitIndex: 2}, Report{Term: 2,
				Log: both, CommitIndex: 2}), nil,
			"Why is index 3 not committed?", "It is on 1 of 3; the leader, S1, needs 2. S2 and S3 have not " +
				"received it yet.", "§5.3"},
		{"a follower has said so since", cluster(leader, Report{Term: 1, Log: both, CommitIndex: 2}, lacks),
			nil, "", "", ""},
		{"all is committed", cluster(lead(1, both, 2), has, has), nil, "", "", ""},
		{"what the leader has not shown", cluster(Report{Role: raft.Leader, Term: 1, LastIndex: 9}, has, has),
			nil, "", "", ""},
		{"the last index there is", cluster(Report{Role: raft.Leader, Term: 1, CommitIndex: ^raft.Index(0),
			LastIndex: ^raft.Index(0)}, has), nil, "", "", ""},
	} {
		if c.spoil != nil {
			c.spoil(&c.s)
		}
		ask, answer, section := answered(c.s)
		equal(t, c.what, ask+" "+answer+" "+section, c.ask+" "+c.answer+" "+c.at)
	}
}

func TestAnEntrySaysWhyItIsNotCommitted(t *testing.T) {
	whole := log{1, []Entry{{1, "the leader's no-op"}, {1, "x = 1"}, {2, "x = 2"}}}
	three := func() Standing {
		return cluster(
			Report{Role: raft.Leader, Term: 2, Log: whole, CommitIndex: 2, Peers: []raft.Peer{{Server: 2,
				MatchIndex: 2}, {Server: 3}}},
			Report{Term: 2, Log: log{1, whole.entries[:2]}, CommitIndex: 1},
			Report{Term: 2, Log: log{1, append(whole.entries[:2:2], Entry{1, "old = 1"})}})
	}
	of := func(s Standing, id raft.ServerID, i raft.Index) string { return Look(s).Entry(id, i) }
	equal(t, "committed", of(three(), 1, 1), "Index 1, term 1, the leader's no-op. On 3 of 3. Committed at S1.")
	equal(t, "not heard", of(three(), 2, 2), "Index 2, term 1, x = 1. On 3 of 3. Not committed at S2 yet: it has "+
		"not heard.")
	equal(t, "too few", of(three(), 1, 3), "Index 3, term 2, x = 2. On 1 of 3. Not committed yet: a majority has "+
		"to store it.")
	equal(t, "another", of(three(), 3, 3), "Index 3, term 1, old = 1. On 1 of 3. S1, the leader, has another "+
		"entry there: this one will be deleted.")
	equal(t, "none", of(three(), 2, 3), "S2 has no entry at index 3.")
	equal(t, "nobody", of(three(), 7, 3), "S7 has no entry at index 3.")
	later := three()
	later.Servers[0].Report.Peers[0].MatchIndex = 3
	equal(t, "as the leader has heard by now", of(later, 1, 3), "Index 3, term 2, x = 2. On 2 of 3. Not "+
		"committed yet: S1, the leader, has not heard of all of them.")

	blocked := three()
	for i := range blocked.Servers {
		blocked.Servers[i].Report.CommitIndex, blocked.Servers[i].Report.Term = 0, 4
	}
	equal(t, "of an older term", of(blocked, 1, 2), "Index 2, term 1, x = 1. On 3 of 3, but term 1 is not the "+
		"leader's term 4: counting does not commit it (§5.4.2).")
	blocked.Off = raft.RulesOf(raft.CommitOnlyCurrentTerm)
	equal(t, "without that rule", of(blocked, 1, 2), "Index 2, term 1, x = 1. On 3 of 3. Not committed yet: S1, "+
		"the leader, has not heard of all of them.")

	alone := three()
	alone.Off = raft.RulesOf(raft.MajorityDecides)
	alone.Servers[0].Report.Quorums = []raft.Quorum{{Voters: []raft.ServerID{1, 2, 3, 4, 5}, Needed: 2}}
	equal(t, "where no majority is needed", of(alone, 1, 3), "Index 3, term 2, x = 2. On 1 of 5. Not committed "+
		"yet: 2 of 5 have to store it.")
	change := three()
	change.Servers[0].Report.Quorums = joint(1, 1)
	equal(t, "while the configuration changes", of(change, 1, 3), "Index 3, term 2, x = 2. On 1 of 3 and 1 of 3. "+
		"Not committed yet: a majority has to store it.")
}

// S1 leads term 4 with x = 1 of term 1 at index 1, which S2 and S3 have too; S5 has x = 2 of term 2 there.
func TestAnEntryWhereAPromiseIsBroken(t *testing.T) {
	figure8 := func(leader raft.ServerID, down raft.ServerID, committed ...raft.ServerID) Standing {
		reports := make([]Report, 5)
		for i, terms := range [][]raft.Term{{1}, {1}, {1}, {}, {2}} {
			reports[i] = Report{Term: 3, Log: someEntries(terms...)}
		}
		for _, id := range committed {
			reports[id-1].CommitIndex = 1
		}
		if leader > 0 {
			reports[leader-1].Role, reports[leader-1].Term = raft.Leader, 4
		}
		s := cluster(reports...)
		if down > 0 {
			set(&s, Down, down)
		}
		return s
	}
	for _, c := range []struct {
		of   raft.ServerID
		s    Standing
		want string
	}{
		{1, figure8(1, 0), "On 3 of 5, but term 1 is not the leader's term 4: counting does not commit it (§5.4.2)."},
		{2, figure8(1, 0, 1), "On 3 of 5. Not committed at S2 yet: it has not heard."},
		{5, figure8(1, 0, 1), "On 1 of 5. S1 has committed another entry there: a leader that has that one will " +
			"have this one deleted."},
		{5, figure8(5, 1, 2, 3), "On 1 of 5. S2 has committed another entry there, which S5, the leader, lacks: " +
			"this one may take its place."},
		{1, figure8(5, 1, 2, 3), "On 3 of 5. Committed at S2. S1 is down, and what is committed is not kept on a " +
			"disk."},
		{1, figure8(5, 0), "On 3 of 5. S5, the leader, has another entry there: this one will be deleted."},
		{1, figure8(4, 0), "On 3 of 5. S4, the leader, does not have it."},
		{1, figure8(0, 0), "On 3 of 5. Not committed, and nobody leads now."},
	} {
		_, got, _ := strings.Cut(Look(c.s).Entry(c.of, 1), " = 1. ")
		equal(t, c.want, got, c.want)
	}
}

func TestAnEntryThatIsInASnapshotOrWasNotTold(t *testing.T) {
	compacted := log{4, []Entry{{2, "x = 9"}, {2, "y = 1"}}}
	s := cluster(
		Report{Role: raft.Leader, Term: 2, CommitIndex: 5, Log: someEntries(1, 1, 1, 2, 2)},
		Report{Term: 2, CommitIndex: 5, Log: compacted, LastIndex: 5})
	equal(t, "in the snapshot", Look(s).Entry(2, 2), "Index 2 is in the snapshot of S2, which ends at index 3: "+
		"committed and applied.")
	equal(t, "there it counts", Look(s).Entry(1, 2), "Index 2, term 1, x = 2. On 2 of 2. Committed at S1.")
	late := cluster(Report{LastIndex: 2, CommitIndex: 1, Log: log{first: 1}}, Report{Log: someEntries(1)})
	equal(t, "not told", Look(late).Entry(1, 2), "S1 has an entry at index 2, but has not said here which.")
	equal(t, "not there", Look(late).Entry(2, 2), "S2 has no entry at index 2.")
}

// A server of another kind may say anything. Questions may then be nonsense, but end and do not panic.
func FuzzAskedOfAnything(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9})
	f.Fuzz(func(t *testing.T, data []byte) {
		next := func() uint64 {
			if len(data) == 0 {
				return 0
			}
			b := uint64(data[0])
			data = data[1:]
			if b > 250 {
				return ^uint64(0) - (255 - b)
			}
			return b
		}
		s := Standing{Started: true, Off: raft.RuleSet(next()), Now: int64(next())}
		for range next() % 10 {
			r := &Report{At: int64(next()), Role: raft.Role(next() % 4), Term: raft.Term(next()),
				Leader: raft.ServerID(next()), CommitIndex: raft.Index(next()),
				LastIndex: raft.Index(next()),
				Timer:     &Timer{Left: int64(next()), Longest: int64(next())}}
			own := log{first: raft.Index(next())}
			for range next() % 5 {
				own.entries = append(own.entries, Entry{Term: raft.Term(next())})
				r.Votes = append(r.Votes, raft.Vote{Server: raft.ServerID(next()), State: raft.VoteState(next() % 3)})
				r.Peers = append(r.Peers, raft.Peer{Server: raft.ServerID(next()), MatchIndex: raft.Index(next())})
			}
			r.Log = own
			for range next() % 3 {
				r.Quorums = append(r.Quorums, raft.Quorum{Voters: []raft.ServerID{raft.ServerID(next()),
					raft.ServerID(next())}, Needed: int(next())})
			}
			s.Servers = append(s.Servers, Server{ID: raft.ServerID(next()), State: State(next() % 3),
				NoVote: next()%4 > 1, Report: r})
			s.Links = append(s.Links, Link{From: raft.ServerID(next()), To: raft.ServerID(next()),
				Up: next()%2 == 0, Qualities: quality.Qualities{Latency: int64(next())}})
		}
		c := Look(s)
		c.Why()
		c.Majority()
		c.Sides()
		c.Half()
		c.Stability()
		id := raft.ServerID(next())
		WithoutServer(id, c.Quorums, c.up)
		WithoutMember(id, c.Voters, c.up, c.Off)
		c.Cut(SetOf(id))
		c.Entry(id, raft.Index(next()))
	})
}
