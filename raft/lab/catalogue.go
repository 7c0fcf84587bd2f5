package lab

// Catalogue is what a page has to know to make menus, forms and traps of deeds, whatever happens in a world. What can
// be done at a moment, and to whom, Offers say.
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
	Trap    string `json:"trap,omitempty"` // a trap that does it, in front of a server's name; absent: no form has one
	Room    bool   `json:"room,omitempty"` // it can be done in a live room, too
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
