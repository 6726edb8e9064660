package core

import (
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/openxrm/xrm/schema"
)

// Record is one record of a stored entity; a customer is a Record of the
// entity party. Values are canonical (schema/README.md): string, int64, bool,
// map[string]any and []any; a field without a value is an absent key.
type Record struct {
	Entity    string // the stored entity
	ID        string // UUIDv7
	Version   int64  // from 1; counts the changes
	CreatedAt time.Time
	CreatedBy string // Actor.ID
	UpdatedAt time.Time
	UpdatedBy string
	DeletedAt time.Time // zero while the record lives
	Values    map[string]any
	Partial   bool // it lacks what was not asked for (Query.Only): no store commits it
}

// errPartial is a fault of ours: what was not read would be lost.
var errPartial = errors.New("the record was read in part, and nothing may be written of it")

// Deleted says whether the record was deleted (softly: it can be restored).
func (r *Record) Deleted() bool { return !r.DeletedAt.IsZero() }

// System returns a system field's canonical value by its name, or nil.
func (r *Record) System(name string) any {
	switch name {
	case "id":
		return r.ID
	case "version":
		return r.Version
	case "createdAt":
		return instant(r.CreatedAt)
	case "createdBy":
		return r.CreatedBy
	case "updatedAt":
		return instant(r.UpdatedAt)
	case "updatedBy":
		return r.UpdatedBy
	case "deletedAt":
		return instant(r.DeletedAt)
	}
	return nil
}

// WithSystem returns the values and, beside them, the system fields by their
// names: what a filter looks at. The map is the caller's, the values in it are
// shared.
func (r *Record) WithSystem() map[string]any {
	all := make(map[string]any, len(r.Values)+len(schema.SystemFields))
	maps.Copy(all, r.Values)
	for _, f := range schema.SystemFields {
		if value := r.System(f.Name); value != nil {
			all[f.Name] = value
		}
	}
	return all
}

// At returns the value at a storage path, or of a system field; nil for none.
func (r *Record) At(path string) any {
	if value := r.System(path); value != nil {
		return value
	}
	return schema.Lookup(r.Values, path)
}

func instant(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return schema.Instant(t)
}

// Clone returns a copy that shares nothing with the receiver. The clone of
// nil is nil.
func (r *Record) Clone() *Record {
	if r == nil {
		return nil
	}
	c := *r
	c.Values, _ = CloneValue(r.Values).(map[string]any)
	return &c
}

// CloneValue copies a canonical value with all that lies inside it.
func CloneValue(value any) any {
	switch v := value.(type) {
	case map[string]any:
		c := maps.Clone(v)
		for key, inner := range c {
			c[key] = CloneValue(inner)
		}
		return c
	case []any:
		c := make([]any, len(v))
		for i, item := range v {
			c[i] = CloneValue(item)
		}
		return c
	}
	return value
}

// AdminRole is the shipped role that may do everything. Operating the server
// itself, beside its records, is for this role alone.
const AdminRole = "admin"

// Actor is who acts: a user, a program with a key, or a plugin for one.
type Actor struct {
	ID    string   // stable; what createdBy and the history show
	Name  string   // for people
	Roles []string // names of role files
	Party string   // id of the party that an outside user belongs to; "" for none
	Via   string   // name of the plugin that acts for the user; "" for none
}

// PluginActor is a plugin that acts for itself, with its own rights.
func PluginActor(name string) Actor { return Actor{ID: "plugin:" + name, Name: name, Via: name} }

// IsPlugin says whether a plugin acts for itself, and not for a user. No key
// has such an id.
func (a Actor) IsPlugin() bool { return a.Via != "" && a.ID == PluginActor(a.Via).ID }

// Action is what a change does to a record, in the past tense of an event.
type Action string

// The actions. Granting and withdrawing a role are updates, though rights of their
// own.
const (
	Created  Action = "created"
	Updated  Action = "updated"
	Deleted  Action = "deleted"
	Restored Action = "restored"
	Merged   Action = "merged" // deleted, because another record stands for it from now on
	Erased   Action = "erased" // lost what it said about a person; living or deleted, it stays what it was
)

// Change is one step of a record's life. A store commits the record, its
// history entry and its event as one atomic write of this one value.
type Change struct {
	Actor  Actor
	At     time.Time
	Action Action
	Before *Record // nil when the record is created
	After  *Record // never nil; a deletion sets DeletedAt

	// What must hold at the moment of the write. A store that cannot look at several
	// records in one write leaves both alone (record.Store.Joined).
	Refers     []Target           // records that After refers to and Before did not: each must live
	Unreferred []schema.Reference // by which no other live record may refer to this one

	Once Once // of all changes with its key one is made
}

// Target is a record that another refers to.
type Target struct {
	Entity *schema.Entity // that stores it
	ID     string
	Path   string // where the reference lies in the other, as in messages: "lines[2].product"
}

// Whole returns an error unless the change knows all of the record. A store
// asks before it commits.
func (c Change) Whole() error {
	if c.After.Partial || c.Before != nil && c.Before.Partial {
		return fmt.Errorf("save %s %s: %w", c.After.Entity, c.After.ID, errPartial)
	}
	return nil
}
