package record

import (
	"github.com/openxrm/xrm/core"
)

// Begun is what a timer is to bring to its end.
type Begun struct {
	Entity, ID string // of the record
	What       string // "its deletion"; "" when it is done and only looked at once more
}

// ReadBegun reads a timer of TimerOwner.
func ReadBegun(t core.Timer) (Begun, error) {
	i, err := readIntent(t)
	if err != nil {
		return Begun{}, err
	}
	what := "its deletion"
	switch {
	case len(i.Records) > 0:
		first := i.Records[0]
		return Begun{Entity: first.Entity, ID: first.ID, What: batchOf(len(i.Records))}, nil
	case i.Action == core.Restored:
		what = "its restoration with what was deleted with it"
	case i.Took:
		what = "its deletion with what goes with it"
	}
	return Begun{Entity: i.Entity, ID: i.ID, What: what}, nil
}
