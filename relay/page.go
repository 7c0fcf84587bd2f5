package main

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

// The page as build.sh puts it here: for every file X also X.br and X.gz.
//
//go:embed all:page
var embedded embed.FS

// page serves the files of the page from memory.
type page struct{ files map[string]*file }

// file is one file in each encoding that it has; identity is always there.
type file struct {
	kind      string // its media type
	immutable bool   // its name contains its content's hash
	bodies    map[string]body
}

type body struct {
	bytes []byte
	tag   string // entity tag, quoted
}

// encodings of HTTP in the order in which they are preferred, and the suffix of their files.
var encodings = []struct{ name, suffix string }{{"br", ".br"}, {"gzip", ".gz"}, {"identity", ""}}

var kinds = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".wasm": "application/wasm",
	".svg":  "image/svg+xml", ".png": "image/png", ".ico": "image/x-icon", ".json": "application/json",
	".map":         "application/json",
	".webmanifest": "application/manifest+json", ".woff2": "font/woff2", ".txt": "text/plain; charset=utf-8",
	".md": "text/plain; charset=utf-8",
}

// A proxy may have removed a path prefix, so no address can be given in full.
const nothingHere = "There is nothing here. The lab is where this relay is, a new room at new below it."

const notBuilt = "This relay was built without its page. In the project's directory run: ./build.sh run\n"

func builtPage() *page {
	root, err := fs.Sub(embedded, "page")
	if err != nil {
		panic("the embedded page has no directory page: " + err.Error())
	}
	return loadPage(root)
}

func loadPage(root fs.FS) *page {
	p := &page{files: map[string]*file{}}
	fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && !strings.HasPrefix(entry.Name(), ".") && !compressed(name) {
			p.files["/"+name] = loadFile(root, name)
		}
		return err
	})
	return p
}

func compressed(name string) bool {
	return strings.HasSuffix(name, ".br") || strings.HasSuffix(name, ".gz")
}

func loadFile(root fs.FS, name string) *file {
	f := &file{kind: kinds[path.Ext(name)], immutable: strings.HasPrefix(name, "assets/"), bodies: map[string]body{}}
	if f.kind == "" {
		f.kind = "application/octet-stream"
	}
	for _, e := range encodings {
		if bytes, err := fs.ReadFile(root, name+e.suffix); err == nil {
			hash := sha256.Sum256(bytes)
			f.bodies[e.name] = body{bytes, `"` + hex.EncodeToString(hash[:12]) + `"`}
		}
	}
	return f
}

func (p *page) built() bool { return p.files["/"+labPage] != nil }

func (p *page) explain(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, strings.TrimSpace(notBuilt), http.StatusServiceUnavailable)
}

// The page's HTML files. They find all other files by relative addresses: room.html and embed/index.html in
// the folder above.
const (
	labPage   = "index.html"
	embedPage = "embed/index.html"
	roomPage  = "room.html"
)

// document serves one of the page's HTML files.
func (p *page) document(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		f := p.files["/"+name]
		if f == nil {
			p.explain(w)
			return
		}
		f.serve(w, req)
	}
}

// file serves a file of the page.
func (p *page) file(w http.ResponseWriter, req *http.Request) {
	f := p.files[req.URL.Path]
	if f == nil {
		http.Error(w, nothingHere, http.StatusNotFound)
		return
	}
	f.serve(w, req)
}

func (f *file) serve(w http.ResponseWriter, req *http.Request) {
	encoding := f.negotiate(strings.Join(req.Header.Values("Accept-Encoding"), ","))
	if req.Header.Get("Range") != "" {
		encoding = "identity" // a range of a compressed file is useless by itself
	}
	b := f.bodies[encoding]
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Vary", "Accept-Encoding")
	// in a sandboxed frame the page's origin differs from that of its files
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("ETag", b.tag)
	h.Set("Cache-Control", "no-cache")
	if f.immutable {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if encoding == "identity" {
		http.ServeContent(w, req, "", time.Time{}, bytes.NewReader(b.bytes)) // ranges, too
		return
	}
	h.Set("Content-Encoding", encoding)
	if tagMatches(req.Header.Get("If-None-Match"), b.tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(b.bytes)))
	if req.Method != http.MethodHead {
		w.Write(b.bytes)
	}
}

// negotiate chooses the encoding that the client prefers, and among equals the smallest (RFC 9110, 12.5.3).
func (f *file) negotiate(accept string) string {
	best, bestQuality := "identity", 0.0
	for _, e := range encodings {
		if _, have := f.bodies[e.name]; !have {
			continue
		}
		if q := quality(accept, e.name); q > bestQuality {
			best, bestQuality = e.name, q
		}
	}
	return best
}

// quality returns how much the client likes an encoding, 0 (not at all) to 1. A client does not accept
// encodings that it does not name, except for identity, the last resort.
func quality(accept, encoding string) float64 {
	q := 0.0
	if encoding == "identity" {
		q = 0.0001
	}
	for _, part := range strings.Split(accept, ",") {
		name, parameter, _ := strings.Cut(part, ";")
		name = strings.ToLower(strings.TrimSpace(name))
		if name != encoding && name != "*" {
			continue
		}
		value := 1.0
		if text, ok := strings.CutPrefix(strings.ToLower(strings.ReplaceAll(parameter, " ", "")), "q="); ok {
			var err error
			if value, err = strconv.ParseFloat(text, 64); err != nil || !(value >= 0 && value <= 1) {
				value = 0
			}
		}
		if name == encoding {
			return value // a name overrides *
		}
		q = value
	}
	return q
}

func tagMatches(ifNoneMatch, tag string) bool {
	for _, candidate := range strings.Split(ifNoneMatch, ",") {
		candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/")
		if candidate == tag || candidate == "*" {
			return true
		}
	}
	return false
}
