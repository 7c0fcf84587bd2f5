package contract

import "testing"

func TestNumbersBeyondJavaScriptsAreText(t *testing.T) {
	for _, test := range []struct {
		number U64
		json   string
	}{{0, "0"}, {1<<53 - 1, "9007199254740991"}, {1 << 53, `"9007199254740992"`},
		{1<<64 - 1, `"18446744073709551615"`}} {
		text, err := Codec.Marshal(test.number)
		if err != nil || string(text) != test.json {
			t.Errorf("%d is written as %s, expected %s (%v)", uint64(test.number), text, test.json, err)
		}
		var back U64
		if err := Codec.Unmarshal(text, &back); err != nil || back != test.number {
			t.Errorf("%s is read as %d (%v)", text, back, err)
		}
	}
	for _, bad := range []string{"-1", "1.5", `"x"`, `""`, "18446744073709551616", "true", "{}"} {
		var u U64
		if err := Codec.Unmarshal([]byte(bad), &u); err == nil {
			t.Errorf("%s is read as %d", bad, u)
		}
	}
}
