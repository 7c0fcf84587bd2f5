package lab

import (
	"raftplayground/raft"
	"raftplayground/raft/check"
)

// rest is how long a healed cluster has, after the last client has asked, to bring all logs to the same state.
const rest = 3 * second

// End returns when the run has ended: chaos, healing, and some rest. A run whose actions go on for longer ends after the last of them.
func (r *Run) End() int64 {
	end := r.Config.Chaos
	if n := len(r.Actions); n > 0 {
		end = max(end, r.Actions[n-1].At)
	}
	return end + r.Config.Heal + rest
}

// Finish goes on to the end of the run, checks what can be checked only then, and returns all violations. With Config.Heal the cluster must have
// come back to service after the last action: a run that ends in a fault that nobody heals should have none. The clients' history is for package linear to check.
func (w *World) Finish() []check.Violation {
	end := w.run.End()
	w.RunTo(end - rest)
	served := w.served
	w.resting = true
	w.RunTo(end)
	healed := w.run.Config.Heal > 0
	if healed && w.run.Config.Clients > 0 && served < end-rest-w.run.Config.Heal {
		w.notServing("no client was told that anything is done within " + decimal(w.run.Config.Heal) + " µs of healing")
	}
	if healed {
		w.checkAgreement()
	}
	rested := healed && len(w.failures) == 0 // else the logs need not be one, and what is missing may yet come
	for _, m := range w.machines {
		if m.server != nil {
			w.checker.Audit(w.now, w.look(m), rested && w.belongs(m))
		}
	}
	return w.Violations()
}

// checkAgreement checks that there is one leader, that everyone in its configuration follows it, and that they have applied the same log. Who was removed or waits is
// in nobody's way, and who lost his disk for good is not missed.
func (w *World) checkAgreement() {
	leader := w.leader()
	if leader == nil {
		w.notServing("nobody leads")
		return
	}
	first := *w.look(leader)
	for _, m := range w.machines {
		if !w.belongs(m) || !m.whole() {
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
			w.notServing("its log ends at "+decimal(v.Last)+", committed through "+decimal(v.Commit)+" and applied through "+decimal(v.Applied)+
				"; the leader's ends at "+decimal(first.Last), m.id)
		}
	}
}

// belongs tells whether a machine's server is in the configuration of whoever leads.
func (w *World) belongs(m *machine) bool {
	leader := w.leader()
	return leader != nil && leader.config.Contains(m.id)
}

// notServing notes a lack of service: of a server or, if none is named, of the cluster.
func (w *World) notServing(detail string, servers ...raft.ServerID) {
	w.failures = append(w.failures, check.Violation{Property: check.Liveness, At: w.now, Servers: servers, Detail: detail})
}
