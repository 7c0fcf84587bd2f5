//go:build !raftcheck

package main

const seeds = 2000
