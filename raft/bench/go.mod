module raftplayground/raft/bench

go 1.26.0

require (
	github.com/json-iterator/go v1.1.12
	go.etcd.io/raft/v3 v3.7.0
	raftplayground v0.0.0
)

require (
	github.com/modern-go/concurrent v0.0.0-20180228061459-e0a39a4cb421 // indirect
	github.com/modern-go/reflect2 v1.0.2 // indirect
	google.golang.org/protobuf v1.36.11 // indirect
)

replace raftplayground => ../..
