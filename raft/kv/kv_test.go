package kv

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestCommandsAreReadableInTheLog(t *testing.T) {
	tests := []struct {
		command Command
		want    string
	}{
		{Command{Op: Set, Key: "x", Value: "1"}, "set x=1"},
		{Command{Op: Set, Key: "x", Value: ""}, "set x="},
		{Command{Op: Set, Key: "x", Value: "a=b c%\n\xff"}, "set x=a=b c%\n\xff"},
		{Command{Op: Delete, Key: "x", Value: ""}, "del x"},
		{Command{Op: Get, Key: "x", Value: ""}, "get x"},
		{Command{Op: Get, Key: "grüße/日本", Value: ""}, "get grüße/日本"},
		{Command{Op: Set, Key: "a b=c%d\n\xff\u0085", Value: "1"}, "set a%20b%3Dc%25d%0A%FF%C2%85=1"},
		{Command{Op: CompareAndSwap, Key: "x", Expected: "1", Value: "2"}, "cas x=1=2"},
		{Command{Op: CompareAndSwap, Key: "x", Expected: "a=b", Value: "c=d"}, "cas x=a%3Db=c=d"},
	}
	for _, test := range tests {
		if got := string(Encode(nil, test.command)); got != test.want {
			t.Errorf("%+v: got %q, want %q", test.command, got, test.want)
		}
		if got, err := Parse([]byte(test.want)); err != nil || got != test.command {
			t.Errorf("%q: got %+v, %v, want %+v", test.want, got, err, test.command)
		}
	}
}

func TestFirstReturnsTheLeastKeysInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.MapOf(rapid.StringN(1, 3, -1), rapid.String()).Draw(t, "pairs")
		s := New()
		for key, value := range want {
			s.set(key, value)
		}
		keys := slices.Sorted(maps.Keys(want))
		n := rapid.IntRange(1, 8).Draw(t, "n")
		got := s.First(n)
		if len(got) != min(n, len(keys)) {
			t.Fatalf("got %d pairs of %d, n = %d", len(got), len(keys), n)
		}
		for i, p := range got {
			if p != (Pair{keys[i], want[keys[i]]}) {
				t.Fatalf("%d: got %+v, want %q = %q", i, p, keys[i], want[keys[i]])
			}
		}
	})
}

func TestEveryCommandThatPassesCheckSurvivesTheLog(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCommand(t)
		data := Encode(nil, c)
		got, err := Parse(data)
		if want := c.Check(); (err != nil) != (want != nil) {
			t.Fatalf("Parse(%q): %v, but Check of %+v: %v", data, err, c, want)
		}
		if err == nil && got != c {
			t.Fatalf("%q: got %+v, want %+v", data, got, c)
		}
	})
}

func TestAMalformedCommandIsAnErrorAndChangesNothing(t *testing.T) {
	tests := []struct{ data, want string }{
		{"", "expected a command"},
		{"set", "expected a command"},
		{"SET x=1", "expected a command"},
		{"swp x=1", "expected a command"},
		{"cas x=1", `expected "="`},
		{"cas x", `expected "="`},
		{"cas =1=2", "got none"},
		{"cas x=a b=2", "percent-encoded"},
		{"cas x=" + strings.Repeat("k", MaxKey+1) + "=2",
			"expected a value that is expected of at most 256 bytes, got 257"},
		{"set x", `expected "="`},
		{"set =1", "got none"},
		{"get ", "got none"},
		{"get a b", "percent-encoded"},
		{"del a=b", "percent-encoded"},
		{"del \xff", "percent-encoded"},
		{"get %4", "hexadecimal"},
		{"get %zz", "hexadecimal"},
		{"get " + strings.Repeat("k", MaxKey+1), "at most 256 bytes, got 257"},
		{"set x=" + strings.Repeat("v", MaxValue+1), "at most 65536 bytes, got 65537"},
	}
	for _, test := range tests {
		s := New()
		s.Apply([]byte("set x=0"))
		before := s.Hash()
		result := s.Apply([]byte(test.data))
		if result.Err == nil || !strings.Contains(result.Err.Error(), test.want) {
			t.Errorf("%.20q: got %v, want %q", test.data, result.Err, test.want)
		}
		if s.Hash() != before {
			t.Errorf("%.20q changed the state", test.data)
		}
	}
}

func TestTheGreatestKeyAndValueAreTaken(t *testing.T) {
	c := Command{Op: Set, Key: strings.Repeat(" ", MaxKey), Value: strings.Repeat("v", MaxValue)}
	s := New()
	if r := s.Apply(Encode(nil, c)); r.Err != nil {
		t.Fatal(r.Err)
	}
	if r := s.Apply(Encode(nil, Command{Op: Get, Key: c.Key})); r.Value != c.Value {
		t.Errorf("got %d bytes, %v", len(r.Value), r.Err)
	}
}

func TestTheResultTellsWhatWasThereBefore(t *testing.T) {
	s := New()
	steps := []struct {
		data string
		want Result
	}{
		{"get x", Result{}},
		{"del x", Result{}},
		{"set x=1", Result{}},
		{"get x", Result{Found: true, Value: "1"}},
		{"set x=2", Result{Found: true}},
		{"get x", Result{Found: true, Value: "2"}},
		{"set x=", Result{Found: true}},
		{"get x", Result{Found: true}},
		{"cas x=1=3", Result{}},
		{"cas x==3", Result{Found: true}},
		{"cas x=4=5", Result{}},
		{"cas x=3=4", Result{Found: true}},
		{"get x", Result{Found: true, Value: "4"}},
		{"del x", Result{Found: true}},
		{"cas x==5", Result{}},
		{"get x", Result{}},
	}
	for i, step := range steps {
		if got := s.Apply([]byte(step.data)); got != step.want {
			t.Errorf("step %d, %s: got %+v, want %+v", i, step.data, got, step.want)
		}
	}
}

// The model is a plain map; states must have the same hash exactly if they are equal.
func TestTheHashTellsStatesApartAndNothingElse(t *testing.T) {
	seen := map[uint64]string{}
	rapid.Check(t, func(t *rapid.T) {
		s, model := New(), map[string]string{}
		for range rapid.IntRange(0, 20).Draw(t, "commands") {
			c := drawCommand(t)
			s.Apply(Encode(nil, c))
			if c.Check() != nil {
				continue
			}
			switch c.Op {
			case Set:
				model[c.Key] = c.Value
			case CompareAndSwap:
				if value, found := model[c.Key]; found && value == c.Expected {
					model[c.Key] = c.Value
				}
			case Delete:
				delete(model, c.Key)
			}
		}
		again, canonical := New(), ""
		for key, value := range model { // in random order
			again.Apply(Encode(nil, Command{Op: Set, Key: key, Value: value}))
		}
		if s.Hash() != again.Hash() || s.Len() != len(model) {
			t.Fatalf("the same state by another way: %x and %x, %d keys and %d", s.Hash(), again.Hash(), s.Len(),
				len(model))
		}
		for _, key := range slices.Sorted(maps.Keys(model)) {
			canonical += string(Encode(nil, Command{Op: Set, Key: key, Value: model[key]})) + "\x00"
		}
		if other, found := seen[s.Hash()]; found && other != canonical {
			t.Fatalf("%q and %q have the hash %x", other, canonical, s.Hash())
		}
		seen[s.Hash()] = canonical
	})
}

// Values that look alike to a careless hash. The first is also a vector: the hash must be the same on every platform
// and in every version.
func TestTheHashOfSimilarStates(t *testing.T) {
	states := [][]string{
		{"set x=1"}, {"set x=2"}, {"set x1="}, {"set y=1"}, {"set x=1", "set y=1"}, {"set x=1", "set y=2"},
		{"set x=2", "set y=1"},
		{"set x="}, {"set x=\x00"}, {"set x=\x00\x00"}, {"set x=0123456"}, {"set x=01234567"}, {"set x=01234567\x00"},
		{"set x0=1234567"},
		{"set ab=c"}, {"set a=bc"},
	}
	seen := map[uint64][]string{0: nil}
	for _, commands := range states {
		s := New()
		for _, c := range commands {
			s.Apply([]byte(c))
		}
		if other, found := seen[s.Hash()]; found {
			t.Errorf("%q and %q have the same hash", commands, other)
		}
		seen[s.Hash()] = commands
	}
	s := New()
	s.Apply([]byte("set x=1"))
	if got, want := HashText(s.Hash()), "6fddfdac1c196339"; got != want {
		t.Errorf("hash of x=1: got %s, want %s", got, want)
	}
	if got := HashText(0x1f); got != "000000000000001f" {
		t.Errorf("got %s", got)
	}
}

func TestTextForDisplay(t *testing.T) {
	tests := []struct{ data, want string }{
		{"set x=1", "x = 1"},
		{"set x=", "x = "},
		{"del x", "delete x"},
		{"get x", "x?"},
		{"set a%20b=line\nline\xff", "a b = line·line·"},
		{"nonsense\x00", "nonsense·"},
		{"", ""},
		{"set x=" + strings.Repeat("ü", 36), "x = " + strings.Repeat("ü", 36)},
		{"set x=" + strings.Repeat("ü", 37), "x = " + strings.Repeat("ü", 35) + "…"},
		{"del " + strings.Repeat("%FF", 100), "delete " + strings.Repeat("·", 32) + "…"},
		{strings.Repeat("日", 50), strings.Repeat("日", 39) + "…"},
	}
	for _, test := range tests {
		if got := Text([]byte(test.data)); got != test.want {
			t.Errorf("%.30q: got %q, want %q", test.data, got, test.want)
		}
	}
}

func FuzzApply(f *testing.F) {
	for _, seed := range []string{"set x=1", "del x", "get x", "get %20", "set =", "set %=", "\xff"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s := New()
		if r := s.Apply(data); r.Err != nil && s.Hash() != 0 {
			t.Error("a malformed command changed the state")
		}
		if text := Text(data); utf8.RuneCountInString(text) > MaxText || !utf8.ValidString(text) {
			t.Errorf("Text is %q", text)
		}
		if c, err := Parse(data); err == nil {
			if again, err := Parse(Encode(nil, c)); err != nil || again != c {
				t.Errorf("%+v became %+v, %v", c, again, err)
			}
		}
	})
}

func BenchmarkApply(b *testing.B) {
	s := New()
	data := []byte("set x=1")
	b.ReportAllocs()
	for b.Loop() {
		s.Apply(data)
	}
}

func drawCommand(t *rapid.T) Command {
	key := rapid.OneOf(
		rapid.SampledFrom([]string{"x", "y", "z", ""}),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 5), func(b []byte) string { return string(b) }),
		rapid.StringN(0, 4, -1),
	).Draw(t, "key")
	op := Op(rapid.IntRange(int(Get), int(CompareAndSwap)).Draw(t, "op"))
	value, expected := "", ""
	if op == CompareAndSwap {
		expected = rapid.OneOf(rapid.SampledFrom([]string{"", "1", "2", "a=b %"}), rapid.String()).Draw(t, "expected")
	}
	if op == Set || op == CompareAndSwap {
		value = rapid.OneOf(rapid.SampledFrom([]string{"", "1", "2"}), rapid.String()).Draw(t, "value")
	}
	return Command{op, key, value, expected}
}
