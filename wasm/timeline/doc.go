// Package timeline holds the ways that a run went and the playhead, the moment of one of them that is looked
// at. It plays, travels, steps, acts and replays. It knows nothing of Raft: a World is a state that can be
// lived on, be that of a simulated cluster (package lab) or of a recording, and a Tape reaches every moment of
// one way of a run. What is written down of a way is its Host's.
//
// # Playing
//
// At the end of its branch, playing lives the run further, and the Host writes down what happens. Before the
// end it lives through the same once more, and the Host writes nothing down twice. A long way is travelled in
// stretches, each in an input of its own, so that the Worker goes on hearing the page.
//
// # Branches
//
// To act in the past, or where the run says what is done later, makes a branch: what was done and what comes
// of it, beside what came without it. There are at most 32 branches. One more takes the place of the oldest
// that has no branches of its own and is not looked at.
package timeline
