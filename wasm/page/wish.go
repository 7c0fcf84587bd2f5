package page

// Wish holds the members of the messages of a page that live tabs and the lab both understand: ToWorker in model.ts.
type Wish struct {
	Type     string         `json:"type"`
	ID       int            `json:"id"`
	Hidden   bool           `json:"hidden"`
	Op       string         `json:"op"`
	Key      string         `json:"key"`
	Value    string         `json:"value"`
	Expected string         `json:"expected"`
	Read     string         `json:"read"`
	Server   *int           `json:"server"`
	Change   *NetworkChange `json:"change"`
}

// NetworkChange is a change of the network, times in ms.
type NetworkChange struct {
	Rate    *float64     `json:"rate,omitempty"`
	Start   *bool        `json:"start,omitempty"`
	Latency *float64     `json:"latency,omitempty"`
	Jitter  *float64     `json:"jitter,omitempty"`
	Links   []LinkChange `json:"links,omitempty"`
}

// LinkChange is what is to change of one direction of a link.
type LinkChange struct {
	From    int      `json:"from"`
	To      int      `json:"to"`
	Up      *bool    `json:"up,omitempty"`
	Latency *float64 `json:"latency,omitempty"`
	Jitter  *float64 `json:"jitter,omitempty"`
}

// OnlyRate reports whether nothing is to change but the rate.
func (c *NetworkChange) OnlyRate() bool {
	return c.Latency == nil && c.Jitter == nil && len(c.Links) == 0
}
