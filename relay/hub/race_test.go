//go:build race

package hub

// raceSlows is the factor by which the race detector slows our code beside the library's, not watched.
const raceSlows = 4
