// Package session is the lab as a page sees it: a simulated cluster (package lab) that is played in real time at a
// rate, with all that a person may do to it and every moment of it within reach. It takes the messages of the page and
// folds what is new into batches, as package tab does for a live room (package contract says in which form).
//
// It is pure: no goroutine, clock or file. Every input carries the time; the one thing that it wants done, posting a
// message, it asks of a Host.
//
// # Time
//
// Cluster time is the rate times real time. A gap of more than 500 ms of real time between two inputs (a computer that
// slept, a tab that was frozen) is skipped: the cluster stood still meanwhile. The playhead is the moment that is
// looked at. At the end of its branch, playing lives the run further and writes down what happens; before the end it
// lives through the same once more, which shows the frames again and writes nothing down twice.
//
// # Branches
//
// To act in the past, or where the run has actions ahead, makes a branch: what was done and what comes of it, beside
// what came without it. There are at most 32 branches. One more takes the place of the oldest that has no branches of
// its own and is not being looked at.
//
// # Replays
//
// A page sees what happened while it watched. Of any stretch of the branch it can be told all: the stretch is lived
// once more in a world of its own, two seconds of it in one input, so that neither the world that is looked at nor the
// answers to anything else wait for it.
//
// # Bounds
//
// A branch keeps 1,000 lines of story, of which details go first; 6,000 changes of each kind of its history, of which
// the oldest go; 50 requests; and a Tape's copies of the world. While the page asks for no batch, the newest 500 frames
// and 1,000 lines of story wait for it. A hidden page is sent four batches a second, without frames. A replay is of 60
// s at most, and tells of 4,000 messages and 2,000 events or a few more; of more, those that ended first are left out,
// and it says from when on it is complete.
package session
