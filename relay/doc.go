// Command relay is the room server: it serves the page, and behind every room's code it runs one hub.Hub. It knows nothing of Raft.
//
//	relay [-addr 127.0.0.1:8080] [-lan] [-state DIR] [-rate 0.1] [-size 3] [-host lab.example.org] [-origin https://example.org] [-log-json]
//
//	GET /               the lab; /embed is the same for the frames of other sites
//	GET /new            makes a room and goes there; the query (?rate=1&size=5) goes along
//	GET /r/{code}       the page of a room
//	GET /rooms/{code}   the room itself: a WebSocket that speaks what package hub documents
//	GET /healthz        {"status":"ok","rooms":2,"connections":7}
//
// # What is bounded, and what happens at the bound
//
// Members, messages, frames on their way and what watchers are told: see package hub. Here: rooms (1000; a further one is closed with 1013), handshakes
// (50 a second for an address, 200 ahead; then HTTP 429), and what waits for one connection: 8 MiB or 16384 messages. A room spares a slow watcher long before;
// who is too slow even for its frames is closed with 1008. A room that cannot keep up stops reading from its members, so TCP slows them down.
//
// A room that nobody is connected to is put away after 10 minutes. Its record (who holds which seat) stays in the state directory for 7 days after
// its last change, so that tabs find their seats again, also when the relay itself was killed.
package main
