package raft

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestAConfigurationIsReadAsItIsWritten(t *testing.T) {
	for text, want := range map[string]Configuration{
		"1,2,3":         {Voters: []ServerID{1, 2, 3}},
		"1,2,3>3,4,5":   {Voters: []ServerID{3, 4, 5}, Outgoing: []ServerID{1, 2, 3}},
		"1,2>1+2":       {Voters: []ServerID{1}, Outgoing: []ServerID{1, 2}, Learners: []ServerID{2}},
		"1+2":           {Voters: []ServerID{1}, Learners: []ServerID{2}},
		"1,2>1,2,3+4,5": {Voters: []ServerID{1, 2, 3}, Outgoing: []ServerID{1, 2}, Learners: []ServerID{4, 5}},
	} {
		c, err := ParseConfiguration(text)
		if err != nil || !c.Equal(want) {
			t.Errorf("%q: got %+v, %v", text, c, err)
		}
		if back := string(c.AppendText(nil)); back != text {
			t.Errorf("%q is written as %q", text, back)
		}
	}
}

func TestAConfigurationThatCannotBeIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                     "expected a server's number",
		"1,":                   "expected a server's number",
		"0":                    "expected a server's number",
		"01":                   "expected a server's number",
		"1,x":                  `got "x"`,
		"-1":                   `got "-1"`,
		"1,1":                  "named twice",
		">1":                   "expected a server's number",
		"1+1":                  "both voter and learner",
		"1,2,3,4,5,6,7,8,9,10": "10 servers, at most 9",
		"1,2,3,4,5>6,7,8,9,10": "10 servers, at most 9",
		"18446744073709551616": "expected a server's number",
	} {
		if c, err := ParseConfiguration(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %+v, %v; want an error with %q", text, c, err, want)
		}
	}
}

func FuzzParseConfiguration(f *testing.F) {
	for _, s := range []string{"1,2,3", "1>2+3", "3,2,1", "+", ">", "1,,2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseConfiguration(text)
		if err != nil {
			return
		}
		again, err := ParseConfiguration(string(c.AppendText(nil)))
		if err != nil || !again.Equal(c) {
			t.Fatalf("%q: %+v, then %+v, %v", text, c, again, err)
		}
	})
}

func TestServersOfAConfigurationAreEachNamedOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) ServerID {
			return ServerID(rapid.Uint64Range(1, 9).Draw(t, "server"))
		}), 1, 9)
		c := Configuration{Voters: list.Draw(t, "voters"), Outgoing: list.Draw(t, "outgoing")}
		all := c.servers()
		for s := ServerID(1); s <= 9; s++ {
			n := 0
			for _, x := range all {
				if x == s {
					n++
				}
			}
			if want := c.Contains(s); want != (n == 1) || n > 1 {
				t.Fatalf("%+v: S%d comes %d times", c, s, n)
			}
		}
	})
}
