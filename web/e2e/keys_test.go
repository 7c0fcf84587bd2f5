package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
)

// The list of keys says what M and Enter do on a server, and they do it; a message that is held is reached by keyboard,
// however long it is held.
func TestTheKeysAreListedAndReachWhatIsHeld(t *testing.T) {
	t.Parallel()
	w := handy(t)
	w.keys("?")
	w.reads(".keys-dialog section",
		"On a serverEnter Select it; in the lab once more: its menuM What can be done to it")
	w.reads(".keys-dialog", "In the space-time diagram")
	w.keys(kb.Escape)
	eventually(t, 10*time.Second, "Escape closes the list", func() error {
		return w.eval(nil, `if (deepAll("dialog[open]").length) throw new Error("it is open");`)
	})
	w.must(nil, `deepAll(".node[data-server='2']")[0].focus();`)
	for _, keys := range [][]string{{kb.Enter, kb.Enter}, {"m"}} {
		w.keys(keys...)
		w.open(".node-menu [role=menuitem]")
		w.keys("r")
		var focused string
		if w.must(&focused, `return document.activeElement.dataset.deed;`); focused != "restart" &&
			focused != "remove" {
			t.Errorf("R leads to %q", focused)
		}
		w.keys(kb.Escape)
		eventually(t, 10*time.Second, "Escape leads back to the server", func() error {
			return w.eval(nil,
				`if (document.activeElement?.dataset.server !== "2") throw new `+
					`Error(document.activeElement?.outerHTML.slice(0, 80));`)
		})
	}
	// A row of tabs is one tab stop; the arrow keys show the tab they reach, and do not step the clock.
	at := w.moment().At
	for _, row := range []struct {
		tabs  string
		keys  []string
		shows string
	}{
		{".dock-tabs", []string{kb.ArrowRight, kb.ArrowRight}, "raft-inboxes"},
		{".dock-tabs", []string{kb.Home, kb.ArrowLeft}, "raft-client-history"},
		{".dock-tabs", []string{kb.ArrowRight}, "raft-log-grid"},
		{".side-tabs", []string{kb.End, kb.ArrowLeft}, "raft-rules"},
	} {
		w.must(nil, fmt.Sprintf(`
			const stops = deepAll("%s [role=tab]").filter((t) => t.tabIndex === 0);
			if (stops.length !== 1 || stops[0].ariaSelected !== "true") throw new Error(stops.length + " stops");
			stops[0].focus();`, row.tabs))
		w.keys(row.keys...)
		w.open("[role=tabpanel]:is(" + row.shows + ", :has(" + row.shows + "))")
	}
	if now := w.moment().At; now != at {
		t.Errorf("the arrows took the clock from %v to %v ms", at, now)
	}

	w.must(nil, `document.activeElement.blur(); await raftPlayground.seek(65);`) // the leader has sent its first write
	w.does("a message is held", 1,
		func() { w.must(nil, `await raftPlayground.act({do: "holdFrame"}); await raftPlayground.seek(400);`) })
	eventually(t, 20*time.Second, "M comes to the held message", func() error {
		w.keys("m")
		return w.eval(nil, `
			await new Promise((done) => setTimeout(done, 100));
			if (!deepAll("raft-message [data-act=release]").length) throw new Error("it is not selected");`)
	})
}

// Each trap is listed with what it waits for, and taken away alone, by mouse and by keyboard.
func TestATrapIsTakenAwayAlone(t *testing.T) {
	t.Parallel()
	w := handy(t)
	w.must(nil, `
		await raftPlayground.act({do: "crash", when: "leader"});
		await raftPlayground.act({do: "pause", when: "vote", server: 2});
		await raftPlayground.act({do: "partition", when: "commit"});`)
	w.clickButton("Faults")
	w.reads("raft-faults .wrongs", "Trap: when S2 gives its vote, S2 is paused")
	taken := func(number int, by func()) {
		t.Helper()
		if done := w.does(fmt.Sprintf("trap %d is taken away", number), 1, by); done[0].Do != "disarm" ||
			done[0].Trap != number {
			t.Errorf("it did %+v", done)
		}
		eventually(t, 10*time.Second, "it is not listed any more", func() error {
			return w.eval(nil, fmt.Sprintf(
				`if (deepAll("raft-faults [data-trap='%d']").length) throw new Error("it is");`, number))
		})
	}
	taken(2, func() { w.click("raft-faults [data-trap='2']") })
	taken(1, func() {
		w.must(nil, `deepAll("raft-faults [data-trap='1']")[0].focus();`)
		w.keys(kb.Enter)
	})
	w.reads("raft-faults .wrongs", "Trap: when a server commits")
	w.reads("raft-story", "A trap is taken away")
}

// In a room M selects a message, also from a server and from a link, and takes the focus from them: the next
// key acts on neither.
func TestMOfARoomTakesTheFocusToTheMessages(t *testing.T) {
	r := newRoom(t)
	w := r.windows(3)[0]
	w.network(`{rate: 0.01}`) // a message is on its way for a second and a half, and a heartbeat follows after five
	for _, from := range []string{".node[data-server='2']", ".link[data-link='1-2']"} {
		eventually(t, 30*time.Second, "M selects a message from "+from, func() error {
			w.must(nil, fmt.Sprintf(`deepAll(%q)[0].focus();`, from))
			w.keys("m")
			return w.eval(nil, `
				await new Promise((done) => setTimeout(done, 400));
				if (!deepAll("raft-inspector .frame").length) throw new Error("no message is selected");`)
		})
		w.keys(" ")
		w.reads(".play", "Play")
		w.keys(kb.Enter)
		w.must(nil, `
			await new Promise((done) => setTimeout(done, 400));
			if (!deepAll("raft-inspector h3").some((h) => h.textContent.startsWith("Wire frame")))
				throw new Error("after Space and Enter the inspector shows: " +
					deepAll("raft-inspector")[0].textContent);
			const cut = deepAll(".link:not(.whole)").map((l) => l.dataset.link);
			if (cut.length) throw new Error("after Space and Enter links are cut: " + cut);
			const column = deepAll(".right")[0];
			if (column.scrollWidth > column.clientWidth) throw new Error("the panel scrolls sideways");
			const empty = deepAll("raft-inspector .facts div").find((f) => !f.querySelector("dd").textContent);
			if (empty) throw new Error(empty.textContent + ": nothing");`)
		w.keepPictures("message-of-a-room", "node")
		w.keys(" ")
		w.reads(".play", "Pause")
	}
}

// A trap waits for any goal that is typed; an error in the goal is reported, with its place.
func TestATrapWaitsForWhatIsTyped(t *testing.T) {
	t.Parallel()
	w := handy(t)
	w.clickButton("Faults")
	w.must(nil, `deepAll("raft-faults details").forEach((d) => (d.open = true));`)
	set := func(goal string) {
		w.must(nil, fmt.Sprintf(`const [field] = deepAll(".trap input"); field.value = %q; field.focus();`, goal))
		w.keys(kb.Enter)
	}
	set("S2 loses")
	w.reads(".notice", `expected a moment such as vote, or a goal: at 3: expected leads, is, has,`)
	if done := w.does("the trap is set", 1, func() { set("s2 is PAUSED, within 9 s") }); done[0].Do != "crash" ||
		done[0].When != "s2 is PAUSED, within 9 s" {
		t.Errorf("the trap is %+v", done)
	}
	w.reads("raft-faults .wrongs", "Trap: when s2 is PAUSED, within 9 s, S2 crashes")
	w.must(nil, `await raftPlayground.act({ do: "pause", server: 2 });`)
	w.reads("raft-faults .wrongs", "S2 is down")
}
