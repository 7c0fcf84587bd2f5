//go:build !js

package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

const written = "../../../web/src/model.ts"

// The page is checked against what the Workers say today.
func TestThePagesSideOfTheContractIsUpToDate(t *testing.T) {
	want, err := model("..")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(written)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what wasm/contract says. To write it anew: go generate ./wasm/contract", written)
	}
}

// Each kind of type, as it stands in the file.
func TestGoBecomesTypeScript(t *testing.T) {
	text, err := model("..")
	if err != nil {
		t.Fatal(err)
	}
	for what, want := range map[string]string{
		"what a directive says":       "export type U64 = number | string;\n",
		"words":                       `export type Op = "put" | "get" | "delete" | "cas";` + "\n",
		"many words":                  "export type MessageKind =\n  | \"RequestVote\"\n",
		"a pointer":                   "  server: number | null; // null: this tab watches\n",
		"a member that may be absent": "  machine?: Machine; // in the lab\n",
		"a list":                      "  votes: Vote[]; // a candidate's election\n",
		"an embedded struct":          "export interface Flight extends Message {\n",
		"any value":                   "  value: unknown;\n",
		"messages":                    "export type ToLab =\n  | ({ type: \"open\" } & Open)\n",
		"a message without members":   "\n  | { type: \"drawn\" }\n",
		"what a tag says":             "  run: LabRun | null;\n",
		"a run of the lab": "export interface LabRun {\n  version: number;\n  config: LabConfig;\n  " +
			"seed: U64;\n",
		"a comment above a member": "  /** Those of them that are no extensions (raft.Extensions): without them",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s: nowhere stands %q", what, want)
		}
	}
	if bytes.Contains(text, []byte("LabAction {\n  at:")) {
		t.Error("an action that the page asks for has no time")
	}
	for _, line := range strings.Split(string(text), "\n") {
		if len([]rune(line)) > columns {
			t.Errorf("a line is too wide: %s", line)
		}
	}
}
