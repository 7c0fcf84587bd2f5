package report

import "testing"

func TestNamed(t *testing.T) {
	for text, want := range map[string]string{
		"servers 1 and 2 were both elected leader of term 1": "S1 and S2 were both elected " +
			"leader of term 1",
		"the leader of term 4 lacks entry 1, which server 12 committed in term 3": "the leader of term 4 lacks " +
			"entry 1, which S12 committed in term 3",
		"the logs of servers 2, 3 and 5 both have an entry 2 of term 2": "the logs of S2, S3 and S5 " +
			"both have an entry 2 of term 2",
		"nobody leads": "nobody leads",
		"servers 1 and 3 have applied the same 4 entries and are in different states": "S1 and S3 have applied " +
			"the same 4 entries and are in different states",
	} {
		if got := Named(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}
