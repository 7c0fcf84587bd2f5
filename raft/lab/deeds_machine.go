package lab

import (
	"errors"
	"math"

	"raftplayground/raft/explain"
)

// What can be done to machines: to the process of a server, and to its clock.
const (
	Crash     Deed = "crash" // the process ends: memory is lost, writes that the disk was given complete
	PowerLoss Deed = "power" // memory is lost, and any part of the writes that the disk had not completed

	// The process ends and its disk is emptied. No Raft survives that at a server that may have voted (story
	// 24 of raft/scenario). A Damaged server is wiped while it is down.
	Wipe Deed = "wipe"

	Restart Deed = "restart" // a server that is down starts with what its disk holds
	Pause   Deed = "pause"   // the process stops; what arrives waits, at most MaxInbox frames
	Resume  Deed = "resume"  // it goes on; first it sees how late it is, then what has arrived
	Clock   Deed = "clock"   // its clock runs at another rate from now on
)

var machineDeeds = []deed{{
	name: Clock, takes: []string{"rate"}, must: []string{"rate"}, on: named,
	do: func(w *World, a *Action, m *machine) error {
		w.setClock(m, a.Rate)
		return nil
	},
	undo: func(_ *World, _ *Action, m *machine) []Action {
		rate := float64(m.clock.rate) / 1e6
		if int64(rate*1e6) < m.clock.rate { // the last digit of a double was lost
			rate = math.Nextafter(rate, math.MaxFloat64)
		}
		list := acts(Clock, m.id, 0)
		list[0].Rate = rate
		return list
	},
	heal: func(w *World, m *machine) { w.setClock(m, 1) },
	wrong: func(m *machine) Wrong {
		if m.clock.rate == 1e6 {
			return Wrong{}
		}
		rate, right := explain.Number(float64(m.clock.rate)/1e6), acts(Clock, m.id, 0)
		right[0].Rate = 1
		return Wrong{name(m.id) + "’s clock runs at " + rate + "×", "Reset its clock", right}
	},
	title: "Slow its clock", meaning: "Its clock runs at half speed: its timer takes twice as long.",
	done: "The clock of S0 is slow.",
	words: func(a *Action, who, _ string) string {
		return "the clock of " + who + " runs at " + explain.Number(a.Rate) + " of real time"
	},
	why: "Safety does not depend on clocks; how quickly a leader is found does.", section: "§5.6",
}, {
	name: Crash, takes: []string{"down"}, on: named | up,
	do: func(w *World, a *Action, m *machine) error {
		w.stop(m, a.Down)
		m.disk.crash()
		return nil
	},
	undo: startAgain,
	heal: func(w *World, m *machine) {
		if m.server == nil && m.whole() {
			w.start(m)
		}
	},
	wrong: func(m *machine) Wrong {
		if m.state() != Down {
			return Wrong{}
		}
		return Wrong{name(m.id) + " is down", Restart.entry().title, acts(Restart, m.id, 0)}
	},
	warn:  lastOfMajority,
	title: "Crash", meaning: "The process ends: memory is lost, the disk is kept.", done: "S0 crashed.", trap: "Crash",
	says: " crashes: its memory is lost, its disk is kept",
	why:  "Servers may stop and come back. What they promised is on their disks, so a restart breaks no promise.",

	section: "§5.5",
}, {
	name: PowerLoss, takes: []string{"down"}, on: named | up,
	do: func(w *World, a *Action, m *machine) error {
		w.stop(m, a.Down)
		m.disk.powerLoss()
		return nil
	},
	undo:  startAgain,
	warn:  lastOfMajority,
	title: "Power loss", meaning: "As a crash, and what the disk had not finished is lost too.",
	done: "S0 lost its power.", trap: "Cut the power of",
	words: func(_ *Action, who, _ string) string {
		return "the power of " + who + " fails: its memory is lost, and what its disk had not finished"
	},
	why: "A promise counts only once it is on the disk: that is why replies wait for it.", section: "Figure 2",
}, {
	name: Wipe, takes: []string{"down", "careful"}, on: named,
	not: func(w *World, a *Action, m *machine) string {
		// a server that cannot read its disk is down, and starts again only once it is wiped
		if m.server == nil && (m.state() != Damaged || a.Careful) {
			return name(m.id) + " is down."
		}
		return w.tooFewDisks(a, m)
	},
	do: func(w *World, a *Action, m *machine) error {
		if m.server != nil {
			w.stop(m, a.Down)
		} else if m.failure, m.rest, m.looked = nil, nil, false; a.Down > 0 {
			m.wake = w.now + a.Down
		}
		m.disk.wipe()
		m.lost = a.Careful
		return nil
	},
	forGood: "What a disk held is gone.",
	warn:    wiped,
	title:   "Wipe the disk", meaning: "It stops, and log, term and vote are forgotten.", done: "S0 lost its disk.",
	says: " loses its disk: it forgets its log, its term and its vote",
	why: "Raft does not survive this in a voter: it could vote twice in a term, or forget what it said that it " +
		"stores.", section: "Figure 2",
}, {
	name: Restart, on: named,
	not: func(_ *World, _ *Action, m *machine) string {
		switch {
		case m.paused:
			return name(m.id) + " is paused, not down."
		case m.server != nil:
			return name(m.id) + " runs."
		case m.lost:
			return name(m.id) + " lost its disk for good, and is not to come back."
		}
		return ""
	},
	refused: func(_ *World, _ *Action, m *machine) string {
		if m.state() == Damaged {
			return "Its disk cannot be read: it has to be wiped."
		}
		return ""
	},
	do: func(w *World, _ *Action, m *machine) error {
		w.start(m)
		return nil
	},
	inverse: Crash,
	title:   "Restart", meaning: "It starts again with what its disk holds.", done: "S0 started again.",
	says: " starts again with what its disk kept",
	why:  "It is the same server: its term, its vote and its log are those that it wrote down.", section: "§5.5",
}, {
	name: Pause, on: named | up,
	not: func(_ *World, _ *Action, m *machine) string {
		if m.paused {
			return name(m.id) + " is paused already."
		}
		return ""
	},
	do: func(w *World, _ *Action, m *machine) error {
		m.paused, m.behind = true, m.clock.exact(w.now)-m.ticked*1e6
		w.changed(m)
		return nil
	},
	inverse: Resume,
	heal: func(w *World, m *machine) {
		if m.paused {
			w.resume(m)
		}
	},
	wrong: func(m *machine) Wrong {
		if !m.paused {
			return Wrong{}
		}
		return Wrong{name(m.id) + " is paused", Resume.entry().title, acts(Resume, m.id, 0)}
	},
	warn:  lastOfMajority,
	title: "Pause", meaning: "The process stops; what arrives waits.", done: "S0 is paused.", trap: "Pause",
	says: " is paused: it does nothing, and what arrives waits",
	why:  "To the others it looks like a crash. It does not know that time passes.", section: "§5.5",
}, {
	name: Resume, on: named | up,
	not: func(_ *World, _ *Action, m *machine) string {
		if !m.paused {
			return name(m.id) + " is not paused."
		}
		return ""
	},
	do: func(w *World, _ *Action, m *machine) error {
		w.resume(m)
		return nil
	},
	inverse: Pause,
	title:   "Resume", meaning: "It sees how late it is, and then what has arrived meanwhile.", done: "S0 goes on.",
	says: " goes on",
	why:  "It believes what it knew before. The terms in the messages that waited tell it what it missed.",

	section: "§5.1",
}}

func startAgain(_ *World, _ *Action, m *machine) []Action {
	list := acts(Restart, m.id, 0)
	if m.paused {
		list = append(list, acts(Pause, m.id, 0)...)
	}
	return list
}

// setClock changes the rate of a machine's clock, after the server has done what was due until now.
func (w *World) setClock(m *machine, rate float64) {
	running := m.server != nil && !m.paused
	if running {
		w.live(m)
	}
	m.clock.setRate(w.now, rate)
	if running {
		w.settle(m)
	}
}

// What can be done to disks.
const (
	SlowDisk Deed = "disk" // its disk has this speed from now on

	// Its next write fails, with any part of it done; so do later ones until the server, which then stops,
	// is started again.
	FailDisk Deed = "failDisk"

	FillDisk Deed = "fillDisk" // its disk is full: every write fails, also after a restart, until FreeDisk or Heal
	FreeDisk Deed = "freeDisk"

	// A bit on its disk flips. The server notices that at its next start, which it refuses: it is Damaged
	// until it is wiped.
	FlipBit Deed = "flipBit"
)

var diskDeeds = []deed{{
	name: FailDisk, takes: []string{"down"}, on: named | up,
	do: func(_ *World, a *Action, m *machine) error {
		m.disk.fails, m.repair = true, a.Down
		return nil
	},
	forGood: "The write fails, or its server is started again first.",
	heal: func(w *World, m *machine) {
		if m.server != nil && m.disk.erred {
			w.stop(m, 0) // it cannot go on
			m.disk.crash()
		}
		m.disk.revive()
	},
	warn: lastOfMajority,
	wrong: func(m *machine) Wrong {
		if !m.disk.fails || m.server == nil {
			return Wrong{}
		}
		anew := append(acts(Crash, m.id, 0), acts(Restart, m.id, 0)...)
		return Wrong{"The next write of " + name(m.id) + " fails", "Restart it", anew}
	},
	title: "Fail its next write", meaning: "Its disk does part of it, and the server stops.",
	done: "The next write of S0 fails.",
	words: func(_ *Action, who, _ string) string {
		return "the next write of " + who + " will fail"
	},
	why: "A server that cannot write must not answer: what it would promise is not on its disk.", section: "Figure 2",
}, {
	name: SlowDisk, takes: []string{"disk", "hang", "careful"}, on: named,
	not: func(w *World, a *Action, m *machine) string { return w.tooFewDisks(a, m) },
	do: func(_ *World, a *Action, m *machine) error {
		m.disk.longest, m.disk.hung = a.Disk, a.Hang
		return nil
	},
	undo: func(_ *World, _ *Action, m *machine) []Action {
		list := acts(SlowDisk, m.id, 0)
		if list[0].Hang = m.disk.hung; !m.disk.hung {
			list[0].Disk = m.disk.longest
		}
		return list
	},
	heal: func(w *World, m *machine) { m.disk.longest, m.disk.hung = w.run.Config.Disk, false },
	wrong: func(m *machine) Wrong {
		again := acts(SlowDisk, m.id, 0)
		switch {
		case m.disk.hung:
			return Wrong{name(m.id) + "’s disk finishes no write", "Speed it up", again}
		case m.disk.longest > quick:
			return Wrong{name(m.id) + "’s disk takes up to " + explain.Millis(m.disk.longest), "Speed it up", again}
		}
		return Wrong{}
	},
	title: "Slow its disk", meaning: "A write takes longer, and replies wait for it.", done: "The disk of S0 is slow.",
	words: func(a *Action, who, _ string) string {
		switch {
		case a.Hang:
			return "the disk of " + who + " hangs: it finishes no write"
		case a.Disk == 0:
			return "the disk of " + who + " writes at once"
		}
		return "the disk of " + who + " takes up to " + explain.Millis(a.Disk) + " for a write"
	},
	why: "The time of a broadcast holds that of a write: it must be far below an election timeout.", section: "§5.6",
}, {
	name: FillDisk, takes: []string{"down"}, on: named,
	refused: func(_ *World, a *Action, m *machine) string {
		if m.disk.full && m.repair == a.Down {
			return "The disk of " + name(m.id) + " is full already."
		}
		return ""
	},
	do: func(_ *World, a *Action, m *machine) error {
		m.disk.full, m.repair = true, a.Down
		return nil
	},
	inverse: FreeDisk,
	heal:    func(_ *World, m *machine) { m.disk.full = false },
	wrong: func(m *machine) Wrong {
		if !m.disk.full {
			return Wrong{}
		}
		return Wrong{name(m.id) + "’s disk is full", "Make room", acts(FreeDisk, m.id, 0)}
	},
	warn:  lastOfMajority,
	title: "Fill its disk", meaning: "No write succeeds, also after a restart, until there is room again.",
	done:  "The disk of S0 is full.",
	words: func(_ *Action, who, _ string) string { return "the disk of " + who + " is full" },
	why:   "A server that cannot write stops: it could keep no promise. A majority goes on without it.",

	section: "§5.5",
}, {
	name: FreeDisk, on: named,
	not: func(_ *World, _ *Action, m *machine) string {
		if !m.disk.full {
			return "The disk of " + name(m.id) + " has room."
		}
		return ""
	},
	do: func(_ *World, _ *Action, m *machine) error {
		m.disk.full = false
		return nil
	},
	undo: func(_ *World, _ *Action, m *machine) []Action {
		list := acts(FillDisk, m.id, 0)
		list[0].Down = m.repair
		return list
	},
	title: "Make room on its disk", meaning: "Writes succeed again. A server that stopped has to be started.",
	done:  "The disk of S0 has room again.",
	words: func(_ *Action, who, _ string) string { return "the disk of " + who + " has room again" },
	why:   "What it wrote before is there, so it may come back under its old name.", section: "§5.5",
}, {
	name: FlipBit, takes: []string{"careful"}, on: named,
	not: func(w *World, a *Action, m *machine) string {
		if m.disk.behind == 0 {
			return "Nothing lies on the disk of " + name(m.id) + " in which a wrong bit could be told from a write " +
				"that was cut off."
		}
		return w.tooFewDisks(a, m)
	},
	do: func(_ *World, _ *Action, m *machine) error {
		if !m.disk.flip() {
			return errors.New("lab: nothing lies on the disk")
		}
		return nil
	},
	forGood: "Nobody knows which bit it was.",
	wrong: func(m *machine) Wrong {
		anew := append(acts(Wipe, m.id, 0), acts(Restart, m.id, 0)...)
		switch {
		case m.state() == Damaged:
			return Wrong{name(m.id) + " cannot read its disk", "Wipe and restart", anew}
		case m.disk.flipped && m.server != nil:
			return Wrong{"A bit of " + name(m.id) + "’s disk is wrong, and nobody knows", "Wipe and restart", anew}
		}
		return Wrong{}
	},
	title: "Flip a bit of its disk", meaning: "Its checksum shows that at the next start, which the server refuses.",
	done:  "A bit of the disk of S0 is wrong.",
	words: func(_ *Action, who, _ string) string { return "a bit flips on the disk of " + who },
	why:   "Raft trusts disks. A server that reads what it did not write must not take part.", section: "§2",
}}

// tooFewDisks says why a careful action must not be done to a machine, empty if it may.
func (w *World) tooFewDisks(a *Action, m *machine) string {
	if a.Careful && !w.bearable(m) {
		return "Without the disk of " + name(m.id) + " no majority of the servers would be sure to have its own."
	}
	return ""
}
