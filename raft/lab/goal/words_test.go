package goal

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// The reference explains every word that a fact can have, and no phrase is the beginning of another.
func TestTheReferenceIsComplete(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	words := slices.Concat(joints, comparisons, anybody, nobody, properties)
	for _, list := range lists {
		words = append(words, list...)
	}
	for i, p := range phrases {
		for j, longer := range phrases {
			if i != j && strings.HasPrefix(longer.words+" ", p.words+" ") {
				t.Errorf("%q begins with %q", longer.words, p.words)
			}
		}
	}
	_, reference, _ := strings.Cut(strings.ReplaceAll(string(text), "\n// ", " "), "# Of servers")
	for _, w := range words {
		if !strings.Contains(reference, w) {
			t.Errorf("%q is not explained", w)
		}
	}
}
