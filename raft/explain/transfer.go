package explain

import "raftplayground/raft"

func transferStarted(self raft.ServerID, e raft.Event) Words {
	return Words{
		Text: server(self) + " hands its leadership over to " + server(e.Peer) +
			": first that log is brought up to date.",
		Why: "So a leader can be shut down, or a better placed server lead, and nobody waits for a timeout. " +
			"Until it is over the leader takes no commands, so that the other can catch up.",
		Section: "thesis 3.10", Key: true,
	}
}

func transferEnded(self raft.ServerID, e raft.Event) Words {
	return Words{
		Text:    server(self) + " gives up handing over to " + server(e.Peer) + ": an election timeout has passed.",
		Why:     "The other server may be down or cut off. The leader takes commands again, otherwise nobody would.",
		Section: "thesis 3.10", Key: true,
	}
}

func timeoutNowSent(self raft.ServerID, e raft.Event) Words {
	return Words{
		Text: server(self) + " tells " + server(e.Peer) + " to hold an election at once: it has the whole log.",
		Why: "With the whole log it is most likely to win. Its vote requests say that the leader wants them, " +
			"so that loyal voters answer.",
		Section: "thesis 3.10", Key: true,
	}
}
