package main

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

var smallPage = fstest.MapFS{
	"index.html":               {Data: []byte("<!doctype html><title>Lab</title>")},
	"embed/index.html":         {Data: []byte("<!doctype html><title>Embedded lab</title>")},
	"raft-playground.js":       {Data: []byte("customElements")},
	"sw.js":                    {Data: []byte("addEventListener")},
	"gallery/figure-8.json":    {Data: []byte("{}")},
	"room.html":                {Data: []byte("<!doctype html>")},
	"room.html.br":             {Data: []byte("brotli")},
	"room.html.gz":             {Data: []byte("gzip")},
	"assets/raft-1a2b.wasm":    {Data: []byte("\x00asm")},
	"assets/raft-1a2b.wasm.br": {Data: []byte("brotli wasm")},
	"favicon.svg":              {Data: []byte("<svg/>")},
	".gitkeep":                 {Data: []byte("")},
}

// fetch makes one request as it is written: no redirect followed, no encoding asked for or undone.
func fetch(t *testing.T, method, url string, header map[string]string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	transport := &http.Transport{DisableCompression: true, DisableKeepAlives: true}
	answer, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(text)
}

func TestEncodingsAreNegotiated(t *testing.T) {
	_, server := started(t, settings{}, smallPage)
	for _, c := range []struct{ accept, encoding, text string }{
		{"", "", "<!doctype html>"},
		{"gzip, deflate, br, zstd", "br", "brotli"},
		{"gzip", "gzip", "gzip"},
		{"GZIP", "gzip", "gzip"},
		{"gzip;q=1.0, br;q=0.5", "gzip", "gzip"},
		{"gzip;q=0.5, br; q=0.9", "br", "brotli"},
		{"br;q=0, gzip", "gzip", "gzip"},
		{"br;q=0, gzip;q=0", "", "<!doctype html>"},
		{"*", "br", "brotli"},
		{"br;q=0, *;q=0.3", "gzip", "gzip"},
		{"identity, gzip;q=0.5", "", "<!doctype html>"},
		{"br;q=nonsense, gzip;q=0.1", "gzip", "gzip"},
		{"zstd", "", "<!doctype html>"},
	} {
		answer, text := fetch(t, "GET", server.URL+"/r/room", map[string]string{"Accept-Encoding": c.accept})
		if answer.Header.Get("Content-Encoding") != c.encoding || text != c.text ||
			answer.ContentLength != int64(len(c.text)) {
			t.Errorf("Accept-Encoding %q: got %q, %q (%d bytes said), want %q, %q", c.accept,
				answer.Header.Get("Content-Encoding"), text, answer.ContentLength, c.encoding, c.text)
		}
		if answer.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("Vary is %q", answer.Header.Get("Vary"))
		}
	}
}

func TestFilesHaveTheirTypeAndCachePolicy(t *testing.T) {
	_, server := started(t, settings{}, smallPage)
	for _, c := range []struct{ path, kind, cache string }{
		{"/", "text/html; charset=utf-8", "no-cache"},
		{"/embed/", "text/html; charset=utf-8", "no-cache"},
		{"/r/room", "text/html; charset=utf-8", "no-cache"},
		{"/raft-playground.js", "text/javascript; charset=utf-8", "no-cache"},
		{"/sw.js", "text/javascript; charset=utf-8", "no-cache"},
		{"/gallery/figure-8.json", "application/json", "no-cache"},
		{"/index.html", "text/html; charset=utf-8", "no-cache"},
		{"/favicon.svg", "image/svg+xml", "no-cache"},
		{"/assets/raft-1a2b.wasm", "application/wasm", "public, max-age=31536000, immutable"},
	} {
		answer, text := fetch(t, "GET", server.URL+c.path, nil)
		h := answer.Header
		if answer.StatusCode != 200 || h.Get("Content-Type") != c.kind || h.Get("Cache-Control") != c.cache {
			t.Errorf("%s: %d, %q, %q; want 200, %q, %q", c.path, answer.StatusCode, h.Get("Content-Type"),
				h.Get("Cache-Control"), c.kind, c.cache)
		}
		if h.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s cannot be read by a page in a sandboxed frame: %v", c.path, h)
		}
		again, _ := fetch(t, "GET", server.URL+c.path,
			map[string]string{"If-None-Match": `"other", W/` + h.Get("ETag")})
		if h.Get("ETag") == "" || again.StatusCode != http.StatusNotModified {
			t.Errorf("%s with its entity tag %q: %d", c.path, h.Get("ETag"), again.StatusCode)
		}
		head, nothing := fetch(t, "HEAD", server.URL+c.path, nil)
		if head.ContentLength != int64(len(text)) || nothing != "" {
			t.Errorf("HEAD %s: %d bytes said, %d sent", c.path, head.ContentLength, len(nothing))
		}
	}
	for _, path := range []string{"/nothing", "/.gitkeep", "/room.html.br", "/r/UPPER", "/r/abc", "/rooms/abc",
		"/r/" + strings.Repeat("a", 33)} {
		if answer, _ := fetch(t, "GET", server.URL+path, nil); answer.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", path, answer.StatusCode)
		}
	}
}

func TestEachPageHasItsAddress(t *testing.T) {
	_, server := started(t, settings{}, smallPage)
	for path, want := range map[string]string{
		"/": "<title>Lab</title>", "/index.html": "<title>Lab</title>", "/embed/": "<title>Embedded lab</title>",
		"/embed/index.html": "<title>Embedded lab</title>", "/r/room": "<!doctype html>",
	} {
		if answer, text := fetch(t, "GET", server.URL+path, nil); answer.StatusCode != http.StatusOK ||
			strings.TrimPrefix(text, "<!doctype html>") != strings.TrimPrefix(want, "<!doctype html>") {
			t.Errorf("%s: %d, %q; want %q", path, answer.StatusCode, text, want)
		}
	}
}

func TestNewMakesARoomAndKeepsTheQuery(t *testing.T) {
	_, server := started(t, settings{}, smallPage)
	codes := map[string]bool{}
	for range 20 {
		answer, _ := fetch(t, "GET", server.URL+"/new?rate=1&size=5&wire=json", nil)
		where := answer.Header.Get("Location")
		isRoom := regexp.MustCompile(`^r/[2-9a-hjkmnp-z]{6}\?rate=1&size=5&wire=json$`).MatchString(where)
		if answer.StatusCode != http.StatusFound || answer.Header.Get("Cache-Control") != "no-store" || !isRoom {
			t.Fatalf("%d, %q, to %q", answer.StatusCode, answer.Header.Get("Cache-Control"), where)
		}
		codes[where] = true
	}
	if len(codes) != 20 {
		t.Errorf("20 rooms got %d codes", len(codes))
	}
}

// Behind a proxy that strips a path prefix, relative redirects stay below the prefix.
func TestRedirectsAreRelative(t *testing.T) {
	_, server := started(t, settings{}, smallPage)
	answer, _ := fetch(t, "GET", server.URL+"/embed", nil)
	if where := answer.Header.Get("Location"); answer.StatusCode != http.StatusFound || where != "embed/" {
		t.Errorf("/embed: %d, to %q", answer.StatusCode, where)
	}
}

// A policy can name only some kinds of hosts; browsers complain about others on every page.
func TestThePolicyNamesOnlyHostsThatAPolicyCanName(t *testing.T) {
	for host, named := range map[string]bool{
		"127.0.0.1:8080": true, "lab.example": true, "my_lab:80": true, "LAB:8080": true,
		"[::1]:8080": false, "[fe80::1]": false, "": false, "a b": false, "a;b": false, "a'": false,
	} {
		for _, embedded := range []bool{true, false} {
			text := policy(host, embedded)
			if got := strings.Contains(text, "ws://"+host+" "); got != named || strings.Contains(text, "[") {
				t.Errorf("%q: %s", host, text)
			}
			if !strings.Contains(text, "connect-src 'self'") {
				t.Errorf("%q: the page cannot connect to its own host: %s", host, text)
			}
		}
	}
}

func TestSecurityHeaders(t *testing.T) {
	_, server := started(t, settings{}, smallPage)
	if answer, _ := fetch(t, "GET", server.URL+"/assets/raft-1a2b.wasm",
		nil); answer.Header.Get("Content-Security-Policy") != "" ||
		answer.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("a part of a page, which is under the page's policy, is sent with %v", answer.Header)
	}
	host := strings.TrimPrefix(server.URL, "http://")
	for path, ancestors := range map[string]string{ // the sites that may frame it
		"/": "'self'", "/r/room": "'self'", "/assets/raft-worker-1a2b.js": "'self'", "/nothing": "'self'",
		"/healthz": "'self'", "/embedded": "'self'",
		"/embed/": "anybody", "/embed/index.html": "anybody",
	} {
		answer, _ := fetch(t, "GET", server.URL+path, nil)
		policy := answer.Header.Get("Content-Security-Policy")
		self := "'self'"
		framed := "; frame-ancestors " + ancestors
		if ancestors == "anybody" {
			framed = "form-action 'self'"
			self = "'self' " + server.URL + " https://" + host // in a sandboxed frame WebKit takes no host for 'self'
		}
		for _, want := range []string{
			"default-src " + self + ";", "script-src " + self + " 'wasm-unsafe-eval';",
			"worker-src " + self + " blob:;",
			"connect-src " + self + " ws://" + host,
		} {
			if !strings.Contains(policy+";", want) {
				t.Errorf("%s: the policy %q has no %s", path, policy, want)
			}
		}
		if !strings.HasSuffix(policy, framed) {
			t.Errorf("%s: it may be framed by others than %s: %q", path, ancestors, policy)
		}
		if answer.Header.Get("X-Content-Type-Options") != "nosniff" || answer.Header.Get("Referrer-Policy") == "" {
			t.Errorf("%s: %v", path, answer.Header)
		}
	}
}

func TestWithoutThePageARelaySaysHowToBuildIt(t *testing.T) {
	_, server := started(t, settings{}, fstest.MapFS{".gitkeep": {}})
	for _, path := range []string{"/", "/embed/", "/new", "/r/room"} {
		if answer, text := fetch(t, "GET", server.URL+path, nil); answer.StatusCode != http.StatusServiceUnavailable ||
			!strings.Contains(text, "./build.sh run") {
			t.Errorf("%s: %d, %q", path, answer.StatusCode, text)
		}
	}
}

// FuzzAcceptEncoding: whatever a client accepts, it gets an encoding that the file has and, unless nothing
// else is left, that it did not rule out.
func FuzzAcceptEncoding(f *testing.F) {
	for _, accept := range []string{"", "gzip, br", "br;q=0, *", "*;q=0", "gzip;q=0.5, br; q=0.9", "br;q=NaN", ",;=,",
		"br;q=1e9"} {
		f.Add(accept)
	}
	page := loadPage(smallPage)
	f.Fuzz(func(t *testing.T, accept string) {
		for path, file := range page.files {
			chosen := file.negotiate(accept)
			if _, have := file.bodies[chosen]; !have {
				t.Fatalf("Accept-Encoding %q: %s is not there in %s", accept, path, chosen)
			}
			if chosen != "identity" && !(quality(accept, chosen) > 0) {
				t.Fatalf("Accept-Encoding %q rules out %s", accept, chosen)
			}
		}
	})
}

func TestAPartOfAFileCanBeAskedFor(t *testing.T) {
	_, server := started(t, settings{}, fstest.MapFS{
		"assets/a-1.js": {Data: []byte("0123456789")}, "assets/a-1.js.gz": {Data: []byte("compressed")},
	})
	for _, c := range []struct {
		ranges, body, part string
		status             int
	}{
		{"bytes=2-4", "234", "bytes 2-4/10", http.StatusPartialContent},
		{"bytes=-3", "789", "bytes 7-9/10", http.StatusPartialContent},
		{"bytes=20-", "invalid range: failed to overlap\n", "bytes */10", http.StatusRequestedRangeNotSatisfiable},
		{"", "compressed", "", http.StatusOK},
	} {
		request, _ := http.NewRequest("GET", server.URL+"/assets/a-1.js", nil)
		request.Header.Set("Accept-Encoding", "gzip")
		if c.ranges != "" {
			request.Header.Set("Range", c.ranges)
		}
		answer, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode != c.status || string(body) != c.body || answer.Header.Get("Content-Range") != c.part {
			t.Errorf("%q: %s, %q, %q", c.ranges, answer.Status, body, answer.Header.Get("Content-Range"))
		}
	}
}
