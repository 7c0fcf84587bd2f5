package tab

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"raftplayground/wasm/page"
)

// The contract with the page is TypeScript. These tests read it and hold everything that the page was sent against it, member for member.

// model is the types of model.ts by name, each as the text behind its name.
type model struct {
	t     *testing.T
	types map[string]string
}

func readModel(t *testing.T) *model {
	source, err := os.ReadFile("../../web/src/model.ts")
	if err != nil {
		t.Fatal(err)
	}
	text := regexp.MustCompile(`(?s)/\*.*?\*/|//[^\n]*`).ReplaceAllString(string(source), "")
	m := &model{t: t, types: map[string]string{}}
	for _, found := range regexp.MustCompile(`(?s)export interface (\w+) (\{.*?\n\})`).FindAllStringSubmatch(text, -1) {
		m.types[found[1]] = found[2]
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

// fits says what of value, as decoded from JSON, is not as the type says; empty if it fits.
func (m *model) fits(value any, typ, path string) string {
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
	if strings.HasPrefix(typ, "{") {
		return m.fitsObject(value, typ, path)
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
		} else if inside, isMember := strings.CutSuffix(typ, `["fate"]`); isMember {
			ok = inside == "Flight" && slices.Contains([]any{"sent", "cut", "down", "full"}, value)
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

func (m *model) fitsObject(value any, typ, path string) string {
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
		if !known[name] {
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

func TestWhatThePageIsSentIsAsTheModelSays(t *testing.T) {
	m := readModel(t)
	w := newWorld(t)
	tabs := append(three(w), w.open(newBrowser(), nil))
	w.elect(tabs[:3]...)
	w.put(tabs[3], 1, "x", "1")
	tabs[0].ask(2, "get", "x", "", 2)
	// With a latency this long something is always under way when a link is cut.
	tabs[0].say(map[string]any{"type": "network", "id": 3, "change": map[string]any{"latency": 100}})
	w.run(500)
	var cuts []any
	for from := 1; from <= 3; from++ {
		for to := 1; to <= 3; to++ {
			if from != to {
				cuts = append(cuts, map[string]any{"from": from, "to": to, "up": false})
			}
		}
	}
	tabs[0].say(map[string]any{"type": "network", "id": 4, "change": map[string]any{"links": cuts}})
	w.run(2000)
	tabs[1].close()
	w.run(1000)
	w.killRelay()
	w.run(1000)
	members := map[string]bool{}
	for _, tab := range tabs {
		for _, text := range tab.texts {
			var message any
			if err := page.Codec.Unmarshal(text, &message); err != nil {
				t.Fatal(err)
			}
			if why := m.fits(message, "FromWorker", "message"); why != "" {
				t.Fatalf("%s:\n%s", why, text)
			}
			if batch, ok := message.(map[string]any)["batch"].(map[string]any); ok {
				for name := range batch {
					members[name] = true
				}
			}
		}
	}
	for _, name := range []string{"clock", "connection", "room", "self", "watching", "servers", "flights", "lost", "story", "requests", "qr"} {
		if !members[name] {
			t.Errorf("no batch had the member %s: this test saw too little", name)
		}
	}
}

func TestTheModelTestFindsWhatDoesNotFit(t *testing.T) {
	m := readModel(t)
	good := `{"server":1,"role":"leader","term":"18446744073709551615","leader":null,"commitIndex":1,"lastIndex":2,"appliedIndex":1,"stateHash":"","connected":true,"disk":"opfs"}`
	for _, test := range []struct{ before, after, why string }{
		{`"term"`, `"term"`, ""},
		{`"leader":null,`, ``, "x.leader is missing"},
		{`"role":"leader"`, `"role":"boss"`, "x.role is not"},
		{`"connected":true`, `"connected":null`, "x.connected is not boolean"},
		{`"disk"`, `"more":1,"disk"`, "x.more is not in model.ts"},
	} {
		var value any
		if err := page.Codec.Unmarshal([]byte(strings.Replace(good, test.before, test.after, 1)), &value); err != nil {
			t.Fatal(err)
		}
		if why := m.fits(value, "Status", "x"); !strings.HasPrefix(why, test.why) || test.why == "" && why != "" {
			t.Errorf("with %s: expected %q, got %q", test.after, test.why, why)
		}
	}
}

func TestNumbersBeyondJavaScriptsAreText(t *testing.T) {
	for _, test := range []struct {
		number page.U64
		json   string
	}{{0, "0"}, {1<<53 - 1, "9007199254740991"}, {1 << 53, `"9007199254740992"`}, {1<<64 - 1, `"18446744073709551615"`}} {
		text, err := page.Codec.Marshal(test.number)
		if err != nil || string(text) != test.json {
			t.Errorf("%d is written as %s, expected %s (%v)", uint64(test.number), text, test.json, err)
		}
		var back page.U64
		if err := page.Codec.Unmarshal(text, &back); err != nil || back != test.number {
			t.Errorf("%s is read as %d (%v)", text, back, err)
		}
	}
	for _, bad := range []string{"-1", "1.5", `"x"`, `""`, "18446744073709551616", "true", "{}"} {
		var u page.U64
		if err := page.Codec.Unmarshal([]byte(bad), &u); err == nil {
			t.Errorf("%s is read as %d", bad, u)
		}
	}
}
