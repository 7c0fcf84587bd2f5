// Command relay is the room server: it serves the page, and runs one hub.Hub for every room. It knows
// nothing of Raft. room.go hosts a room, on package host.
//
//	relay [-addr 127.0.0.1:8080] [-lan] [-state DIR] [-rate 0.1] [-size 3]
//	      [-host lab.example.org] [-origin https://example.org] [-log-json]
//
//	GET /               the lab; /embed is the same for the frames of other sites
//	GET /new            makes a room and goes there; the query (?rate=1&size=5) goes along
//	GET /r/{code}       the page of a room
//	GET /rooms/{code}   the room itself: a WebSocket that speaks what package hub documents
//	POST /rooms/{code}  204, or why a WebSocket would be refused: a browser does not tell a page
//	GET /healthz        {"status":"ok","rooms":2,"connections":7,…}: is it well,
//	                    is every record stored, has one been lost
//	GET /metrics        what it uses, may use and has refused, in the text format of Prometheus
//
// It answers to addresses, to localhost, and to the names that -host allows; others get 403 (origin.go).
//
// # What is bounded, and what happens at the bound
//
// A room bounds what its members do: see package hub. The program bounds what all rooms do together, and one
// address may have half of each budget: enough for a classroom behind one router, and one person in it
// cannot take what others need. Of an IPv6 address the first 64 bits count. ATTACKS.md lists attacks.
//
//	                                 all      one address     beyond it
//	sockets                          20,000   10,000          HTTP 503
//	handshakes and /new, a second             100, 200 ahead  they wait for up to 4 s, else HTTP 429 and Retry-After
//	open rooms                       2000     1000            the longest empty one is put away, else close code 1013
//	messages a second                60,000   30,000          reading waits; who sends less than 100 a second does not
//	bytes of messages above 4 KiB,
//	a second                         64 MiB   32 MiB          reading waits
//	bytes of messages being read     32 MiB   16 MiB          the message is thrown away: error -32009
//	bytes of frames under way        64 MiB   32 MiB          the frame is lost, and watchers are told ("full")
//	bytes that wait for connections  128 MiB  64 MiB          the same; of news a line is missed, and told later
//	bytes of news a second           48 MiB   24 MiB          watchers miss lines, and are told how many
//	records                          50,000                   no new room; those that are known open
//
// Up to 8 MiB or 16384 messages wait for one connection, of them 1 MiB news (seen, report), which go last.
// It is closed only if it takes no byte for 15 s, or answers no ping for 20 s (1008, with the reason). A
// member that does not take the answers to its own calls is not read until it does. A message that has begun
// must be complete within 30 s; ping and pong messages may come 10 times a second (1008).
//
// The program's work for a message is bounded by its length: package hub reads each byte at about the same
// cost, whatever the message says, some 2 ms for the longest. Messages above 64 KiB are read by one room
// fewer at once than there are processors (at least one), and after each others get a turn. So large
// messages take about a quarter of a processor at most, those of one address an eighth.
//
// Behind a proxy on the same machine all visitors have one address, and share what one address may have.
//
// # What is kept
//
// A room that nobody is connected to is put away after 10 minutes. Its record (who holds which seat) stays for 90
// days after the room's last use in a folder raft-playground-rooms inside the state directory. That folder
// has a marker and belongs to one relay at a time: a second one says so and ends. The relay touches only
// files of its own names there. It tries to store a record until it succeeds; meanwhile no member is told of
// a lease in it, and the room's people are told why.
package main
