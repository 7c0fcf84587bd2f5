package main

// What a room holds of the budgets.

const (
	flyingStep = 256 << 10 // bytes by which a room's share of the frames under way grows and shrinks
	flyingFree = 32 << 10  // … of each room, which the budget does not count
)

// shareOut gives the room as much of the budget of frames under way as a message of this length may need, if
// there is that much, and takes back what the room does not use.
func (r *room) shareOut(bytes int) {
	budget := &r.rooms.budgets.of[flying]
	need := int64(r.hub.Flying() + 2*bytes - flyingFree)
	switch spare := r.flying - need; {
	case spare < 0:
		step := (-spare/flyingStep + 1) * flyingStep
		if !budget.take(r.owner, step) {
			break
		}
		r.flying += step
	case spare > 2*flyingStep:
		step := spare / flyingStep * flyingStep
		budget.give(r.owner, step)
		r.flying -= step
	}
	r.hub.Allow(int(r.flying) + flyingFree)
}

// giveBack returns what the room holds of the budgets.
func (r *room) giveBack() {
	r.rooms.budgets.of[flying].give(r.owner, r.flying)
	r.rooms.mu.Lock()
	defer r.rooms.mu.Unlock()
	r.freePlace()
	if r.troubled {
		r.rooms.records.unstored.Add(-1)
	}
}

// freePlace gives up the room's place among the open rooms. rooms.mu is held.
func (r *room) freePlace() {
	if r.placed {
		r.placed = false
		r.rooms.budgets.of[openRooms].give(r.owner, 1)
	}
}
