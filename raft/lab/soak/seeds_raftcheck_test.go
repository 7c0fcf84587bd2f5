//go:build raftcheck

package main

// Every server checks its own state after every input here, which takes several times as long.
const seeds = 250
