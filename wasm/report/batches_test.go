package report

import (
	"strings"
	"testing"

	"raftplayground/wasm/contract"
)

// posted keeps what a page is sent.
type posted []string

func (p *posted) Post(json []byte) { *p = append(*p, string(json)) }

func TestBatchesSendWhatWaitsOnce(t *testing.T) {
	var p posted
	o := NewBatches(&p)
	first, second := o.Line(contract.StoryLine{Text: "a"}), o.Line(contract.StoryLine{Text: "b"})
	if first.ID != 1 || second.ID != 2 || !o.Changed || !o.Wanted(1000, true) {
		t.Errorf("lines %d and %d, changed %v", first.ID, second.ID, o.Changed)
	}
	o.Send(1000)
	if len(p) != 1 || !strings.Contains(p[0], `"type":"batch"`) || !strings.Contains(p[0], `"text":"b"`) {
		t.Fatalf("posted %v", p)
	}
	if o.Changed || o.Next.Story != nil || o.Wanted(2000, false) {
		t.Error("what was sent waits again, or a page that has not drawn is sent more")
	}
	o.Drawn = true
	if o.Since(1100) != 100 || !o.Wanted(1100, false) || o.Wanted(1100, true) || !o.Wanted(1250, true) {
		t.Error("a hidden page is not sent four batches a second")
	}
	if third := o.Line(contract.StoryLine{}); third.ID != 3 {
		t.Errorf("the third line is %d", third.ID)
	}
}

func TestAnOutboxAnswers(t *testing.T) {
	var p posted
	o := NewBatches(&p)
	o.Grant(7, 5)
	o.Refuse(8, "no")
	want := []string{`{"type":"answer","id":7,"ok":true,"value":5,"error":""}`,
		`{"type":"answer","id":8,"ok":false,"value":null,"error":"no"}`}
	if len(p) != 2 || p[0] != want[0] || p[1] != want[1] {
		t.Errorf("posted %v, expected %v", p, want)
	}
}
