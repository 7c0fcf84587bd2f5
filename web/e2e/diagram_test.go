package e2e

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"image/png"
	"io"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// openedAt opens a link to a moment of a run, paused: the page has not shown what came before.
func (b *browser) openedAt(url string, at float64) *tab {
	b.t.Helper()
	w := b.labAt(fmt.Sprintf("%s&at=%v", url, at/1000))
	w.still(at)
	return w
}

// openDiagram opens the diagram below the stage and waits until messages are drawn.
func (w *tab) openDiagram() {
	w.t.Helper()
	w.press("Diagram")
	eventually(w.t, 20*time.Second, "the diagram has messages", func() error {
		return w.eval(nil, `if (deepAll(".diagram .message").length === 0) throw new Error("it has none");`)
	})
}

// isComplete checks that the diagram shows the vote requests of every candidate in the story, to all four
// others.
func (w *tab) isComplete() {
	w.t.Helper()
	var shown struct{ Requests, Candidates int }
	w.must(&shown, `
		const words = async (hit) => { hit.dispatchEvent(new PointerEvent("pointermove",
			{ bubbles: true })); await deepAll("raft-diagram")[0].updateComplete; return deepAll(
			".diagram-said")[0].textContent; };
		await new Promise((done) => setTimeout(done, 300));
		for (let more; (more = deepAll(".story-earlier button")[0]); await deepAll("raft-story")[0].updateComplete)
			more.click(); // the list begins with the newest lines
		let requests = 0;
		for (const hit of deepAll(".diagram .message .message-hit"))
			if ((await words(hit)).includes("RequestVote, vote?")) requests++;
		deepAll(".diagram-box")[0].dispatchEvent(new PointerEvent("pointerleave"));
		return { requests,
			candidates: deepAll(".story-line").filter((l) => /asks for votes/.test(l.textContent)).length };`)
	if shown.Candidates == 0 || shown.Requests != 4*shown.Candidates {
		w.t.Errorf("of %d candidates the diagram shows %d requests", shown.Candidates, shown.Requests)
	}
}

// saved presses the button of a format and returns the file's name and content.
func (w *tab) saved(format string) (name string, content []byte) {
	w.t.Helper()
	w.must(nil, `
		window.e2eFile = new Promise((got) => {
			const address = URL.createObjectURL;
			const click = HTMLAnchorElement.prototype.click;
			let content;
			URL.createObjectURL = (blob) => {
				content = blob.arrayBuffer().then((b) => btoa([...new Uint8Array(b)].map((c) => String.fromCharCode(c))
					.join("")));
				return address.call(URL, blob);
			};
			HTMLAnchorElement.prototype.click = function () {
				URL.createObjectURL = address;
				HTMLAnchorElement.prototype.click = click;
				got(content.then((content) => ({ name: this.download, content })));
			};
		});`)
	w.press("Export")
	w.press(format)
	var file struct {
		Name    string
		Content []byte
	}
	w.must(&file, `return await window.e2eFile;`)
	if len(file.Content) == 0 {
		w.t.Fatalf("%s is empty", file.Name)
	}
	return file.Name, file.Content
}

func TestTheDiagramGoesOutInFourFormsThatSayWhichRunItIs(t *testing.T) {
	t.Parallel()
	r := startRelay(t)
	w := borrowBrowser(t).openedAt(r.url("/#1?size=5&seed=7&off=backUpByTerm&rate=0.5"), 300)
	w.openDiagram()
	const modified = "Modified Raft: backUpByTerm is off"
	w.isComplete()

	name, picture := w.saved("SVG")
	if elements := parsed(t, picture); !strings.HasSuffix(name, ".svg") || elements["path"] < 20 ||
		elements["text"] < 5 {
		t.Errorf("%s has %v", name, elements)
	}
	link := regexp.MustCompile(`<desc>([^<]*#1[^<]*)</desc>`).FindSubmatch(picture)
	if link == nil || !strings.Contains(string(picture), modified) {
		t.Fatalf("the picture does not say where it is from or that Raft is modified: %.600s", picture)
	}
	address := strings.ReplaceAll(string(link[1]), "&amp;", "&")

	_, bitmap := w.saved("PNG")
	if image, err := png.Decode(bytes.NewReader(bitmap)); err != nil || image.Bounds().Dx() < 600 ||
		coloursOf(image) < 5 {
		t.Errorf("the PNG: %v", err)
	}

	_, sequence := w.saved("Mermaid")
	lines := strings.Split(strings.TrimSpace(string(sequence)), "\n")
	if len(lines) < 20 || lines[3] != "sequenceDiagram" ||
		!strings.Contains(lines[1], "Modified Raft – backUpByTerm is off") ||
		!strings.Contains(string(sequence), "%% "+address) {
		t.Errorf("Mermaid begins with %q", lines[:min(6, len(lines))])
	}
	statement := regexp.MustCompile(
		`^ {2}(%% \S+|participant [SC]\d+|Note over [SC]\d+: [^:;#]+|[SC]\d+(->>|-x)[SC]\d+: [^:;#]+)$`)
	for _, line := range lines[4:] {
		if !statement.MatchString(line) {
			t.Errorf("this is no statement of a sequence diagram: %s", line)
		}
	}

	_, log := w.saved("ShiViz log")
	if !strings.Contains(string(log), modified) || !strings.Contains(string(log), address) {
		t.Errorf("the log does not say where it is from: %.300s", log)
	}
	votesFollowRequests(t, string(log))

	w.run(5*time.Second, emulation.SetDeviceMetricsOverride(390, 844, 1, false))
	w.press("Log")
	_, narrow := w.saved("SVG")
	w.headFits(string(narrow))
}

// headFits checks that the heading of an exported picture fits its width and names the rule that is off.
func (w *tab) headFits(picture string) {
	w.t.Helper()
	var head struct {
		Width, Longest float64
		Words          string
	}
	w.must(&head, fmt.Sprintf(`
		const place = document.createElement("div");
		place.innerHTML = %q;
		document.body.append(place);
		const svg = place.querySelector("svg");
		const head = [...svg.querySelectorAll(":scope > text, :scope > a > text")];
		const longest = Math.max(...head.map((line) => { const box = line.getBBox(); return box.x + box.width; }));
		place.remove();
		return { width: svg.width.baseVal.value, longest,
			words: head.map((line) => line.textContent).join(" ") };`, picture))
	if head.Longest > head.Width || !strings.Contains(head.Words, "Modified Raft: backUpByTerm is off") {
		w.t.Errorf("a picture %.0f px wide has a heading of %.0f px: %s", head.Width, head.Longest, head.Words)
	}
}

// parsed counts the elements of an XML document.
func parsed(t *testing.T, document []byte) map[string]int {
	t.Helper()
	elements := map[string]int{}
	for d := xml.NewDecoder(bytes.NewReader(document)); ; {
		token, err := d.Token()
		if err == io.EOF {
			return elements
		}
		if err != nil {
			t.Fatalf("the picture is no XML: %v", err)
		}
		if start, ok := token.(xml.StartElement); ok {
			elements[start.Name.Local]++
		}
	}
}

// votesFollowRequests reads a log as ShiViz does and checks that whoever votes for a candidate had received its
// request: by the vector clocks, the sending of the request is in the vote's causal past.
func votesFollowRequests(t *testing.T, log string) {
	t.Helper()
	events := regexp.MustCompile(`(?m)^(.*)\n(\S+) (\{.*\})$`).FindAllStringSubmatch(log, -1)
	sent := map[string]int{} // "S3 S2": the candidate's own clock when it asked S2
	last := map[string]int{}
	votes := 0
	for _, e := range events {
		clock := map[string]int{}
		if err := json.Unmarshal([]byte(e[3]), &clock); err != nil {
			t.Fatalf("%s is no vector clock: %v", e[3], err)
		}
		host := e[2]
		if clock[host] != last[host]+1 {
			t.Fatalf("%s: the clock of %s goes from %d to %d", e[1], host, last[host], clock[host])
		}
		last[host] = clock[host]
		if to, found := strings.CutPrefix(e[1], "sends RequestVote (vote?) to "); found {
			sent[host+" "+to] = clock[host]
		}
		if vote := regexp.MustCompile(`^(S\d) votes for (S\d)`).FindStringSubmatch(e[1]); vote != nil &&
			vote[1] != vote[2] {
			votes++
			if asked := sent[vote[2]+" "+vote[1]]; asked == 0 || clock[vote[2]] < asked {
				t.Errorf("%s, and knows of %s's first %d events; it was asked in the %dth", e[1], vote[2],
					clock[vote[2]], asked)
			}
		}
	}
	if votes == 0 || len(events)*2 != len(strings.Split(strings.TrimSpace(log), "\n")) {
		t.Errorf("%d votes in %d events of %d lines", votes, len(events),
			len(strings.Split(strings.TrimSpace(log), "\n")))
	}
}

func TestTheDiagramIsWalkedAndZoomedByKeyboardAndMouse(t *testing.T) {
	t.Parallel()
	r := startRelay(t)
	w := borrowBrowser(t).openedAt(r.url("/#1?size=5&seed=7&rate=0.5"), 300)
	w.openDiagram()
	label := func() (text string) {
		w.must(&text,
			`await new Promise((done) => setTimeout(done, 200)); return `+
				`deepAll(".diagram-box")[0].getAttribute("aria-label");`)
		return text
	}
	said := func() (text string) {
		w.must(&text, `
			await new Promise((done) => setTimeout(done, 200));
			return deepAll(".diagram-said")[0].textContent.trim();`)
		return text
	}

	// An event is chosen by a click: its causes and effects stand out, all else steps back.
	var leads int
	w.must(&leads, `return deepAll(".diagram .event rect.dot").length;`)
	if leads == 0 {
		t.Fatal("no leader is drawn")
	}
	w.click("raft-diagram .event:has(rect.dot) .event-hit") // or on an event on top of it, on the same lane
	if text := said(); !regexp.MustCompile(
		`^\d+ before it, \d+ after it, \d+ independent · S1 .*, at 0\.\d+ s\.$`).MatchString(text) {
		t.Errorf("of the chosen event is said: %s", text)
	}
	var lit, all int
	w.must(&lit, `return deepAll(".diagram.coned .message.lit").length;`)
	if w.must(&all, `return deepAll(".diagram .message").length;`); lit < 3 || lit >= all {
		t.Errorf("%d of %d messages are lit", lit, all)
	}

	// A zoom leaves the chosen event where it is.
	place := func() (x float64) {
		w.must(&x,
			`await new Promise((done) => setTimeout(done, 200)); return Number(deepAll(".diagram .event.selected `+
				`.event-hit")[0].getAttribute("cx"));`)
		return x
	}
	w.must(nil, `deepAll(".diagram-box")[0].focus();`)
	chosen := place()
	w.run(5*time.Second, chromedp.KeyEvent("+"))
	if x := place(); math.Abs(x-chosen) > 0.5 {
		t.Errorf("zoomed, the chosen event stands at %.1f px, not at %.1f", x, chosen)
	}

	// The keyboard goes along the lane, across, to a message's other end, and to the moment.
	seen := map[string]bool{said(): true}
	for _, key := range []string{kb.ArrowLeft, kb.ArrowLeft, kb.ArrowDown, kb.ArrowRight} {
		w.run(5*time.Second, chromedp.KeyEvent(key))
		seen[said()] = true
	}
	if len(seen) < 4 {
		t.Errorf("four steps say only %v", seen)
	}
	before := w.moment()
	w.run(5*time.Second, chromedp.KeyEvent(kb.Enter))
	eventually(t, 10*time.Second, "Enter goes to the moment", func() error {
		if m := w.moment(); m.At == before.At {
			return fmt.Errorf("it is still at %v ms", m.At)
		}
		return nil
	})
	w.isComplete()
	whole := label()
	w.run(5*time.Second, chromedp.KeyEvent("+"), chromedp.KeyEvent("+"))
	near := label()
	w.run(5*time.Second, chromedp.KeyEvent(kb.PageDown))
	on := label()
	w.must(nil, `
		const box = deepAll(".diagram-box")[0];
		const { left, top } = box.getBoundingClientRect();
		box.dispatchEvent(new WheelEvent("wheel",
			{ deltaY: 400, clientX: left + 300, clientY: top + 40, bubbles: true, cancelable: true }));`)
	far := label()
	if whole == near || near == on || on == far {
		t.Errorf("zoom, move and wheel: %s; %s; %s; %s", whole, near, on, far)
	}
	w.run(5*time.Second, chromedp.KeyEvent(kb.Escape))
	if text := said(); strings.Contains(text, "before it") {
		t.Errorf("Escape leaves an event chosen: %s", text)
	}
}
