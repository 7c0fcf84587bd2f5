// Package session is the lab as a page sees it: a simulated cluster (package lab) that is played in real time
// at a rate, with all that a person may do to it and every moment of it within reach. It takes the messages of
// the page and does what they ask. Where the run went and which moment is looked at is package timeline's,
// what the page is told is package told's, and what becomes of a person's requests package client's; a Session
// joins them.
//
// It is pure: no goroutine, clock or file. Every input carries the time; the one thing that it wants done,
// posting a message, it asks of a page.Poster, which does not call it back.
//
// # Time
//
// Cluster time is the rate times real time. A gap of more than 500 ms of real time between two inputs (a
// computer that slept, a tab that was frozen) is skipped: the cluster stood still meanwhile.
//
// # Bounds
//
// A branch keeps 50 requests, or as many as are under way, at most 200, and the copies of the world that a
// lab.Tape keeps. What else is bounded packages timeline and told say.
package session
