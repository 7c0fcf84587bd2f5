package pagetest

import (
	"strings"
	"testing"
)

func TestTheModelTestFindsWhatDoesNotFit(t *testing.T) {
	m := Read(t, "../../../web/src/model.ts")
	good := `{"server":1,"role":"leader","term":"18446744073709551615","leader":null,"commitIndex":1,"lastIndex":2,"appliedIndex":1,"stateHash":"","connected":true,"disk":"opfs"}`
	for _, test := range []struct{ before, after, why string }{
		{`"term"`, `"term"`, ""},
		{`"leader":null,`, ``, "Status.leader is missing"},
		{`"role":"leader"`, `"role":"boss"`, "Status.role is not"},
		{`"connected":true`, `"connected":null`, "Status.connected is not boolean"},
		{`"disk"`, `"more":1,"disk"`, "Status.more is not in model.ts"},
	} {
		if why := m.Fits([]byte(strings.Replace(good, test.before, test.after, 1)), "Status"); !strings.HasPrefix(why, test.why) || test.why == "" && why != "" {
			t.Errorf("with %s: expected %q, got %q", test.after, test.why, why)
		}
	}
}
