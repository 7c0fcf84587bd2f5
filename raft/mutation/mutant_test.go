package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// module writes files, by their paths, into a new folder as a module named toy.
func module(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "go.mod"), []byte("module toy\n\ngo 1.26\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return root
}

func TestEachOperatorChangesWhatItSays(t *testing.T) {
	for _, c := range []struct {
		title string
		// of a function of numbers a and b, flags p and q, a list s and a function f; its result is a number
		body string
		want []string
	}{
		{"a condition of if is negated", "if p { f() }; return a",
			[]string{"negation `p` → `!(p)`", "drop `f()` dropped"}},
		{"so is that of for", "for p { f() }; return a", []string{"negation `p` → `!(p)`", "drop `f()` dropped"}},
		{"and every case of a switch without a tag", "switch { case p, q: return a }; return b",
			[]string{"negation `p` → `!(p)`", "negation `q` → `!(q)`", "drop `return a` dropped"}},
		{"but not of one with a tag", "switch a { case 1: return a }; return b", []string{"drop `return a` dropped"}},
		{"a comparison's border moves", "if a < b { f() }; return a",
			[]string{"negation `a < b` → `!(a < b)`", "border `a < b` → `a <= b`", "drop `f()` dropped"}},
		{"of a result too", "p = a >= b; return a", []string{"drop `p = a >= b` dropped", "border `a >= b` → `a > b`"}},
		{"equality turns where negation does not do it already", "p = a == b; if a != b { f() }; return a",
			[]string{"drop `p = a == b` dropped", "equality `a == b` → `a != b`", "negation `a != b` → `!(a != b)`",
				"drop `f()` dropped"}},
		{"connectives are exchanged", "p = p && q; return a",
			[]string{"drop `p = p && q` dropped", "connective `p && q` → `p || q`"}},
		{"the signs of integers too", "return a - b", []string{"sign `a - b` → `a + b`"}},
		{"also in an assignment", "a += b; return a", []string{"drop `a += b` dropped", "sign `a += b` → `a -= b`"}},
		{"but not of texts", `_ = "x" + string(s); return a`, []string{"drop `_ = \"x\" + string(s)` dropped"}},
		{"min and max are exchanged", "return min(a, b)", []string{"extreme `min(a, b)` → `max(a, b)`"}},
		{"0 and 1 are exchanged, shown by what stands around them", "return f(0) * 7",
			[]string{"constant `f(0)` → `f(1)`"}},
		{"but not in what is constant", "const one = 1 << 0; return a * (1 << 1)", nil},
		{"true and false are exchanged", "p, q = true, p; return a",
			[]string{"drop `p, q = true, p` dropped", "constant `p, q = true, p` → `p, q = false, p`"}},
		{"a statement is dropped unless it declares", "c := a; c++; return c", []string{"drop `c++` dropped"}},
		{"an early exit is dropped, the last one is not", "if p { return a } else { return b }",
			[]string{"negation `p` → `!(p)`"}},
		{"so are break and continue", "for range a { if p { continue }; break }; return a",
			[]string{"drop `break` dropped", "negation `p` → `!(p)`", "drop `continue` dropped"}},
		{"places that read the same are numbered", "f(); f(); return a",
			[]string{"drop `f()` dropped", "drop `f()` dropped (2)"}},
	} {
		t.Run(c.title, func(t *testing.T) {
			s, err := newSchema(module(t,
				map[string]string{"toy.go": "package toy\n\nfunc toy(a, b int, p, q bool, s []byte, f " +
					"func(...int) int) int { " + c.body + " }\n"}), "")
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range s.mutants {
				got = append(got, string(m.operator)+" "+m.title())
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

func TestMutantsAreNamedByTheirFunctionAndKeepTheirLine(t *testing.T) {
	s, err := newSchema(module(t,
		map[string]string{"toy.go": "package toy\n\ntype list[T any] struct{ n int }\n\nfunc (l *list[T]) add() " +
			"{\n\tl.n++\n}\n"}), "")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := s.mutants[0].String(), "toy.go:6 (*list[T]).add: `l.n++` dropped"; len(s.mutants) != 1 ||
		got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := strings.Split(string(s.files["toy.go"]), "\n")[5], "\tif !mutated(1) { l.n++ }"; got != want {
		t.Errorf("line 6 is %q, want %q", got, want)
	}
}

func TestAPackageThatDoesNotCompileIsRefused(t *testing.T) {
	if _, err := newSchema(module(t, map[string]string{"toy.go": "package toy\n\nvar x = y\n"}), ""); err == nil ||
		!strings.Contains(err.Error(), "undefined: y") {
		t.Errorf("got %v", err)
	}
}

func TestEveryMutantOfTheCoreHasANameOfItsOwn(t *testing.T) {
	s, err := newSchema("..", "")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]mutant{}
	for _, m := range s.mutants {
		if other, twice := seen[m.key()]; twice {
			t.Errorf("%v and %v have one name", other, m)
		}
		seen[m.key()] = m
	}
	if len(seen) < 1000 {
		t.Errorf("%d mutants of the core: too few to say anything", len(seen))
	}
}
