package plugintest

import (
	"time"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// stored is one record. It is replaced and never changed.
type stored struct {
	entity               *schema.Entity // that stores it: a customer's is party
	id                   string
	version              int64
	createdAt, updatedAt time.Time
	createdBy, updatedBy string
	deletedAt            time.Time // zero while it lives
	values               map[string]any
}

// copied is a new version of the record, to be changed. That of nil is a new
// record of the entity.
func (r *stored) copied(e *schema.Entity, by string, at time.Time) *stored {
	after := stored{entity: e.Stored(), createdAt: at, createdBy: by}
	if r != nil {
		after = *r
	}
	after.values = clone(after.values)
	after.version++
	after.updatedAt, after.updatedBy = at, by
	return &after
}

// holds says whether the record is seen through a view.
func (r *stored) holds(e *schema.Entity) bool {
	return r.entity == e.Stored() && r.deletedAt.IsZero() && e.IsHeldBy(r.values)
}

func (r *stored) roles() []any { return r.entity.HeldRoles(r.values) }

// set applies values by storage path; nil clears.
func (r *stored) set(values map[string]any) {
	for path, value := range clone(values) {
		schema.Put(r.values, path, value)
	}
}

// view returns the fields of an entity or role side by side.
func (r *stored) view(e *schema.Entity) map[string]any { return clone(contract.Shown(e, r.values)) }

// withSystem returns the values and the system fields: what a filter looks at.
func (r *stored) withSystem() map[string]any {
	values := map[string]any{
		"id": r.id, "version": r.version,
		"createdAt": schema.Instant(r.createdAt), "createdBy": r.createdBy,
		"updatedAt": schema.Instant(r.updatedAt), "updatedBy": r.updatedBy,
	}
	for name, value := range r.values {
		values[name] = value
	}
	return values
}

// at returns the value at a storage path, or of a system field; nil for none.
func (r *stored) at(path string) any { return schema.Lookup(r.withSystem(), path) }

func (r *stored) record(e *schema.Entity) *sdk.Record {
	return &sdk.Record{
		Entity: e.Name, ID: r.id, Version: r.version, Values: r.view(e),
		CreatedAt: r.createdAt, CreatedBy: r.createdBy, UpdatedAt: r.updatedAt, UpdatedBy: r.updatedBy,
	}
}

func (r *stored) encode(e *schema.Entity) *pluginpb.Record {
	if r == nil {
		return nil
	}
	return &pluginpb.Record{
		Entity: e.Name, Id: r.id, Version: r.version, Values: encode(r.view(e)),
		CreatedAt: schema.Instant(r.createdAt), CreatedBy: r.createdBy,
		UpdatedAt: schema.Instant(r.updatedAt), UpdatedBy: r.updatedBy,
	}
}

// encode is for values that have been checked.
func encode(value any) []byte {
	encoded, err := pluginpb.EncodeAny(value)
	if err != nil {
		panic(err)
	}
	return encoded
}

// clone copies values by way of their canonical form.
func clone(values map[string]any) map[string]any {
	if values == nil {
		return map[string]any{}
	}
	copied, err := pluginpb.Decode(encode(values))
	if err != nil {
		panic(err)
	}
	return copied
}
