package session

import (
	"raftplayground/raft"
	"raftplayground/raft/explain"
)

func name(id raft.ServerID) string { return explain.Servers([]raft.ServerID{id}) }

func number(v float64) string { return explain.Number(v) }
