package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Programs whose sizes are compared. A core adds to the page's file the difference between a program that
// can call all of the core and one that calls only what the rest of that file calls of the standard library
// anyway. They are built as that file is: without inlining.
const (
	without = `package main

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"sort"
	"strconv"
	"strings"
)

func main() {
	random, _ := rand.NewPCG(1, 2).MarshalBinary()
	number, _, _ := strings.Cut(string(random), ",")
	n, err := strconv.ParseUint(number, 10, 64)
	numbers := []uint64{n}
	slices.Sort(numbers)
	println(sort.Search(1, func(int) bool { return true }), errors.New(strconv.FormatUint(n, 10)), err,
		len(binary.AppendUvarint(nil, n)))
}
`

	ourSize = `package main

import "raftplayground/raft"

var node *raft.Node
var keep = []any{raft.New, node.Tick, node.Receive, node.Output, node.Saved, node.Applied, node.Propose,
	node.Read, node.Reconfigure, node.Transfer, node.Campaign, node.Compact, node.Entry, node.Role,
	node.Status, node.Clone, node.AppendState, &raft.Rules}

func main() { println(len(keep)) }
`
	etcdSize = `package main

import (
	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"
)

var node *raft.RawNode
var keep = []any{raft.NewRawNode, node.Tick, node.Step, node.Ready, node.Advance, node.HasReady,
	node.Propose, node.ReadIndex, node.ProposeConfChange, node.ApplyConfChange, node.TransferLeader, node.Campaign,
	node.Status, node.BasicStatus, node.ReportSnapshot, node.ReportUnreachable, raft.NewMemoryStorage, raftpb.Entry{}}

func main() { println(len(keep)) }
`
)

// sizes are the names of what compareSizes prints.
var sizes = []string{"wasm/size", "wasm/size-compressed"}

// compareSizes builds the programs for the browser, stripped, and prints what each core adds to the file,
// and to its compressed form, if these are among the names.
func compareSizes(names []string) error {
	raw, packed := slices.Contains(names, sizes[0]), slices.Contains(names, sizes[1])
	if !raw && !packed {
		return nil
	}
	dir, err := os.MkdirTemp("", "raft-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	rest, err := build(dir, "without", without)
	if err != nil {
		return err
	}
	added := map[string]fileSize{}
	for _, p := range []struct {
		name, source string
		flags        []string
	}{{"ours", ourSize, nil}, {"etcd-3.6.0", etcdSize, []string{"-modfile=etcd36.mod"}},
		{"etcd-3.7.0", etcdSize, nil}} {
		whole, err := build(dir, p.name, p.source, p.flags...)
		if err != nil {
			return err
		}
		added[p.name] = fileSize{whole.raw - rest.raw, whole.packed - rest.packed}
		fmt.Printf("%-25s %-11s adds %d KB, compressed %d KB\n", "wasm/size", p.name, added[p.name].raw/1000,
			added[p.name].packed/1000)
	}
	ours := added["ours"]
	if packed {
		fmt.Printf("ratio\t%s\t%.2f\t0.2 MB\n", sizes[1], float64(ours.packed)/200_000)
	}
	if !raw {
		return nil
	}
	fmt.Printf("ratio\t%s\t%.2f\t0.2 MB\n", sizes[0], float64(ours.raw)/200_000)
	for _, other := range []string{"etcd-3.6.0", "etcd-3.7.0"} {
		fmt.Printf("ratio\t%s\t%.3f\t%s\n", sizes[0], float64(ours.raw)/float64(added[other].raw), other)
	}
	return nil
}

// fileSize is the size of a file in bytes, as it is and compressed.
type fileSize struct{ raw, packed int }

// build builds a program and measures its file.
func build(dir, name, source string, flags ...string) (fileSize, error) {
	file, out := filepath.Join(dir, name+".go"), filepath.Join(dir, name+".wasm")
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		return fileSize{}, err
	}
	args := slices.Concat([]string{"build", "-trimpath", "-ldflags=-s -w", "-gcflags=all=-l", "-o", out}, flags,
		[]string{file})
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fileSize{}, fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, text)
	}
	program, err := os.ReadFile(out)
	if err != nil {
		return fileSize{}, err
	}
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return fileSize{}, err
	}
	if _, err := w.Write(program); err != nil {
		return fileSize{}, err
	}
	if err := w.Close(); err != nil {
		return fileSize{}, err
	}
	return fileSize{len(program), packed.Len()}, nil
}
