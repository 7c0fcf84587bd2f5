package hub

import (
	"bytes"
	"encoding/json"
	"hash/fnv"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// hardToRead returns messages of kinds that used to cost far more than their bytes. They are short enough to
// be read before a busy machine switches to another process.
func hardToRead() map[string]string {
	const most = 64_000
	list := func(element string) string { return strings.Repeat(element+",", most/(len(element)+1)) }
	call := func(method, params string) string {
		return `{"id":1,"method":"` + method + `","params":` + params + `}`
	}
	edit := func(frame string) string { return call("frame", `{"seq":1,"do":"edit","frame":"`+frame+`"}`) }
	return map[string]string{
		"brackets":                call("network", strings.Repeat("[", most)),
		"numbers":                 call("network", `{`+list(`"k":-1.5e-7`)+`"k":1}`),
		"numbers halfway":         call("network", `[`+list("9007199254740993e-300")+`1]`),
		"great numbers":           call("network", `[`+list("1e308")+`1]`),
		"a long number":           call("network", strings.Repeat("1", most)),
		"empty objects":           call("network", `[`+list("{}")+`1]`),
		"keys of the message":     `{"id":1,"method":"network",` + list(`"k":1`) + `"k":1}`,
		"escapes":                 call("network", `"`+strings.Repeat(`\u0001`, most/6)+`"`),
		"letters of two bytes":    call("network", `"`+strings.Repeat("é", most/2)+`"`),
		"a frame of escapes":      edit("1>2:" + strings.Repeat(`\u0041`, most/6)),
		"a frame in quotes":       edit(strings.Repeat(`{\"a\":1}`, most/9)),
		"a frame of numbers":      edit(`{\"from\":1,\"x\":[` + list("-1.5e-7") + `1]}`),
		"a report of numbers":     call("report", `{`+list(`"k":-1.5e-7`)+`"k":1}`),
		"a report of votes":       call("report", `{"votes":[`+list("{}")+`{}]}`),
		"a report of events":      call("report", `{"events":[`+list(`{"at":9007199254740993e-300}`)+`{}]}`),
		"colons":                  "0:x" + strings.Repeat(":", most),
		"a long address":          strings.Repeat("1", most) + ":",
		"a call in old addresses": `{"variant":"RequestVote","fields":[{` + list(`"k":-1.5e-7`) + `"uuid":"u"}]}`,
	}
}

// A message is charged by its length, so no byte may be much dearer than another. Hashing sets the standard.
func TestNoByteOfAMessageCostsMuchMoreThanAnother(t *testing.T) {
	const times = 12 // 5 on a quiet machine; the dear ones took up to 40
	for name, text := range hardToRead() {
		s := trio(t, Options{Limits: Limits{Rate: 1e6, Burst: 1e9}})
		data, hash := []byte(text), fnv.New64a()
		read, hashed := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
		for range 25 { // in turns, so that what slows the machine slows both
			begun := time.Now()
			hash.Write(data)
			hashed = min(hashed, time.Since(begun))
			begun = time.Now()
			s.hub.Receive(1, data, false)
			s.hub.Output(&s.out)
			read = min(read, time.Since(begun))
		}
		t.Logf("%s: %v, %.1f times as long as hashing takes", name, read, float64(read)/float64(hashed))
		if hash.Sum64() != 0 && read > times*raceSlows*hashed {
			t.Errorf("%s: %d bytes take %v to read, and %v to hash", name, len(data), read, hashed)
		}
	}
}

// alike checks that this package accepts text as JSON exactly if encoding/json does, and reads strings
// alike. Unmarshal also refuses numbers beyond a double.
func alike(t interface{ Fatalf(string, ...any) }, text []byte) {
	w := walker{text: text}
	whole := w.value(0) && w.next() == 0 && w.at == len(text)
	var said any
	if want := json.Unmarshal(text, &said) == nil; whole != want {
		t.Fatalf("%q is taken for JSON: %t, and should be: %t", text, whole, want)
	}
	if want, is := said.(string); is && utf8.Valid(text) {
		if got := string(unquoted(bytes.TrimSpace(text))); got != want {
			t.Fatalf("%q says %q, not %q", text, got, want)
		}
	}
}

// pieces are parts of JSON, and near misses.
var pieces = []string{
	"{", "}", "[", "]", ",", ":", " ", "\n", `"`, `"a"`, `"k":`, `{"k":`, "null", "true", "false", "nul",
	"0", "-", "1", "9", ".", "e", "E", "+", "-1.5e-7", "1e308", "1e309",
	`\`, `\u`, `\n`, `\/`, `\x`, `\u0041`, `"\ud83d\ude00"`, `"\ud83d"`, `"\ud83d\u0041"`, `"\ude00x"`,
	"é", "\x01", "\x00", "\ufffd", "\u2028",
}

func TestWhatIsJSONIsTakenForJSON(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		draw := func(most int) string {
			return strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, most).Draw(rt, "pieces"), "")
		}
		alike(rt, []byte(draw(12)))
		alike(rt, []byte(`"`+draw(4)+`"`))
	})
	zeros := strings.Repeat("0", 400)
	for _, number := range []string{
		"1.7976931348623157e308", "17976931348623157e292", "0.00017976931348623157E+312", "1.7976931348623159e308",
		"1.8e308", "-9.9e308", "100e307", "0.01e310", "1e308", "10e308", "0e999", "0.000e999999999999",
		"1e-999", "1e999999999999999999999", "1e-999999999999999999999",
		strings.Repeat("9", 308), strings.Repeat("9", 309), strings.Repeat("9", 310),
		"0." + zeros + "1e401", "0." + zeros + "1e800", "1" + zeros + "e-100", "1" + zeros + "e-10",
		"-01", "01", "1.", ".5", "1e", "1e+", "--1", "+1", "-", "1.2.3", "1-2",
	} {
		alike(t, []byte(number))
		alike(t, []byte("["+number+"]"))
	}
	alike(t, []byte(strings.Repeat("[", mostDepth)+strings.Repeat("]", mostDepth)))
	deep := walker{text: []byte(strings.Repeat("[", mostDepth+1) + strings.Repeat("]", mostDepth+1))}
	if deep.value(0) || deep.wrong != "nested deeper than 512" {
		t.Errorf("what is nested too deep is taken, or said to be %q", deep.wrong)
	}
}

func FuzzJSON(f *testing.F) {
	for _, text := range pieces {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) < mostDepth { // encoding/json nests deeper
			alike(t, text)
		}
	})
}

func TestAListOfAReportIsAsLongAsItMayBe(t *testing.T) {
	s := trio(t, Options{})
	for params, field := range map[string]string{
		`{"votes":[` + strings.Repeat(`{},`, 9) + `{}]}`:          "votes",
		`{"quorums":[{},{},{}]}`:                                  "quorums",
		`{"quorums":[{"voters":[1,2,3,4,5,6,7,8,9,1]}]}`:          "quorums.voters",
		`{"log":{"cells":[` + strings.Repeat(`{},`, 64) + `{}]}}`: "log.cells",
		`{"events":[` + strings.Repeat(`{},`, 100) + `{}]}`:       "events",
		`{"role":"follower|candidate"}`:                           "role",
		`{"role":""}`:                                             "role",
	} {
		expectError(t, s.say(1, `{"id":1,"method":"report","params":`+params+`}`), CodeBadParams, field, "expected")
	}
}
