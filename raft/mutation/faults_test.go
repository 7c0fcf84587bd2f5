package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Each fault that the core once had is found again by at least two independent means. The table says how,
// and the test runs what the table names.
func TestEveryFaultThatIsPutBackIsFound(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	all := independentMeans()
	if err := buildFaulty(root, t.TempDir(), all); err != nil {
		t.Fatal(err)
	}
	table, err := os.ReadFile("FAULTS.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile(`(?m)^\| \d+\. (.*)\|$`)
	rows := row.FindAllStringSubmatch(string(table), -1)
	if len(rows) != len(faults) {
		t.Fatalf("FAULTS.md has %d rows of faults, want %d", len(rows), len(faults))
	}
	name := regexp.MustCompile("`([^`]+)`")
	for i, r := range rows {
		cells := strings.Split(r[1], "|")
		if title := strings.TrimSpace(cells[0]); title != faults[i].title || len(cells) != 1+len(all) {
			t.Fatalf("row %d of FAULTS.md is of another fault: %q", i+1, title)
		}
		finders := 0
		for k, m := range all {
			named := name.FindStringSubmatch(cells[1+k])
			if named == nil {
				continue
			}
			finders++
			args := strings.Fields(strings.ReplaceAll(m.again, "%s", named[1]))
			if found, _, err := m.run(root, i+1, time.Minute, args...); err != nil || found == "" {
				t.Errorf("%s: %s no longer finds it by %s: %v", faults[i].title, m.name, named[1], err)
			}
			if found, _, err := m.run(root, 0, time.Minute, args...); err != nil || found != "" {
				t.Errorf("%s: %s finds something by %s without the fault: %q, %v", faults[i].title, m.name, named[1],
					found, err)
			}
		}
		if finders < 2 {
			t.Errorf("%s: found by %d means", faults[i].title, finders)
		}
	}
}
