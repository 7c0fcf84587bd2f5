// Package study answers questions about many runs of the lab at once: the shortest way to harm without some rules (Find), what one difference between two
// runs leads to (Compare), how long elections take (Elections). It runs in a Worker of its own (wasm/lab): a question is one call that may take
// seconds, and who asked hears how far it is; to give up is to end the Worker.
package study
