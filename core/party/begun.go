package party

import (
	"encoding/json"
	"fmt"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
)

// ReadBegun reads a timer of TimerOwner.
func ReadBegun(t core.Timer) (record.Begun, error) {
	var i intent
	if err := json.Unmarshal(t.Payload, &i); err != nil {
		return record.Begun{}, fmt.Errorf("read what the timer %s is for: %w", t.Key, err)
	}
	switch {
	case i.Erase != "":
		return record.Begun{Entity: entity, ID: i.Erase, What: "its erasure"}, nil
	case i.Merged:
		return record.Begun{Entity: entity, ID: i.From}, nil
	}
	return record.Begun{Entity: entity, ID: i.From, What: "its merge into " + i.Into}, nil
}
