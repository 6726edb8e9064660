package sdk

import (
	"fmt"

	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Batch is several writes that are made together, all of them or none.
type Batch struct {
	// Key says what the batch is for, such as the ID of an event: of all batches of
	// the plugin with one key one is made, and the others are answered with its
	// records as they are by then. One whose writes would store other values is
	// refused as a Conflict; their conditions may differ. At most 200 bytes; "" for
	// a batch that is made each time.
	Key string

	Writes []Write // at most 100, of different records
}

// Write is one write of a Batch. It is made by Create, Update, UpdateIf, Transition
// or Upsert, which say what the methods of Host of these names do.
type Write struct {
	request *pluginpb.SaveRequest
	err     error
}

// Create stores a new record of r.Entity.
func Create(r *Record) Write {
	created := *r
	created.ID, created.Version, created.received = "", 0, nil
	return storing(&created, "")
}

// Upsert updates the record that has the value of r for the unique field by, and
// creates one if there is none.
func Upsert(r *Record, by string) Write {
	if by == "" {
		return Write{err: fmt.Errorf("upsert %s: say by which unique field the record is found", r.Entity)}
	}
	upserted := *r
	upserted.ID, upserted.Version, upserted.received = "", 0, nil
	return storing(&upserted, by)
}

// Update stores what was changed in r.Values since r was read, unless somebody else has
// changed the record in the meantime.
func Update(r *Record) Write {
	if r.ID == "" {
		return Write{err: fmt.Errorf("update %s: the record has no id; use Create for a new one", r.Entity)}
	}
	return storing(r, "")
}

// UpdateIf changes a record only if it matches the guard, on the very version that the
// change replaces.
func UpdateIf(entity, id string, guard Filter, change Change) Write {
	request := &pluginpb.SaveRequest{Entity: entity, Id: id, Add: map[string]string{}}
	var err error
	if request.Guard, err = encodeFilter(guard); err == nil && change.Set != nil {
		request.Patch, err = pluginpb.Encode(change.Set)
	}
	if err != nil {
		return Write{err: fmt.Errorf("update %s: %w", entity, err)}
	}
	for field, amount := range change.Add {
		request.Add[field] = string(amount)
	}
	return Write{request: request}
}

// Transition moves a record to another state, from one of the states from if any are
// given.
func Transition(entity, id, to string, from ...string) Write {
	return Write{request: &pluginpb.SaveRequest{Entity: entity, Id: id, ToState: to, FromStates: from}}
}

// storing saves what was changed in a record.
func storing(r *Record, by string) Write {
	patch, err := r.patch()
	if err != nil {
		return Write{err: fmt.Errorf("save %s: %w", r.Entity, err)}
	}
	return Write{request: &pluginpb.SaveRequest{Entity: r.Entity, Id: r.ID, IfVersion: r.Version, Patch: patch, By: by}}
}
