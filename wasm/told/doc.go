// Package told is what the page of a lab is told of the world that it looks at: the story, the history that
// the time line shows, frames on their way, servers, links and properties, the ends of steps, and replays.
// News is folded into batches (package report, which a live tab uses as well).
//
// # Bounds
//
// A branch keeps 1,000 lines of story, of which details go first, and 6,000 changes of each kind of its
// history, of which the oldest go. While the page asks for no batch, the newest 500 frames and 1,000 lines
// of story wait for it. A hidden page is sent four batches a second, without frames. A replay lasts at most
// 60 s, and tells of about 4,000 messages and 2,000 events; beyond that, the messages that ended first and
// the oldest events are left out, and it says from when on it is complete.
package told
