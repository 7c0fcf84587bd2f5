package tab

import "raftplayground/wasm/page"

// fromPage is ToWorker in model.ts: every member that some type of message has.
type fromPage struct {
	Type     string              `json:"type"`
	Room     string              `json:"room"`
	Relay    string              `json:"relay"`
	Link     string              `json:"link"`
	Seat     string              `json:"seat"`
	Size     *int                `json:"size"`
	Encoding string              `json:"encoding"`
	Hint     *int                `json:"hint"`
	Hidden   bool                `json:"hidden"`
	ID       int                 `json:"id"`
	Op       string              `json:"op"`
	Key      string              `json:"key"`
	Value    string              `json:"value"`
	Expected string              `json:"expected"`
	Read     string              `json:"read"`
	Server   *int                `json:"server"`
	Change   *page.NetworkChange `json:"change"`
}
