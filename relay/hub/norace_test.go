//go:build !race

package hub

const raceSlows = 1
