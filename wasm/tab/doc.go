// Package tab is one live tab of a room: what stands between a page that only draws and a hub that only
// forwards. It joins the room and comes back when the connection is lost, runs the tab's Raft server (package
// server) on the room's clock, carries clients' requests to the leader, and folds everything that it hears
// into batches that the page draws (package contract says in which form).
//
// It is pure: no goroutine, clock, socket or file. Every input carries the time; everything that it wants done
// it asks of a Host. In the browser the Host is a dedicated Worker (package wasm, web/src/worker); in tests it
// is a few lines over a hub in memory.
//
// # Time
//
// Real time (now) is in milliseconds since 1970, with fractions, and never goes back; retries, requests and
// batches live in it. Cluster time is the room's clock, which runs at the room's rate: the server ticks by it,
// one tick a millisecond. After a stall of the whole Worker at most 500 ms of real time are caught up, and the
// rest is skipped. A server that slept must not live through its election timeout in one burst while the
// messages that would have reset its timer wait in the queue: so it lives through 25 ticks, hears what waits,
// and skips the rest. Only a leader lives through all of them, since others may no longer owe it anything. The
// clock also stands while the connection is lost, since this tab then does not know how fast the room's
// clock runs; so an isolated server does not campaign either.
//
// # Bounds
//
// A hidden page draws nothing; for its scripts it is sent four batches a second at most, without the frames on
// their way. While a page asks for nothing, only the latest state is kept, the newest 500 flights, 500
// corrections of flights, 1,000 lines of story and 500 requests; what is dropped is the oldest, and the next
// batch says so in its notice.
package tab
