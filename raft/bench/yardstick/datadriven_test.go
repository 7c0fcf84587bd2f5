// Package yardstick holds tests only: the cases that etcd's raft library keeps for its quorum and membership
// arithmetic, put to this project's core. They are read from the module cache, where Go has the library's source for
// the comparison of speed, and are not copied.
package yardstick

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// testCase is one case of a file in the form of cockroachdb/datadriven: a command with arguments, lines of input,
// "----", and what is expected.
type testCase struct {
	name     string // file and line
	command  string
	args     map[string][]string // of "cfg=(1,2)": 1 and 2
	input    string
	expected string // without the line's end
}

// yardstick reads the library's files of cases that match a pattern.
func yardstick(t *testing.T, pattern string) (cases []testCase) {
	t.Helper()
	const module = "go.etcd.io/raft/v3"
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).CombinedOutput()
	root := strings.TrimSpace(string(dir))
	if err != nil || root == "" {
		t.Fatalf("the source of %s is not in Go's module cache: %v: %s\n`go mod download %s` in raft/bench fetches it",
			module, err, root, module)
	}
	files, err := filepath.Glob(filepath.Join(root, pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files %s in the source of %s (%v)", pattern, module, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		cases = append(cases, parse(t, filepath.Base(file), string(text))...)
	}
	return cases
}

// parse reads the cases of one file: blocks that end at an empty line after "----" and what is expected.
func parse(t *testing.T, file, text string) (cases []testCase) {
	var c *testCase
	expecting := false
	for i, line := range strings.Split(text, "\n") {
		switch {
		case expecting && line != "":
			c.expected = strings.TrimPrefix(c.expected+"\n"+line, "\n")
		case expecting:
			cases, c, expecting = append(cases, *c), nil, false
		case line == "----" && c != nil:
			expecting = true
		case line == "" || line[0] == '#':
		case c == nil:
			words, err := arguments(line)
			if err != nil {
				t.Fatalf("%s:%d: %v", file, i+1, err)
			}
			c = &testCase{name: fmt.Sprintf("%s:%d", file, i+1), command: strings.Fields(line)[0], args: words}
		default:
			c.input = strings.TrimSpace(c.input + " " + line)
		}
	}
	if c != nil {
		t.Fatalf("%s: %q has no end", c.name, c.command)
	}
	return cases
}

// arguments reads "command key=value key=(value, value)".
func arguments(line string) (map[string][]string, error) {
	args := map[string][]string{}
	_, rest, _ := strings.Cut(line, " ")
	for rest = strings.TrimSpace(rest); rest != ""; rest = strings.TrimSpace(rest) {
		key, value, ok := strings.Cut(rest, "=")
		if !ok {
			return nil, fmt.Errorf("expected key=value, got %q", rest)
		}
		if list, isList := strings.CutPrefix(value, "("); isList {
			if value, rest, ok = strings.Cut(list, ")"); !ok {
				return nil, fmt.Errorf("%q has no closing parenthesis", line)
			}
		} else {
			value, rest, _ = strings.Cut(value, " ")
		}
		for _, v := range strings.Split(value, ",") {
			args[key] = append(args[key], strings.TrimSpace(v))
		}
	}
	return args, nil
}
