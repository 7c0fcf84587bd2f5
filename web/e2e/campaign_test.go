package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"raftplayground/raft/check"
	"raftplayground/raft/check/linear"
)

// The size and the limits of the campaign.
const (
	campaignTabs    = 5
	campaignClients = 4
	probeEvery      = 50 * time.Millisecond
	faultsInShort   = 14               // of a run in the tests: every kind once
	faultsInRound   = 14               // after as many the clients rest, and their history is checked
	ackWithin       = 60 * time.Second // of real time, until a write is acknowledged; else the campaign fails
	backWithin      = 40 * time.Second // … until every tab runs its server again, by itself
	patienceOfOne   = 5 * time.Second  // … that a client waits for an answer; after that its outcome is unknown
)

// TestRoomsKeepTheirWord puts a room of five real tabs through faults of every kind while clients write and
// read in it: no acknowledged write may be lost, every tab must come back by itself, and the servers must
// agree. Two of the tabs are on an insecure origin, which has neither locks nor a private file system.
// CAMPAIGN_FAULTS is the number of faults, CAMPAIGN_ROOMS the number of rooms side by side, CAMPAIGN_SEED
// chooses the faults, and CAMPAIGN_RATE is the rate of the rooms' clocks. At the end it prints how long the
// next acknowledged write took after each kind of fault.
func TestRoomsKeepTheirWord(t *testing.T) {
	faults, rooms, seed := faultsInShort, 1, rand.Uint64()
	if text := os.Getenv("CAMPAIGN_FAULTS"); text != "" {
		faults = number(t, "CAMPAIGN_FAULTS", text)
	}
	if text := os.Getenv("CAMPAIGN_ROOMS"); text != "" {
		rooms = max(1, number(t, "CAMPAIGN_ROOMS", text))
	}
	if text := os.Getenv("CAMPAIGN_SEED"); text != "" {
		seed = uint64(number(t, "CAMPAIGN_SEED", text))
	}
	// A busy machine cannot keep election timeouts of 150 ms at the pace of real time.
	rate := 0.3
	if text := os.Getenv("CAMPAIGN_RATE"); text != "" {
		var err error
		if rate, err = strconv.ParseFloat(text, 64); err != nil || rate <= 0 || rate > 1 {
			t.Fatalf("CAMPAIGN_RATE: expected a number above 0, at most 1, got %q", text)
		}
	}
	t.Logf("CAMPAIGN_SEED=%d CAMPAIGN_RATE=%v", seed, rate)
	sum := tally{results: map[string][]time.Duration{}}
	t.Run("rooms", func(t *testing.T) {
		for room := range rooms {
			t.Run(strconv.Itoa(room+1), func(t *testing.T) {
				t.Parallel()
				c := openCampaign(t, rand.New(rand.NewPCG(seed, uint64(room))), rate)
				defer sum.add(c)
				c.live((faults + rooms - 1) / rooms)
			})
		}
	})
	sum.print(t)
}

// live puts the room through so many faults, or until the first that it does not survive.
func (c *campaign) live(faults int) {
	for done := 0; done < faults && !c.t.Failed(); {
		stop := c.startClients()
		for range min(faultsInRound, faults-done) {
			if c.fault(); c.t.Failed() {
				break
			}
			done++
		}
		stop()
		c.checkRound()
		if faults > faultsInShort {
			c.t.Logf("%d of %d faults, %d operations, %d acknowledged", done, faults, c.operations, c.acknowledged)
		}
	}
}

func number(t *testing.T, name, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		t.Fatalf("%s: expected a whole number, got %q", name, text)
	}
	return n
}

// campaign is a room whose servers all run in tabs, and its clients.
type campaign struct {
	t       *testing.T
	random  *rand.Rand // of the faults; the clients have their own
	rate    float64    // of the room's clock
	relay   *relay
	code    string
	homes   []*home
	places  []*place
	bag     []int                      // kinds of faults that are still to come before any comes again
	results map[string][]time.Duration // of cluster time

	round        int
	probes       sync.WaitGroup
	mu           sync.Mutex    // guards what follows
	history      check.History // of this round
	kept         []string      // keys of this round's probes that were acknowledged
	operations   int
	acknowledged int
	acks         chan ack // of writes
}

// home is a browser that is killed now and then and started again with the same profile.
type home struct {
	profile string
	host    string
	process *process
	browser *browser
	front   *tab // empty, in front of all others: drawing five rooms would cost more than running them
}

// place is a tab with one of the room's servers.
type place struct {
	home   *home
	server int

	mu     sync.Mutex
	tab    *tab // nil: there is none at the moment
	isHurt bool
}

// hurt notes whether a fault affects this tab at the moment.
func (p *place) hurt(is bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.isHurt = is
}

func (p *place) hurts() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.isHurt
}

// freeze freezes the tab's Worker until the returned function is called.
func (p *place) freeze() (thaw func()) {
	p.hurt(true)
	return p.now().freeze()
}

// ack is a write that was acknowledged.
type ack struct{ invoked, returned time.Time }

func (p *place) now() *tab {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tab
}

func (p *place) is(w *tab) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tab = w
}

func openCampaign(t *testing.T, random *rand.Rand, rate float64) *campaign {
	c := &campaign{t: t, random: random, rate: rate, relay: startRelay(t)}
	c.results, c.acks = map[string][]time.Duration{}, make(chan ack, 1000)
	c.code = c.relay.newRoom()
	for _, host := range []string{"127.0.0.1", insecureHost} {
		h := &home{profile: t.TempDir(), host: host}
		c.homes = append(c.homes, h)
		t.Cleanup(func() { h.process.stop() })
		c.start(h)
	}
	for i := range campaignTabs {
		c.places = append(c.places, &place{home: c.homes[i%2], server: i + 1})
		if err := c.open(c.places[i]); err != nil {
			t.Fatal(err)
		}
		c.seated(c.places[i])
	}
	c.setPace()
	return c
}

// start starts the browser of a home. It compiles the server with the baseline compiler only: every other
// fault compiles five servers anew, and optimising them would take a quarter of the campaign's time.
func (c *campaign) start(h *home) {
	c.t.Helper()
	once := chromedp.Flag("js-flags", "--liftoff-only --no-wasm-dynamic-tiering")
	p, err := startProcessIn(c.t, h.profile, once)
	if err != nil {
		c.t.Fatalf("starting Chromium: %v", err)
	}
	h.process, h.browser = p, &browser{t: c.t, ctx: p.ctx}
	h.front = h.browser.tab()
}

func (c *campaign) address(h *home) string {
	return strings.Replace(c.relay.url("/r/"+c.code+"?size="+strconv.Itoa(campaignTabs)), "127.0.0.1", h.host, 1)
}

// open opens a tab in a place, hidden as most tabs are.
func (c *campaign) open(p *place) error {
	w := p.home.browser.tab()
	if err := c.visit(w, p.home); err != nil {
		return err
	}
	p.is(w)
	return chromedp.Run(p.home.front.ctx, page.BringToFront())
}

// visit goes to the room. On a busy machine it may need another try.
func (c *campaign) visit(w *tab, h *home) error {
	var err error
	for range 3 {
		ctx, cancel := context.WithTimeout(w.ctx, 20*time.Second)
		err = chromedp.Run(ctx, chromedp.Navigate(c.address(h)))
		if cancel(); err == nil {
			return nil
		}
	}
	return fmt.Errorf("opening the room: %w", err)
}

// seated waits until the tab of a place runs its server and is connected.
func (c *campaign) seated(p *place) {
	c.t.Helper()
	for start := time.Now(); time.Since(start) < backWithin; time.Sleep(50 * time.Millisecond) {
		if w := p.now(); w != nil {
			if s := w.status(); s.Connected && s.Server != 0 {
				p.server = s.Server
				return
			}
		}
	}
	c.t.Errorf("a tab of %s is not back after %v", p.home.host, backWithin)
	c.describe()
}

// leader is the place whose server leads the highest term, as far as the tabs know; any if none does.
func (c *campaign) leader() *place {
	for start := time.Now(); time.Since(start) < 10*time.Second; time.Sleep(20 * time.Millisecond) {
		var found *place
		term := uint64(0)
		for _, p := range c.places {
			if s := p.now().status(); s.Role == "leader" && s.Term > term {
				found, term = p, s.Term
			}
		}
		if found != nil {
			return found
		}
	}
	return c.anyone()
}

func (c *campaign) anyone() *place { return c.places[c.random.IntN(len(c.places))] }

// startClients lets clients write, read, and compare and swap until the returned function is called, which
// waits for their last answers.
func (c *campaign) startClients() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	c.round++
	for client := range campaignClients {
		random := rand.New(rand.NewPCG(uint64(c.round), uint64(client)))
		running.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				c.operate(client, n, random)
				time.Sleep(time.Duration(20+random.IntN(40)) * time.Millisecond)
			}
		})
	}
	return func() {
		cancel()
		running.Wait()
	}
}

// operate does one operation of a client at a random tab.
func (c *campaign) operate(client, n int, random *rand.Rand) {
	o := check.Operation{Client: client, Key: fmt.Sprintf("%d-%c", c.round, 'a'+rune(random.IntN(3)))}
	name := []string{"put", "put", "get", "cas"}[random.IntN(4)]
	switch name {
	case "put":
		o.Kind, o.Value = check.Put, fmt.Sprintf("c%d-%d", client, n)
	case "cas":
		o.Kind, o.Value = check.CompareAndSwap, fmt.Sprintf("c%d-%d", client, n)
		o.Expected = fmt.Sprintf("c%d-%d", random.IntN(campaignClients), max(0, n-random.IntN(4)))
	}
	p := c.places[random.IntN(len(c.places))]
	w := p.now()
	if w == nil {
		return
	}
	o.Invoked = time.Now().UnixMicro()
	c.mu.Lock()
	at := c.history.Len()
	o.Unknown = true
	c.history.Add(o)
	c.operations++
	c.mu.Unlock()
	w.ask(name, &o)
	c.mu.Lock()
	defer c.mu.Unlock()
	o.Returned = time.Now().UnixMicro()
	*c.history.Change(at) = o
	if !o.Unknown && !o.Refused {
		c.acknowledged++
	}
}

// startProbes begins a write every probeEvery at a tab that the current fault does not affect, until the
// returned function is called. Probes do not wait for each other: a client waiting for a leader that was cut
// off would measure its own patience, not how soon the room serves again.
func (c *campaign) startProbes() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	c.probes.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			p := c.places[n%len(c.places)]
			w := p.now()
			if w == nil || p.hurts() {
				time.Sleep(time.Millisecond)
				continue
			}
			c.probes.Go(func() { c.probe(w) })
			time.Sleep(probeEvery)
		}
	})
	return cancel
}

// probe writes a key of its own.
func (c *campaign) probe(w *tab) {
	c.mu.Lock()
	c.operations++
	o := check.Operation{Kind: check.Put, Key: fmt.Sprintf("probe-%d", c.operations), Value: "kept"}
	c.mu.Unlock()
	invoked := time.Now()
	w.ask("put", &o)
	if o.Unknown || o.Refused {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.acknowledged++
	c.kept = append(c.kept, o.Key)
	select {
	case c.acks <- ack{invoked, time.Now()}:
	default: // nextAck has not kept up or is not waiting
	}
}

// ask does an operation in a tab's page and records its outcome: refused if the page says for certain that
// nothing was done, unknown after any other failure.
func (w *tab) ask(name string, o *check.Operation) {
	var answer struct {
		Found bool
		Value string
		Why   string
	}
	ctx, cancel := context.WithTimeout(w.ctx, patienceOfOne)
	defer cancel()
	wish := fmt.Sprintf("op: %q, key: %q, value: %q", name, o.Key, o.Value)
	if name == "cas" {
		wish += fmt.Sprintf(", expected: %q", o.Expected)
	}
	script := `raftPlayground.request({` + wish + `}).then(
		({found, value}) => ({found, value}), (error) => ({why: error.message || "?"}))`
	err := chromedp.Run(ctx, chromedp.Evaluate(script, &answer, awaited))
	switch {
	case err != nil:
		o.Unknown = true
	case answer.Why != "":
		o.Refused = strings.Contains(answer.Why, "Nothing ")
		o.Unknown = !o.Refused
	default:
		o.Unknown, o.Found = false, answer.Found
		if o.Kind == check.Get {
			o.Value = answer.Value
		}
	}
}

// fault strikes with the next fault, then waits for the next acknowledged write and for every tab.
func (c *campaign) fault() {
	c.t.Helper()
	if len(c.bag) == 0 {
		c.bag = c.random.Perm(len(campaignFaults))
	}
	kind := campaignFaults[c.bag[0]]
	c.bag = c.bag[1:]
	for len(c.acks) > 0 {
		<-c.acks
	}
	var since time.Time
	var stopProbes func()
	heal := kind.strike(c, func() { since, stopProbes = time.Now(), c.startProbes() })
	if kind.healsFirst {
		heal()
	}
	took, err := c.nextAck(since)
	stopProbes()
	if err != nil {
		c.t.Errorf("%s: %v", kind.name, err)
		c.describe()
		return
	}
	c.results[kind.name] = append(c.results[kind.name], time.Duration(float64(took)*c.rate))
	if !kind.healsFirst {
		heal()
	}
	for _, p := range c.places {
		p.hurt(false)
		c.seated(p)
	}
	c.distinct(kind.name)
}

// nextAck waits for a write begun after since to be acknowledged, and returns the time from since to that.
func (c *campaign) nextAck(since time.Time) (time.Duration, error) {
	timeout := time.After(ackWithin)
	for {
		select {
		case a := <-c.acks:
			if a.invoked.After(since) {
				return a.returned.Sub(since), nil
			}
		case <-timeout:
			return 0, errors.New("no write was acknowledged within " + ackWithin.String())
		}
	}
}

// agree checks that all servers apply the same log once the clients have stopped.
func (c *campaign) agree() {
	c.t.Helper()
	for start := time.Now(); time.Since(start) < backWithin; time.Sleep(100 * time.Millisecond) {
		type held struct {
			last, committed, applied uint64
			hash                     string
		}
		states := map[held]bool{}
		for _, p := range c.places {
			s := p.now().status()
			states[held{s.LastIndex, s.CommitIndex, s.AppliedIndex, s.StateHash}] = true
			states[held{s.LastIndex, s.LastIndex, s.LastIndex, s.StateHash}] = true // all of it
		}
		if len(states) == 1 {
			return
		}
	}
	c.t.Errorf("after round %d the servers do not hold the same applied log within %v", c.round, backWithin)
	c.describe()
}

// describe logs the status of every tab.
func (c *campaign) describe() {
	for i, p := range c.places {
		if w := p.now(); w == nil {
			c.t.Logf("tab %d: none", i+1)
		} else {
			var said string
			err := w.eval(&said, `
				return deepAll(".strip").map((e) => e.textContent).join(" | ").replace(/\s+/g, " ");`)
			c.t.Logf("tab %d, %s: %+v, it says %q %v", i+1, p.home.host, w.status(), said, err)
		}
	}
	watcher := (&room{t: c.t, relay: c.relay, code: c.code}).join(`{"server":0}`)
	c.t.Logf("the room: %s", watcher.joined)
}

// distinct checks that no two tabs run the same server.
func (c *campaign) distinct(after string) {
	c.t.Helper()
	runs := map[int]bool{}
	for _, p := range c.places {
		if runs[p.server] {
			c.t.Errorf("after %s two tabs run S%d", after, p.server)
		}
		runs[p.server] = true
	}
}

// checkRound checks that the servers hold the same state and that the clients' history is linearizable.
func (c *campaign) checkRound() {
	c.t.Helper()
	c.probes.Wait()
	if c.t.Failed() {
		return
	}
	for key := range 3 { // what was acknowledged last is still there
		o := check.Operation{Client: campaignClients, Kind: check.Get, Invoked: time.Now().UnixMicro()}
		o.Key = fmt.Sprintf("%d-%c", c.round, 'a'+rune(key))
		c.places[key].now().ask("get", &o)
		if o.Returned = time.Now().UnixMicro(); o.Unknown || o.Refused {
			c.t.Errorf("after round %d the key %s cannot be read", c.round, o.Key)
		}
		c.history.Add(o)
	}
	c.agree()
	if err := linear.Check(c.history.Operations(), 30*time.Second); err != nil {
		c.t.Errorf("round %d: %v", c.round, err)
		for _, o := range c.history.Operations() {
			c.t.Log(o)
		}
	}
	c.history = check.History{}
	c.checkProbes()
}

// checkProbes checks that every acknowledged write of the round's probes is still there.
func (c *campaign) checkProbes() {
	c.t.Helper()
	keys, err := json.Marshal(c.kept)
	if err != nil {
		c.t.Fatal(err)
	}
	var lost []string
	ctx, cancel := context.WithTimeout(c.places[0].now().ctx, backWithin)
	defer cancel()
	err = chromedp.Run(ctx, chromedp.Evaluate(`(async (keys) => {
		const lost = [];
		const look = async (key) => {
			const {value} = await raftPlayground.request({op: "get", key});
			if (value !== "kept") lost.push(key);
		};
		while (keys.length > 0) await Promise.all(keys.splice(0, 50).map(look));
		return lost;
	})(`+string(keys)+`)`, &lost, awaited))
	if err != nil || len(lost) > 0 {
		c.t.Errorf("round %d: of %d acknowledged writes %q are lost (%v)", c.round, len(c.kept), lost, err)
	}
	c.kept = nil
}

// tally adds up the results of all rooms.
type tally struct {
	mu                               sync.Mutex
	results                          map[string][]time.Duration
	operations, acknowledged, rounds int
}

func (s *tally) add(c *campaign) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for kind, times := range c.results {
		s.results[kind] = append(s.results[kind], times...)
	}
	s.operations += c.operations
	s.acknowledged += c.acknowledged
	s.rounds += c.round
}

// print logs the times to the next acknowledged write in cluster time: delays of the browsers and the relay
// count as much as the rooms' clocks advance meanwhile.
func (s *tally) print(t *testing.T) {
	faults := 0
	t.Logf("%-28s %6s %10s %10s", "ms of cluster time after", "times", "median", "p90")
	for _, kind := range campaignFaults {
		times := slices.Sorted(slices.Values(s.results[kind.name]))
		if len(times) == 0 {
			continue
		}
		faults += len(times)
		median, p90 := times[len(times)/2], times[min(len(times)-1, len(times)*9/10)]
		t.Logf("%-28s %6d %10d %10d", kind.name, len(times), median.Milliseconds(), p90.Milliseconds())
	}
	t.Logf("%d faults, %d operations, %d acknowledged, %d rounds", faults, s.operations, s.acknowledged, s.rounds)
}
