package main

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
)

// survivors is the list of the mutants that are known to survive, each with the reason why it may. It is
// kept in a document for people, of which the program reads the headings of functions and the lines below
// them. It has no line numbers, since those move.
type survivors map[string]string // reasons, by package, function and title

var (
	chapter = regexp.MustCompile(`^## (?:(\S+)/)?\S+\.go$`) // a file; those of the core have no folder
	heading = regexp.MustCompile("^### `(.+)`")
	line    = regexp.MustCompile("^- (`.*` dropped|`.*` → `.*?`)( \\(\\d+\\))?: (.+)$")
)

func key(pkg, function, title string) string {
	if pkg != "" {
		pkg += " "
	}
	return pkg + function + ": " + title
}

func (m mutant) key() string { return key(m.pkg, m.function, m.title()) }

// of returns the survivors of one package.
func (l survivors) of(pkg string) survivors {
	theirs := survivors{}
	for k, reason := range l {
		// The name of a method or a function is the first word, or the second behind a package's.
		words := strings.Fields(k[:strings.Index(k, ": ")])
		if len(words) == 1 && pkg == "" || len(words) == 2 && words[0] == pkg {
			theirs[k] = reason
		}
	}
	return theirs
}

// readSurvivors reads the document. A list item that cannot be read, or comes twice, is an error: it
// would explain nothing.
func readSurvivors(path string) (survivors, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	list := survivors{}
	pkg, function := "", ""
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		text := lines.Text()
		if c := chapter.FindStringSubmatch(text); c != nil {
			pkg, function = c[1], ""
		}
		if h := heading.FindStringSubmatch(text); h != nil {
			function = h[1]
		}
		if function == "" || !strings.HasPrefix(text, "- ") {
			continue
		}
		item := line.FindStringSubmatch(text)
		if item == nil {
			return nil,
				fmt.Errorf(
					"%s:%d: expected \"- `before` → `after`: why it may survive\" or \"- `statement` dropped: "+
						"why\", got %q", path, n, text)
		}
		k := key(pkg, function, item[1]+item[2])
		if _, twice := list[k]; twice {
			return nil, fmt.Errorf("%s:%d: %s is listed twice", path, n, k)
		}
		list[k] = item[3]
	}
	return list, lines.Err()
}

// judge compares the mutants that survived, of those that were run, with the list. It returns what is wrong:
// a survivor that is not listed, a listed one that was killed, and a listed one that is not a mutant at all.
func (l survivors) judge(mutants []mutant, survived func(i int) bool, ran func(i int) bool) []string {
	var wrong []string
	exists := map[string]bool{}
	for i, m := range mutants {
		exists[m.key()] = true
		_, listed := l[m.key()]
		switch {
		case !ran(i):
		case survived(i) && !listed:
			wrong = append(wrong, "survives and is not on the list: "+m.String())
		case !survived(i) && listed:
			wrong = append(wrong, "is on the list, but is killed: "+m.String())
		}
	}
	for _, k := range slices.Sorted(maps.Keys(l)) {
		if !exists[k] {
			wrong = append(wrong, "is on the list, but there is no such mutant: "+k)
		}
	}
	return wrong
}
