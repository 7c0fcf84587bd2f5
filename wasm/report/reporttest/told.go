// Package reporttest checks what a page was told for promises of the contract beyond the Go types: that a
// list is never null, and that a type with named words has no other words.
package reporttest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	jsoniter "github.com/json-iterator/go"

	"raftplayground/wasm/contract"
)

var strict = jsoniter.Config{CaseSensitive: true, DisallowUnknownFields: true}.Froze()

// Told checks texts that a page was sent, each a contract.FromWorker, and that their batches together have
// all of these members. path leads to package contract.
func Told(t *testing.T, path string, texts [][]byte, members ...string) {
	t.Helper()
	words := Words(t, path)
	had := map[string]bool{}
	for _, text := range texts {
		message := struct {
			Type string `json:"type"`
			*contract.Posted
			*contract.Answer
		}{}
		if err := strict.Unmarshal(text, &message); err != nil {
			t.Fatalf("%v:\n%s", err, text)
		}
		if message.Posted == nil {
			continue
		}
		if why := words.Flaw(message.Batch); why != "" {
			t.Fatalf("%s:\n%s", why, text)
		}
		var batch struct {
			Batch map[string]any `json:"batch"`
		}
		if err := contract.Codec.Unmarshal(text, &batch); err != nil {
			t.Fatal(err)
		}
		for name := range batch.Batch {
			had[name] = true
		}
	}
	for _, name := range members {
		if !had[name] {
			t.Errorf("no batch had the member %s: this test saw too little", name)
		}
	}
}

// Vocabulary lists the words of the contract's types that have any, by the name of the type.
type Vocabulary map[string][]string

// Words reads the constants of package contract.
func Words(t *testing.T, path string) Vocabulary {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(path, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no Go in %s: %v", path, err)
	}
	words := Vocabulary{}
	for _, name := range files {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if v, isValue := n.(*ast.ValueSpec); isValue && len(v.Values) == 1 {
				of, typed := v.Type.(*ast.Ident)
				text, literal := v.Values[0].(*ast.BasicLit)
				if typed && literal && text.Kind == token.STRING {
					word, _ := strconv.Unquote(text.Value)
					words[of.Name] = append(words[of.Name], word)
				}
			}
			return true
		})
	}
	return words
}

// Flaw returns where a value of package contract breaks the contract; empty if it does not.
func (v Vocabulary) Flaw(value any) string { return v.flaw(reflect.ValueOf(value), "", false) }

func (v Vocabulary) flaw(value reflect.Value, path string, optional bool) string {
	switch value.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !value.IsNil() {
			return v.flaw(value.Elem(), path, false)
		}
	case reflect.Slice:
		if value.IsNil() && !optional {
			return path + " is null and no list"
		}
		for i := range value.Len() {
			if why := v.flaw(value.Index(i), path+"[]", false); why != "" {
				return why
			}
		}
	case reflect.Struct:
		for i := range value.NumField() {
			field := value.Type().Field(i)
			name, rest, _ := strings.Cut(field.Tag.Get("json"), ",")
			if why := v.flaw(value.Field(i), path+"."+name, rest == "omitempty"); why != "" {
				return why
			}
		}
	case reflect.String:
		words, word := v[value.Type().Name()], value.String()
		if words != nil && !slices.Contains(words, word) && !(optional && word == "") {
			return path + ": " + strconv.Quote(word) + " is no " + value.Type().Name()
		}
	}
	return ""
}
