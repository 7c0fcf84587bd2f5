package main

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"strings"

	jsoniter "github.com/json-iterator/go"
)

// schema is a package with all of its mutants in it at once; which of them lives is chosen when a program
// with the package starts. So each test binary is compiled once, and not once for every mutant.
type schema struct {
	dir     string // the package's folder
	mutants []mutant
	files   map[string][]byte // by name, as they are to be compiled
}

// The environment of a test binary.
const (
	liveVariable = "MUTANT" // the number of the live mutant; without it none lives
	// a file to which the number of each mutant is added, one a line, when its place is first reached
	traceVariable = "MUTANT_TRACE"
	limitVariable = "MUTANT_LIMIT" // how many seconds of processor time the binary may use; without it no limit
)

// selector is compiled into the mutated package. It ends a mutant that computes or allocates without end. It
// limits processor time, which does not depend on what else the machine has to do.
const selector = `package %s

import (
	"cmp"
	"os"
	"slices"
	"strconv"
	"syscall"
)

var mutatedLive = mutatedStart()
var mutatedTrace *os.File
var mutatedReached [%d + 1]bool

func mutatedStart() int {
	mutatedLimit(syscall.RLIMIT_AS, 3<<30)
	if seconds, _ := strconv.ParseUint(os.Getenv("` + limitVariable + `"), 10, 64); seconds > 0 {
		mutatedLimit(syscall.RLIMIT_CPU, seconds)
	}
	if path := os.Getenv("` + traceVariable + `"); path != "" {
		file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			panic(err)
		}
		mutatedTrace = file
	}
	live, _ := strconv.Atoi(os.Getenv("` + liveVariable + `"))
	return live
}

func mutatedLimit(resource int, to uint64) {
	if err := syscall.Setrlimit(resource, &syscall.Rlimit{Cur: to, Max: to}); err != nil {
		panic(err)
	}
}

// mutated is asked only where the answer makes a difference, so that a test that never comes to the border
// need not be run for its sake.
func mutated(m int) bool { return m == mutatedLive || mutatedTrace != nil && mutatedReach(m) }

func mutatedReach(m int) bool {
	if !mutatedReached[m] {
		mutatedReached[m] = true
		if _, err := mutatedTrace.WriteString(strconv.Itoa(m) + "\n"); err != nil {
			panic(err)
		}
	}
	return false
}

type mutatedInteger interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr
}

func mutatedLess[T cmp.Ordered](m int, a, b T) bool         { return a < b || a == b && mutated(m) }
func mutatedLessEqual[T cmp.Ordered](m int, a, b T) bool    { return a < b || a == b && !mutated(m) }
func mutatedGreater[T cmp.Ordered](m int, a, b T) bool      { return mutatedLess(m, b, a) }
func mutatedGreaterEqual[T cmp.Ordered](m int, a, b T) bool { return mutatedLessEqual(m, b, a) }

func mutatedSign[T mutatedInteger](m int, v T) T {
	if mutated(m) {
		return -v
	}
	return v
}

func mutatedBit[T mutatedInteger](m int, v T) T {
	if mutated(m) {
		return 1 - v
	}
	return v
}

func mutatedMin[T cmp.Ordered](m int, v ...T) T {
	least, most := slices.Min(v), slices.Max(v)
	if least != most && mutated(m) {
		return most
	}
	return least
}

func mutatedMax[T cmp.Ordered](m int, v ...T) T {
	least, most := slices.Min(v), slices.Max(v)
	if least != most && mutated(m) {
		return least
	}
	return most
}
`

// newSchema reads the package in a folder, as it is built without tags, and puts its mutants in. name is
// what its mutants call it.
func newSchema(dir, name string) (*schema, error) {
	pkg, err := build.ImportDir(dir, 0)
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	var files []*ast.File
	var texts [][]byte
	for _, name := range pkg.GoFiles {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files, texts = append(files, file), append(texts, text)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{},
		Defs: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: importer.ForCompiler(fset, "source", nil)}
	checked, err := config.Check(pkg.Name, fset, files, info)
	if err != nil {
		return nil, err
	}
	s := &schema{dir: dir, files: map[string][]byte{}}
	for i, file := range files {
		r := rewriter{fset: fset, info: info, pkg: checked, text: texts[i], name: name, file: pkg.GoFiles[i]}
		r.found = &s.mutants
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				r.function(f)
			}
		}
		s.files[pkg.GoFiles[i]] = r.rewritten()
	}
	s.files["mutated_selector.go"] = fmt.Appendf(nil, selector, pkg.Name, len(s.mutants))
	return s, nil
}

// write writes the files to a folder, with an overlay by which `go test -overlay` uses them instead of the
// package's own. It returns the overlay's path.
func (s *schema) write(to string) (string, error) {
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	for name, text := range s.files {
		path := filepath.Join(to, strings.TrimSuffix(name, ".go")+".mutated.go")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return "", err
		}
		overlay.Replace[filepath.Join(s.dir, name)] = path
	}
	text, err := jsoniter.Marshal(overlay)
	if err != nil {
		return "", err
	}
	path := filepath.Join(to, "overlay.json")
	return path, os.WriteFile(path, text, 0o600)
}
