package party

import (
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
)

// ReadBegun reads a timer of TimerOwner.
func ReadBegun(t core.Timer) (record.Begun, error) {
	i, err := readIntent(t)
	if err != nil {
		return record.Begun{}, err
	}
	switch {
	case i.Erase != "":
		return record.Begun{Entity: entity, ID: i.Erase, What: "its erasure"}, nil
	case i.Merged:
		return record.Begun{Entity: entity, ID: i.From}, nil
	}
	return record.Begun{Entity: entity, ID: i.From, What: "its merge into " + i.Into}, nil
}
