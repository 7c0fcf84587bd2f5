// Package contract holds what the Workers of the playground and their page tell each other, as plain types. A
// live tab (package tab) and the lab (package session) speak of a cluster in the same words. The page's side
// of the contract, web/src/model.ts, is generated from this package:
//
//	go generate ./wasm/contract
//
// and a test fails while it is out of date. A comment of a type or of a field here is the comment there.
//
// A message is an object with a "type". The structs ToWorker, ToLab and FromWorker list the messages of one
// direction: one field a message, tagged with its type. Read decodes such a message into the field of its
// type. A message with an id is answered once, by an Answer with the same id.
//
// A pointer is null in JSON when it is nil, and a member with omitempty is left out when it is empty. A list
// is never null: whoever fills one in makes it.
package contract

//go:generate go run ./typescript ../../web/src/model.ts
