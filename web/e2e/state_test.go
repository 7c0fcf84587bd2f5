package e2e

import (
	"fmt"
	"os"
	"testing"
	"time"
)

// inspect selects a server on the stage.
func (w *tab) inspect(server int) {
	w.t.Helper()
	w.must(nil, fmt.Sprintf(`
		const mark = deepAll(".node[data-server='%d']")[0];
		if (mark.getAttribute("aria-pressed") !== "true")
			mark.dispatchEvent(new MouseEvent("click", { bubbles: true }));`, server))
	w.reads("raft-inspector h2", fmt.Sprintf("S%d", server))
}

// The inspector shows the key-value state of the moment: of the leader and of a follower, before the write, and what
// is left of it where a server is down.
func TestTheStateIsShownAsOfTheMoment(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile("../node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatalf("axe-core is missing: run ./build.sh first (%v)", err)
	}
	w := borrowBrowser(t).labAt(startRelay(t).url("/#1?size=3&seed=9&at=0&autoplay=0"))
	w.must(nil, string(axe))
	w.must(nil, `
		await raftPlayground.act({ do: "campaign", server: 1 });
		await raftPlayground.seek(300);
		await raftPlayground.act({ do: "put", key: "x", value: "1" });
		await raftPlayground.seek(800);`)
	for _, server := range []int{1, 2} { // the leader, a follower
		w.inspect(server)
		w.reads("raft-inspector .state", "1 key as of index 2, the last one applied.")
		w.reads("raft-inspector .state li", "x = 1")
	}
	w.must(nil, `await raftPlayground.seek(300);`)
	w.reads("raft-inspector .state", "No keys as of index 1, the last one applied.")
	w.must(nil, `await raftPlayground.seek(0);`)
	w.reads("raft-inspector .state", "No keys: nothing is applied yet.")

	w.must(nil, `await raftPlayground.seek(800); await raftPlayground.act({ do: "crash", server: 2 });`)
	w.reads("raft-inspector .state", "S2 is down: nothing is left in its memory. Once it runs it applies its log again")
	for _, l := range looks {
		w.as(l)
		w.look("state-down", l)
	}
	w.as(looks[0])
	w.must(nil, `
		for (let i = 0; i < 40; i++) {
			await raftPlayground.act({ do: "put", key: "key-" + i, value: i === 1 ? "a long value, ".repeat(20)
				: i === 10 ? "" : String(i) });
		}
		await raftPlayground.seek(1600);`)
	w.inspect(1)
	w.reads("raft-inspector .state", "41 keys as of index 42, the last one applied. The first 32 of them:")
	w.reads("raft-inspector .state ul", "key-0 = 0"+"key-1 = a long value, a long value")
	w.reads("raft-inspector .state ul", "… 280 bytes"+"key-10 = empty")
	var rows int
	if w.must(&rows, `return deepAll("raft-inspector .state li").length;`); rows != 32 {
		t.Errorf("%d keys are shown", rows)
	}
	for _, l := range looks {
		w.as(l)
		w.look("state", l)
	}
}

// look scrolls to the state, saves a picture of it, and checks that it is accessible.
func (w *tab) look(name string, l look) {
	w.t.Helper()
	w.must(nil, `deepAll("raft-inspector .state")[0].scrollIntoView({ block: "end" });`)
	w.keepPicture(name, l)
	w.examine(name+", "+l.name, l)
}

// In a room a tab knows the state of its own server, and says of the others that it does not.
func TestARoomShowsTheStateOfItsOwnServer(t *testing.T) {
	r := newRoom(t)
	tabs := r.windows(3)
	w, _ := leading(t, 10*time.Second, tabs...)
	w.mustPut("x", "1")
	w.inspect(w.seat())
	w.reads("raft-inspector .state li", "x = 1")
	w.inspect(w.seat()%3 + 1)
	w.reads("raft-inspector .state", "Not known here: a tab tells others only a hash of what its server has applied")
}
