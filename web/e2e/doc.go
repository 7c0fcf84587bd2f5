// Package e2e tests the playground as a newcomer meets it: the built program, a real Chromium, real tabs.
//
// It builds nothing. It takes the program that RELAY names, else .build/raft-playground, and the browser that CHROMIUM
// names, else the first chromium or google-chrome on the path; `./build.sh test` sees to both. Chromium is driven over
// the raw DevTools protocol and with the throttling of hidden tabs left on: a server that only runs while it is looked
// at would be no server.
//
// The tests of live rooms run one after the other: three windows drawn at real time, without a GPU, take one of two
// cores, and six would starve the servers in them of their heartbeats. What is measured in seconds holds for a machine
// that does nothing else: `./build.sh test` runs the tests that do so first and alone. Those of the lab, in which time
// waits for the machine, run beside each other after them, but for those that measure how quick it is; and beside those
// the room of hidden tabs, which draws nothing and waits for a minute.
//
// A normal run takes the README's pictures into a temporary folder and only looks whether they show something.
// `UPDATE_PICTURES=1 go test ./web/e2e -run Pictures` writes them to web/pictures. With E2E_PICTURES=folder many tests
// leave there what they brought about, on four screens and in both themes, for a person to look at.
package e2e
