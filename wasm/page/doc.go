// Package page is what a Worker of the playground tells its page: the types of web/src/model.ts, and the words for frames and events in them. Two
// sources speak in it: a live tab (package tab) and the lab (package session). It holds no state.
package page
