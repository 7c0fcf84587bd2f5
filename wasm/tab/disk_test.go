package tab

import (
	"slices"
	"testing"
)

// slowHost is a platform whose disk answers as it is told.
type slowHost struct {
	deafHost
	durable bool
}

func (h *slowHost) Append([]byte) bool { return h.durable }

func TestWritesCompleteInTheirOrder(t *testing.T) {
	host := &slowHost{}
	d := &disk{host: host}
	var completed []string
	write := func(name string, durable bool) {
		host.durable = durable
		d.Append(nil, func(err error) {
			if err != nil {
				name += " failed"
			}
			completed = append(completed, name)
		})
	}
	expect := func(names ...string) {
		t.Helper()
		if !slices.Equal(completed, names) {
			t.Fatalf("completed: %v, expected %v", completed, names)
		}
	}
	write("a", true)
	expect("a")
	write("b", false)
	write("c", true) // durable, but b is not known to be
	write("d", false)
	expect("a")
	d.saved("full")
	expect("a", "b failed", "c")
	d.saved("")
	expect("a", "b failed", "c", "d")
	d.saved("") // nothing is under way: not a word of ours
	expect("a", "b failed", "c", "d")
}
