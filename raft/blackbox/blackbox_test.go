package blackbox

import (
	"flag"
	"io"
	"os"
	"testing"
	"time"
)

var (
	seed  = flag.Uint64("seed", 0, "run the world of this seed alone")
	trace = flag.Bool("trace", false, "with -seed: tell what happens")
	long  = flag.Duration("time", 20*time.Second, "how long to run worlds")
	from  = flag.Uint64("from", 1, "first seed")
	count = flag.Int("failures", 1, "how many failures")
)

func TestBlackBox(t *testing.T) {
	if *seed != 0 {
		var w io.Writer
		if *trace {
			w = os.Stdout
		}
		if err := run(*seed, 0, w); err != nil {
			t.Error(err)
		}
		return
	}
	start, runs, fails := time.Now(), 0, 0
	for n := *from; time.Since(start) < *long; n++ {
		runs++
		if err := Run(n); err != nil {
			t.Error(err)
			if fails++; fails >= *count {
				break
			}
		}
	}
	t.Logf("%d worlds in %v", runs, time.Since(start))
}
