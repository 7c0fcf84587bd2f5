package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	jsoniter "github.com/json-iterator/go"
)

// kept waits until a service worker has taken the page over, which it does once it holds all that the lab needs.
func (w *tab) kept() {
	w.t.Helper()
	eventually(w.t, 60*time.Second, "the service worker holds the lab", func() error {
		return w.eval(nil, `
			const { active, installing, waiting } = await navigator.serviceWorker.ready;
			if (active?.state !== "activated" || installing || waiting) throw new Error("it is " + active?.state);
			if (!navigator.serviceWorker.controller) throw new Error("this page is not in its care");`)
	})
}

// plays checks that the lab's clock goes on, and that a run of the gallery opens.
func (w *tab) plays() {
	w.t.Helper()
	first := w.moment()
	w.must(nil, `await raftPlayground.network({ rate: 0.5 });`)
	eventually(w.t, 20*time.Second, "the lab plays", func() error {
		if m := w.moment(); m.At <= first.At {
			return fmt.Errorf("it is at %v ms, as before", m.At)
		}
		return nil
	})
	w.must(nil, `await raftPlayground.open("#1?run=figure-8");`)
	w.still(exhibit(w.t, "figure-8").At)
}

// exhibited is a run of the gallery and the moment at which it opens, ms.
type exhibited struct {
	At  float64
	Run struct{ Seed uint64 }
}

func exhibit(t *testing.T, name string) (x exhibited) {
	t.Helper()
	text, err := os.ReadFile("../gallery/" + name + ".json")
	if err == nil {
		err = jsoniter.Unmarshal(text, &x)
	}
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// After one visit the lab, its gallery and its embedded form work without the relay.
func TestTheLabWorksWithoutANetworkAfterOneVisit(t *testing.T) {
	t.Parallel()
	r := startRelay(t)
	w := startBrowser(t).labAt(r.url("/"))
	w.kept()
	r.kill()
	for _, address := range []string{"/", "/index.html", "/embed/", "/embed"} {
		w.navigate(r.url(address))
		w.plays()
	}
}

// The service worker that keeps the lab keeps out of live rooms.
func TestALiveRoomIsNoneOfTheServiceWorkersBusiness(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	w := r.browser.labAt(r.relay.url("/"))
	w.kept()
	w.network(`{rate: 0}`)
	alone := r.window("?size=1&rate=1")
	alone.mustPut("x", "1")
	var kept []string
	alone.must(&kept, `
		const names = await caches.keys();
		const requests = (await Promise.all(names.map(async (name) => (await caches.open(name)).keys()))).flat();
		return requests.map((r) => new URL(r.url).pathname)
			.filter((path) => /^\/(r|rooms|healthz|new)\b|raft-[0-9a-f]+\.wasm|room/.test(path));`)
	if len(kept) != 0 {
		t.Errorf("of live rooms it keeps %q", kept)
	}
}

// The page served as plain files from a folder, by any file server, is the same lab; a new version takes
// over by itself and also works without a network.
func TestAPlainFolderIsEnough(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "courses", "raft")
	if err := os.CopyFS(folder, os.DirFS("../dist")); err != nil {
		t.Fatalf("the page is missing: run ./build.sh first (%v)", err)
	}
	server := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(folder, "..", ".."))))
	t.Cleanup(server.Close)
	address := server.URL + "/courses/raft/"
	w := startBrowser(t).labAt(address)
	w.kept()
	w.plays()

	change(t, filepath.Join(folder, "index.html"), "<title>Raft playground</title>", "<title>The next version</title>")
	change(t, filepath.Join(folder, "sw.js"), `"[0-9a-f]{12}"`, `"ffffffffffff"`)
	w.navigate(address + "embed/")
	w.navigate(address)
	title := func() (title string) {
		w.must(&title, `return document.title;`)
		return title
	}
	if got := title(); got != "The next version" {
		t.Errorf("with a network the page is %q", got)
	}
	w.must(nil, `await (await navigator.serviceWorker.ready).update();`)
	w.kept()
	eventually(t, 30*time.Second, "the new version is kept", func() error {
		return w.eval(nil, `
			const pages = await Promise.all((await caches.keys())
				.map(async (name) => (await (await caches.open(name)).match("./")).text()));
			if (!pages.some((p) => p.includes("The next version")))
				throw new Error(pages.length + " versions, none of them the next");`)
	})
	server.CloseClientConnections()
	server.Close()
	w.navigate(address)
	w.plays()
	if got := title(); got != "The next version" {
		t.Errorf("without a network the page is %q", got)
	}
}

// change replaces, in a file, the only match of a pattern.
func change(t *testing.T, file, pattern, after string) {
	t.Helper()
	text, err := os.ReadFile(file)
	found := regexp.MustCompile(pattern)
	if err != nil || len(found.FindAll(text, -1)) != 1 {
		t.Fatalf("%s has not one %s (%v)", file, pattern, err)
	}
	if err := os.WriteFile(file, found.ReplaceAllLiteral(text, []byte(after)), 0o644); err != nil {
		t.Fatal(err)
	}
}
