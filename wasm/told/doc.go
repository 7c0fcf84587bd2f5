// Package told is what the page of a lab is told of the world that it looks at: the story, the history that
// the time line shows, frames on their way, servers, links and properties, what ends a step, and all that
// happened in a stretch that is lived once more. What is new is folded into batches (package report, which a
// live tab speaks through as well).
//
// # Bounds
//
// Of a branch, 1,000 lines of story are kept, of which details go first, and 6,000 changes of each kind of its
// history, of which the oldest go. While the page asks for no batch, the newest 500 frames and 1,000 lines of
// story wait for it. A hidden page is sent four batches a second, without frames. A replay is of 60 s at most,
// and tells of 4,000 messages and 2,000 events or a few more; of more, those that ended first are left out,
// and it says from when on it is complete.
package told
