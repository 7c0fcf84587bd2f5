package lab

import (
	"slices"
	"strconv"

	"raftplayground/raft"
	"raftplayground/raft/check"
)

// rest is how long a healed cluster has, after the last client request, to bring all logs to the same state.
const rest = 3 * second

// End returns when the run has ended: chaos, healing, serving, and some rest. A run whose actions go on for
// longer ends after the last of them.
func (r *Run) End() int64 { return r.healed() + r.Config.Heal + r.Config.harsh().Serve + rest }

// healed returns when the last fault was over. A run that must serve is healed with the end of the chaos,
// since it only makes requests later.
func (r *Run) healed() int64 {
	end := r.Config.Chaos
	if n := len(r.Actions); n > 0 && r.Config.harsh().Serve == 0 {
		end = max(end, r.Actions[n-1].At)
	}
	return end
}

// Finish goes on to the end of the run, checks what can be checked only then, and returns all violations.
// With Config.Heal the cluster must be back in service after the last action, so a run that ends
// in a fault should have none. The clients' history is for package linear to check.
func (w *World) Finish() []check.Violation {
	end := w.run.End()
	w.RunTo(end - rest)
	healed := w.run.Config.Heal > 0
	if healed && w.served < w.run.healed() && w.fewLeft() {
		end += w.run.Config.Heal
		w.RunTo(end - rest)
	}
	served := w.served
	w.resting = true
	w.RunTo(end)
	if healed && w.run.Config.Clients > 0 && served < w.run.healed() {
		w.notServing("no client was told that anything is done within " + decimal(w.run.Config.Heal) + " µs of healing")
	}
	if healed {
		w.checkAgreement()
	}
	rested := healed && len(w.failures) == 0 // else logs may differ, and missing entries may still arrive
	for _, m := range w.machines {
		if m.server != nil {
			w.checker.Audit(w.now, w.look(m), rested && w.belongs(m) && w.repairable(m))
		}
	}
	return w.Violations()
}

// fewLeft reports whether most servers have left the cluster. Clients guess whom to ask, and find the leader
// later.
func (w *World) fewLeft() bool {
	leader := w.leader()
	if leader == nil {
		return false
	}
	leader.server.Node().Status(&w.status)
	return 2*len(w.status.Config.Voters) < len(w.machines)
}

// unanswered records, once for the run, that a request was not done, if it had to be.
func (w *World) unanswered(c *client, p *pending, why string) {
	from := w.run.Config.Chaos + w.run.Config.Heal
	if w.run.Config.harsh().Serve == 0 || p.asked < from || w.unserved {
		return
	}
	w.unserved = true
	w.notServing("client " + strconv.Itoa(c.number) + " asked at " + decimal(p.asked) +
		" µs, when a healed cluster must serve, and was told: " + why)
}

// repairable reports whether a server can be brought up to date. A server that has lost its disk for good,
// or cannot write to it, or has no room for a snapshot, does not count as missing.
func (w *World) repairable(m *machine) bool { return m.whole() && !w.cramped(m) }

// checkAgreement checks that there is one leader, that every server in its configuration follows it and may
// become a voter, and that they have applied the same log. A server that was removed, or waits, is ignored.
func (w *World) checkAgreement() {
	leader := w.leader()
	if leader == nil {
		w.notServing("nobody leads")
		return
	}
	first := *w.look(leader)
	for _, m := range w.machines {
		if !w.belongs(m) || !w.repairable(m) {
			continue
		}
		if m.server == nil {
			w.notServing("it is down", m.id)
			continue
		}
		v := w.look(m)
		switch following := w.status.Leader; {
		case following != leader.id:
			w.notServing("it follows "+decimal(following)+", not the leader, "+decimal(leader.id), m.id)
		case v.Commit != v.Last || v.Applied != v.Last || v.Last != first.Last || v.StateHash != first.StateHash:
			w.notServing("its log ends at "+decimal(v.Last)+", committed through "+decimal(
				v.Commit)+" and applied through "+decimal(v.Applied)+
				"; the leader's ends at "+decimal(first.Last), m.id)
		}
	}
	w.checkLearners(leader)
}

// checkLearners checks that the leader has seen each learner that it has repaired catch up: otherwise the
// learner could not become a voter (thesis 4.2.1).
func (w *World) checkLearners(leader *machine) {
	leader.server.Node().Status(&w.status)
	for _, p := range w.status.Peers {
		exists := int(p.Server) <= len(w.machines)
		if exists && !p.CaughtUp && slices.Contains(w.status.Config.Learners, p.Server) &&
			w.repairable(w.machines[p.Server-1]) {
			w.notServing("the leader, "+decimal(leader.id)+", does not take this learner for one that "+
				"has caught up", p.Server)
		}
	}
}

// belongs reports whether a machine's server is in the leader's configuration.
func (w *World) belongs(m *machine) bool {
	leader := w.leader()
	return leader != nil && leader.config.Contains(m.id)
}

// notServing records a lack of service: of a server or, if none is named, of the cluster.
func (w *World) notServing(detail string, servers ...raft.ServerID) {
	w.failures = append(w.failures, check.Violation{Property: check.Liveness, At: w.now, Servers: servers,
		Detail: detail})
}
