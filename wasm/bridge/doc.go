// Package bridge carries calls between JavaScript and Go for the playground's programs in a browser. A
// Worker puts its functions into globalThis.raftPlaygroundHost before it starts a program, and finds the
// program's functions under the name that the program serves them by. Text goes as strings. No function
// blocks, and none lasts longer than the call.
package bridge
