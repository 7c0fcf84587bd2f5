// Package page puts frames, events and requests into the words of the contract with the page (package contract), and
// keeps what waits for a page. A live tab (package tab) and the lab (package session) speak through it.
package page
