package wire

import (
	"os"
	"strings"
	"testing"

	jsoniter "github.com/json-iterator/go"

	"raftplayground/raft"
)

// seedVectors are facts about the two programs whose dialects this package speaks.
type seedVectors struct {
	ColonEncode []string `json:"colon_encode"`
	ColonAccept []string `json:"colon_accept_ignoring_tail"`
	ColonReject []string `json:"colon_reject_warn"`
	ColonPanics []string `json:"colon_original_panics_should_reject"`
	JSONEncode  []string `json:"json_encode"`
	JSONAccept  []string `json:"json_accept"`
	JSONIgnored []string `json:"json_ignored"`
	JSONFeb20   []string `json:"json_encode_feb20_dialect"`
}

func readSeedVectors(t *testing.T) (v seedVectors) {
	t.Helper()
	data, err := os.ReadFile("testdata/seed_vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := jsoniter.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	for name, list := range map[string][]string{"colon_encode": v.ColonEncode, "colon_accept": v.ColonAccept,
		"colon_reject": v.ColonReject,
		"colon_panics": v.ColonPanics, "json_encode": v.JSONEncode, "json_accept": v.JSONAccept,
		"json_ignored": v.JSONIgnored, "feb20": v.JSONFeb20} {
		if len(list) == 0 {
			t.Fatalf("no vectors %s", name)
		}
	}
	return v
}

func TestSeedColonEncodeDecodesAndOursBeginsTheSame(t *testing.T) {
	var d Decoder
	for _, text := range readSeedVectors(t).ColonEncode {
		var f Frame
		if err := d.Decode(Text, []byte(text), &f); err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if f.RPC == nil || f.From == 0 || f.To != 0 || f.Call != 0 {
			t.Errorf("%q: decoded as %+v", text, f)
		}
		if got := string(Append(nil, &f, Colon)); got != text {
			t.Errorf("%q: sent again as %q", text, got)
		}
		setCall(f.RPC, 17)
		if got := string(Append(nil, &f, Colon)); got != text+":call=17" {
			t.Errorf("%q: with a call number sent as %q", text, got)
		}
	}
}

func setCall(rpc raft.RPC, call uint64) {
	switch m := rpc.(type) {
	case *raft.RequestVote:
		m.Call = call
	case *raft.RequestVoteReply:
		m.Call = call
	case *raft.AppendEntries:
		m.Call = call
	case *raft.AppendEntriesReply:
		m.Call = call
	default:
		panic("the seed's dialects have no such message")
	}
}

func TestSeedColonAcceptIgnoresTheTail(t *testing.T) {
	var d Decoder
	for _, text := range readSeedVectors(t).ColonAccept {
		var f Frame
		if err := d.Decode(Text, []byte(text), &f); err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := string(Append(nil, &f, Colon)); !strings.HasPrefix(text, got+":") {
			t.Errorf("%q: sent again as %q, not a beginning of it", text, got)
		}
	}
}

func TestSeedColonRejectsNameTheField(t *testing.T) {
	v := readSeedVectors(t)
	want := map[string]string{
		"":                                                  "from",
		"x:RequestVotes:Request:1:1:0:0":                    "from",
		" 1:RequestVotes:Request:1:1:0:0":                   "from",
		"-1:RequestVotes:Request:1:1:0:0":                   "from",
		"1":                                                 "type",
		"1:Bogus:Request:1":                                 "type",
		"1:RequestVote:Request:1:1:0:0":                     "type",
		"1:requestvotes:Request:1:1:0:0":                    "type",
		"1:InstallSnapshot:Request:1":                       "leaderId",
		"1:RequestVotes:Response:1:true":                    "part",
		"1:RequestVotes:Request:1:1:0":                      "lastLogTerm",
		"1:RequestVotes:Request:1:1:0:0\n":                  "lastLogTerm",
		"1::Request:1:1:0:0":                                "type",
		"1:AppendEntries:Request:1:1:0:0":                   "leaderCommit",
		"2:AppendEntries:Reply:1:True":                      "success",
		"2:AppendEntries:Reply:1:1":                         "success",
		"1:RequestVotes:Request:18446744073709551616:1:0:0": "term",
	}
	var d Decoder
	for _, text := range append(v.ColonReject, v.ColonPanics...) {
		if strings.HasPrefix(text, "{") {
			continue // a frame of the other program: not colon, but read here, see TestSeedJSONAccept
		}
		var f Frame
		err := d.Decode(Text, []byte(text), &f)
		e, ok := err.(*Error)
		if !ok {
			t.Errorf("%q: expected an error, came %v", text, err)
			continue
		}
		if field, listed := want[text]; !listed || e.Field != field || !strings.Contains(e.Message, field) {
			t.Errorf("%q: expected an error about %q (listed: %t), came one about %q: %s", text, field, listed, e.Field,
				e.Message)
		}
	}
}

func TestSeedJSONAccept(t *testing.T) {
	want := map[string]raft.RPC{
		"RequestVote": &raft.RequestVote{Term: 1, CandidateID: 1},
		"Accepted":    &raft.RequestVoteReply{Term: 5, VoteGranted: true},
	}
	v := readSeedVectors(t)
	var d Decoder
	for _, text := range append(v.JSONAccept, v.ColonReject[len(v.ColonReject)-1]) {
		var f Frame
		if err := d.Decode(Text, []byte(text), &f); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		name := "RequestVote"
		if strings.Contains(text, "Accepted") {
			name = "Accepted"
		}
		if f.Encoding != Variant || !sameRPC(f.RPC, want[name]) {
			t.Errorf("%s: decoded as %v %+v", text, f.Encoding, f.RPC)
		}
	}
}

func TestSeedJSONIgnoredAreErrors(t *testing.T) {
	var d Decoder
	for _, text := range readSeedVectors(t).JSONIgnored {
		var f Frame
		err := d.Decode(Text, []byte(text), &f)
		if text == "1:RequestVotes:Request:1:1:0:0" {
			if err != nil { // nonsense to the JSON program, a good colon frame here
				t.Errorf("%s: %v", text, err)
			}
			continue
		}
		if e, ok := err.(*Error); !ok || e.Message == "" || e.Field == "" || e.Code == 0 {
			t.Errorf("%s: expected an error with code, field and message, came %#v", text, err)
		}
	}
}

// Of the older form of 2015 only the calls without text for a term are ours to apply.
func TestSeedJSONOlderForm(t *testing.T) {
	want := []struct{ rpc, field string }{
		{rpc: "RequestVote"}, {field: "uuid"}, {rpc: "Accepted"}, {rpc: "Rejected"}, {field: "variant"},
		{field: "variant"},
	}
	var d Decoder
	for i, text := range readSeedVectors(t).JSONEncode {
		var f Frame
		err := d.Decode(Text, []byte(text), &f)
		if want[i].rpc != "" {
			if err != nil {
				t.Errorf("%s: %v", text, err)
				continue
			}
			got := string(Append(nil, &f, Variant))
			if !strings.HasPrefix(got, text[:len(text)-1]) {
				t.Errorf("%s: sent again as %s", text, got)
			}
			continue
		}
		if e, ok := err.(*Error); !ok || e.Field != want[i].field {
			t.Errorf("%s: expected an error about %s, came %v", text, want[i].field, err)
		}
	}
	// With a uuid put in, the error is about the text.
	text := `{"variant":"AppendEntries","fields":[{"term":1,"leader_id":1,"prev_log_index":0,` +
		`"prev_log_term":"foo","entries":["foo"],"leader_commit":0,"uuid":"6ba7b810-9dad-41d1-80b4-00c04fd430c8"}]}`
	var f Frame
	if e, ok := d.Decode(Text, []byte(text), &f).(*Error); !ok || e.Field != "prev_log_term" || e.Code != CodeBadField {
		t.Errorf("%s: %v", text, e)
	}
}

func TestSeedJSONWithUUIDIsReadAndSentAgain(t *testing.T) {
	var d Decoder
	for _, text := range readSeedVectors(t).JSONFeb20 {
		var f Frame
		if err := d.Decode(Text, []byte(text), &f); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got := string(Append(nil, &f, Variant))
		if !strings.HasPrefix(got, text[:len(text)-1]) {
			t.Errorf("%s: sent again as %s", text, got)
		}
		if string(f.ID) != `"6ba7b810-9dad-41d1-80b4-00c04fd430c8"` {
			t.Errorf("%s: id %s", text, f.ID)
		}
	}
}
