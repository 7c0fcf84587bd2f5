// Package pagetest holds what a page was sent against the contract with it, which is TypeScript: web/src/model.ts, member for member.
package pagetest

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"raftplayground/wasm/page"
)

// Model is the types of model.ts by name, each as the text behind its name.
type Model struct {
	t     *testing.T
	types map[string]string
}

// Read reads the contract; path leads to web/src/model.ts.
func Read(t *testing.T, path string) *Model {
	t.Helper()
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := regexp.MustCompile(`(?s)/\*.*?\*/|//[^\n]*`).ReplaceAllString(string(source), "")
	m := &Model{t: t, types: map[string]string{}}
	for _, found := range regexp.MustCompile(`(?s)export interface (\w+)(?: extends (\w+))? \{(.*?)\n\}`).FindAllStringSubmatch(text, -1) {
		m.types[found[1]] = "{" + strings.Trim(m.types[found[2]], "{}") + found[3] + "\n}" // what it extends stands before it
	}
	for _, found := range regexp.MustCompile(`(?s)export type (\w+) =(.*?);\s*\n(?:\s*\n|\z)`).FindAllStringSubmatch(text, -1) {
		m.types[found[1]] = strings.TrimPrefix(strings.TrimSpace(found[2]), "| ")
	}
	for _, name := range []string{"U64", "Batch", "Report", "FromWorker", "Connection"} {
		if m.types[name] == "" {
			t.Fatalf("model.ts has no type %s", name)
		}
	}
	return m
}

// Fits says what of a text of JSON is not as the type says; empty if it fits.
func (m *Model) Fits(json []byte, typ string) string {
	var value any
	if err := page.Codec.Unmarshal(json, &value); err != nil {
		return err.Error()
	}
	return m.fits(value, typ, typ)
}

// Batches looks that each of some texts of JSON is a message to a page as the contract says, and that their batches have, taken together, all of these members.
func (m *Model) Batches(texts [][]byte, members ...string) {
	m.t.Helper()
	had := map[string]bool{}
	for _, text := range texts {
		if why := m.Fits(text, "FromWorker"); why != "" {
			m.t.Fatalf("%s:\n%s", why, text)
		}
		var message struct {
			Batch map[string]any `json:"batch"`
		}
		if err := page.Codec.Unmarshal(text, &message); err != nil {
			m.t.Fatal(err)
		}
		for name := range message.Batch {
			had[name] = true
		}
	}
	for _, name := range members {
		if !had[name] {
			m.t.Errorf("no batch had the member %s: this test saw too little", name)
		}
	}
}

// fits says what of value, as decoded from JSON, is not as the type says.
func (m *Model) fits(value any, typ, path string) string {
	typ = strings.TrimSpace(typ)
	if alternatives := split(typ, '|'); len(alternatives) > 1 {
		var wrong string
		for _, alternative := range alternatives {
			why := m.fits(value, alternative, path)
			if why == "" {
				return ""
			}
			if len(why) > len(wrong) {
				wrong = why // of several the one that got the farthest is the likeliest
			}
		}
		return wrong
	}
	if element, isList := strings.CutSuffix(typ, "[]"); isList {
		list, ok := value.([]any)
		if !ok {
			return path + " is no list"
		}
		element = strings.TrimSuffix(strings.TrimPrefix(element, "("), ")")
		for _, v := range list {
			if why := m.fits(v, element, path+"[]"); why != "" {
				return why
			}
		}
		return ""
	}
	if parts := split(typ, '&'); len(parts) > 1 { // all that any of them says
		for _, part := range parts {
			if part = strings.TrimSpace(part); m.types[part] != "" {
				part = m.types[part]
			}
			if why := m.fitsObject(value, part, path, true); why != "" {
				return why
			}
		}
		return ""
	}
	if strings.HasPrefix(typ, "{") {
		return m.fitsObject(value, typ, path, false)
	}
	ok := false
	switch typ {
	case "number":
		_, ok = value.(float64)
	case "string":
		_, ok = value.(string)
	case "boolean":
		_, ok = value.(bool)
	case "null":
		ok = value == nil
	case "true":
		ok = value == true
	case "unknown":
		ok = true
	default:
		if strings.HasPrefix(typ, `"`) {
			ok = value == strings.Trim(typ, `"`)
		} else if object, member, isMember := strings.Cut(strings.TrimSuffix(typ, `"]`), `["`); isMember {
			return m.fits(value, m.member(object, member), path)
		} else if m.types[typ] != "" {
			return m.fits(value, m.types[typ], path)
		} else {
			m.t.Fatalf("this test does not understand the type %q of model.ts", typ)
		}
	}
	if !ok {
		return path + " is not " + typ
	}
	return ""
}

// member is the type of a member of a named type.
func (m *Model) member(object, name string) string {
	for _, line := range split(strings.TrimSuffix(strings.TrimPrefix(m.types[object], "{"), "}"), ';') {
		if member, of, found := strings.Cut(strings.TrimSpace(line), ":"); found && strings.TrimSuffix(member, "?") == name {
			return of
		}
	}
	m.t.Fatalf("model.ts has no %s of %s", name, object)
	return ""
}

// fitsObject holds an object against a type; open: it may have more members.
func (m *Model) fitsObject(value any, typ, path string, open bool) string {
	object, ok := value.(map[string]any)
	if !ok {
		return path + " is no object"
	}
	known := map[string]bool{}
	for _, member := range split(strings.TrimSuffix(strings.TrimPrefix(typ, "{"), "}"), ';') {
		name, of, found := strings.Cut(strings.TrimSpace(member), ":")
		if !found {
			continue
		}
		if strings.HasPrefix(name, "[") { // [more: string]: unknown
			open = true
			continue
		}
		name, optional := strings.CutSuffix(name, "?")
		known[name] = true
		v, present := object[name]
		if !present && !optional {
			return path + "." + name + " is missing"
		}
		if present {
			if why := m.fits(v, of, path+"."+name); why != "" {
				return why
			}
		}
	}
	for name := range object {
		if !known[name] && !open {
			return path + "." + name + " is not in model.ts"
		}
	}
	return ""
}

// split splits a type at its outermost separators.
func split(typ string, separator byte) (parts []string) {
	depth, start := 0, 0
	for i := range len(typ) {
		switch typ[i] {
		case '{', '(', '[':
			depth++
		case '}', ')', ']':
			depth--
		case separator:
			if depth == 0 {
				parts = append(parts, typ[start:i])
				start = i + 1
			}
		}
	}
	return append(parts, typ[start:])
}
