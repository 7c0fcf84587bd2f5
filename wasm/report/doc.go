// Package report puts frames and events into the words of the contract with the page (package contract), and
// keeps what waits for a page and sends it. A live tab (package tab) and the lab (package session) speak
// through it.
package report
