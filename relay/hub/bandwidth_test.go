package hub

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"raftplayground/relay/quality"
)

// framed returns a frame of the given length from 1 to 2.
func framed(number, bytes int) string {
	text := fmt.Sprintf("1>2:%d:", number)
	return text + strings.Repeat("x", bytes-len(text))
}

// narrow is a room whose link from 1 to 2 has a bandwidth of 1000 bytes a second and a latency of 10 ms.
func narrow(t testing.TB) *stage {
	s := trio(t, Options{})
	s.say(4, `{"method":"network","params":{"links":[{"from":1,"to":2,"latency":10000,"bandwidth":1000}]}}`)
	s.pass(20_000)
	s.forget()
	return s
}

// due returns for each frame seen the ms until it is due, or its fate.
func (s *stage) due(since int64) (list []string) {
	s.pass(20_000)
	for _, line := range s.sightings(4) {
		told := line.Get("fate").ToString()
		if told == "sent" {
			told = fmt.Sprint((line.Get("due").ToInt64() - since) / 1000)
		}
		list = append(list, told)
	}
	s.forget()
	return list
}

func (s *stage) expectDue(since int64, want ...string) {
	s.t.Helper()
	if got := s.due(since); strings.Join(got, " ") != strings.Join(want, " ") {
		s.t.Errorf("due %q, expected %q", got, want)
	}
}

func TestFramesWaitUntilThoseBeforeThemHaveLeft(t *testing.T) {
	s := narrow(t)
	now := s.hub.clock.now
	s.say(1, framed(1, 100))
	s.say(1, framed(2, 50))
	s.say(2, "2>1:the other way")
	s.pass(109_999)
	s.expectFrames(2)
	s.expectFrames(1, "2>1:the other way")
	s.pass(1)
	s.expectFrames(2, framed(1, 100))
	s.pass(50_000)
	s.expectFrames(2, framed(1, 100), framed(2, 50))
	s.expectDue(now, "110", "160", "0")
	s.say(1, framed(3, 100)) // the queue is empty again
	s.expectDue(now+180_000, "110")
}

func TestAFrameThatWouldWaitTooLongIsLost(t *testing.T) {
	s := narrow(t)
	for i := range 25 {
		s.say(1, framed(i, 100))
	}
	s.say(1, framed(99, 2001)) // and a frame longer than the queue never fits
	s.pass(1_000_000)
	s.say(1, framed(30, 100))
	s.pass(5_000_000)
	if frames := s.frames(2); len(frames) != 21 || frames[20] != framed(30, 100) || s.hub.Flying() != 0 {
		t.Errorf("%d frames arrived, and %d bytes are under way", len(frames), s.hub.Flying())
	}
	full := 0
	for _, line := range s.sightings(4) {
		if line.Get("fate").ToString() == "full" {
			full++
		}
	}
	if full != 6 {
		t.Errorf("%d frames are told to have found the queue full, expected 6", full)
	}
}

func TestWhatIsLostOnTheWayAndCopiesHaveUsedTheBandwidth(t *testing.T) {
	s := narrow(t)
	now := s.hub.clock.now
	s.say(4, `{"method":"network","params":{"links":[{"from":1,"to":2,"loss":1}]}}`)
	s.say(1, framed(1, 100))
	s.say(4, `{"method":"network","params":{"links":[{"from":1,"to":2,"loss":0,"duplicate":1}]}}`)
	s.say(1, framed(2, 100))
	s.expectDue(now, "lost", "210", "310")
}

func TestHeldFramesUseTheBandwidthOnceTheyGoOn(t *testing.T) {
	s := narrow(t)
	s.say(4, `{"method":"network","params":{"links":[{"from":1,"to":2,"hold":true}]}}`)
	for i := range 25 {
		s.say(1, framed(i, 100))
	}
	s.pass(20_000)
	s.forget()
	now := s.hub.clock.now
	s.say(4, `{"method":"network","params":{"links":[{"from":1,"to":2,"hold":false}]}}`)
	list := s.due(now)
	if len(list) != 25 || list[0] != "110" || list[19] != "2010" || strings.Join(list[20:], " ") !=
		"full full full full full" {
		t.Errorf("released: %q", list)
	}
	if s.pass(3_000_000); len(s.frames(2)) != 20 || s.hub.Flying() != 0 {
		t.Errorf("%d frames arrived, and %d bytes are under way", len(s.frames(2)), s.hub.Flying())
	}
}

// A cut loses the frames that wait, and later frames do not wait for them. Without a bandwidth limit no
// frame waits, and only the order is kept.
func TestALinkIsFreeAfterACutAndWithoutABandwidth(t *testing.T) {
	s := narrow(t)
	s.say(1, framed(1, 1000))
	s.say(4, `{"method":"network","params":{"links":[{"from":1,"to":2,"up":false}]}}`)
	s.say(4, `{"method":"network","params":{"links":[{"from":1,"to":2,"up":true}]}}`)
	s.pass(20_000)
	s.forget()
	now := s.hub.clock.now
	s.say(1, framed(2, 100))
	s.say(4, `{"method":"network","params":{"bandwidth":0}}`)
	s.say(1, framed(3, 1000))
	s.expectDue(now, "110", "110")
	healed, before := quality.Healed(), quality.Qualities{Latency: 1, Bandwidth: 7}
	if before.Set(&healed); before != (quality.Qualities{Latency: 1}) {
		t.Errorf("healed: %+v", before)
	}
}

// In any period no more bytes arrive than the bandwidth lets through, whatever is sent.
func TestNoMoreArrivesThanTheBandwidth(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := trio(t, Options{})
		bandwidth := rapid.Int64Range(1, 100_000).Draw(rt, "bandwidth")
		s.say(4, fmt.Sprintf(`{"method":"network","params":{"bandwidth":%d}}`, bandwidth))
		s.forget()
		sent := 0
		for range rapid.IntRange(1, 40).Draw(rt, "frames") {
			s.say(1, framed(sent, rapid.IntRange(10, 300).Draw(rt, "bytes")))
			s.pass(rapid.Int64Range(0, 20_000).Draw(rt, "gap"))
			sent++
		}
		s.pass(3_000_000)
		var times, bytes []int64
		for _, line := range s.sightings(4) {
			if line.Get("fate").ToString() == "sent" {
				times, bytes = append(times, line.Get("due").ToInt64()), append(bytes, line.Get("bytes").ToInt64())
			}
		}
		if len(times) != len(s.frames(2)) {
			rt.Fatalf("%d are told to arrive, %d did", len(times), len(s.frames(2)))
		}
		for i := range times {
			sum := int64(0)
			for j := i + 1; j < len(times); j++ {
				if sum += bytes[j]; sum*1e6 > bandwidth*(times[j]-times[i]) {
					rt.Fatalf("%d bytes arrived within %d µs, at %d bytes a second", sum, times[j]-times[i], bandwidth)
				}
			}
		}
	})
}

// Without bandwidths a room's state has the bytes that it had before there were any; with one it says how
// long the queues are.
func TestTheStateHoldsTheQueueOfALink(t *testing.T) {
	s := trio(t, Options{})
	plain := s.hub.AppendState(nil)
	s.say(4, `{"method":"network","params":{"bandwidth":1000}}`)
	waits := s.hub.AppendState(nil)
	s.say(4, `{"method":"network","params":{"bandwidth":0}}`)
	if string(plain) == string(waits) || string(plain) != string(s.hub.AppendState(nil)) {
		t.Error("the state does not hold the bandwidth, or holds it where there is none")
	}
	a, b := narrow(t), narrow(t)
	a.say(1, framed(1, 100))
	b.say(1, framed(1, 100))
	b.hub.link(1, 2).free++
	if string(a.hub.AppendState(nil)) == string(b.hub.AppendState(nil)) {
		t.Error("the state does not hold when a link is free again")
	}
}
