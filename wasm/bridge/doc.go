// Package bridge is what the playground's programs in a browser have in common: it carries calls between JavaScript
// and Go. A Worker puts its functions into globalThis.raftPlaygroundHost before it starts a program, and finds the
// program's under the name that it serves them by. Text goes as strings. No function blocks, and none lasts longer
// than the call.
package bridge
