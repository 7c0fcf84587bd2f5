// Package study answers questions about whole runs of the lab: the shortest way to harm without some rules (Find), what
// one difference between two runs leads to (Compare), how long elections take (Elections), whether one order
// explains what clients were told (History). It runs in a Worker of its own (wasm/program/study): a question
// is one call that may take seconds and reports its progress; ending the Worker cancels it.
package study
