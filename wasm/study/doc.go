// Package study answers questions about whole runs of the lab: the shortest way to harm without some rules (Find), what
// one difference between two runs leads to (Compare), how long elections take (Elections), whether what clients were
// told has an order (History). It runs in a Worker of its own (wasm/program/study): a question is one call that may
// take seconds, and who asked hears how far it is; to give up is to end the Worker.
package study
