package contract

// FromStudy is what the Worker for studies tells the page.
type FromStudy struct {
	Loading  *Loading  `type:"loading"`
	Failed   *Failed   `type:"failed"`
	Progress *Progress `type:"progress"`
	Answer   *Answer   `type:"answer"`
}

// Progress says how far a study is.
type Progress struct {
	ID       int     `json:"id"`
	Fraction float64 `json:"fraction"`
	Words    string  `json:"words"`
	Part     any     `json:"part"` // the part of the answer found so far
}
