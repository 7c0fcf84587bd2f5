package raft

// These inputs are for whoever wants to see what Raft's rules and timers are for. No host of servers that are to
// serve uses them.

// SwitchOff says which rules this server does not keep from now on, in the place of Options.Off. What it did before
// stays: it may have broken a promise already.
func (n *Node) SwitchOff(off RuleSet) { n.opt.Off = off }

// SetTimer makes the election timer run out after so many ticks, 1 to Options.ElectionTicksMax; what is outside that
// range counts as its nearer end. A leader, which has none, does nothing. A timer that runs out while the server owes a
// leader its loyalty begins no election (LoyalCandidate).
func (n *Node) SetTimer(left int) {
	if n.leadership != nil {
		return
	}
	left = max(1, min(left, n.opt.ElectionTicksMax))
	n.timeout = max(n.timeout, left)
	n.elapsed = n.timeout - left
	n.done()
}
