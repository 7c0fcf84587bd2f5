package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// moment is what `window.raftPlayground.lab()` says.
type moment struct {
	At, End    float64
	Hash       string
	Seed       string
	Branches   []int
	Off        []string
	Properties []struct {
		Name  string
		Holds bool
	}
}

// labAt opens the lab at an address of the relay and waits until a run is open.
func (b *browser) labAt(url string) *tab {
	b.t.Helper()
	w := b.window(1280, 800) // like a frame, a small window has no header
	w.navigate(url)
	w.moment()
	return w
}

// moment waits until the lab has opened a run, and returns the moment that it shows.
func (w *tab) moment() moment {
	w.t.Helper()
	var m moment
	eventually(w.t, 60*time.Second, "the lab opens a run", func() error {
		return w.eval(&m, `return await raftPlayground.lab();`)
	})
	return m
}

// still waits until the clock stands at a moment.
func (w *tab) still(at float64) moment {
	w.t.Helper()
	var m moment
	eventually(w.t, 60*time.Second, fmt.Sprintf("the clock stands at %v ms", at), func() error {
		if m = w.moment(); m.At != at {
			return fmt.Errorf("it is at %v ms", m.At)
		}
		return nil
	})
	return m
}

// press clicks the visible button or link with this text.
func (w *tab) press(words string) {
	w.t.Helper()
	eventually(w.t, 10*time.Second, "there is a button "+words, func() error {
		return w.eval(nil, fmt.Sprintf(`
			const found = deepAll("button, a").filter((b) => b.checkVisibility() && !b.disabled &&
				(b.textContent.trim() === %[1]q || b.querySelector("b")?.textContent === %[1]q));
			if (found.length === 0) throw new Error("no button " + %[1]q);
			found.at(-1).click();`, words))
	})
}

// reads waits until a visible element that the selector names has this in its text.
func (w *tab) reads(selector, words string) {
	w.t.Helper()
	eventually(w.t, 20*time.Second, selector+" says "+words, func() error {
		return w.eval(nil, fmt.Sprintf(`
			const seen = deepAll(%q).filter((e) => e.checkVisibility());
			const said = seen.map((e) => e.textContent.replace(/\s+/g, " ")).join("\n");
			if (seen.length === 0 || !said.includes(%q))
				throw new Error(seen.length + " say: " + said);`, selector, words))
	})
}

// sharedLink opens the dialog and returns the link to the moment that is shown.
func (w *tab) sharedLink() string {
	w.t.Helper()
	w.press("Share")
	link := ""
	eventually(w.t, 20*time.Second, "the dialog has a link", func() error {
		w.must(&link, `return deepAll(".share-dialog .share-row input")[0]?.value ?? "";`)
		if !strings.Contains(link, "#1") {
			return fmt.Errorf("it has %q", link)
		}
		return nil
	})
	return link
}

// A link copied from a moment in a branch opens the same state in another browser, which knows nothing but the link.
func TestALinkOpensTheSameMomentInAFreshBrowser(t *testing.T) {
	t.Parallel()
	r := startRelay(t)
	w := startBrowser(t).labAt(r.url("/#1?size=5&seed=7&at=0.4"))
	w.still(400)
	w.must(nil, `
		await raftPlayground.act({ do: "crash", server: 2 });
		await raftPlayground.seek(450);
		await raftPlayground.act({ do: "put", key: "x", value: "ä \"1\" #" });
		await raftPlayground.seek(612.345);`)
	made := w.moment()
	link := w.sharedLink()
	var address string
	w.press("Copy link")
	eventually(t, 10*time.Second, "the address names the moment", func() error {
		if w.must(&address, `return location.href;`); address != link {
			return fmt.Errorf("the address is %s, the link %s", address, link)
		}
		return nil
	})

	fresh := startBrowser(t).labAt(link)
	opened := fresh.still(612.345)
	if opened.Hash != made.Hash || opened.Seed != made.Seed {
		t.Errorf("%+v was shared, %+v opened", made, opened)
	}
	var servers []string
	fresh.must(&servers, `return raftPlayground.cluster().map((s) => s.seat);`)
	if len(servers) != 5 || servers[1] != "gone" {
		t.Errorf("S2 had crashed; the seats are %v", servers)
	}
	var remark bool
	fresh.must(&remark, `return deepAll(".remark").length > 0;`)
	if remark {
		t.Error("the same run is said to go otherwise")
	}
}

// The same by the keyboard alone: the dialog is reached, the start of the run chosen, the link taken, the dialog left.
func TestSharingByKeyboard(t *testing.T) {
	t.Parallel()
	r := startRelay(t)
	w := borrowBrowser(t).labAt(r.url("/#1?size=3&seed=9&at=0.3"))
	w.still(300)
	w.must(nil,
		`deepAll("raft-header button").find((b) => b.textContent.trim() === "Share" && b.checkVisibility()).focus();`)
	w.run(10*time.Second, chromedp.KeyEvent(kb.Enter))
	w.reads(".share-dialog", "This moment, 0.300 s")
	w.must(nil, `
		const from = deepAll("input[name=share-from]")[0];
		from.focus();`)
	w.run(10*time.Second, chromedp.KeyEvent(kb.ArrowRight))
	var link string
	eventually(t, 10*time.Second, "the link is to the start of the run", func() error {
		w.must(&link, `return deepAll(".share-dialog .share-row input")[0].value;`)
		if !strings.HasSuffix(link, "#1?size=3&seed=9") {
			return fmt.Errorf("it is %s", link)
		}
		return nil
	})
	w.run(10*time.Second, chromedp.KeyEvent(kb.Escape))
	eventually(t, 10*time.Second, "Escape closes the dialog, and the button has the focus again", func() error {
		return w.eval(nil,
			`if (deepAll("dialog[open]").length > 0) throw new Error("it is open"); `+
				`if (document.activeElement.textContent.trim() !== "Share") throw new Error("the focus is on " + `+
				`document.activeElement.outerHTML);`)
	})
}

// A visitor with a link that cannot be opened reads why and continues with the usual first run.
func TestAWrongLinkGetsASentenceAndNotABlankPage(t *testing.T) {
	t.Parallel()
	r := startRelay(t)
	b := borrowBrowser(t)
	w := b.labAt(r.url("/"))
	usual := w.moment().Seed
	w.close()
	w = b.labAt(r.url("/#2.eJyrVkrOz0vLTFeyUqhWKk4tKkstUrKqVkpUslIy"))
	for _, c := range []struct{ fragment, sentence string }{
		{"", "This link is of version 2, and this page reads version 1: open it with a newer page."},
		{"1.eJyrVkrOz0vLTFeyUqhWKk4tK", "This link is damaged: a part of it was cut off or changed on its way."},
		{"1?size=3&at=99999", "This link says at=99999; expected seconds from 0 to 3600."},
		{"1?off=noSuchRule",
			"The lab cannot play this run: off: expected the ID of a rule such as stepDownForHigherTerm, got " +
				"\"noSuchRule\"."},
		{"1?run=no-such-run", "The gallery has no run named no-such-run."},
		{"hello", "This is not a link of the playground: it should begin with #1. or #1?, and does not."},
	} {
		if c.fragment != "" {
			w.must(nil, fmt.Sprintf(`location.hash = %q;`, c.fragment))
		}
		w.reads(".wrong-dialog[open]", c.sentence)
		w.press("Open the default run")
		eventually(t, 20*time.Second, "the default run opens", func() error {
			var where string
			w.must(&where, `return location.hash + deepAll("dialog[open]").length;`)
			if m := w.moment(); where != "0" || m.Seed != usual || len(m.Branches) != 1 {
				return fmt.Errorf("at %s, %+v", where, m)
			}
			return nil
		})
	}
}

// A run that takes another course than when its link was made says so.
func TestALinkOfAnotherVersionIsSaidToBeOne(t *testing.T) {
	t.Parallel()
	r := startRelay(t)
	w := borrowBrowser(t).labAt(r.url("/#1?size=3&seed=9&at=0.3&hash=1234567890abcdef"))
	w.still(300)
	w.reads(".remark",
		"This link was made with another version of the core. Where a fault was mended between the two, a run "+
			"takes another course.")
}

// Every run of the gallery opens paused shortly before its turning point, and the property that it says will
// break does break: in the browser as in the test that made it.
func TestTheGalleryOpensBeforeItsTurn(t *testing.T) {
	t.Parallel()
	r := startRelay(t)
	w := borrowBrowser(t).labAt(r.url("/"))
	files, err := filepath.Glob("../gallery/*.json")
	if err != nil || len(files) < 11 {
		t.Fatalf("the gallery has %d files (%v)", len(files), err)
	}
	var watched []string
	for _, name := range files {
		var exhibit struct {
			ID, Title, Watch string
			Breaks           []string
			Turn, At         float64
		}
		text, err := os.ReadFile(name)
		if err == nil && filepath.Base(name) != "index.json" {
			err = json.Unmarshal(text, &exhibit)
		}
		if err != nil {
			t.Fatal(err)
		}
		if exhibit.ID == "" {
			continue
		}
		w.press("Gallery")
		w.press(exhibit.Title)
		w.still(exhibit.At)
		w.reads(".remark", exhibit.Watch)
		watched = append(watched, exhibit.Watch)
		if len(exhibit.Breaks) == 0 {
			continue
		}
		var stop struct{ At float64 }
		w.must(&stop, `return await raftPlayground.step("violation");`)
		m := w.still(exhibit.Turn)
		broken := ""
		for _, p := range m.Properties {
			if !p.Holds {
				broken += p.Name + ", "
			}
		}
		if stop.At != exhibit.Turn || !strings.Contains(broken, exhibit.Breaks[0]) {
			t.Errorf("%s: stopped at %v ms with %s broken; expected %v at %v ms", exhibit.ID, stop.At, broken,
				exhibit.Breaks, exhibit.Turn)
		}
	}
	w.must(nil, `history.back();`)
	w.reads(".remark", watched[len(watched)-2])
}

// The gallery by the keyboard alone.
func TestTheGalleryByKeyboard(t *testing.T) {
	t.Parallel()
	r := startRelay(t)
	w := borrowBrowser(t).labAt(r.url("/#1?size=3&seed=9&at=0.3"))
	w.still(300)
	w.must(nil,
		`deepAll("raft-header button").find((b) => b.textContent.trim() === "Gallery" && b.checkVisibility()).focus();`)
	w.run(10*time.Second, chromedp.KeyEvent(kb.Enter))
	w.reads(".gallery-dialog[open] .exhibit", "Two leaders in one term")
	w.run(10*time.Second, chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Tab))
	w.reads(".exhibit:focus", "Whoever asks, wins")
	w.run(10*time.Second, chromedp.KeyEvent(kb.Enter))
	w.reads(".remark", "Two squares of one colour: two leaders of one term.")
	w.still(0)
}

// The lab leads to a new room, with as many real servers as the lab has.
func TestTheLabLeadsToARealRoom(t *testing.T) {
	t.Parallel()
	r := startRelay(t)
	w := borrowBrowser(t).labAt(r.url("/#1?size=1&seed=9&at=0.3"))
	w.still(300)
	w.press("Make it real")
	if server := w.seat(); server != 1 {
		t.Errorf("the first tab of the room runs S%d", server)
	}
	var path string
	if w.must(&path, `return location.pathname;`); !strings.HasPrefix(path, "/r/") {
		t.Errorf("the room is at %s", path)
	}
	w.network(`{rate: 1}`)
	w.mustPut("x", "1")
}

// A run is saved as a file and opened again, by the button and by a drop on the page; any other file is
// refused in a sentence.
func TestARunGoesThroughAFile(t *testing.T) {
	t.Parallel()
	r := startRelay(t)
	b := borrowBrowser(t)
	w := b.labAt(r.url("/#1?size=3&seed=9&at=0.3"))
	w.still(300)
	w.must(nil, `await raftPlayground.act({ do: "crash", server: 1 }); await raftPlayground.seek(700);`)
	made := w.moment()
	var file struct{ Name, Text string }
	w.must(nil, `
		const [create, click] = [URL.createObjectURL, HTMLAnchorElement.prototype.click];
		let blob = null;
		URL.createObjectURL = (given) => create.call(URL, (blob = given));
		HTMLAnchorElement.prototype.click = function () {
			if (this.download) window.e2eFile = blob.text().then((text) => ({ name: this.download, text }));
			click.call(this);
		};`)
	w.press("Share")
	w.press("Download the run")
	w.must(&file, `return await window.e2eFile;`)
	if file.Name != "raft-3-servers-seed-9.raft.json" || !json.Valid([]byte(file.Text)) {
		t.Fatalf("the file is %s: %.200s", file.Name, file.Text)
	}

	give := func(text, way string) {
		w.must(nil, fmt.Sprintf(`
			const given = new DataTransfer();
			given.items.add(new File([%q], "run.raft.json", { type: "application/json" }));
			%s`, text, way))
	}
	for _, way := range []string{
		`document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: given, bubbles: true, cancelable: true }));`,
		`raftPlayground && deepAll("raft-header button")
			.find((b) => b.textContent.trim() === "Share" && b.checkVisibility()).click();
		 await new Promise((done) => setTimeout(done, 500));
		 const field = deepAll(".share-dialog input[type=file]")[0];
		 field.files = given.files;
		 field.dispatchEvent(new Event("change", { bubbles: true }));`,
	} {
		w.must(nil, `await raftPlayground.open("#1?size=5&seed=3&at=0.1");`)
		w.still(100)
		give(file.Text, way)
		if opened := w.still(700); opened.Hash != made.Hash {
			t.Errorf("%+v was written, %+v read", made, opened)
		}
	}
	give(`{"format": "a cake"}`,
		`document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: given, bubbles: true, cancelable: true }));`)
	w.reads(".wrong-dialog[open]",
		`This file is not a run of the playground: expected "format": "raft-playground run", got "a cake".`)
	w.press("Keep the run that is open")
	if kept := w.still(700); kept.Hash != made.Hash {
		t.Errorf("a file that cannot be read took the run away that was open: %+v, it was %+v", kept, made)
	}
}

// The dialogs and the embedded page fit on every screen and are accessible.
func TestTheDialogsAndTheEmbeddedPageAreAccessibleAndFit(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile("../node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatalf("axe-core is missing: run ./build.sh first (%v)", err)
	}
	r := startRelay(t)
	b := borrowBrowser(t)
	for _, c := range []struct{ what, address, button, shown string }{
		{"the dialog to share", "/#1?size=3&seed=9&at=0.3", "Share", ".share-dialog[open] textarea"},
		{"the gallery", "/#1?size=3&seed=9&at=0.3", "Gallery", ".gallery-dialog[open] .exhibit"},
		{"a wrong link", "/#2.x", "", ".wrong-dialog[open]"},
		{"an embedded run of the gallery", "/embed/#1?run=figure-8&controls=play", "", ".remark"},
	} {
		w := b.labAt(r.url(c.address))
		if c.button != "" {
			w.press(c.button)
		}
		w.reads(c.shown, "")
		w.must(nil, string(axe))
		for _, l := range looks {
			w.as(l)
			w.examine(c.what+", "+l.name, l)
			var small []string
			w.must(&small,
				`return deepAll("dialog[open] *, raft-strips *").filter((e) => [...e.childNodes].some((n) => `+
					`n.nodeType === Node.TEXT_NODE && n.data.trim() !== "") && `+
					`parseFloat(getComputedStyle(e).fontSize) < 12).map((e) => e.outerHTML.slice(0, 100));`)
			if len(small) > 0 {
				t.Errorf("%s, %s: text under 12 px: %q", c.what, l.name, small)
			}
			var narrow []string
			w.must(&narrow,
				`return innerWidth >= 600 ? [] : deepAll("dialog[open] :is(button, .button, select, `+
					`input:not([type=radio], [type=file]))").filter((e) => e.checkVisibility() && `+
					`e.getBoundingClientRect().height < 43.5).map((e) => e.outerHTML.slice(0, 100));`)
			if len(narrow) > 0 {
				t.Errorf("%s, %s: targets under 44 px: %q", c.what, l.name, narrow)
			}
		}
		w.close()
	}
}
