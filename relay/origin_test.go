package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
)

func TestHostAndOrigin(t *testing.T) {
	g := newGate([]string{"Lab.Example"}, []string{"https://course.example.org", "http://plain.example:80"})
	for _, c := range []struct {
		host, origin string
		ok           bool
	}{
		{"127.0.0.1:8080", "", true},
		{"[::1]:8080", "", true},
		{"[::1]", "http://[::1]", true},
		{"192.168.1.50:8080", "http://192.168.1.50:8080", true},
		{"localhost:8080", "http://localhost:8080", true},
		{"a.localhost", "http://a.localhost", true},
		{"", "", true}, // HTTP/1.0: no browser
		{"lab.example", "", true},
		{"LAB.example.:8080", "http://lab.example:8080", true},

		{"lab.example:80", "http://lab.example", true}, // nginx: proxy_set_header Host $host:$server_port
		{"lab.example:443", "https://lab.example", true},
		{"lab.example", "https://lab.example", true},
		{"lab.example", "http://lab.example:80", true},
		{"lab.example", "http://lab.example:8080", false},
		{"lab.example:8080", "http://lab.example", false},
		{"lab.example:80", "https://lab.example", false},

		{"evil.example", "", false},
		{"evil.example:8080", "http://evil.example:8080", false}, // DNS rebinding: the attacker controls both
		{"127.0.0.1.evil.example", "http://127.0.0.1.evil.example", false},
		{"127.0.0.1:8080", "http://evil.example", false},
		{"127.0.0.1:8080", "http://127.0.0.1:9090", false},
		{"127.0.0.1:8080", "null", false},
		{"127.0.0.1:8080", "http://127.0.0.1:8080/path", false},
		{"127.0.0.1:8080", "https://course.example.org", true},
		{"127.0.0.1:8080", "https://course.example.org:443", true},
		{"127.0.0.1:8080", "http://plain.example", true},
		{"127.0.0.1:8080", "http://course.example.org", false},
		{"127.0.0.1:8080", "https://course.example.org.evil.example", false},
	} {
		if reason := g.refusal(c.host, c.origin); (reason == "") != c.ok {
			t.Errorf("Host %q, Origin %q: refused with %q, want accepted %v", c.host, c.origin, reason, c.ok)
		}
	}
}

func TestAStrangersNameIsRefusedEverywhereWithWhatToDo(t *testing.T) {
	_, server := started(t, settings{hosts: []string{"lab.example"}}, nil)
	for _, path := range []string{"/", "/new", "/r/code", "/rooms/code", "/healthz"} {
		request, _ := http.NewRequest("GET", server.URL+path, nil)
		request.Host = "evil.example"
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body := make([]byte, 200)
		n, _ := answer.Body.Read(body)
		answer.Body.Close()
		if answer.StatusCode != http.StatusForbidden || !strings.Contains(string(body[:n]), "-host evil.example") {
			t.Errorf("%s: %s, %q", path, answer.Status, body[:n])
		}
	}
	header := http.Header{"Host": {"lab.example:80"}, "Origin": {"http://lab.example"}}
	ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http")+"/rooms/code", header)
	if err != nil {
		t.Fatal("a page of an allowed name was refused:", err)
	}
	ws.Close()
}
