// Package e2e tests the playground as a newcomer meets it: the built program, a real Chromium, real tabs.
//
// It builds nothing. It takes the program that RELAY names, else .build/raft-playground, and the browser
// that CHROMIUM names, else the first chromium or google-chrome on the path; `./build.sh test` provides
// both. Chromium is driven over the raw DevTools protocol, with the throttling of hidden tabs left on: a
// server must run while its tab is hidden.
//
// The tests of live rooms run one after the other: three windows drawn at real time, without a GPU, take one
// of two cores, and six would starve their servers of heartbeats. Limits in seconds hold for an otherwise
// idle machine: `./build.sh test` runs the tests with such limits first and alone. The lab's tests, in which
// time waits for the machine, run in parallel after them, except those that measure speed; with them runs
// the room of hidden tabs, which draws nothing and waits for a minute.
//
// A normal run takes the README's pictures into a temporary folder and only checks that they are not blank.
// `UPDATE_PICTURES=1 go test ./web/e2e -run Pictures` writes them to web/pictures. With E2E_PICTURES=folder
// many tests save pictures there, on four screens and in both themes, for a person to look at.
package e2e
