package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// site serves a handler under a host name that is another site than the relay's, and returns its address.
func site(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
}

// host serves one page of an author who embeds the lab; headers are pairs of name and value.
func host(t *testing.T, html string, headers ...string) string {
	t.Helper()
	return site(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		fmt.Fprint(w, html)
	}))
}

const (
	classic = `<!doctype html><meta name="viewport" content="width=device-width"><script src="%sraft-playground.js">` +
		`</script>`
	figure = `<raft-playground id="figure" size="3" seed="4"></raft-playground>`
)

func TestTheElementWorksInEveryHost(t *testing.T) {
	t.Parallel()
	r := startRelay(t)
	lab := r.url("/")
	static := site(t, http.FileServer(http.Dir("../dist"))) + "/"
	snippet := readmeSnippet(t, static)

	deck := filepath.Join(t.TempDir(), "deck.html")
	if err := os.WriteFile(deck, fmt.Appendf(nil, classic+figure, lab), 0o644); err != nil {
		t.Fatal(err)
	}
	const isolating, policy = "Cross-Origin-Embedder-Policy", "Content-Security-Policy"
	plain := fmt.Sprintf(classic, lab) + figure
	twoAddresses := fmt.Sprintf(classic+classic, lab, static) + figure
	strict := "default-src 'none'; style-src 'self'; script-src " + lab + "; frame-src " + lab
	inSandbox := `<iframe sandbox="allow-scripts" srcdoc='` + plain + `<script>
			figure.state().then((s) => parent.postMessage(s, "*"));
		</script>' style="width: 600px; height: 600px"></iframe><script>
			figure = { state: () => new Promise((told) => addEventListener("message", (e) => told(e.data))) };
		</script>`
	w := borrowBrowser(t).window(screenWidth, 700)
	for _, c := range []struct{ what, url, then string }{
		{"a deck that is opened from disk", "file://" + deck, ""},
		{"an isolated host", host(t, plain, isolating, "require-corp", "Cross-Origin-Opener-Policy", "same-origin"),
			""},
		{"a host that takes only resources that allow it", host(t, plain, isolating, "require-corp"), ""},
		{"the same, in a sandbox", host(t, inSandbox, isolating, "require-corp"), ""},
		{"a script that is loaded by import()", host(t, figure), `await import("` + lab + `raft-playground.js");`},
		{"a host without styles of others", host(t, plain, policy, strict),
			`if (figure.offsetHeight !== 580) throw new Error("it is " + figure.offsetHeight + " px high");`},
		{"the script from two addresses", host(t, twoAddresses), ""},
		{"the snippet of the README, from any web server", host(t, snippet),
			`window.figure = document.querySelector("raft-playground");`},
		{"an element that is moved as it is", host(t, plain+"<main></main>"),
			`await figure.state();
			figure.addEventListener("ready", () => document.title = "loaded anew");
			document.querySelector("main").moveBefore(figure, null);
			await figure.state();
			if (document.title !== "") throw new Error("its frame is " + document.title);`},
		{"an element that is moved as of old", host(t, plain+"<main></main>"),
			`await figure.state(); document.querySelector("main").append(figure);`},
	} {
		w.navigate(c.url)
		const works = `if ((await figure.state()).run.config.servers < 3) throw new Error("it has no servers");`
		if err := w.eval(nil, c.then+works); err != nil {
			t.Errorf("%s: %v", c.what, err)
		}
		w.keepPictures("element in "+c.what, "none")
	}
}

// readmeSnippet returns the HTML that the README gives to authors, for the playground at this address.
func readmeSnippet(t *testing.T, at string) string {
	t.Helper()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	const script, element = `<script [^>]*raft-playground\.js[^\n]*\n`, `\s*<raft-playground.*?</raft-playground>`
	snippet := regexp.MustCompile(`(?s)` + script + element).Find(readme)
	if snippet == nil {
		t.Fatal("the README has no snippet")
	}
	return "<!doctype html>" + strings.ReplaceAll(string(snippet), "https://your.host/", at)
}

// refusals defines refusal, which waits for an element's error event. It returns that time, the message, the
// answers to a wish before and one after it, and the element's link.
const refusals = `
	const refusal = (element, wish) => new Promise((told) => {
		const begun = performance.now();
		element.addEventListener("error", async (e) => told({
			after: performance.now() - begun,
			said: e.detail.message,
			wish: await wish.then(() => "answered", (why) => why.message),
			next: await element.pause().then(() => "answered", (why) => why.message),
			link: [...element.shadowRoot.querySelectorAll("a")].filter((a) => a.checkVisibility()).map((a) => a.href)
				.join(),
		}));
	});`

func TestAnElementWhoseFrameIsRefusedSaysSo(t *testing.T) {
	t.Parallel()
	r := startRelay(t)
	lab := r.url("/")
	// Beside this copy of the script there is no lab.
	alone := site(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path != "/raft-playground.js" {
			http.NotFound(w, req)
			return
		}
		http.ServeFile(w, req, "../dist/raft-playground.js")
	})) + "/"
	w := borrowBrowser(t).window(screenWidth, 700)
	type refused struct {
		After                  float64
		Said, Wish, Next, Link string
	}
	check := func(what string, got refused, atMost float64, says, link string) {
		t.Helper()
		alike := got.Wish == got.Said && got.Next == got.Said && got.Link == link
		if got.After > atMost || !strings.Contains(got.Said, says) || !alike {
			t.Errorf("%s: %+v; expected %q within %v ms, to every wish, and a link to %s", what, got, says, atMost,
				link)
		}
	}

	// This element reports its failure after 10 s; meanwhile others are tested.
	silent := borrowBrowser(t).window(screenWidth, 700)
	silent.navigate(host(t, fmt.Sprintf(classic, alone)+figure))
	silent.must(nil, refusals+`window.refused = refusal(figure, figure.state());`)

	var got refused
	w.navigate(host(t, fmt.Sprintf(classic, lab), "Content-Security-Policy", "frame-src 'none'"))
	const element = `Object.assign(document.createElement("raft-playground"), { id: "figure" })`
	w.must(&got, refusals+`
		const figure = `+element+`;
		const refused = refusal(figure, figure.state());
		document.body.append(figure);
		return await refused;`)
	check("a policy without its frame", got, 2000, "frame-src", lab+"#1")
	w.keepPictures("element-refused", "none")

	// An element that is asked before it is in a page, or removed or reloaded while it is asked, also
	// answers every request.
	w.navigate(host(t, fmt.Sprintf(classic, lab)+figure+strings.Replace(figure, "figure", "second", 1)))
	var answers []string
	w.must(&answers, `
		await Promise.all([figure.state(), second.state()]);
		const asked = [`+element+`.state(), figure.step("violation"), figure.pause(), second.step("violation")];
		const waiting = asked.map((a) => a.then(() => "answered", (why) => why.message));
		figure.shadowRoot.querySelector("iframe").contentWindow.location.replace("about:blank");
		second.remove();
		return await Promise.all(waiting);`)
	const silence = "has not answered for 10 seconds"
	for i, says := range []string{"not in a page", silence, silence, "taken out of the page"} {
		if i >= len(answers) || !strings.Contains(answers[i], says) {
			t.Errorf("wish %d is answered with %q; expected that it says %q", i, answers, says)
		}
	}
	// A refused frame may still load later, and then the element works like any other.
	w.must(nil, `
		figure.setAttribute("seed", "5");
		await new Promise((ready) => figure.addEventListener("ready", ready));
		await figure.state();`)
	var shown bool
	if w.must(&shown, `return figure.shadowRoot.querySelector("a").checkVisibility();`); shown {
		t.Error("the element is ready and still says that it was refused")
	}

	silent.must(&got, `return await window.refused;`)
	check("no lab beside the script", got, 10_500, silence, alone+"#1?size=3&seed=4")
	silent.keepPictures("element-silent", "none")
}
