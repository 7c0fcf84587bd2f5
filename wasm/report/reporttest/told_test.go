package reporttest

import (
	"testing"

	"raftplayground/wasm/contract"
)

func TestWhatTheContractForbidsIsFound(t *testing.T) {
	words := Words(t, "../../contract")
	role := contract.Leader
	good := func() *contract.Batch {
		self := &contract.Status{Role: &role, Disk: contract.OPFS}
		return &contract.Batch{
			Self: self,
			Room: &contract.RoomState{Links: []contract.Link{}},
		}
	}
	for want, spoil := range map[string]func(b *contract.Batch){
		"":                              func(*contract.Batch) {},
		`.self.disk: "tape" is no Disk`: func(b *contract.Batch) { b.Self.Disk = "tape" },
		`.self.disk: "" is no Disk`:     func(b *contract.Batch) { b.Self.Disk = "" },
		`.self.role: "boss" is no Role`: func(b *contract.Batch) {
			boss := contract.Role("boss")
			b.Self.Role = &boss
		},
		".room.links is null and no list": func(b *contract.Batch) { b.Room.Links = nil },
		`.flights[]..kind: "tea" is no MessageKind`: func(b *contract.Batch) {
			b.Flights = []contract.Flight{{Message: contract.Message{Kind: "tea"}}}
		},
	} {
		b := good()
		spoil(b)
		if got := words.Flaw(b); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
