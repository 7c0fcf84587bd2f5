package contract

// Answers answer a viewer's questions about the cluster at the moment shown. The core's arithmetic answers
// (package explain): the page only shows it.
type Answers struct {
	Why      *Question `json:"why"` // null: there is a leader, and its whole log is committed
	Majority Majority  `json:"majority"`
	Sides    []Side    `json:"sides"`   // of a network that is cut into two or three, the largest first; else none
	Leaders  []int     `json:"leaders"` // who leads, the newest term first
	Half     []int     `json:"half"`    // a leader and the servers it reaches that are no majority: one side of a cut
	Entry    string    `json:"entry"`   // on the one that the page regards; empty: it regards none

	// In the lab, where faults and changes of the members are made:
	Stability *Stability `json:"stability"` // null: there is no link
	Cut       []string   `json:"cut"`       // what each side could do of the one that the page regards
	Rivals    []int      `json:"rivals"`    // two who could hold elections at the same time, or fewer
}

// Question is why something has not happened (yet).
type Question struct {
	Ask     string   `json:"ask"`
	Answer  []string `json:"answer"` // sentences
	Section string   `json:"section"`
}

// Majority says what a majority is, and whether there is one.
type Majority struct {
	Needed   string `json:"needed"`   // "3 of 5", of a joint configuration "2 of 3 and 3 of 5"
	Rule     string `json:"rule"`     // the same in words
	Together string `json:"together"` // the largest group that could decide together, or comes nearest: "2 of 5"
	Decides  bool   `json:"decides"`  // the group can elect a leader and commit
}

// Side is one side of a network that is cut, and what it can do: "majority 3 of 5", "2 of 5: cannot elect".
type Side struct {
	Servers []int  `json:"servers"`
	Words   string `json:"words"`
}

// Stability says whether a leader can be elected and stay on this network (§5.6).
type Stability struct {
	Stable     bool   `json:"stable"`
	Sentence   string `json:"sentence"`
	Arithmetic string `json:"arithmetic"`
	Section    string `json:"section"`
}

// Regard says what the page points at: the next Answers include that. It is not answered.
type Regard struct {
	Cell *CellPlace `json:"cell"` // null: none
	Side []int      `json:"side"` // one side of a cut that is being chosen; empty: none
}

// CellPlace is a place in the log of a server.
type CellPlace struct {
	Server int `json:"server"`
	Index  U64 `json:"index"`
}
