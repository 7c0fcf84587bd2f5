package raft

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// Configuration says who the servers of a cluster are (§6). Each list is ascending and without repeats.
type Configuration struct {
	Voters   []ServerID // a majority of them decides; while the configuration is joint, C-new
	Outgoing []ServerID // not empty: the configuration is joint, and a majority of these, C-old, has to agree too
	// get the log, but have no vote (thesis 4.2.1); a voter that becomes a learner still votes in C-old
	Learners []ServerID
}

// Joint reports whether two majorities are needed (§6, C-old,new).
func (c Configuration) Joint() bool { return len(c.Outgoing) > 0 }

// Votes reports whether s has a vote.
func (c Configuration) Votes(s ServerID) bool {
	return slices.Contains(c.Voters, s) || slices.Contains(c.Outgoing, s)
}

// Contains reports whether s takes part, with a vote or without.
func (c Configuration) Contains(s ServerID) bool {
	return c.Votes(s) || slices.Contains(c.Learners, s)
}

// Clone returns a copy that shares no memory.
func (c Configuration) Clone() Configuration {
	return Configuration{slices.Clone(c.Voters), slices.Clone(c.Outgoing), slices.Clone(c.Learners)}
}

// Equal reports whether both name the same servers in the same lists.
func (c Configuration) Equal(d Configuration) bool {
	return slices.Equal(c.Voters, d.Voters) && slices.Equal(c.Outgoing, d.Outgoing) &&
		slices.Equal(c.Learners, d.Learners)
}

// AppendText appends the configuration as people write it, and as the log holds it: "1,2,3" for voters, "1,2,3>3,4,5"
// while it changes from the first three to the others, "1,2,3+4" with learner 4.
func (c Configuration) AppendText(b []byte) []byte {
	if c.Joint() {
		b = append(appendServers(b, c.Outgoing), '>')
	}
	b = appendServers(b, c.Voters)
	if len(c.Learners) > 0 {
		b = appendServers(append(b, '+'), c.Learners)
	}
	return b
}

func appendServers(b []byte, servers []ServerID) []byte {
	for i, s := range servers {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, uint64(s), 10)
	}
	return b
}

// ParseConfiguration reads what AppendText writes. Lists may come in any order. Errors say what was expected and
// what came: a list that is empty or too long (9 servers in all), a server that is 0 or named twice, anything that
// is not a number.
func ParseConfiguration(text string) (c Configuration, err error) {
	rest, learners, hasLearners := strings.Cut(text, "+")
	outgoing, voters, joint := strings.Cut(rest, ">")
	if !joint {
		voters = rest
	}
	for _, list := range []struct {
		into  *[]ServerID
		text  string
		there bool
	}{{&c.Voters, voters, true}, {&c.Outgoing, outgoing, joint}, {&c.Learners, learners, hasLearners}} {
		if list.there {
			if *list.into, err = parseServers(list.text); err != nil {
				return Configuration{}, err
			}
		}
	}
	return c, c.complete()
}

func parseServers(text string) (servers []ServerID, err error) {
	for number := range strings.SplitSeq(text, ",") {
		s, err := strconv.ParseUint(number, 10, 64)
		if err != nil || number[0] == '0' {
			return nil, errors.New("raft: configuration: expected a server's number, 1 and up, got " +
				strconv.Quote(number[:min(len(number), 20)]))
		}
		servers = append(servers, ServerID(s))
		if len(servers) > maxServers {
			break
		}
	}
	return servers, nil
}

// complete sorts the lists and says what is wrong with them.
func (c *Configuration) complete() error {
	for _, list := range [][]ServerID{c.Voters, c.Outgoing, c.Learners} {
		slices.Sort(list)
		if len(slices.Compact(slices.Clone(list))) != len(list) {
			return errors.New("raft: configuration: a server is named twice")
		}
		if len(list) > 0 && list[0] == 0 {
			return errors.New("raft: configuration: server 0 is nobody")
		}
	}
	if len(c.Voters) == 0 {
		return errors.New("raft: configuration: no voters")
	}
	for _, l := range c.Learners {
		if slices.Contains(c.Voters, l) {
			return errors.New("raft: configuration: server " + decimal(l) + " is both voter and learner")
		}
	}
	if n := len(c.servers()); n > maxServers {
		return errors.New("raft: configuration: " + strconv.Itoa(n) + " servers, at most " + strconv.Itoa(maxServers) +
			" are possible")
	}
	return nil
}

// votersOfBoth returns all servers that have a vote, ascending.
func (c Configuration) votersOfBoth() []ServerID {
	return Configuration{Voters: c.Voters, Outgoing: c.Outgoing}.servers()
}

// servers returns all servers, with a vote or without, ascending.
func (c Configuration) servers() []ServerID {
	all := slices.Concat(c.Voters, c.Outgoing, c.Learners)
	slices.Sort(all)
	return slices.Compact(all)
}
