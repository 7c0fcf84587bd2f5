package e2e

import (
	"fmt"
	"math"
	"testing"
)

// A leader that was cut off took two commands that no other server has. When the network is whole again they
// visibly leave its log, from where they stood.
func TestDeletedEntriesLeaveFromWhereTheyStood(t *testing.T) {
	t.Parallel()
	r := startRelay(t)
	w := borrowBrowser(t).labAt(r.url("/#1?size=5&seed=7&at=0.6"))
	w.still(600)
	w.arrows(4, 2)

	var leaving []struct {
		Column   int
		Off      float64 // px from the head of its column
		Text     string
		Animated bool
	}
	w.must(&leaving, `
		const lab = raftPlayground;
		await lab.act({ do: "partition", servers: [1, 3] });
		for (const value of ["1", "2"]) await lab.act({ do: "put", server: 1, key: "lost", value });
		await lab.seek(1500);
		await lab.act({ do: "partition", servers: [1, 2, 3, 4, 5] });
		const seen = new Map();
		const observer = new MutationObserver(() => {
			for (const ghost of deepAll("raft-log-grid .ghost")) {
				const column = Number(ghost.style.getPropertyValue("--column"));
				const head = deepAll('raft-log-grid .grid-index[aria-colindex="' + (column + 2) + '"]')[0];
				const off = ghost.getBoundingClientRect().x - head.getBoundingClientRect().x;
				if (!seen.has(column))
					seen.set(column, { column, off, text: ghost.textContent.trim(),
					animated: ghost.getAnimations().length > 0 });
			}
		});
		observer.observe(deepAll("raft-log-grid")[0], { subtree: true, childList: true });
		await lab.network({ rate: 0.1 });
		for (let tries = 0; seen.size < 2 && tries < 100; tries++) await new Promise((done) => setTimeout(done, 100));
		observer.disconnect();
		return [...seen.values()].sort((a, b) => a.column - b.column);`)
	if len(leaving) != 2 {
		t.Fatalf("%+v leave, expected the entries at indices 2 and 3", leaving)
	}
	for i, ghost := range leaving {
		if want := []string{"1 lost=1", "1 lost=2"}[i]; ghost.Column != i+1 || math.Abs(ghost.Off) > 14 ||
			ghost.Text != want || !ghost.Animated {
			t.Errorf("%+v leaves, expected %q at the head of column %d, on its way", ghost, want, i+1)
		}
	}
}

// arrows checks that so many followers' nextIndex is shown under this index, which may be the last one + 1.
func (w *tab) arrows(count, index int) {
	w.t.Helper()
	var found struct{ Under, All int }
	w.must(&found, fmt.Sprintf(`
		const head = deepAll("raft-log-grid .grid-index").find((i) => i.textContent.trim() === "%d")
			.getBoundingClientRect();
		const arrows = deepAll("raft-log-grid .next").map((a) => a.getBoundingClientRect());
		return { all: arrows.length,
			under: arrows.filter((a) => a.x > head.x && a.right < head.right && a.y > head.bottom).length };`, index))
	if found.Under != count || found.All != count {
		w.t.Errorf("%d of %d arrows stand under index %d, expected %d", found.Under, found.All, index, count)
	}
}
