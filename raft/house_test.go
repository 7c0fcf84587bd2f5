package raft

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// house says which of our packages each package may import. Arrows point one way; what is not listed may import
// nothing of ours.
var house = map[string][]string{
	"raft":         {},
	"raft/explain": {"raft", "relay/quality"},
	"raft/wire":    {"raft"},
	"raft/wal":     {"raft"},
	"raft/kv":      {"raft"},
	"raft/server":  {"raft", "raft/explain", "raft/wire", "raft/wal", "raft/kv"},
	"raft/check":   {"raft"},
	"raft/lab": {"raft", "raft/check", "raft/explain", "raft/lab/goal", "raft/server", "raft/wal", "raft/wire",
		"relay/hub", "relay/quality"},
	"raft/bench":    {"raft"},
	"raft/explore":  {"raft", "raft/check"},
	"raft/blackbox": {"raft"},
	"raft/scenario": {"raft", "raft/check", "raft/explain", "raft/lab/goal"},

	"raft/bench/trace":  {"raft", "raft/lab", "raft/server", "raft/wire"},
	"raft/check/linear": {"raft/check"},
	"raft/lab/goal":     {"raft", "raft/check"},
	"raft/lab/trial":    {"raft", "raft/check", "raft/check/linear", "raft/kv", "raft/lab", "raft/wire"},
	"raft/lab/soak":     {"raft", "raft/check", "raft/lab", "raft/lab/trial"},
	"raft/lab/speed":    {"raft/lab"},
	"raft/mutation":     {},

	"relay/quality": {},

	"relay/hub":  {"relay/quality"},
	"relay/host": {"relay/hub"},
	"relay":      {"relay/hub", "relay/host"},

	"relay/campaign": {"raft", "raft/check", "raft/check/linear", "raft/server", "raft/wal", "raft/wire"},

	"wasm/contract":            {"relay/quality"},
	"wasm/contract/typescript": {},

	"wasm/report": {"raft", "raft/explain", "raft/wire", "raft/kv", "raft/server", "wasm/contract"},
	"wasm/client": {"raft/kv", "raft/wire", "wasm/contract", "wasm/report"},
	"wasm/tab": {"raft", "raft/wire", "raft/wal", "raft/server", "wasm/client", "wasm/contract",
		"wasm/report"},
	"wasm": {"raft/wire", "wasm/bridge", "wasm/tab"},

	"wasm/timeline": {"wasm/contract"},
	"wasm/told": {"raft", "raft/check", "raft/kv", "raft/lab", "raft/lab/goal", "raft/wire", "relay/hub",
		"wasm/contract", "wasm/report"},
	"wasm/session": {"raft", "raft/explain", "raft/lab", "relay/hub", "relay/quality", "wasm/client", "wasm/contract",
		"wasm/report", "wasm/timeline", "wasm/told"},
	"wasm/bridge":        {},
	"wasm/program/lab":   {"wasm/bridge", "wasm/session"},
	"wasm/film":          {"wasm/session"},
	"wasm/program/study": {"wasm/bridge", "wasm/study"},
	"wasm/study": {"raft", "raft/check", "raft/check/linear", "raft/explain", "raft/explore", "raft/lab", "raft/wire",
		"wasm/contract", "wasm/report"},
	"web/e2e": {"raft", "raft/wire"},

	"web/e2e/browsers": {},
}

// pure lists the packages that have no goroutine, clock, network, file or global randomness, and with it what they may
// not import. They are also what the browser loads: fmt alone would add 0.75 MB to the file.
var pure = []string{"raft", "raft/explain", "raft/wire", "raft/wal", "raft/kv", "raft/server", "raft/check",
	"raft/explore", "raft/lab", "raft/lab/goal", "relay/hub", "relay/quality", "wasm/report", "wasm/client", "wasm/tab",
	"wasm/timeline", "wasm/told", "wasm/session"}

var impure = []string{"fmt", "time", "net", "net/http", "os", "sync", "context", "encoding/json", "crypto/rand", "log",
	"log/slog", "syscall/js", "reflect"}

func TestPackagesImportOnlyWhatTheHouseAllows(t *testing.T) {
	imports := importsOfTheHouse(t)
	for room := range house {
		if imports[room] == nil {
			t.Errorf("%s is listed, but has no Go files", room)
		}
	}
	for room, paths := range imports {
		allowed, listed := house[room]
		if !listed {
			t.Errorf("%s has no place in the house: list it", room)
		}
		for path, file := range paths {
			if ours, ok := strings.CutPrefix(path, "raftplayground/"); ok && !slices.Contains(allowed, ours) {
				t.Errorf("%s: %s imports %s", file, room, ours)
			}
			if slices.Contains(pure, room) && slices.Contains(impure, path) {
				t.Errorf("%s: %s is pure and imports %s", file, room, path)
			}
		}
	}
}

// importsOfTheHouse returns, for each package of the module, what its files import and one of the files that do. Tests
// are left out, and so are files for the native build only: a file with "//go:build !js" is a host's.
func importsOfTheHouse(t *testing.T) map[string]map[string]string {
	imports := map[string]map[string]string{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "dist" || d.Name() == "testdata" ||
			len(d.Name()) > 2 && d.Name()[0] == '.') {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		room := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), "../")
		if strings.HasSuffix(room, "test") {
			return nil // a package of test doubles
		}
		if imports[room] == nil {
			imports[room] = map[string]string{}
		}
		for _, group := range file.Comments {
			if strings.Contains(group.List[0].Text, "go:build !js") {
				return nil
			}
		}
		for _, spec := range file.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			imports[room][name] = path
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return imports
}
