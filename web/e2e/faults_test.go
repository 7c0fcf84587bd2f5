package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// deed is an action of the lab's run.
type deed struct {
	Do      string
	Server  int
	To      int
	Servers []int
	When    string
	Trap    int
	Rate    float64
	Text    string
	Link    struct{ Latency, Loss, Bandwidth float64 }
}

// deeds returns the actions of the branch that is shown.
func (w *tab) deeds() []deed {
	w.t.Helper()
	var all []deed
	w.must(&all, `return (await raftPlayground.lab()).run.actions ?? [];`)
	return all
}

// does runs fn and returns the actions that it added to the run, as soon as there are n.
func (w *tab) does(what string, n int, fn func()) []deed {
	w.t.Helper()
	before := len(w.deeds())
	fn()
	var after []deed
	eventually(w.t, 10*time.Second, what, func() error {
		if after = w.deeds(); len(after) < before+n {
			return fmt.Errorf("the run has %d actions, it had %d", len(after), before)
		}
		return nil
	})
	return after[before:]
}

// seats waits until the servers' seats are these.
func (w *tab) seats(want ...string) {
	w.t.Helper()
	eventually(w.t, 10*time.Second, fmt.Sprintf("the seats are %v", want), func() error {
		var seats []string
		if w.must(&seats, `return raftPlayground.cluster().map((s) => s.seat);`); strings.Join(seats,
			" ") != strings.Join(want, " ") {
			return fmt.Errorf("they are %v", seats)
		}
		return nil
	})
}

// handy is openLab that also waits for hands.ts, which loads a moment after the page.
func handy(t *testing.T) *tab {
	t.Helper()
	w := openLab(t)
	w.hands()
	return w
}

// hands waits for the controls that act on the cluster.
func (w *tab) hands() {
	w.t.Helper()
	eventually(w.t, 10*time.Second, "the lab's hands are there", func() error {
		return w.eval(nil, `if (!customElements.get("raft-node-menu")) throw new Error("not yet");`)
	})
}

func (w *tab) nodeAt(server int) (x, y float64) {
	w.t.Helper()
	return w.find(fmt.Sprintf("raft-stage .node[data-server='%d'] .shape", server))
}

// menuByMouse opens a server's menu with the right button and clicks a deed.
func (w *tab) menuByMouse(server int, name string) {
	w.t.Helper()
	x, y := w.nodeAt(server)
	w.run(5*time.Second, chromedp.MouseClickXY(x, y, chromedp.ButtonRight))
	w.open(".node-menu [data-deed='" + name + "']")
	w.click("raft-node-menu [data-deed='" + name + "']")
}

// menuByKeyboard opens the menu of a server's node with Enter, twice, and walks to a deed and does it.
func (w *tab) menuByKeyboard(server int, name string) {
	w.t.Helper()
	w.keys("\x1b")
	w.must(nil, fmt.Sprintf(`deepAll(".node[data-server='%d']")[0].focus();`, server))
	w.keys(kb.Enter, kb.Enter)
	w.open(".node-menu [data-deed='" + name + "']")
	eventually(w.t, 10*time.Second, "the arrow keys come to "+name, func() error {
		var at string
		if w.must(&at, `return document.activeElement?.dataset?.deed ?? "";`); at != name {
			w.keys(kb.ArrowDown)
			return fmt.Errorf("they are at %q", at)
		}
		return nil
	})
	w.keys(kb.Enter)
}

// open waits until an element is there and visible.
func (w *tab) open(selector string) {
	w.t.Helper()
	eventually(w.t, 10*time.Second, selector+" is seen", func() error {
		return w.eval(nil, fmt.Sprintf(
			`if (!deepAll(%q).some((e) => e.checkVisibility())) throw new Error("it is not");`, selector))
	})
}

// Every deed of a node's menu, by mouse or by keyboard, is an action of the run and changes the cluster.
func TestTheNodesMenuDoesWhatItSays(t *testing.T) {
	t.Parallel()
	w := handy(t)
	w.must(nil, `await raftPlayground.seek(400);`)
	leader := w.leads()
	follower := leader%5 + 1
	menus := map[string]func(int, string){"mouse": w.menuByMouse, "keyboard": w.menuByKeyboard}
	for _, step := range []struct{ hand, name, do string }{
		{"keyboard", "campaign", "campaign"},
		{"mouse", "crash", "crash"}, {"keyboard", "restart", "restart"},
		{"keyboard", "crash", "crash"}, {"mouse", "restart", "restart"},
		{"mouse", "pause", "pause"}, {"keyboard", "pause", "resume"},
		{"keyboard", "power", "power"}, {"mouse", "restart", "restart"},
		{"mouse", "clock", "clock"}, {"keyboard", "clock", "clock"},
		{"keyboard", "cut", "partition"}, {"mouse", "cut", "partition"},
		{"mouse", "compact", "compact"},
		{"mouse", "write", "put"},
	} {
		done := w.does(step.hand+": "+step.name, 1, func() { menus[step.hand](follower, step.name) })
		if done[0].Do != step.do || done[0].Server != follower && step.do != "partition" {
			t.Errorf("%s by %s did %+v to S%d", step.name, step.hand, done[0], follower)
		}
		w.must(nil, `await raftPlayground.seek((await raftPlayground.lab()).at + 200);`)
	}
	w.seats("connected", "connected", "connected", "connected", "connected")
	leader = w.leads()
	follower = leader%5 + 1
	w.does("keyboard: transfer", 1, func() { w.menuByKeyboard(follower, "transfer") })
	w.must(nil, `await raftPlayground.seek((await raftPlayground.lab()).at + 400);`)
	if now := w.leads(); now != follower {
		var story []string
		w.must(&story, `return deepAll(".story-line").slice(0, 8).map((line) => line.innerText.replace(/\s+/g, " "));`)
		t.Errorf("the leadership of S%d was handed to S%d; S%d leads: %q", leader, follower, now, story)
	}
}

// A server is removed from the cluster, put back as a learner, given a vote again, and loses its disk, by
// mouse and by keyboard.
func TestServersLeaveAndJoinAndAreWiped(t *testing.T) {
	t.Parallel()
	// With every rule on, so that a removed server does not disturb the others.
	w := borrowBrowser(t).labAt(startRelay(t).url("/#1?size=5&seed=7&at=0.6"))
	w.still(600)
	w.hands()
	follower := w.leads()%5 + 1
	menus := map[string]func(int, string){"mouse": w.menuByMouse, "keyboard": w.menuByKeyboard}
	for _, step := range []struct{ hand, name, member string }{
		{"mouse", "remove", ""}, {"keyboard", "add", "learner"}, {"mouse", "add", "voter"}, {"keyboard", "remove", ""},
		{"mouse", "add", "learner"}, {"keyboard", "add", "voter"},
	} {
		done := w.does(step.hand+": "+step.name, 1, func() { menus[step.hand](follower, step.name) })
		if done[0].Do != "reconfigure" {
			t.Errorf("%s by %s did %+v", step.name, step.hand, done[0])
		}
		w.must(nil, `await raftPlayground.seek((await raftPlayground.lab()).at + 400);`)
		if step.member == "" {
			continue // no other server tells it that it is removed; the next step works only on a removed one
		}
		eventually(t, 10*time.Second, fmt.Sprintf("S%d is %q", follower, step.member), func() error {
			var member string
			if w.must(&member, fmt.Sprintf(`return deepAll(".node[data-server='%d']")[0].dataset.member;`,
				follower)); member != step.member {
				return fmt.Errorf("it is %q", member)
			}
			return nil
		})
	}
	for _, hand := range []string{"mouse", "keyboard"} {
		menus[hand](follower, "wipe")
		w.open(".node-menu .anyway") // a server that may have voted is not wiped without a word
		done := w.does(hand+": wipe", 1, func() {
			if hand == "mouse" {
				w.click("raft-node-menu .anyway .primary")
			} else {
				w.must(nil, `deepAll("raft-node-menu .anyway .primary")[0].focus();`)
				w.keys(kb.Enter)
			}
		})
		if done[0].Do != "wipe" || done[0].Server != follower {
			t.Errorf("by %s it did %+v", hand, done[0])
		}
		w.does(hand+": restart", 1, func() { menus[hand](follower, "restart") })
		w.must(nil, `await raftPlayground.seek((await raftPlayground.lab()).at + 200);`)
	}
}

// A deed that would cost the majority asks for confirmation; a deed can be undone.
func TestALostMajorityIsAskedForOnceMore(t *testing.T) {
	t.Parallel()
	w := handy(t)
	w.does("the first crash", 1, func() { w.menuByMouse(1, "crash") })
	w.click("raft-undo button")
	w.seats("connected", "connected", "connected", "connected", "connected")
	w.does("the first crash again", 1, func() { w.menuByKeyboard(1, "crash") })
	w.does("the second crash", 1, func() { w.menuByMouse(2, "crash") })
	before := len(w.deeds())
	w.menuByKeyboard(3, "crash")
	w.open(".node-menu .anyway")
	w.reads(".anyway", "Without S3 no leader can be elected")
	w.keys(kb.Enter) // "Cancel" has the focus
	if now := len(w.deeds()); now != before {
		t.Errorf("it was left, and the run has %d actions more", now-before)
	}
	w.seats("gone", "gone", "connected", "connected", "connected")
	w.menuByMouse(3, "crash")
	w.open(".node-menu .anyway")
	w.does("it is done anyway", 1, func() { w.click("raft-node-menu .anyway .primary") })
	w.seats("gone", "gone", "gone", "connected", "connected")

	// The list of faults mends them, one by one and all at once.
	w.clickButton("Faults")
	w.does("S2 starts again", 1, func() { w.click("raft-faults .wrongs li:nth-child(2) button") })
	w.seats("gone", "connected", "gone", "connected", "connected")
	w.does("everything is healed", 1, func() {
		w.must(nil, `deepAll("raft-faults .row-between button")[0].focus();`)
		w.keys(kb.Enter)
	})
	w.seats("connected", "connected", "connected", "connected", "connected")
	w.reads("raft-faults", "Nothing: every server runs")

	// Undo is offered at moments after the deed: not before it, and not in another run. A deed in the past
	// begins a branch.
	offered := func(where string, want bool) {
		t.Helper()
		eventually(t, 5*time.Second, fmt.Sprintf("%s it is %v that a way back is offered", where, want), func() error {
			return w.eval(nil, fmt.Sprintf(
				`if (deepAll("raft-undo button").length > 0 !== %v) throw new `+
					`Error(deepAll("raft-undo")[0].textContent);`, want))
		})
	}
	w.does("another crash", 1, func() { w.menuByMouse(1, "crash") })
	offered("after a crash", true)
	w.must(nil, `await raftPlayground.seek(100);`)
	offered("before that crash", false)
	w.menuByKeyboard(2, "crash")
	offered("in the branch that a crash begins", true)
	w.seats("connected", "gone", "connected", "connected", "connected")
	w.click("raft-undo button")
	w.seats("connected", "connected", "connected", "connected", "connected")
	w.menuByMouse(3, "pause")
	offered("after a pause", true)
	w.must(nil, `await raftPlayground.open("#1?size=3&seed=9&at=0.3");`)
	offered("in another run", false)
}

func TestLinksAreCutByDraggingAndTurnedByDials(t *testing.T) {
	t.Parallel()
	w := handy(t)
	x, y := w.nodeAt(2)
	toX, toY := w.nodeAt(5)
	drag := func() {
		w.run(5*time.Second,
			input.DispatchMouseEvent(input.MousePressed, x, y).WithButton(input.Left).WithClickCount(1),
			input.DispatchMouseEvent(input.MouseMoved, (x+toX)/2, (y+toY)/2).WithButton(input.Left).WithButtons(1),
			input.DispatchMouseEvent(input.MouseMoved, toX, toY).WithButton(input.Left).WithButtons(1),
			input.DispatchMouseEvent(input.MouseReleased, toX, toY).WithButton(input.Left).WithClickCount(1))
	}
	if done := w.does("a drag from S2 to S5 cuts", 2, drag); done[0].Do != "cut" || done[0].Server != 2 ||
		done[0].To != 5 || done[1].Server != 5 || done[1].To != 2 {
		t.Errorf("the drag did %+v", done)
	}
	w.open(".link.cut[data-link='2-5']")
	if done := w.does("a second drag mends", 2, drag); done[0].Do != "mend" || done[1].Do != "mend" {
		t.Errorf("the second drag did %+v", done)
	}
	w.open(".link.whole[data-link='2-5']")

	w.must(nil, `deepAll(".link[data-link='1-3']")[0].focus();`)
	w.keys("m")
	w.open("raft-link")
	done := w.does("the dial of the loss is turned", 1, func() {
		w.must(nil, `deepAll("raft-link [data-dial=loss]")[0].focus();`)
		w.keys(kb.ArrowRight)
	})
	if done[0].Do != "network" || done[0].Server != 1 || done[0].To != 3 || done[0].Link.Loss != 0.01 {
		t.Errorf("the dial did %+v", done)
	}
	done = w.does("what is sent is held", 1, func() { w.click("raft-link input[type=checkbox]") })
	if done[0].Do != "hold" || done[0].Server != 1 || done[0].To != 3 {
		t.Errorf("the switch did %+v", done)
	}
	done = w.does("one way is cut", 1, func() { w.click("raft-link [data-cut=forward]") })
	if done[0].Do != "cut" || done[0].Server != 3 || done[0].To != 1 {
		t.Errorf("only S1 → S3 did %+v", done)
	}
}

func TestTheNetworkIsCutInTwoOnTheStageAndByKeyboard(t *testing.T) {
	t.Parallel()
	w := handy(t)
	w.clickButton("Faults")
	w.reads("raft-faults", "Choose on the stage") // a panel is drawn in an animation frame of its own
	w.clickButton("Choose on the stage")
	for _, server := range []int{2, 4} {
		x, y := w.nodeAt(server)
		w.run(5*time.Second, chromedp.MouseClickXY(x, y))
	}
	w.reads(".cut-chooser", "S2 and S4: cannot elect")
	w.reads(".cut-chooser", "S1, S3 and S5: majority 3 of 5")
	if done := w.does("the cut", 1, func() { w.click("raft-cut .primary") }); done[0].Do != "partition" ||
		fmt.Sprint(done[0].Servers) != "[2 4]" {
		t.Errorf("the cut did %+v", done)
	}
	w.reads("raft-faults .wrongs", "The network is cut: S1, S3 and S5 | S2 and S4")
	w.must(nil, `deepAll("raft-faults input[name=side][value='1']")[0].focus();`)
	w.keys(" ", kb.Tab, " ")
	w.must(nil, `deepAll("raft-faults [data-cut=apply]")[0].focus();`)
	if done := w.does("the cut by keyboard", 1, func() { w.keys(kb.Enter) }); done[0].Do != "partition" ||
		fmt.Sprint(done[0].Servers) != "[1 2]" {
		t.Errorf("the cut by keyboard did %+v", done)
	}
	if done := w.does("the leader is alone", 1,
		func() { w.click("raft-faults [data-cut=leader]") }); len(done[0].Servers) != 1 ||
		done[0].Servers[0] != w.leads() {
		t.Errorf("to isolate the leader did %+v", done)
	}
}

func TestTheNetworkAndTheTimersAndTrapsOfTheFaultsPanel(t *testing.T) {
	t.Parallel()
	w := handy(t)
	w.clickButton("Faults")
	w.reads("raft-faults .stability", "27 % of the shortest election timeout: stable")
	if done := w.does("a lossy network", 1,
		func() { w.click("raft-faults [data-network=lossy]") }); done[0].Do != "network" || done[0].Link.Loss != 0.1 ||
		done[0].Server != 0 {
		t.Errorf("lossy did %+v", done)
	}
	w.reads("raft-faults .wrongs", "All links lose up to 10 %")
	w.must(nil, `deepAll("raft-faults [data-dial=latency]")[0].focus();`)
	w.does("the latency is turned by keyboard", 1, func() { w.keys(kb.End) })
	w.reads("raft-faults .stability", "no leader can last")
	w.must(nil, `deepAll("raft-faults [data-dial=bandwidth]")[0].focus();`)
	if done := w.does("the bandwidth is turned by keyboard", 1, func() { w.keys(kb.End) }); done[0].Do != "network" ||
		done[0].Link.Bandwidth != 5000 || done[0].Link.Latency != 200_000 {
		t.Errorf("the dial of the bandwidth did %+v", done)
	}
	w.reads("raft-faults .wrongs", "All links transmit up to 5000 B/s")
	w.does("everything is healed", 1, func() { w.clickButton("Heal all") })
	w.reads("raft-faults .stability", "stable")
	w.reads("raft-faults .dial:last-child output", "unlimited")
	for _, do := range []string{"spread", "align"} {
		if done := w.does("timers: "+do, 1,
			func() { w.click("raft-faults [data-timers=" + do + "]") }); done[0].Do != do {
			t.Errorf("timers: %s did %+v", do, done)
		}
	}
	w.click("raft-faults input[name=chaos]")
	w.reads("raft-faults .wrongs", "Faults happen by themselves")
	w.click("raft-faults input[name=chaos]")

	// Two traps are set and taken away, and the keyboard stays where they were listed.
	w.must(nil, `deepAll("raft-faults details").forEach((d) => (d.open = true));`)
	for range 2 {
		w.does("a trap is set", 1, func() {
			w.must(nil, `deepAll(".trap button")[0].focus();`)
			w.keys(kb.Enter)
		})
	}
	eventually(t, 10*time.Second, "both are listed", func() error {
		return w.eval(nil,
			`const [, second] = deepAll("raft-faults [data-trap]"); if (!second) throw new Error("not yet"); `+
				`second.focus();`)
	})
	for _, next := range []string{"[data-trap]", "h2"} {
		w.does("a trap is taken away", 1, func() { w.keys(kb.Enter) })
		eventually(t, 10*time.Second, "the focus is on "+next, func() error {
			return w.eval(nil, fmt.Sprintf(
				`if (document.activeElement !== deepAll("raft-faults %s")[0]) throw new Error("it is on " + `+
					`document.activeElement?.outerHTML);`, next))
		})
	}

	// The next leader crashes the moment it is elected.
	leader := w.leads()
	if done := w.does("the trap is set", 1, func() {
		w.must(nil, `deepAll(".trap button")[0].focus();`)
		w.keys(kb.Enter)
	}); done[0].Do != "crash" || done[0].When != "leader" {
		t.Errorf("the trap is %+v", done)
	}
	w.reads("raft-faults .wrongs", "Trap:")
	w.does("the leader crashes", 1, func() { w.menuByMouse(leader, "crash") })
	w.must(nil, `await raftPlayground.step("election");`)
	eventually(t, 10*time.Second, "the next leader is down too", func() error {
		var gone int
		if w.must(&gone, `return raftPlayground.cluster().filter((s) => s.seat === "gone").length;`); gone != 2 {
			return fmt.Errorf("%d servers are down", gone)
		}
		return nil
	})
}

func TestAMessageIsReadHeldEditedAndDelivered(t *testing.T) {
	t.Parallel()
	w := handy(t)
	w.must(nil, `await raftPlayground.step("message"); await raftPlayground.network({rate: 0.005});`)
	eventually(t, 10*time.Second, "M selects a message that is under way, and the clock stands", func() error {
		w.must(nil, `document.activeElement?.blur();`)
		w.keys("m")
		return w.eval(nil, `
			await new Promise((done) => setTimeout(done, 400));
			if (!deepAll("raft-message .fields").length) throw new Error("there is none");`)
	})
	w.playhead()
	standing := w.standing("the clock stands", func(playhead) bool { return true })
	w.reads("raft-message", "What will S")
	w.reads("raft-message", "leader's term")
	w.click("raft-message .frame-head button:not([aria-pressed=true])")
	w.reads("raft-message .frame", `"jsonrpc"`)
	if done := w.does("it is held", 1, func() { w.click("raft-message [data-act=hold]") }); done[0].Do != "holdFrame" {
		t.Errorf("hold did %+v", done)
	}
	w.open(".held-message")
	if done := w.does("a copy sets out", 1, func() {
		w.must(nil, `deepAll("raft-message [data-act=duplicate]")[0].focus();`)
		w.keys(kb.Enter)
	}); done[0].Do != "duplicateFrame" {
		t.Errorf("duplicate did %+v", done)
	}
	w.clickButton("Edit")
	w.must(nil, `deepAll("#frame-text")[0].select();`)
	w.run(5*time.Second, input.InsertText("1>2:AppendEntries:Request:one"))
	if done := w.does("it is edited", 1, func() { w.clickButton("Replace the message") }); done[0].Do != "editFrame" ||
		done[0].Text != "1>2:AppendEntries:Request:one" {
		t.Errorf("edit did %+v", done)
	}
	w.reads("raft-message .would", "would not understand it")
	// A held message is brought to its receiver.
	x, y := w.find("raft-stage .held-message")
	var to int
	w.must(&to, `return Number(/What will S(\d)/.exec(deepAll("raft-message")[0].textContent)[1]);`)
	toX, toY := w.nodeAt(to)
	done := w.does("it is dragged to its receiver", 1, func() {
		w.run(5*time.Second,
			input.DispatchMouseEvent(input.MousePressed, x, y).WithButton(input.Left).WithClickCount(1),
			input.DispatchMouseEvent(input.MouseMoved, (x+toX)/2, (y+toY)/2).WithButton(input.Left).WithButtons(1),
			input.DispatchMouseEvent(input.MouseMoved, toX, toY).WithButton(input.Left).WithButtons(1),
			input.DispatchMouseEvent(input.MouseReleased, toX, toY).WithButton(input.Left).WithClickCount(1))
	})
	if done[0].Do != "deliverFrame" {
		t.Errorf("the drag did %+v", done)
	}
	if now := w.playhead(); now.Hash == standing.Hash {
		t.Error("all that was done to the message left the world as it was")
	}
}

func TestAnyMessageOfAnInboxIsFirst(t *testing.T) {
	t.Parallel()
	w := handy(t)
	w.must(nil,
		`await raftPlayground.seek(1000); await raftPlayground.act({do: "put", `+
			`server: raftPlayground.cluster().find((s) => s.role === "leader").server, key: "x", value: "1"});`)
	w.clickButton("Inboxes")
	w.open("raft-inboxes [data-act=deliver]")
	if done := w.does("one arrives now", 1,
		func() { w.click("raft-inboxes [data-act=deliver]") }); done[0].Do != "deliverFrame" {
		t.Errorf("now did %+v", done)
	}
	w.open("raft-inboxes [data-act=drop]")
	for act, do := range map[string]string{"hold": "holdFrame", "drop": "dropFrame"} {
		if done := w.does(act+" by keyboard", 1, func() {
			w.must(nil, fmt.Sprintf(`deepAll("raft-inboxes [data-act=%s]").at(-1).focus();`, act))
			w.keys(kb.Enter)
		}); done[0].Do != do {
			t.Errorf("%s did %+v", act, done)
		}
	}
}

func TestTheFaultsAreAccessibleOnEveryScreen(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile("../node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatalf("axe-core is missing: run ./build.sh first (%v)", err)
	}
	w := handy(t)
	w.must(nil, string(axe))
	w.must(nil, `
		await raftPlayground.act({do: "crash", server: 1});
		await raftPlayground.act({do: "pause", server: 2});
		await raftPlayground.act({do: "partition", servers: [1, 2]});`)
	for _, l := range labLooks {
		w.as(l)
		w.must(nil, `
			if (deepAll("raft-faults").some((e) => e.checkVisibility())) return;
			[...deepAll(".tab-faults"), ...deepAll(".side-tabs button")]
				.filter((b) => b.checkVisibility() && b.textContent === "Faults").at(-1).click();`)
		w.open("raft-faults .wrongs")
		w.must(nil, `deepAll("raft-faults details").forEach((d) => (d.open = true));`)
		w.examine("faults, "+l.name, l)
		w.targets("faults, "+l.name, l)
		w.must(nil, `deepAll(".node[data-server='3']")[0].focus();`)
		w.keys("m")
		w.open(".node-menu [role=menuitem]")
		w.examine("a node's menu, "+l.name, l)
		w.targets("a node's menu, "+l.name, l)
		w.keepPicture("menu", l)
		w.keys(kb.Escape)
		var marks int
		if w.must(&marks, `return deepAll("raft-stage *").length;`); marks > 450 {
			t.Errorf("the stage has %d elements on %s, expected at most 450", marks, l.name)
		}
	}
}
