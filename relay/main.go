package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/mdp/qrterminal/v3"
)

const stopWithin = 2 * time.Second // connections that still hang are then cut off

// settings are what the command line says.
type settings struct {
	addr    string
	lan     bool
	state   string
	rate    float64
	size    int
	hosts   []string
	origins []string
	logJSON bool

	create func(path string) (recordFile, error) // creates a record's file; tests substitute a disk that fails
}

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program; it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return 2 // flag has said why
	}
	return serve(ctx, s, builtPage, stdout, stderr)
}

// serve is the program with its settings.
func serve(ctx context.Context, s settings, page func() *page, stdout, stderr io.Writer) int {
	log := newLog(stderr, s.logJSON)
	listener, err := net.Listen("tcp", s.addr)
	if err != nil {
		fmt.Fprintln(stderr, explainListen(err, s.addr))
		return 1
	}
	kept, err := openRecords(s.state, log)
	if err != nil {
		fmt.Fprintln(stderr, inUse(s.state))
		return 1
	}
	defer kept.close()
	kept.create = s.create
	relay := newRelay(s, kept, page(), log)
	server := &http.Server{
		Handler: relay.handler(), MaxHeaderBytes: 16 << 10, // these times are for files; a WebSocket has its own
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 2 * time.Minute,
		IdleTimeout: time.Minute,
		ErrorLog:    slog.NewLogLogger(log.Handler(), slog.LevelDebug), // mostly port scans and closed tabs
	}
	announce(stdout, listener.Addr().(*net.TCPAddr), s.lan, localAddresses())
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(gathering{listener, relay.budgets}) }()
	select {
	case err := <-failed:
		fmt.Fprintln(stderr, "The relay cannot accept connections any more:", err)
		return 1
	case <-ctx.Done():
	}
	log.Info("stopping")
	deadline, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	relay.rooms.stop(deadline)
	server.Shutdown(deadline)
	return 0
}

func parse(args []string, stderr io.Writer) (settings, error) {
	s := settings{create: createFile}
	flags := flag.NewFlagSet("relay", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.addr, "addr", "127.0.0.1:8080", "listen on this `host:port`")
	flags.BoolVar(&s.lan, "lan", false,
		"listen on all interfaces, and show the address in the local network with a QR code")
	flags.StringVar(&s.state, "state", stateDir(), "keep the rooms' seats in this `directory`")
	flags.Float64Var(&s.rate, "rate", 0.1, "cluster seconds per real second in new rooms, 0 to 1")
	flags.IntVar(&s.size, "size", 3, "servers in new rooms, 1 to 9")
	const hostUse = "answer to this `name` too, such as lab.example.org; addresses and localhost need no permission;" +
		" may be repeated"
	flags.Func("host", hostUse, func(name string) error {
		s.hosts = append(s.hosts, name)
		return validName(name)
	})
	const originUse = "also take WebSockets from pages of this `origin`, such as https://example.org; may be repeated"
	flags.Func("origin", originUse, func(text string) error {
		s.origins = append(s.origins, text)
		_, err := parseOrigin(text)
		return err
	})
	flags.BoolVar(&s.logJSON, "log-json", false, "write the log as JSON, one object a line")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	host, port, err := net.SplitHostPort(s.addr)
	switch {
	case flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case err != nil:
		err = fmt.Errorf("-addr: expected host:port, such as 127.0.0.1:8080, got %q", s.addr)
	case !(s.rate >= 0 && s.rate <= 1) || s.rate > 0 && s.rate < 1e-6:
		err = fmt.Errorf("-rate: expected 0, or 0.000001 to 1, got %v", s.rate)
	case s.size < 1 || s.size > 9:
		err = fmt.Errorf("-size: expected 1 to 9, got %d", s.size)
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return s, err
	}
	if s.lan {
		host = ""
	}
	s.addr = net.JoinHostPort(host, port)
	return s, nil
}

func newLog(w io.Writer, asJSON bool) *slog.Logger {
	if asJSON {
		return slog.New(slog.NewJSONHandler(w, nil))
	}
	return slog.New(slog.NewTextHandler(w, nil))
}

// stateDir returns where programs keep state that should outlive them but is not configuration (XDG base
// directories); empty if the user has no home.
func stateDir() string {
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "raft-playground")
	}
	if home, err := os.UserHomeDir(); err == nil {
		return filepath.Join(home, ".local", "state", "raft-playground")
	}
	return ""
}

// explainListen says in one sentence why the relay cannot listen, with a command that works.
func explainListen(err error, addr string) string {
	host, port, _ := net.SplitHostPort(addr)
	if !errors.Is(err, syscall.EADDRINUSE) {
		return "The relay cannot listen on " + addr + ": " + err.Error()
	}
	first, _ := strconv.Atoi(port)
	for other := first + 1; other < first+100 && other < 1<<16; other++ {
		free := net.JoinHostPort(host, strconv.Itoa(other))
		if probe, err := net.Listen("tcp", free); err == nil {
			probe.Close()
			return "Port " + port + " is in use by another program; choose another one: ./build.sh run -addr " + free
		}
	}
	return "Port " + port + " is in use by another program; choose another one with -addr."
}

// announce prints where the page is; local are this computer's addresses in local networks, likeliest first.
func announce(w io.Writer, addr *net.TCPAddr, lan bool, local []string) {
	host := addr.IP.String()
	if addr.IP.IsUnspecified() {
		host = "127.0.0.1"
	}
	fmt.Fprintf(w, "Raft playground: %s\n", pageURL(host, addr.Port))
	switch {
	case lan && len(local) == 0:
		fmt.Fprintln(w, "This computer has no address in a local network.")
	case lan:
		fmt.Fprintf(w, "In this network: %s\n", pageURL(local[0], addr.Port))
		for _, other := range local[1:] {
			fmt.Fprintf(w, "          or at: %s\n", pageURL(other, addr.Port))
		}
		qrterminal.GenerateHalfBlock(pageURL(local[0], addr.Port), qrterminal.L, w)
	}
}

func pageURL(host string, port int) string {
	return "http://" + net.JoinHostPort(host, strconv.Itoa(port)) + "/"
}

// localAddresses are this computer's addresses in local networks, IPv4 because people type them. The first
// is the one that leads outside: phones cannot reach those of virtual machines and containers.
func localAddresses() []string {
	var list []netip.Addr
	addresses, _ := net.InterfaceAddrs() // none on an error
	for _, a := range addresses {
		prefix, err := netip.ParsePrefix(a.String())
		if err == nil && prefix.Addr().Is4() && prefix.Addr().IsGlobalUnicast() {
			list = append(list, prefix.Addr())
		}
	}
	return likeliestFirst(list, outwardAddress())
}

// outwardAddress returns the address from which this computer would send to the outside, or the zero address
// if there is no route. Nothing is sent: connecting a UDP socket only chooses the route.
func outwardAddress() netip.Addr {
	c, err := net.Dial("udp4", "192.0.2.1:9") // in a network reserved for documentation (RFC 5737)
	if err != nil {
		return netip.Addr{}
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap()
}

// likeliestFirst puts the address of the route to the outside first, then private ones.
func likeliestFirst(list []netip.Addr, outward netip.Addr) (texts []string) {
	rank := func(a netip.Addr) int {
		switch {
		case a == outward:
			return 0
		case a.IsPrivate():
			return 1
		}
		return 2
	}
	slices.SortStableFunc(list, func(a, b netip.Addr) int { return rank(a) - rank(b) })
	for _, a := range list {
		texts = append(texts, a.String())
	}
	return texts
}
