package e2e

import (
	"fmt"
	"testing"
	"time"
)

// translators do what browsers do to a page that they translate, from now on and to whatever is added. The
// words stay as they are, so a translated page can be compared with an untranslated one.
var translators = map[string]string{
	// Chrome and Edge put <font> in the place of every text node.
	"in font elements": `
		const exchange = (root) => {
			const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
			const all = [];
			while (texts.nextNode()) all.push(texts.currentNode);
			for (const text of all) {
				if (!text.data.trim() || !text.parentElement || text.parentElement.closest("font, " + kept)) continue;
				const outer = document.createElement("font");
				outer.append(document.createElement("font"));
				outer.firstChild.textContent = text.data;
				text.replaceWith(outer);
			}
		};`,
	// Firefox puts each block together anew, from texts of its own and the elements that were in it. Comments are gone.
	"without comments": `
		const exchange = (root) => {
			const isText = (n) => n.nodeType === Node.TEXT_NODE;
			for (const e of [root, ...(root.querySelectorAll?.("*") ?? [])]) {
				const nodes = [...e.childNodes].filter((n) => n.nodeType !== Node.COMMENT_NODE);
				if (!nodes.some((n) => isText(n) && n.data.trim()) || e.closest(kept)) continue;
				e.replaceChildren(...nodes.map((n) => (isText(n) ? new Text(n.data) : n)));
			}
		};`,
}

const (
	untranslated = `const kept = "option, script, style, textarea, [translate=no]";`
	translating  = `
	const seen = new MutationObserver((records) => {
		for (const n of records.flatMap((r) => [...r.addedNodes])) {
			if (n.isConnected) exchange(n.nodeType === Node.ELEMENT_NODE ? n : n.parentNode); // or it has gone again
		}
		seen.takeRecords();
	});
	exchange(document.body);
	seen.observe(document.body, { childList: true, subtree: true });`
)

// A translated page stays true: everywhere it says what an untranslated one says.
func TestTheLabStaysTrueWhenItIsTranslated(t *testing.T) {
	t.Parallel()
	const everywhere = "header, raft-strips, raft-stage, raft-story, raft-headline, .logs, .right, raft-transport"
	open := func(tab string) string {
		return fmt.Sprintf(`deepAll("[role=tab]").find((b) => b.textContent.trim() === %q).click();`, tab)
	}
	r := startRelay(t)
	for name, exchange := range translators {
		t.Run(name, func(t *testing.T) {
			b := borrowBrowser(t)
			link := r.url("/#1?seed=4&at=0.1&autoplay=0")
			translated, plain := b.labAt(link), b.labAt(link)
			translated.still(100)
			plain.still(100)
			translated.must(nil, untranslated+exchange+translating)
			for _, step := range []string{
				`await raftPlayground.seek(400);`,
				`await raftPlayground.act({ do: "request", op: "put", key: "x", value: "3" }).catch(() => {});`,
				`await raftPlayground.seek(500);`,
				`const leader = raftPlayground.cluster().find((s) => s.role === "leader");
					await raftPlayground.act({ do: "crash", server: leader.server });`,
				`await raftPlayground.seek(1200);`,
				`deepAll(".node[data-server='2']")[0].dispatchEvent(new MouseEvent("click", { bubbles: true }));`,
				open("Faults"),
				open("Rules"),
				open("Diagram"),
				open("Inboxes") + `await raftPlayground.seek(450);`,
				open("History"),
				open("Inspect") + `await raftPlayground.seek(90);`,
			} {
				translated.must(nil, step)
				plain.must(nil, step)
				agree(t, step, everywhere, translated, plain)
				var exposed int
				translated.must(&exposed,
					`return deepAll("svg text").filter((e) => !e.closest("[translate=no]")).length;`)
				if exposed > 0 { // SVG shows no <font>: what a translator puts there is gone
					t.Errorf("%d texts in pictures are left to translators after %s", exposed, step)
				}
			}
			translated.keepPictures("translated "+name, "none")
			translated.must(nil, `await raftPlayground.network({ rate: 0.1 });`)
			translated.ticks()
		})
	}
}

// agree waits until two tabs say the same wherever a selector matches, with equally wide buttons.
func agree(t *testing.T, after, places string, translated, plain *tab) {
	t.Helper()
	eventually(t, 10*time.Second, "the translated page says the same as the other, after "+after, func() error {
		var is, want []string
		words := fmt.Sprintf(`
			const words = document.createRange();
			const width = (b) => (words.selectNodeContents(b), Math.round(words.getBoundingClientRect().width));
			const wide = (e) => [...e.querySelectorAll("button")].map(width).join(" ");
			return deepAll(%q).map((e) => deepText(e).replace(/\s+/g, " ").trim() + "; widths: " + wide(e));`, places)
		translated.must(&is, words)
		plain.must(&want, words)
		for i := range min(len(is), len(want)) {
			if is[i] != want[i] {
				return fmt.Errorf("it says\n%s\nbut the other\n%s", is[i], want[i])
			}
		}
		if len(is) != len(want) || len(is) == 0 {
			return fmt.Errorf("they have %d and %d parts", len(is), len(want))
		}
		return nil
	})
}

// ticks sees the clock's words change.
func (w *tab) ticks() {
	w.t.Helper()
	var first, now string
	const clock = `return deepText(deepAll(".clock")[0]).trim();`
	w.must(&first, clock)
	eventually(w.t, 5*time.Second, "the clock goes on", func() error {
		if w.must(&now, clock); now == first {
			return fmt.Errorf("it says %s", now)
		}
		return nil
	})
}

func TestARoomStaysTrueWhenItIsTranslated(t *testing.T) {
	r := newRoom(t)
	tabs := r.windows(3)
	leader, others := leading(t, 10*time.Second, tabs...)
	for _, name := range []string{"in font elements", "without comments"} {
		others[0].must(nil, `{`+untranslated+translators[name]+translating+`}`)
		others[0].ticks()
	}
	crashed := leader.status().Server
	leader.close()
	leading(t, 10*time.Second, others...)
	others[0].network(`{rate: 0}`)
	agree(t, "the leader crashed", ".headline-facts, .node-role, .clock", others[0], others[1])
	others[0].reads(".node-label", fmt.Sprintf("S%dCrashed", crashed))
	others[0].keepPictures("translated room", "none")
}
