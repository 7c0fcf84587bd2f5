package session

import (
	"strconv"
	"strings"
	"testing"

	"raftplayground/wasm/contract"
	"raftplayground/wasm/report"
	"raftplayground/wasm/told"
)

// underWay pauses at a moment at which a frame of this kind is under way, and returns it.
func (p *testPage) underWay(kind contract.MessageKind) contract.Flight {
	p.t.Helper()
	for range 100 {
		p.must("network", `"change":{"rate":1}`)
		p.run(20)
		p.pause()
		for _, f := range p.flights {
			if f.Kind == kind && f.Due > p.last.Clock.Now+100 && f.Fate == "sent" && !f.Held && f.LostAt == nil {
				return f
			}
		}
	}
	p.t.Fatalf("no %s is under way", kind)
	return contract.Flight{}
}

func (p *testPage) touch(f contract.Flight, act string) {
	p.t.Helper()
	p.must("act", `"action":{"do":"`+act+`Frame","frame":`+report.Decimal(f.Seq)+`}`)
	p.run(300)
}

// textOf returns the frame in the encoding of that name.
func textOf(d *contract.FrameDetails, encoding string) string {
	for _, f := range d.Forms {
		if f.Encoding == encoding {
			return f.Text
		}
	}
	return ""
}

// A vote request that asks why is answered with the reason, which the panel shows as a field; the lab's
// servers do not ask on their own.
func TestThePanelShowsWhyAVoteIsRefused(t *testing.T) {
	p := opened(t, 1000)
	for why, fields := range map[string]int{"": 2, ":why=true": 3} {
		p.must("act", `"action":{"do":"injectFrame","server":2,"to":1,`+
			`"text":"2>1:RequestVotes:Request:99:2:0:0`+why+`"}`)
		p.run(100)
		var call contract.Flight
		for _, f := range p.flights {
			if f.Kind == contract.RequestVote && f.From == 2 && f.To == 1 && f.Seq > call.Seq {
				call = f
			}
		}
		p.touch(call, "deliver")
		var d contract.FrameDetails
		for _, f := range p.flights {
			if f.Kind == contract.RequestVoteReply && f.From == 1 && f.To == 2 && f.Seq > call.Seq {
				answer(t, p.must("frame", `"seq":`+report.Decimal(f.Seq)), &d)
			}
		}
		if len(d.Fields) != fields || d.Fields[1].Value != "false" {
			t.Fatalf("asked%s: %+v", why, d.Fields)
		}
		if last := d.Fields[fields-1]; why != "" && (last.Name != "reason" || last.Value != "11" ||
			!strings.Contains(last.Meaning, "11 the log is behind")) {
			t.Errorf("asked%s: %+v", why, last)
		}
	}
}

func TestAFrameIsDescribed(t *testing.T) {
	p := opened(t, 500)
	f := p.underWay("AppendEntries")
	var d contract.FrameDetails
	answer(t, p.must("frame", `"seq":`+report.Decimal(f.Seq)), &d)
	if d.Name != "AppendEntries" || d.From != f.From || d.To != f.To || len(d.Fields) != 6 ||
		d.Fields[0].Name != "term" || d.Fields[0].Value != "1" || d.Encoding != "colon" ||
		d.Bytes != len(textOf(&d, "colon")) || !d.Whole {
		t.Errorf("details: %+v", d)
	}
	if !strings.HasPrefix(textOf(&d, "colon"), "3>") || !strings.HasPrefix(textOf(&d, "json"), `{"jsonrpc":"2.0"`) ||
		d.Draft != textOf(&d, "colon") ||
		!strings.HasPrefix(textOf(&d, "protobuf"), "08 03                        from: 3\n") || d.Due != f.Due ||
		d.Held {
		t.Errorf("details: %+v", d)
	}
	if next := strings.Join(d.Next, "\n"); !strings.Contains(next, "starts its timer anew") ||
		!strings.Contains(next, "It sends AppendEntriesReply to S3") {
		t.Errorf("the receiver would do: %s", next)
	}
	p.must("act", `"action":{"do":"pause","server":`+report.Decimal(f.To)+`}`)
	answer(t, p.must("frame", `"seq":`+report.Decimal(f.Seq)), &d)
	if len(d.Next) != 1 || !strings.Contains(d.Next[0], "is paused: the message would wait") {
		t.Errorf("a paused receiver would do: %v", d.Next)
	}
}

// A frame is shown as it travels, and one that is longer than the shown part says so.
func TestAFrameIsShownAsItTravels(t *testing.T) {
	p := opened(t, 500)
	f := p.underWay("AppendEntries")
	var d contract.FrameDetails
	answer(t, p.must("frame", `"seq":`+report.Decimal(f.Seq)), &d)
	text := strings.Replace(textOf(&d, "json"), ",", ",  ", 1)
	p.must("act", `"action":{"do":"editFrame","frame":`+report.Decimal(f.Seq)+`,"text":`+strconv.Quote(text)+`}`)
	if answer(t, p.must("frame", `"seq":`+report.Decimal(f.Seq)), &d); textOf(&d, "json") != text ||
		d.Encoding != "json" || len(d.Fields) == 0 || !d.Whole {
		t.Errorf("edited to %s it is shown as %+v", text, d)
	}
	p.must("act", `"action":{"do":"editFrame","frame":`+report.Decimal(f.Seq)+`,"text":"3>`+report.Decimal(f.To)+`:`+
		strings.Repeat("x", 2*told.ShownWire)+`"}`)
	if answer(t, p.must("frame", `"seq":`+report.Decimal(f.Seq)), &d); d.Whole ||
		len(textOf(&d, "colon")) != told.ShownWire || d.Bytes != 2*told.ShownWire+4 {
		t.Errorf("of %d bytes %d are shown, and whole is %v", d.Bytes, len(textOf(&d, "colon")), d.Whole)
	}
}

// A message that travels as bytes is shown field by field, and an edit of it begins with the same in text.
func TestAProtobufMessageIsShown(t *testing.T) {
	p := opened(t, 0)
	p.must("open",
		`"run":{"version":1,"seed":119,"config":{"servers":3,"latency":15000,"jitter":5000,`+
			`"encodings":["protobuf"]}},"at":300,"rate":0`)
	f := p.underWay("AppendEntries")
	var d contract.FrameDetails
	answer(t, p.must("frame", `"seq":`+report.Decimal(f.Seq)), &d)
	if d.Encoding != "protobuf" || textOf(&d, "protobuf") != f.Text || !strings.Contains(f.Text, "leaderId: 2") ||
		d.Draft != textOf(&d, "json") ||
		!strings.HasPrefix(d.Draft, `{"jsonrpc":"2.0"`) ||
		!strings.Contains(textOf(&d, "colon"), ":AppendEntries:Request:") || d.Bytes > 40 {
		t.Errorf("details: %+v", d)
	}
	p.must("act", `"action":{"do":"editFrame","frame":`+report.Decimal(f.Seq)+`,"text":`+strconv.Quote(d.Draft)+`}`)
	if answer(t, p.must("frame", `"seq":`+report.Decimal(f.Seq)), &d); d.Encoding != "json" || len(d.Fields) != 6 {
		t.Errorf("edited, it is %+v", d)
	}
}

func TestFramesAreHandledByHand(t *testing.T) {
	p := opened(t, 500)
	f := p.underWay("AppendEntries")
	to := "S" + report.Decimal(f.To)
	p.touch(f, "hold")
	if now := p.flights[f.Seq]; !now.Held || p.told("The AppendEntries of S3 to "+to+" is held on its way.") == nil {
		t.Errorf("held, it is %+v", now)
	}
	p.play(100)
	var boxes []contract.Inbox
	answer(t, p.must("inboxes", ""), &boxes)
	held := 0
	for _, item := range boxes[f.To-1].Frames {
		if item.Seq == f.Seq && item.Held && !item.Waiting && item.Name == "AppendEntries" {
			held++
		}
	}
	if held != 1 {
		t.Errorf("the inbox is %+v", boxes[f.To-1])
	}
	p.touch(f, "release")
	if now := p.flights[f.Seq]; now.Held || now.Due < p.last.Clock.Now || now.Sent < f.Due {
		t.Errorf("released, it is %+v at %v", now, p.last.Clock.Now)
	}
	f = p.underWay("AppendEntries")
	p.touch(f, "deliver")
	if now := p.flights[f.Seq]; now.Due > p.last.Clock.Now {
		t.Errorf("delivered, it is due at %v, it is %v", now.Due, p.last.Clock.Now)
	}
	f = p.underWay("AppendEntriesReply")
	before := len(p.flights)
	p.touch(f, "duplicate")
	if len(p.flights) <= before {
		t.Error("duplicated, there is no second one")
	}
	p.lost = nil
	p.touch(f, "drop")
	if len(p.lost) != 1 || p.lost[0].Seq != f.Seq || p.lost[0].Fate != "dropped" {
		t.Errorf("dropped, it is told as %+v", p.lost)
	}
	f = p.underWay("AppendEntries")
	if a := p.ask("act", `"action":{"do":"editFrame","frame":`+report.Decimal(f.Seq)+`,"text":"tea"}`); a.OK ||
		!strings.Contains(a.Error, "begins with an address") {
		t.Errorf("edited to what is no frame: %+v", a)
	}
	if a := p.ask("act", `"action":{"do":"editFrame","frame":`+report.Decimal(f.Seq)+`,"text":""}`); a.OK ||
		a.Error != "A message has 1 to 65536 bytes, not 0." {
		t.Errorf("edited to nothing: %+v", a)
	}
	p.must("act", `"action":{"do":"editFrame","frame":`+report.Decimal(f.Seq)+`,"text":"3>`+report.Decimal(
		f.To)+`:AppendEntries:Request:tea"}`)
	p.play(100)
	if p.flights[f.Seq].Kind != "unknown" || p.told("does not understand a frame of S3") == nil {
		t.Errorf("edited, it is %+v", p.flights[f.Seq])
	}
}

// Frames that wait in a paused server come first in its inbox, and arrive when it goes on.
func TestAPausedServersInboxWaits(t *testing.T) {
	p := opened(t, 500)
	p.must("act", `"action":{"do":"pause","server":1}`)
	p.play(200)
	var boxes []contract.Inbox
	answer(t, p.must("inboxes", ""), &boxes)
	waiting := 0
	for i, item := range boxes[0].Frames {
		if item.Waiting {
			if waiting++; i >= waiting || item.From != 3 || item.Name != "AppendEntries" {
				t.Errorf("%d: %+v waits", i, item)
			}
		}
	}
	if m := p.last.Servers[0].Machine; waiting < 2 || m.State != "paused" || m.Inbox != waiting {
		t.Errorf("%d frames wait in %+v", waiting, m)
	}
	p.must("act", `"action":{"do":"resume","server":1}`)
	p.run(300)
	if m := p.last.Servers[0].Machine; m.State != "running" || m.Inbox != 0 {
		t.Errorf("gone on, it is %+v", m)
	}
}
