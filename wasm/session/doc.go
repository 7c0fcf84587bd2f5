// Package session is the lab as a page sees it: a simulated cluster (package lab) that is played in real time
// at a rate, open to a person's actions and with every moment within reach. It takes the messages of the
// page and does what they ask. Package timeline keeps the branches of the run and the playhead, package told
// what the page is told, and package client a person's requests; a Session joins them.
//
// It is pure: no goroutine, clock or file. Every input carries the time; its only output, posting a message,
// goes to a report.Poster, which does not call it back.
//
// # Time
//
// Cluster time is the rate times real time. A gap of more than 500 ms of real time between two inputs (a
// computer that slept, a tab that was frozen) is skipped: the cluster stood still meanwhile.
//
// # Bounds
//
// A branch keeps 50 requests, or as many as are under way, at most 200, and the copies of the world that a
// lab.Tape keeps. Packages timeline and told state the other bounds.
package session
