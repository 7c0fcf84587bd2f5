package main

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// gate decides by a request's Host and Origin whether the relay answers it.
//
// Host keeps out DNS rebinding: a page of evil.example whose name its owner points to this computer sends both
// Host and Origin with that name, so comparing the two proves nothing. Names must therefore be allowed by -host.
// Loopback and literal addresses need no permission, because they cannot be pointed elsewhere. Origin keeps
// other sites' pages from joining rooms through their visitors.
type gate struct {
	hosts   []string // allowed names, lower case, without port
	origins []string // allowed origins of other sites, as origin writes them
}

// newGate takes the values of -host and -origin, which parse has checked.
func newGate(hosts, origins []string) gate {
	var g gate
	for _, host := range hosts {
		g.hosts = append(g.hosts, plainName(host))
	}
	for _, text := range origins {
		origin, _ := parseOrigin(text)
		g.origins = append(g.origins, origin.String())
	}
	return g
}

// refusal says in one sentence why a request is refused; it is empty if the relay answers it. origin is
// empty where it does not matter: for files, and for programs other than browsers.
func (g *gate) refusal(host, origin string) string {
	name, _ := splitHost(host)
	if !g.named(name) {
		return "This relay does not answer to the name " + name + ". If that is its name, start it with -host " + name +
			"."
	}
	if origin == "" {
		return ""
	}
	page, err := parseOrigin(origin)
	switch {
	case err != nil:
		return "Pages of the origin " + origin + " may not join rooms of this relay."
	case page.servedBy(host), slices.Contains(g.origins, page.String()):
		return ""
	}
	return "Pages of " + origin + " may not join rooms of " + host + ". To let them, start the relay with -origin " +
		origin + "."
}

func (g *gate) named(name string) bool {
	name = plainName(name)
	if name == "" || name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true // RFC 6761, 6.3: always this computer
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	return slices.Contains(g.hosts, name)
}

// origin is scheme, host and port of a page (RFC 6454). The port is explicit even if it is the scheme's
// default, so that equal origins are equal values.
type origin struct{ scheme, name, port string }

var defaultPorts = map[string]string{"http": "80", "https": "443"}

func parseOrigin(text string) (origin, error) {
	u, err := url.Parse(text)
	bare := err == nil && u.Path == "" && u.User == nil && !strings.ContainsAny(text, "?#")
	if !bare || defaultPorts[u.Scheme] == "" || u.Hostname() == "" {
		return origin{}, errors.New("expected scheme://host, such as https://example.org")
	}
	o := origin{u.Scheme, plainName(u.Hostname()), u.Port()}
	if o.port == "" {
		o.port = defaultPorts[o.scheme]
	}
	return o, nil
}

// servedBy tells whether the page comes from the host that a request names. A Host without a port means the port
// of the page's scheme: behind a proxy that speaks TLS the page says https, while the relay knows only http.
func (o origin) servedBy(host string) bool {
	name, port := splitHost(host)
	if port == "" {
		port = defaultPorts[o.scheme]
	}
	return plainName(name) == o.name && port == o.port
}

func (o origin) String() string { return o.scheme + "://" + net.JoinHostPort(o.name, o.port) }

// splitHost removes the port of a Host header, and the brackets of an IPv6 address.
func splitHost(host string) (name, port string) {
	if name, port, err := net.SplitHostPort(host); err == nil {
		return name, port
	}
	return strings.Trim(host, "[]"), ""
}

// plainName returns a name in the form for comparison: lower case, without the root's dot.
func plainName(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// validName returns what is wrong with a name for -host.
func validName(name string) error {
	if name == "" || strings.ContainsAny(name, ":/[]@ *") {
		return errors.New("expected a name without scheme and port, such as lab.example.org")
	}
	return nil
}
