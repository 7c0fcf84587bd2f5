package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// startCourse serves the example page of a course from another site than the relay's, with the relay's
// address in place of https://raft.example.
func startCourse(t *testing.T, r *relay) string {
	t.Helper()
	text, err := os.ReadFile("../examples/course.html")
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(text, []byte("https://raft.example/")); n != 2 {
		t.Fatalf("the example names the playground %d times", n)
	}
	text = bytes.ReplaceAll(text, []byte("https://raft.example/"), []byte(r.url("/")))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(text)
	}))
	t.Cleanup(server.Close)
	return strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
}

// hearFrames records what frames tell the page, and their origins.
const hearFrames = `if (window === top) {
	window.e2eTold = [];
	addEventListener("message", (e) => e.data?.source === "raft-playground" &&
		window.e2eTold.push(e.origin + " " + e.data.type + " " + JSON.stringify(e.data.detail ?? e.data.error)));
}`

// A page of another site embeds the lab as an element and in a sandboxed frame, hears what happens in both,
// and controls the element.
func TestAPageOfAnotherSiteEmbedsTheLab(t *testing.T) {
	t.Parallel()
	r := startRelay(t)
	w := startBrowser(t).window(screenWidth, 1200)
	w.before(hearFrames)
	w.navigate(startCourse(t, r))

	eventually(t, 60*time.Second, "the figure is ready", func() error {
		return w.eval(nil, `if (said.textContent !== "The figure is ready.") throw new Error(said.textContent);`)
	})
	w.press("Go on until it breaks")
	w.reads("#said", "Leader Completeness is broken at 1.0")
	figure8 := exhibit(t, "figure-8")
	w.press("Back to the start")
	eventually(t, 20*time.Second, "the figure is back at its start", func() error {
		var at float64
		if w.must(&at, `return (await figure.state()).at;`); at != figure8.At {
			return fmt.Errorf("it is at %v ms", at)
		}
		return nil
	})
	for wish, refusal := range map[string]string{
		`figure.act({ do: "explode" })`:                        "explode",
		`figure.seek("soon")`:                                  "milliseconds",
		`figure.play(7)`:                                       "0.001 to 1",
		`figure.step("yesterday")`:                             "must be one of event, message",
		`figure.open("#1?run=no-such-run")`:                    "no run named",
		`(figure.setAttribute("theme", "dark"), figure.act())`: "what to do",
	} {
		if err := w.eval(nil, "await "+wish+";"); err == nil || !strings.Contains(err.Error(), refusal) {
			t.Errorf("%s is answered %v, expected a refusal with %q", wish, err, refusal)
		}
	}

	// Attributes that are set together are one change, even if half of it would make no sense; requests made
	// right afterwards go to the new run; and none of that is a step in the history of the surrounding page.
	var turned struct {
		Seeds   []string
		At      []float64
		Steps   int
		Servers int
	}
	w.must(&turned, `
		const steps = history.length;
		figure.setAttribute("size", "7");
		figure.removeAttribute("run");
		figure.setAttribute("seed", "9");
		figure.pause();
		const sought = figure.seek(300);
		const first = await figure.state();
		await sought;
		figure.removeAttribute("size");
		figure.removeAttribute("seed");
		figure.setAttribute("run", "figure-8");
		const second = await figure.state();
		return { seeds: [first.seed, second.seed], at: [first.at, second.at],
			servers: first.run.config.servers, steps: history.length - steps };`)
	if want := fmt.Sprintf("[9 %d] [300 %v] 7 0", figure8.Run.Seed, figure8.At); fmt.Sprint(turned.Seeds, turned.At,
		turned.Servers, turned.Steps) != want {
		t.Errorf("attributes that change show %+v", turned)
	}

	var many struct{ Done, Refused int }
	w.must(&many, `
		const all = await Promise.allSettled(Array.from({ length: 80 }, () => figure.pause()));
		return { done: all.filter((a) => a.status === "fulfilled").length,
			refused: all.filter((a) => a.reason?.message.includes("wait for an answer already")).length };`)
	if many.Done != 64 || many.Refused != 16 {
		t.Errorf("of 80 commands at once %+v; expected 64 done and 16 refused", many)
	}
	w.must(nil, `plain.scrollIntoView();`)
	eventually(t, 60*time.Second, "the sandboxed frame, which has no origin, elects a leader and commits",
		func() error {
			var told []string
			w.must(&told, `return e2eTold.filter((m) => m.startsWith("null "));`)
			text := strings.Join(told, "\n")
			for _, want := range []string{`null ready {"servers":3}`, `null leader {"leader":1,`,
				`null commit {"commitIndex":1}`} {
				if !strings.Contains(strings.NewReplacer(`"leader":2`, `"leader":1`, `"leader":3`,
					`"leader":1`).Replace(text), want) {
					return fmt.Errorf("no %s in %q", want, told)
				}
			}
			return nil
		})
	var frames []string
	w.must(&frames,
		`return deepAll("iframe").map((f) => f.title + (f.closest("[aria-hidden]") || f.ariaHidden ? " `+
			`(hidden)" : ""));`)
	if strings.Join(frames, "; ") != "Figure 8 of the Raft paper, running; Three servers elect a leader" {
		t.Errorf("the frames are named %q", frames)
	}
}

// An embedded page shows itself as its address says, and reports what it cannot read in it.
func TestAnEmbeddedPageShowsAsMuchAsItsAddressSays(t *testing.T) {
	t.Parallel()
	r := startRelay(t)
	b := borrowBrowser(t)
	w := b.labAt(r.url("/embed/#1?run=split-vote&controls=play&theme=dark&autoplay=0"))
	visible := func() string {
		var seen string
		w.must(&seen,
			`return ["raft-stage", "raft-caption", "raft-transport", "raft-log-grid", "raft-header", `+
				`".tabs"].filter((s) => deepAll(s).some((e) => e.checkVisibility() && `+
				`e.getBoundingClientRect().height > 0)).join(" ") + " " + (document.documentElement.dataset.theme ?? `+
				`"auto");`)
		return seen
	}
	for _, c := range []struct{ fragment, seen string }{
		{"#1?run=split-vote&controls=play&theme=dark&autoplay=0", "raft-stage raft-caption raft-transport dark"},
		{"#1?run=split-vote&controls=none", "raft-stage raft-caption auto"},
		{"#1?run=split-vote&theme=light", "raft-stage raft-transport raft-log-grid raft-header light"},
	} {
		w.must(nil, fmt.Sprintf(`location.hash = %q;`, c.fragment))
		eventually(t, 10*time.Second, c.fragment+" shows "+c.seen, func() error {
			if seen := visible(); seen != c.seen {
				return fmt.Errorf("it shows %s", seen)
			}
			return nil
		})
	}
	for _, l := range []look{{"as wide as a phone", 360, 640, "light"}, {"in a course", 800, 580, "light"}} {
		w.as(l)
		var stage float64
		if w.must(&stage, `return deepAll("raft-stage")[0].getBoundingClientRect().height;`); stage < 0.4*float64(
			l.height) {
			t.Errorf("%s the stage is only %v px high", l.name, stage)
		}
	}
	w.must(nil, `location.hash = "#1?controls=some";`)
	w.reads(".wrong-dialog[open]", "This link says controls=some; expected full, play or none.")
}
