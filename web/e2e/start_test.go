package e2e

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
)

// A page whose scripts do not run says so in words, and says what to do; it does not say that it is loading.
func TestAPageThatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	files := http.FileServer(http.Dir("../dist"))
	// A page served like this has no origin, like one in <iframe sandbox="allow-scripts">.
	sandboxed := site(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Security-Policy", "sandbox allow-scripts")
		files.ServeHTTP(w, req)
	}))
	broken := site(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if strings.HasPrefix(req.URL.Path, "/assets/page-") {
			http.NotFound(w, req)
			return
		}
		files.ServeHTTP(w, req)
	}))
	disk, err := filepath.Abs("../dist")
	if err != nil {
		t.Fatal(err)
	}
	w := borrowBrowser(t).window(screenWidth, 700)
	for _, c := range []struct{ what, url, says string }{
		{"sandboxed", sandboxed + "/", "allow-same-origin"},
		{"sandboxed-embed", sandboxed + "/embed/", "Access-Control-Allow-Origin"},
		{"from-disk", "file://" + disk + "/index.html", "python3 -m http.server"},
		{"embed-from-disk", "file://" + disk + "/embed/index.html#1?run=figure-8", "python3 -m http.server"},
		{"broken", broken + "/", "Load the page again."},
	} {
		w.navigate(c.url)
		w.saysThatItDidNotStart(c.url, c.says)
		w.keepPictures("unstarted-"+c.what, "none")
	}
}

// saysThatItDidNotStart waits until the page shows that it did not start, and says so in words.
func (w *tab) saysThatItDidNotStart(url, says string) {
	w.t.Helper()
	var seen string
	eventually(w.t, 5*time.Second, "the page at "+url+" says that it did not start", func() error {
		w.must(&seen, `
			const shown = (e) => e.checkVisibility({ visibilityProperty: true });
			return [...document.querySelectorAll("h1, h2, .where, p")].filter(shown)
				.map((e) => e.innerText).join("\n");`)
		untrue := strings.Contains(seen, "Loading") || strings.Contains(seen, "Whose timer ends first?")
		if !strings.Contains(seen, "The page has not started.") || !strings.Contains(seen, says) || untrue {
			return &notYet{seen}
		}
		return nil
	})
}

func TestAPageWithoutScriptsSaysSo(t *testing.T) {
	t.Parallel()
	static := site(t, http.FileServer(http.Dir("../dist")))
	w := borrowBrowser(t).window(screenWidth, 700)
	w.run(5*time.Second, emulation.SetScriptExecutionDisabled(true))
	w.navigate(static)
	w.saysThatItDidNotStart(static, "Switch them on")
}

// Where not even the page's first script comes, the style sheet alone reveals the words.
func TestAPageWhoseScriptsNeverComeSaysSo(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	files := http.FileServer(http.Dir("../dist"))
	stalled := site(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if strings.HasPrefix(req.URL.Path, "/assets/") && strings.HasSuffix(req.URL.Path, ".js") {
			<-over
		}
		files.ServeHTTP(w, req)
	}))
	t.Cleanup(func() { close(over) })
	w := borrowBrowser(t).window(screenWidth, 700)
	w.must(nil, `location.href = "`+stalled+`";`)
	var seen []bool
	eventually(t, 5*time.Second, "the page says nothing yet, and then that it did not start", func() error {
		return w.eval(&seen, `
			const words = document.querySelector(".unstarted");
			const visible = () => words.checkVisibility({ visibilityProperty: true });
			const first = visible();
			for (const a of document.getAnimations()) a.currentTime = 10_001;
			return [first, visible(), document.querySelector(".where").checkVisibility({ visibilityProperty: true })];`)
	})
	if len(seen) != 3 || seen[0] || !seen[1] || seen[2] {
		t.Errorf("at once, after 10 s, and that it is loading: %v", seen)
	}
	w.keepPictures("unstarted-stalled", "none")
}
