//go:build race

package hub

// raceSlows is how much the race detector slows our code; it does not watch the library's.
const raceSlows = 4
