//go:build !js

package main

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	jsoniter "github.com/json-iterator/go"
)

// The film tells what the art direction asks for, when it asks for it, and is small enough for the page.
func TestTheFilmTellsAnElectionAndAWrite(t *testing.T) {
	film := record()
	if again := record(); !bytes.Equal(film, again) {
		t.Fatal("recorded twice, the film is not the same")
	}
	var packed bytes.Buffer
	w, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	w.Write(film)
	w.Close()
	if packed.Len() > 8<<10 {
		t.Errorf("the film has %d bytes compressed, at most 8 KiB are meant for it", packed.Len())
	}
	told := map[string]float64{} // the text of a line of story → when it is told first
	last := -1.0
	for line := range strings.Lines(string(film)) {
		at, batch := jsoniter.Get([]byte(line), "at").ToFloat64(), jsoniter.Get([]byte(line), "batch")
		if at < last || batch.ValueType() != jsoniter.ObjectValue {
			t.Fatalf("expected a batch at %v or later, got %.80s", last, line)
		}
		last = at
		story := batch.Get("story")
		for i := range story.Size() {
			if text := story.Get(i, "text").ToString(); told[text] == 0 {
				told[text] = at
			}
		}
	}
	for _, scene := range []struct {
		begins     string
		from, till float64
	}{
		{"S3 asks for votes in term 1", 600, 1100}, {"S3 leads term 1", 2000, 2800},
		{"A client asks S3 to write x = 3.", 3000, 3600}, {"S3 commits index 2", 4500, 5200},
	} {
		found := false
		for text, at := range told {
			found = found || strings.HasPrefix(text, scene.begins) && at >= scene.from && at <= scene.till
		}
		if !found {
			t.Errorf("%q is not told between %v and %v ms: %v", scene.begins, scene.from, scene.till, told)
		}
	}
}
