package tab

// fromPage is ToWorker in model.ts: every member that some type of message has.
type fromPage struct {
	Type     string         `json:"type"`
	Room     string         `json:"room"`
	Relay    string         `json:"relay"`
	Link     string         `json:"link"`
	Seat     string         `json:"seat"`
	Size     *int           `json:"size"`
	Encoding string         `json:"encoding"`
	Hint     *int           `json:"hint"`
	Hidden   bool           `json:"hidden"`
	ID       int            `json:"id"`
	Op       string         `json:"op"`
	Key      string         `json:"key"`
	Value    string         `json:"value"`
	Server   *int           `json:"server"`
	Change   *networkChange `json:"change"`
}

// networkChange is a change of the network, times in ms as the page has them; see inMicroseconds.
type networkChange struct {
	Rate    *float64     `json:"rate,omitempty"`
	Start   *bool        `json:"start,omitempty"`
	Latency *float64     `json:"latency,omitempty"`
	Jitter  *float64     `json:"jitter,omitempty"`
	Links   []linkChange `json:"links,omitempty"`
}

type linkChange struct {
	From    int      `json:"from"`
	To      int      `json:"to"`
	Up      *bool    `json:"up,omitempty"`
	Latency *float64 `json:"latency,omitempty"`
	Jitter  *float64 `json:"jitter,omitempty"`
}
