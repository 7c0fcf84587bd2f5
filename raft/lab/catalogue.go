package lab

// Catalogue is what a page needs for menus, forms and traps of deeds, in any world. What can be done at a
// moment, and to which server, is for Offers to say.
type Catalogue struct {
	Deeds     []Description `json:"deeds"`
	Moments   []Occasion    `json:"moments"` // that a form of traps offers
	Arguments []Argument    `json:"arguments"`
}

// Description is what is known of a deed.
type Description struct {
	Do      Deed   `json:"do"`
	Words   string `json:"words"`          // on a button
	Meaning string `json:"meaning"`        // one sentence
	Trap    string `json:"trap,omitempty"` // words for a trap that does it, before a server's name; absent: none
	Room    bool   `json:"room,omitempty"` // it can also be done in a live room
}

// Describe returns the catalogue.
func Describe() Catalogue {
	c := Catalogue{Moments: Occasions}
	for i := range catalogue {
		d := &catalogue[i]
		c.Deeds = append(c.Deeds, Description{d.name, d.title, d.meaning, d.trap, d.room})
	}
	for i := range limits {
		c.Arguments = append(c.Arguments, limits[i].Argument)
	}
	return c
}
