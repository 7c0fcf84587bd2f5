//go:build race

package hub

// raceSlows is how many times as long our own code takes beside that of the library, which is not watched.
const raceSlows = 4
