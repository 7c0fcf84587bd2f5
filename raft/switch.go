package raft

// These inputs serve to show what Raft's rules and timers are for. A host whose servers do real work does
// not use them.

// SwitchOff replaces Options.Off: the rules that this server does not keep from now on. What it did before
// stays, and it may have broken a promise already.
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
