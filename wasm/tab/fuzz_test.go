package tab

import (
	"testing"

	"raftplayground/raft/wire"
)

// deafHost is a platform on which everything works at once and nothing is kept.
type deafHost struct{}

func (deafHost) Connect(string)             {}
func (deafHost) Disconnect()                {}
func (deafHost) Send(wire.Kind, []byte)     {}
func (deafHost) Post([]byte)                {}
func (deafHost) Seek(string, int)           {}
func (deafHost) Create(int, string, uint64) {}
func (deafHost) Take(uint64)                {}
func (deafHost) Confirm()                   {}
func (deafHost) Leave()                     {}
func (deafHost) Append([]byte) bool         { return true }
func (deafHost) Replace([]byte) bool        { return true }
func (deafHost) Cut(int) bool               { return true }

const joinAnswer = `{"jsonrpc":"2.0","id":1,"result":{"room":"r","client":1001,"clients":1001,"claim":1,` +
	`"made":"11","anew":false,"server":2,"lease":"00","fresh":true,"size":3,"rate":1,"now":0,"started":true,` +
	`"servers":[{"server":1,"leased":true,"connected":true,"name":"","hidden":false,"disk":"opfs",` +
	`"roundTrip":null},{"server":2,"leased":true,"connected":true,"name":"","hidden":false,"disk":"opfs",` +
	`"roundTrip":1}],` +
	`"links":[{"from":1,"to":2,"up":true,"latency":1,"jitter":0}]}}`

// seatedTab is a tab in a room, its server running.
func seatedTab() *Tab {
	t := New(deafHost{}, 1)
	t.FromPage(1,
		[]byte(`{"type":"start","room":"r","relay":"ws://x","link":"http://x/r","seat":"any","size":null,`+
			`"encoding":"colon","hint":null,"hidden":false}`))
	t.NoSeat(2, "opfs")
	t.Opened(3)
	t.Message(4, wire.Text, []byte(joinAnswer))
	t.Seat(5, 2, "3:00:11", "opfs", 1)
	t.Taken(6, nil, 0, "")
	return t
}

// FuzzText: the tab survives whatever comes over the socket.
func FuzzText(f *testing.F) {
	for _, seed := range []string{
		joinAnswer,
		`{"jsonrpc":"2.0","method":"room","params":{"room":"r","size":3,"started":true,"rate":0,"now":1,` +
			`"watchers":1,"servers":[],"links":[{"from":1,"to":2,"up":false,"latency":1,"jitter":0}]}}`,
		`{"jsonrpc":"2.0","method":"seen","params":{"now":1,"frames":[{"seq":17,"from":1,"to":2,"sent":1,"due":2,` +
			`"fate":"sent","bytes":61,"frame":"1>2:RequestVotes:Request:1:1:0:0"},{"seq":16,"fate":"down","at":3}]}}`,
		`{"jsonrpc":"2.0","method":"report","params":{"server":1,"at":1,"role":"leader",` +
			`"term":"18446744073709551615","votes":[{}],"peers":[{}],"log":{"first":1,"cells":[{}]},"life":1,` +
			`"first":0,"events":[{}]}}`,
		`1>2:RequestVotes:Request:1:1:0:0`, `1>2:AppendEntries:Request:1:1:0:0:0:entries=1,set x=1`,
		`{"jsonrpc":"2.0","id":"1001>2:1","from":1001,"to":2,"method":"Put","params":{"key":"x","value":"1"}}`,
		`{"jsonrpc":"2.0","id":"1001>1:1","from":1,"to":1001,"error":{"code":-32010,"message":"no",` +
			`"data":{"leader":9}}}`,
		`{"jsonrpc":"2.0","id":"1001>2:1","error":{"code":-32002,"message":"no"}}`, `{"id":2,"result":true}`, `{`, ``,
		`[]`, "\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		tab := seatedTab()
		if tab.seat.server == nil {
			t.Fatal("the tab has no server")
		}
		tab.FromPage(6, []byte(`{"type":"request","id":1,"op":"put","key":"x","value":"1","server":null}`))
		for now := 10.0; now < 20; now++ {
			tab.Message(now, wire.Text, message)
			tab.Tick(now)
			tab.FromPage(now, []byte(`{"type":"drawn"}`))
		}
	})
}

// FuzzFromPage: the tab survives whatever the page says.
func FuzzFromPage(f *testing.F) {
	for _, seed := range []string{
		`{"type":"drawn"}`, `{"type":"hidden","hidden":true}`,
		`{"type":"request","id":1,"op":"put","key":"x","value":"1","server":2}`, `{"type":"reconnect"}`,
		`{"type":"network","id":1,"change":{"rate":0.5,"latency":1e300,"links":[{"from":1,"to":2,"up":true,` +
			`"jitter":-1}]}}`, `{"type":"stop"}`, `{"type":"start"}`, `{"type":1}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		tab := seatedTab()
		New(deafHost{}, 2).FromPage(1, message)
		for now := 10.0; now < 20; now++ {
			tab.FromPage(now, message)
			tab.Tick(now)
		}
	})
}
