package report

import (
	"strconv"
	"strings"

	"raftplayground/raft"
	"raftplayground/raft/explain"
	"raftplayground/raft/wire"
	"raftplayground/wasm/contract"
)

// Event puts an event of a server into words, for the story.
func Event(server raft.ServerID, e *raft.Event) contract.StoryLine {
	words := explain.Event(server, *e)
	// the deciding vote is news; earlier ones are steps to it
	undecided := e.Kind == raft.VoteReceived && e.Old < e.New
	weight := contract.Detail
	if words.Key && !undecided {
		weight = contract.Key
	}
	line := contract.StoryLine{Server: int(server), Kind: explain.Kind(e.Kind), Weight: weight, Text: words.Text,
		Why: words.Why, Section: words.Section, Term: contract.U64(e.Term), Rule: words.Rule, Peer: int(e.Peer)}
	if e.Reason != raft.NoReason {
		line.Reason = explain.Reason(e.Reason)
	}
	if i := placeOf(e); i > 0 {
		line.Index = &i
	}
	return line
}

// BadFrame reports a frame that a server could not read, and its sender.
func BadFrame(server raft.ServerID, from uint64, reason *wire.Error) contract.StoryLine {
	who := "somebody"
	if from >= wire.FirstClient {
		who = "client " + Decimal(from)
	} else if from != 0 {
		who = "S" + Decimal(from)
	}
	return contract.StoryLine{
		Server: int(server), Kind: "badFrame", Weight: contract.Key, Peer: int(min(from, wire.FirstClient)),
		Text: "S" + Decimal(server) + " does not understand a frame of " + who + ".", Why: Clip(reason.Message, 400),
	}
}

// placeOf returns the index that an event is about, of several the last; 0: none.
func placeOf(e *raft.Event) contract.U64 {
	switch e.Kind {
	case raft.EntriesProposed, raft.EntriesAppended, raft.EntriesTruncated, raft.MatchAdvanced, raft.NextBackedUp,
		raft.CommitAdvanced:
		return contract.U64(e.New)
	}
	return contract.U64(e.Index)
}

// Servers names servers: "S1", "S1 and S2", "S1, S2 and S3".
func Servers(numbers []int) string { return explain.Servers(numbers) }

// Decimal writes a number of Raft or a count.
func Decimal[N ~uint64 | ~int](n N) string { return strconv.FormatUint(uint64(n), 10) }

// Plural counts things: "1 vote", "2 votes".
func Plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}

// Sentence makes a sentence of words, see explain.Sentence.
func Sentence(words string) string { return explain.Sentence(words) }

// Named gives servers their names in a sentence of package check: "servers 1 and 2 were both elected" becomes "S1 and
// S2 were both elected".
func Named(text string) string {
	var b []byte
	naming := false // the words before were "server" or "servers", and numbers
	for word := range strings.SplitSeq(text, " ") {
		bare := strings.TrimRight(word, ",.:;")
		number := bare != "" && strings.Trim(bare, "0123456789") == ""
		switch {
		case word == "server" || word == "servers":
			naming = true
			continue
		case naming && number:
			word = "S" + word
		case word != "and":
			naming = false
		}
		if len(b) > 0 {
			b = append(b, ' ')
		}
		b = append(b, word...)
	}
	return string(b)
}
