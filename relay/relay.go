package main

import (
	"crypto/rand"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"raftplayground/relay/hub"
)

// relay answers HTTP requests.
type relay struct {
	rooms    *rooms
	page     *page
	log      *slog.Logger
	gate     gate
	budgets  *budgets
	upgrader websocket.Upgrader
}

func newRelay(s settings, kept *records, page *page, log *slog.Logger) *relay {
	r := &relay{page: page, log: log, gate: newGate(s.hosts, s.origins), budgets: newBudgets()}
	r.rooms = newRooms(hub.Options{Rate: s.rate, Size: s.size}, kept, r.budgets, log)
	r.upgrader = websocket.Upgrader{
		HandshakeTimeout: 5 * time.Second, ReadBufferSize: 1 << 10, WriteBufferSize: 4 << 10,
		WriteBufferPool: &sync.Pool{},
		CheckOrigin:     func(*http.Request) bool { return true }, // the gate has checked it
	}
	return r
}

func (r *relay) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", r.page.document(labPage))
	mux.HandleFunc("GET /embed/{$}", r.page.document(embedPage))
	mux.HandleFunc("GET /embed", to("embed/"))
	mux.HandleFunc("GET /new", r.newRoom)
	mux.HandleFunc("GET /r/{code}", r.roomPage)
	mux.HandleFunc("GET /rooms/{code}", r.room)
	mux.HandleFunc("POST /rooms/{code}", r.admission)
	mux.HandleFunc("GET /healthz", r.health)
	mux.HandleFunc("GET /metrics", r.metrics)
	mux.HandleFunc("GET /", r.page.file)
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		secure(w.Header(), req)
		if reason := r.gate.refusal(req.Host, ""); reason != "" {
			http.Error(w, reason, http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, req)
	})
}

// newRoom makes a room and goes there.
func (r *relay) newRoom(w http.ResponseWriter, req *http.Request) {
	if !r.page.built() {
		r.page.explain(w)
		return
	}
	wait := r.budgets.visitor(req.RemoteAddr).reserve()
	if r.tooMany(w, wait) || !turn(req, wait) {
		return
	}
	target := "r/" + r.rooms.newCode()
	if req.URL.RawQuery != "" {
		target += "?" + req.URL.RawQuery
	}
	to(target)(w, req)
}

// to redirects to an address relative to the requested one. http.Redirect would make it absolute, which is
// wrong behind a proxy that strips a path prefix: what browsers see stays below that prefix.
func to(target string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Location", target)
		w.WriteHeader(http.StatusFound)
	}
}

// tooMany refuses visitors who would have to wait for long: a lecture hall behind one router gets in within
// a few seconds, and a flood does not.
func (r *relay) tooMany(w http.ResponseWriter, wait time.Duration) bool {
	if wait <= mostWait {
		return false
	}
	r.budgets.tooOften.Add(1)
	seconds := strconv.Itoa(int((wait - mostWait).Seconds()) + 1)
	w.Header().Set("Retry-After", seconds)
	reason := "Too many tabs come from your address at once; the next ones may in " + seconds + " s."
	http.Error(w, reason, http.StatusTooManyRequests)
	return true
}

// turn waits for the request's turn; it returns false if the client has gone.
func turn(req *http.Request, wait time.Duration) bool {
	select {
	case <-time.After(wait):
		return true
	case <-req.Context().Done():
		return false
	}
}

func (r *relay) roomPage(w http.ResponseWriter, req *http.Request) {
	if !validCode(req.PathValue("code")) {
		http.Error(w, wrongCode, http.StatusNotFound)
		return
	}
	r.page.document(roomPage)(w, req)
}

// room upgrades to a WebSocket.
func (r *relay) room(w http.ResponseWriter, req *http.Request) {
	code := req.PathValue("code")
	wait := r.budgets.visitor(req.RemoteAddr).reserve()
	if r.refused(w, req, wait) || !turn(req, wait) {
		return
	}
	ws, err := r.upgrader.Upgrade(w, req, nil)
	if err != nil {
		r.log.Info("handshake refused", "room", code, "reason", err)
		return // the upgrader has answered
	}
	c := newConn(ws, r.budgets)
	if err := r.rooms.enter(code, c); err != nil {
		r.log.Warn("room refused", "room", code, "reason", err)
		c.turnAway(err)
	}
	go c.read() // what HTTP keeps for the connection ends here
}

// admission answers a POST to a handshake's address as it would the handshake: with the reason for a
// refusal, or with nothing. A browser tells a page only that its WebSocket was refused.
func (r *relay) admission(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if !r.refused(w, req, r.budgets.visitor(req.RemoteAddr).ahead()) {
		w.WriteHeader(http.StatusNoContent)
	}
}

// refused refuses a handshake that is not allowed or would wait too long, with a sentence for its user.
func (r *relay) refused(w http.ResponseWriter, req *http.Request, wait time.Duration) bool {
	code := req.PathValue("code")
	if !validCode(code) {
		http.Error(w, wrongCode, http.StatusNotFound)
		return true
	}
	if reason := r.gate.refusal(req.Host, req.Header.Get("Origin")); reason != "" {
		r.log.Info("handshake refused", "room", code, "reason", reason)
		http.Error(w, reason, http.StatusForbidden)
		return true
	}
	return r.tooMany(w, wait)
}

// secure sets the headers that every answer has, and the policy of pages and Workers. The page runs WebAssembly and
// Workers of its own and talks to its own host only; in a sandboxed frame it starts its Worker from a blob. Only the
// page that is made for it may stand in other sites' frames. Lit sets style attributes.
func secure(h http.Header, req *http.Request) {
	path := req.URL.Path
	embedded := path == "/embed" || strings.HasPrefix(path, "/embed/")
	worker := strings.HasPrefix(path, "/assets/") && strings.Contains(path, "-worker-")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	if embedded || worker {
		// Without it an isolated page could not frame this one. With require-corp WebKit loads no module of
		// a sandboxed page; it does not know this value, so with WebKit only isolated pages cannot frame it.
		h.Set("Cross-Origin-Embedder-Policy", "credentialless")
	}
	if embedded || worker || path == "/raft-playground.js" || strings.HasPrefix(path, "/assets/wasm_exec-") {
		h.Set("Cross-Origin-Resource-Policy", "cross-origin") // the others are read with CORS
	}
	if strings.HasPrefix(path, "/assets/") && !worker {
		return // the policy of the page or the Worker that loads it applies, and thirty times 300 bytes are a lot
	}
	h.Set("Content-Security-Policy", policy(req.Host, embedded))
}

// policy returns the Content-Security-Policy of a page, or of a Worker, requested under this host.
func policy(host string, embedded bool) string {
	self, sockets, ancestors := "'self'", "", "; frame-ancestors 'self'"
	if embedded {
		ancestors = "" // not *, which excludes pages from disk
	}
	if expressible(host) {
		sockets = " ws://" + host + " wss://" + host // not every browser counts WebSockets as 'self'
		if embedded {
			// in a sandboxed frame, which has no origin, WebKit lets nothing match 'self'
			self += " http://" + host + " https://" + host
		}
	}
	return "default-src " + self + "; script-src " + self + " 'wasm-unsafe-eval'; worker-src " + self + " blob:" +
		"; connect-src " + self + sockets + "; style-src " + self + " 'unsafe-inline'; img-src " + self +
		" data: blob:" +
		"; object-src 'none'; base-uri 'none'; form-action 'self'" + ancestors
}

// expressible tells whether a policy can name the host: its grammar has no literal IPv6 addresses, about
// which every browser complains on each page.
func expressible(host string) bool {
	return host != "" && strings.Trim(strings.ToLower(host), "abcdefghijklmnopqrstuvwxyz0123456789.-_:") == ""
}

const (
	alphabet  = "23456789abcdefghjkmnpqrstuvwxyz" // no characters that look alike: no 0 o, 1 i l
	wrongCode = "A room's code has 4 to 32 characters of a-z, 0-9 and \"-\"."
)

// newCode draws a room's code, 6 characters.
func newCode() string {
	code := make([]byte, 0, 6)
	for random := make([]byte, 16); len(code) < 6; {
		rand.Read(random)
		for _, b := range random {
			if letter := int(b & 31); letter < len(alphabet) && len(code) < 6 { // evenly: others are drawn again
				code = append(code, alphabet[letter])
			}
		}
	}
	return string(code)
}

func validCode(code string) bool {
	return len(code) >= 4 && len(code) <= 32 && strings.Trim(code, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
