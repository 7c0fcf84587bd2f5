package quality

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// All lists every quality: what a link has, and what it can be asked to have, by the same names.
func TestAllHasEveryQuality(t *testing.T) {
	var names []string
	for i := range All {
		names = append(names, All[i].Name)
	}
	for _, of := range []reflect.Type{reflect.TypeFor[Qualities](), reflect.TypeFor[Wanted]()} {
		var fields []string
		for i := range of.NumField() {
			name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
			fields = append(fields, name)
		}
		if !slices.Equal(fields, names) {
			t.Errorf("%v has %q, All has %q", of, fields, names)
		}
	}
}

// Setting a quality changes it alone; its range is from 0 to Most.
func TestAQualityIsSetByItself(t *testing.T) {
	for i := range All {
		q := &All[i]
		var link Qualities
		var w Wanted
		if _, is := q.Wanted(&w); is {
			t.Errorf("%s: nothing is wanted, and it is", q.Name)
		}
		q.Want(&w, float64(q.Most))
		link.Set(&w)
		for j := range All {
			if v := All[j].Of(&link); (v == float64(q.Most)) != (i == j) && v != 0 {
				t.Errorf("%s was set, and %s is %v", q.Name, All[j].Name, v)
			}
		}
		back := link.Exactly()
		if v, is := q.Wanted(&back); !is || v != float64(q.Most) || !link.Possible() {
			t.Errorf("%s: %+v", q.Name, link)
		}
		q.set(&link, float64(q.Most)+1)
		if link.Possible() || q.Has(-1) || q.Has(math.NaN()) || q.Whole != (Named(q.Name).Most > 1) {
			t.Errorf("%s: a link may be %+v", q.Name, link)
		}
	}
	if Named("colour") != nil {
		t.Error("links have a colour")
	}
}

func TestHealedLinksKeepTheirDelays(t *testing.T) {
	link := Qualities{Latency: 5, Jitter: 3, Loss: 0.1, Duplicate: 0.2, Reorder: 0.3}
	healed := Healed()
	if link.Set(&healed); link != (Qualities{Latency: 5, Jitter: 3}) {
		t.Errorf("%+v", link)
	}
}

func TestWordsSayWhatALinkIsLike(t *testing.T) {
	for want, link := range map[string]Qualities{
		" takes 0 ms":                                    {},
		" takes 15 ms ± 5":                               {Latency: 15_000, Jitter: 5_000},
		" takes 20000 ms, loses 10 %":                    {Latency: 20_000_000, Loss: 0.1},
		" takes 0.5 ms, doubles 33.33 %, reorders 100 %": {Latency: 500, Duplicate: 1. / 3, Reorder: 1},
		" takes 0 ms, transmits 25000 B/s":               {Bandwidth: 25_000},
	} {
		if got := link.Words(); got != want {
			t.Errorf("%q, expected %q", got, want)
		}
	}
}
