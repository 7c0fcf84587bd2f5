//go:build !js

package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"raftplayground/relay/quality"
)

// columns is how wide a line of TypeScript may be.
const columns = 118

// packages are those of which the page sees types. The first one is the contract itself, of which it sees all.
var packages = []struct {
	folder, prefix string // of the names that its types have in TypeScript
	types          []string
}{
	{".", "", nil},
	{"../../raft/lab", "Lab", []string{"Run", "Config", "Action", "Link", "Harshness", "Offer", "Wrong", "Catalogue",
		"Description", "Occasion", "Argument", "Control"}},
	{"../../relay/quality", "", []string{"Qualities", "Wanted", "Quality"}},
	{"../study", "", []string{
		"FindQuestion", "Found", "How", "CompareQuestion", "Comparison", "Divergence", "Track",
		"ElectionsQuestion", "Timeout", "ElectionPoint", "HistoryQuestion", "ClientHistory", "Operation", "Wrong",
	}},
}

// said is what stands in TypeScript for a field of raft/lab, where its Go does not say it. Empty: nothing does.
var said = map[string]string{
	"Run.Seed":    "U64",
	"Run.Actions": "(LabAction & { at: number })[]", // the page asks for actions, which have no time of their own
	"Action.At":   "",
}

// writer writes the types of one package.
type writer struct {
	out    *bytes.Buffer
	prefix string              // of the names of its types
	known  map[string]bool     // types that are written
	empty  map[string]bool     // messages that say nothing but their type
	values map[string][]string // of string types, in order
}

// model returns the TypeScript; folder is that of package contract.
func model(folder string) ([]byte, error) {
	out := new(bytes.Buffer)
	fmt.Fprintf(out, "// Generated from wasm/contract, which says the same in Go: go generate ./wasm/contract\n\n")
	for _, p := range packages {
		files, err := parse(filepath.Join(folder, p.folder))
		if err != nil {
			return nil, err
		}
		wanted := func(name string) bool { return p.types == nil || slices.Contains(p.types, name) }
		if err := newWriter(out, p.prefix, files, wanted).write(files); err != nil {
			return nil, err
		}
	}
	err := qualities(out)
	return out.Bytes(), err
}

// qualities writes the qualities of links, which the page reads as data.
func qualities(out *bytes.Buffer) error {
	out.WriteString("/** The qualities, in the order in which they are told. */\nexport const QUALITIES: Quality[] = [\n")
	for i := range quality.All {
		text, err := json.Marshal(&quality.All[i])
		if err != nil {
			return err
		}
		line := "  " + strings.ReplaceAll(string(text), `,"`, `, "`) + ","
		for len(line) > columns {
			end := strings.LastIndex(line[:columns], ", ") + 1
			fmt.Fprintln(out, line[:end])
			line = "   " + line[end:]
		}
		fmt.Fprintln(out, line)
	}
	out.WriteString("];\n")
	return nil
}

// parse reads the package in a folder, without its tests, by the names of its files.
func parse(folder string) ([]*ast.File, error) {
	files := token.NewFileSet()
	//lint:ignore SA1019 types are not needed, so neither is a loader of packages
	packages, err := parser.ParseDir(files, folder, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var list []*ast.File
	for _, p := range packages {
		for name, file := range p.Files {
			if !strings.HasSuffix(name, "_test.go") {
				list = append(list, file)
			}
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("no Go in %s", folder)
	}
	slices.SortFunc(list, func(a, b *ast.File) int {
		return cmp.Compare(files.Position(a.Package).Filename, files.Position(b.Package).Filename)
	})
	return list, nil
}

func newWriter(out *bytes.Buffer, prefix string, files []*ast.File, wanted func(name string) bool) *writer {
	w := &writer{out, prefix, map[string]bool{}, map[string]bool{}, map[string][]string{}}
	for _, d := range declarations(files) {
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				of, isStruct := s.Type.(*ast.StructType)
				w.empty[s.Name.Name] = isStruct && len(of.Fields.List) == 0
				w.known[s.Name.Name] = s.Name.IsExported() && wanted(s.Name.Name)
			case *ast.ValueSpec:
				if of, typed := s.Type.(*ast.Ident); typed && d.Tok == token.CONST {
					for _, v := range s.Values {
						if text, literal := v.(*ast.BasicLit); literal && text.Kind == token.STRING {
							w.values[of.Name] = append(w.values[of.Name], text.Value)
						}
					}
				}
			}
		}
	}
	return w
}

func declarations(files []*ast.File) (list []*ast.GenDecl) {
	for _, file := range files {
		for _, d := range file.Decls {
			if d, general := d.(*ast.GenDecl); general {
				list = append(list, d)
			}
		}
	}
	return list
}

// write writes all types of the package that are known, in the order in which they stand.
func (w *writer) write(files []*ast.File) error {
	for _, d := range declarations(files) {
		for _, s := range d.Specs {
			t, isType := s.(*ast.TypeSpec)
			if !isType || !w.known[t.Name.Name] {
				continue
			}
			if err := w.typ(t, d.Doc); err != nil {
				return fmt.Errorf("%s: %w", t.Name.Name, err)
			}
		}
	}
	return nil
}

func (w *writer) typ(t *ast.TypeSpec, doc *ast.CommentGroup) error {
	name := w.prefix + t.Name.Name
	switch instead := directive(doc); instead {
	case "":
	case "none":
		return nil
	default:
		w.comment("", doc.Text())
		w.printf("export type %s = %s;\n\n", name, instead)
		return nil
	}
	if of, isStruct := t.Type.(*ast.StructType); isStruct {
		switch {
		case w.empty[t.Name.Name] || t.Name.Name == "Head":
			return nil
		case tag(of.Fields.List[0], "type") != "":
			return w.union(t.Name.Name, of, doc)
		}
		return w.object(t.Name.Name, of, doc)
	}
	values := w.values[t.Name.Name]
	text := strings.Join(values, " | ")
	if values == nil {
		var err error
		if text, err = w.name(t.Type); err != nil {
			return err
		}
	}
	w.comment("", doc.Text())
	if line := fmt.Sprintf("export type %s = %s;", name, text); len(line) <= columns {
		w.printf("%s\n\n", line)
		return nil
	}
	w.printf("export type %s =\n  | %s;\n\n", name, strings.Join(values, "\n  | "))
	return nil
}

// union writes a struct that lists messages.
func (w *writer) union(name string, of *ast.StructType, doc *ast.CommentGroup) error {
	w.comment("", doc.Text())
	w.printf("export type %s =", w.prefix+name)
	for _, f := range of.Fields.List {
		if tag(f, "typescript") == "-" {
			continue
		}
		message, err := w.name(f.Type.(*ast.StarExpr).X)
		if err != nil {
			return err
		}
		text := fmt.Sprintf("{ type: %q }", tag(f, "type"))
		if !w.empty[message] {
			text = fmt.Sprintf("(%s & %s)", text, message)
		}
		w.printf("\n  | %s", text)
	}
	w.printf(";\n\n")
	return nil
}

// object writes a struct.
func (w *writer) object(name string, of *ast.StructType, doc *ast.CommentGroup) error {
	var bases []string
	for _, f := range of.Fields.List {
		if len(f.Names) == 0 {
			base, err := w.name(f.Type)
			if err != nil {
				return err
			}
			bases = append(bases, base)
		}
	}
	extends := ""
	if bases != nil {
		extends = " extends " + strings.Join(bases, ", ")
	}
	w.comment("", doc.Text())
	w.printf("export interface %s%s {\n", w.prefix+name, extends)
	for _, f := range of.Fields.List {
		for _, n := range f.Names {
			if err := w.member(name, n.Name, f); err != nil {
				return fmt.Errorf("%s: %w", n.Name, err)
			}
		}
	}
	w.printf("}\n\n")
	return nil
}

// member writes a field, its comment behind it if that finds room there.
func (w *writer) member(of, name string, f *ast.Field) error {
	text, optional := tag(f, "typescript"), ""
	if instead, special := said[of+"."+name]; w.prefix != "" && special {
		if text = instead; text == "" {
			return nil
		}
	}
	member, rest, _ := strings.Cut(tag(f, "json"), ",")
	if member == "" || member == "-" {
		return nil // it stays in Go
	}
	if strings.Contains(rest, "omitempty") {
		optional = "?"
	}
	if text == "" {
		var err error
		if text, err = w.name(f.Type); err != nil {
			return err
		}
		if _, pointer := f.Type.(*ast.StarExpr); pointer && optional == "" {
			text += " | null"
		}
	}
	line := fmt.Sprintf("  %s%s: %s;", member, optional, text)
	about, behind := f.Doc.Text(), strings.TrimSpace(f.Comment.Text())
	if behind != "" && len(line)+len(" // ")+len([]rune(behind)) <= columns {
		line += " // " + behind
	} else if behind != "" {
		about = cmp.Or(about, behind)
	}
	w.comment("  ", about)
	w.printf("%s\n", line)
	return nil
}

// name is the TypeScript of a Go type.
func (w *writer) name(t ast.Expr) (string, error) {
	switch t := t.(type) {
	case *ast.StarExpr:
		return w.name(t.X)
	case *ast.ArrayType:
		element, err := w.name(t.Elt)
		return element + "[]", err
	case *ast.SelectorExpr:
		switch from := fmt.Sprint(t.X); {
		case t.Sel.Name == "ServerID":
			return "number", nil
		case from == "lab":
			return "Lab" + t.Sel.Name, nil
		case from == "contract" || from == "quality":
			return t.Sel.Name, nil
		}
	case *ast.Ident:
		switch t.Name {
		case "int", "int64", "uint64", "float64":
			return "number", nil
		case "bool":
			return "boolean", nil
		case "string":
			return "string", nil
		case "any":
			return "unknown", nil
		}
		if w.known[t.Name] {
			return w.prefix + t.Name, nil
		}
		if w.prefix != "" {
			return "string", nil // a word of the lab
		}
	}
	return "", fmt.Errorf("no TypeScript is known for the type %T %v", t, t)
}

// directive is what the line //typescript:… above a type says.
func directive(doc *ast.CommentGroup) string {
	if doc != nil {
		for _, line := range doc.List {
			if text, found := strings.CutPrefix(line.Text, "//typescript:"); found {
				return text
			}
		}
	}
	return ""
}

func tag(f *ast.Field, key string) string {
	if f.Tag == nil {
		return ""
	}
	text, err := strconv.Unquote(f.Tag.Value)
	if err != nil {
		return ""
	}
	return reflect.StructTag(text).Get(key)
}

// comment writes what is said about a type or a member, above it.
func (w *writer) comment(indent, text string) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return
	}
	if one := indent + "/** " + strings.Join(words, " ") + " */"; len([]rune(one)) <= columns {
		w.printf("%s\n", one)
		return
	}
	w.printf("%s/**\n", indent)
	line := indent + " *"
	for _, word := range words {
		if len([]rune(line))+1+len([]rune(word)) > columns-8 {
			w.printf("%s\n", line)
			line = indent + " *"
		}
		line += " " + word
	}
	w.printf("%s\n%s */\n", line, indent)
}

func (w *writer) printf(format string, args ...any) { fmt.Fprintf(w.out, format, args...) }
