package lab

// Wrong is something that is not as in a calm cluster, and what rights it.
type Wrong struct {
	Text  string   `json:"text"`  // "S1 is down"
	Words string   `json:"words"` // on the button
	Acts  []Action `json:"acts"`
}

const quick = 5 * millisecond // a write that takes up to this is nothing to speak of

// Wrongs returns what is wrong with the machines, in their order. Of the network a page sees that itself.
func (w *World) Wrongs() []Wrong {
	list := []Wrong{}
	for _, m := range w.machines {
		for i := range catalogue {
			if d := &catalogue[i]; d.wrong != nil {
				if wrong := d.wrong(m); wrong.Text != "" {
					list = append(list, wrong)
				}
			}
		}
	}
	return list
}
