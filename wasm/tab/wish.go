package tab

import "raftplayground/wasm/page"

// wish is ToWorker in model.ts: every member that some type of message has.
type wish struct {
	page.Wish
	Room     string `json:"room"`
	Place    string `json:"place"`
	Relay    string `json:"relay"`
	Link     string `json:"link"`
	Seat     string `json:"seat"`
	Size     *int   `json:"size"`
	Encoding string `json:"encoding"`
	Hint     *int   `json:"hint"`

	Seats *page.SeatsChange `json:"seats"`
}
