//go:build race

package hub

// raceSlows is how much the race detector slows our code; it does not watch the library that we compare.
const raceSlows = 4
