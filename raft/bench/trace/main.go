package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"raftplayground/raft/lab"
)

func main() {
	var o options
	flag.Uint64Var(&o.seed, "seed", 1, "the seed of the run")
	flag.IntVar(&o.config.Servers, "servers", 3, "how many servers, 1 to 9")
	flag.DurationVar(&o.duration, "time", 5*time.Second, "how much of the run, in cluster time")
	flag.IntVar(&o.config.Clients, "clients", 2, "how many clients ask")
	flag.DurationVar(&o.latency, "latency", 10*time.Millisecond, "of every link, one way; more than 0")
	flag.DurationVar(&o.jitter, "jitter", 5*time.Millisecond, "added to it by chance, at most so much")
	flag.StringVar(&o.config.Reads, "reads", "readIndex", "what makes a read linearizable: log, readIndex or lease")
	flag.IntVar(&o.config.CompactAfter, "compact", -1, "entries after which a server takes a snapshot; -1: never")
	flag.BoolVar(&o.faults, "faults", false, "crash servers, cut links and lose messages, as the seed draws it")
	flag.StringVar(&o.off, "off", "preVote", "IDs of rules that no server keeps, with commas between")
	flag.StringVar(&o.file, "run", "", "a file with a run of the lab as JSON, in place of all this but -time")
	flag.Parse()
	run, err := o.run()
	if err == nil {
		err = trace(run, o.duration, os.Stdout, os.Stderr)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "trace:", err)
		os.Exit(1)
	}
}

// options say what is to be traced.
type options struct {
	config          lab.Config
	seed            uint64
	duration        time.Duration
	latency, jitter time.Duration
	faults          bool
	off, file       string
}

// run returns the run that is to be traced.
func (o *options) run() (lab.Run, error) {
	if o.file != "" {
		text, err := os.ReadFile(o.file)
		if err != nil {
			return lab.Run{}, err
		}
		return lab.Decode(text)
	}
	c := o.config
	c.Latency, c.Jitter = o.latency.Microseconds(), o.jitter.Microseconds()
	if c.Clients > 0 {
		c.Keys, c.Think, c.Patience = 2, 300_000, 1_000_000
	}
	if o.off != "" {
		c.Off = strings.Split(o.off, ",")
	}
	if o.faults {
		c.Chaos = o.duration.Microseconds()
	}
	run := lab.Draw(c, o.seed)
	run.Actions = slices.DeleteFunc(run.Actions, func(a lab.Action) bool {
		return a.When != "" || !slices.Contains(faults, a.Do)
	})
	return run, run.Check()
}

// faults are the actions of chaos that the specification can follow: others damage disks, make up frames, or
// change who the servers are.
var faults = []lab.Deed{
	lab.Crash, lab.PowerLoss, lab.Restart, lab.Pause, lab.Resume, lab.Clock, lab.Campaign, lab.Cut, lab.Mend,
	lab.Partition, lab.Network, lab.Hold, lab.Release, lab.HoldFrame, lab.ReleaseFrame, lab.DropFrame, lab.Heal,
}

// trace lives through a run and writes its trace, and says in notes how far the trace goes.
func trace(run lab.Run, duration time.Duration, to, notes io.Writer) error {
	switch c := run.Config; {
	case duration <= 0:
		return fmt.Errorf("expected more than 0 s of a run, got %v", duration)
	case c.Voters != 0 && c.Voters != c.Servers:
		return errors.New("expected a run in which all servers have a vote: others join in another way there")
	case c.Disk != 0:
		return errors.New("expected disks that take no time: the specification saves and sends in one step")
	case c.Latency <= 0:
		return errors.New("expected links that take time: a message leaves at the end of a step")
	}
	w, err := lab.New(run)
	if err != nil {
		return err
	}
	t := newTracer(w)
	for end := duration.Microseconds(); t.end == nil; {
		if at, ever := w.Next(); !ever || at > end {
			break
		}
		w.Step()
	}
	buffered := bufio.NewWriter(to)
	lines, err := write(buffered, t.written)
	if err = errors.Join(err, buffered.Flush()); err != nil {
		return err
	}
	if t.end != nil {
		_, err = fmt.Fprintf(notes, "trace: %d lines; it ends at %.3f s: %v\n", lines, float64(w.Now())/1e6, t.end)
	} else {
		_, err = fmt.Fprintf(notes, "trace: %d lines, %v of cluster time\n", lines, duration)
	}
	return err
}
