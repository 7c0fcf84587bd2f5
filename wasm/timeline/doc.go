// Package timeline holds the branches of a run and the playhead, the moment of one branch that is shown. It
// plays, travels, steps, acts and replays. It knows nothing of Raft: a World is a state that can be lived
// on, of a simulated cluster (package lab) or of a recording, and a Tape reaches every moment of one branch.
// Its Host keeps the record of each branch.
//
// # Playing
//
// At the end of its branch, playing lives the run further, and the Host writes down what happens. Before the
// end it lives through the past again, and the Host writes nothing down twice. A long way is travelled in
// stretches, one an input, so that the Worker keeps hearing the page.
//
// # Branches
//
// An act in the past, or before a planned action of the run, makes a branch: the history with the act,
// beside that without it. There are at most 32 branches. One more replaces the oldest that has no branches
// of its own and is not shown.
package timeline
