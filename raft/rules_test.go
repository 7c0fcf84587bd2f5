package raft

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"strings"
	"testing"
)

// Each rule is consulted at exactly one place, as rules.go says: a reader who looks for a rule's code, or
// switches the rule off, must find all of it there.
func TestEachRuleIsConsultedAtOnePlace(t *testing.T) {
	files := token.NewFileSet()
	code := func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }
	packages, err := parser.ParseDir(files, ".", code, 0)
	if err != nil {
		t.Fatal(err)
	}
	names := ruleNames(t, packages["raft"].Files["rules.go"])
	places := map[string][]token.Position{}
	ast.Inspect(packages["raft"], func(node ast.Node) bool {
		if file, is := node.(*ast.File); is && file == packages["raft"].Files["rules.go"] {
			return false // where the rules are named and keeps is defined
		}
		call, is := node.(*ast.CallExpr)
		if !is {
			return true
		}
		method, is := call.Fun.(*ast.SelectorExpr)
		if !is || method.Sel.Name != "keeps" && method.Sel.Name != "Has" {
			return true
		}
		rule, named := call.Args[0].(*ast.Ident)
		if method.Sel.Name == "Has" || !named {
			t.Errorf("%v: a rule is consulted by keeps, and named there", files.Position(call.Pos()))
		} else {
			places[rule.Name] = append(places[rule.Name], files.Position(call.Pos()))
		}
		return true
	})
	for _, name := range names {
		if len(places[name]) != 1 {
			t.Errorf("%s is consulted at %v", name, places[name])
		}
	}
}

// ruleNames returns the names of the constants of type Rule, which must be as many as the catalogue has.
func ruleNames(t *testing.T, file *ast.File) (names []string) {
	for _, decl := range file.Decls {
		d, is := decl.(*ast.GenDecl)
		if !is || d.Tok != token.CONST || len(d.Specs) < len(Rules) {
			continue
		}
		for _, spec := range d.Specs {
			names = append(names, spec.(*ast.ValueSpec).Names[0].Name)
		}
	}
	if len(names) != len(Rules)+1 {
		t.Fatalf("rules.go names %d rules, the catalogue has %d", len(names), len(Rules))
	}
	return names[:len(Rules)] // the last counts them
}
