package main

import (
	"crypto/rand"
	"log/slog"
	"net/http"
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
		HandshakeTimeout: 5 * time.Second, ReadBufferSize: 1 << 10, WriteBufferSize: 4 << 10, WriteBufferPool: &sync.Pool{},
		CheckOrigin: func(*http.Request) bool { return true }, // the gate has looked
	}
	return r
}

func (r *relay) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", r.page.document(labPage))
	mux.HandleFunc("GET /embed/{$}", r.page.document(embedPage))
	mux.HandleFunc("GET /embed", r.page.document(embedPage))
	mux.HandleFunc("GET /new", r.newRoom)
	mux.HandleFunc("GET /r/{code}", r.roomPage)
	mux.HandleFunc("GET /rooms/{code}", r.room)
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
	if !r.budgets.visitor(req.RemoteAddr).handshakes.Allow() {
		r.tooMany(w)
		return
	}
	target := "/r/" + r.rooms.newCode()
	if req.URL.RawQuery != "" {
		target += "?" + req.URL.RawQuery
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, req, target, http.StatusFound)
}

// tooMany refuses who comes too often. A classroom behind one router must pass.
func (r *relay) tooMany(w http.ResponseWriter) {
	r.budgets.tooOften.Add(1)
	w.Header().Set("Retry-After", "1")
	http.Error(w, "Too many connections from this address; try again in a second.", http.StatusTooManyRequests)
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
	switch {
	case !validCode(code):
		http.Error(w, wrongCode, http.StatusNotFound)
		return
	case !r.budgets.visitor(req.RemoteAddr).handshakes.Allow():
		r.tooMany(w)
		return
	}
	if reason := r.gate.refusal(req.Host, req.Header.Get("Origin")); reason != "" {
		r.log.Info("handshake refused", "room", code, "reason", reason)
		http.Error(w, reason, http.StatusForbidden)
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
	go c.read() // what HTTP holds of the connection ends here
}

// secure sets the headers that every answer has, and the policy of pages and Workers. The page runs WebAssembly and Workers of its own and talks to its own host only; in a sandboxed frame
// it starts its Worker from a blob. Only the page that is made for it may stand in other sites' frames. Lit sets style attributes.
func secure(h http.Header, req *http.Request) {
	self, sockets, ancestors := "'self'", "", "'self'"
	embedded := req.URL.Path == "/embed" || strings.HasPrefix(req.URL.Path, "/embed/")
	if embedded {
		ancestors = "*"
	}
	if host := req.Host; host != "" && !strings.ContainsAny(host, " ;,\t'\"") {
		sockets = " ws://" + host + " wss://" + host // not every browser counts WebSockets as 'self'
		if embedded {
			self += " http://" + host + " https://" + host // to WebKit nothing is 'self' in a sandboxed frame, which has no origin
		}
	}
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	if strings.HasPrefix(req.URL.Path, "/assets/") && !strings.Contains(req.URL.Path, "-worker-") {
		return // a page's part is under the policy of the page or the Worker that loads it, and thirty times 300 bytes are a lot
	}
	h.Set("Content-Security-Policy", "default-src "+self+"; script-src "+self+" 'wasm-unsafe-eval'; worker-src "+self+" blob:; connect-src "+self+sockets+
		"; style-src "+self+" 'unsafe-inline'; img-src "+self+" data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors "+ancestors)
}

const (
	alphabet  = "23456789abcdefghjkmnpqrstuvwxyz" // nothing that reads like something else: no 0 o, 1 i l
	wrongCode = "A room's code has 4 to 32 characters of a-z, 0-9 and \"-\"."
)

// newCode draws a room's code, 6 characters.
func newCode() string {
	code := make([]byte, 0, 6)
	for random := make([]byte, 16); len(code) < 6; {
		rand.Read(random)
		for _, b := range random {
			if letter := int(b & 31); letter < len(alphabet) && len(code) < 6 { // evenly: what is beyond is drawn again
				code = append(code, alphabet[letter])
			}
		}
	}
	return string(code)
}

func validCode(code string) bool {
	return len(code) >= 4 && len(code) <= 32 && strings.Trim(code, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
