package record

import (
	"context"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// Store keeps records. core/sqlite and core/mongo implement it; what it
// promises is tested by core/storetest against both. All methods are safe
// for concurrent use; nothing passed in or returned is shared afterwards.
//
// An error that a user can do something about is a *core.Error: Unavailable
// when the database cannot be reached or does not answer in time, Conflict as
// described. The driver's text stands only in its Cause.
type Store interface {
	// Prepare makes collections and indexes for the stored entities of a model
	// and leaves alone what exists. Records are accepted for these entities
	// from then on. It can be called again with a later model.
	Prepare(ctx context.Context, m *schema.Model) error

	// Find returns the records that a query selects, in its order. Deleted
	// records are left out unless the query asks for them.
	Find(ctx context.Context, e *schema.Entity, q core.Query) ([]*core.Record, error)

	// Count returns how many records the query selects, page and order aside,
	// but counts no further than limit. With q.Per it counts for each key;
	// otherwise the only key is "". Keys without records may be missing.
	Count(ctx context.Context, e *schema.Entity, q core.Query, limit int) (map[string]int, error)

	// Aggregate returns the groups of the records, or items, that the query
	// selects, in its order: q.Limit at most. Without q.By there is always one
	// group, even of nothing. Sums are exact, whatever the size of the numbers.
	// Every path comes with its field, and has one value in a record or item; no
	// measure is an Avg, which the caller makes of a Sum and a Count.
	Aggregate(ctx context.Context, e *schema.Entity, q core.Aggregate) ([]core.Group, error)

	// Commit makes changes of one entity durable, each atomically: the record,
	// its history entry and its event, all or none. The changes are
	// independent: errs[i] is nil or says why change i was not made, and the
	// others are. When the whole call fails, every entry says so.
	//
	// A change whose Before is not the version that is stored (or, for a new
	// record, whose id exists) gets a Conflict with one Violation of Rule
	// "version". A value of a unique field that another live record has gets
	// a Conflict with one Violation of Rule "unique" and the field's storage
	// path. Unique holds among live records only, and not for missing values.
	//
	// Of a Joined store a change that refers to a record which does not live gets a
	// Conflict with one Violation of Rule "reference", and one whose record is still
	// referred to a Conflict with one of Rule "referred": Change.Refers and Unreferred
	// hold in the very write.
	//
	// A change whose key another one had before (Change.Once) gets core.DoneBefore. The key
	// is kept by the same write: it is there if the change is, and only then.
	//
	// When Commit returns nil the change survives a crash of the process and,
	// as far as the database can promise it, of the machine.
	Commit(ctx context.Context, e *schema.Entity, changes []core.Change) (errs []error)

	// CommitAll makes the changes of a batch durable, all or none, under the conditions of
	// Commit. Either every error is nil, or none of the changes is made, and the errors
	// that are not nil say which of them stand in the way. A key that another one had before
	// makes all of them core.DoneBefore. A batch without steps keeps its key alone, and has one
	// error.
	//
	// No read sees a change before all are decided. Once one has seen one, every read that
	// begins a later request sees all (core.OneRequest), whatever process dies meanwhile. A
	// record that is part of a batch which is not decided yet is not written by others: they
	// wait, and then get the Conflict of Rule "version".
	CommitAll(ctx context.Context, b core.Batch) (errs []error)

	// EndBatch brings a batch to its end whose process may have died: one that is not
	// decided is given up, and one that is decided is seen whole. It can be repeated. Of
	// an id that is not known any more there is nothing to do.
	EndBatch(ctx context.Context, id string) error

	// State returns what a store keeps under a key, and its version, 0 for none: of
	// core.OnceOwner, what came of the change or batch with that key.
	State(ctx context.Context, owner, key string) (value []byte, version int64, err error)

	// Joined says whether one write can depend on other records than its own. Where it
	// cannot, whoever writes looks again afterwards.
	Joined() bool

	// Next draws the next number of a counter that is greater than after: 1, 2,
	// 3, ... and none twice.
	Next(ctx context.Context, counter string, after int64) (int64, error)

	// History returns the entries of one record, latest first, those that the
	// relay has not moved yet included, each once: at most first of them, with
	// versions below before (0 for from the latest).
	History(ctx context.Context, e *schema.Entity, id string, first int, before int64) ([]core.Entry, error)
}

// Policy decides who may do what.
type Policy interface {
	// Readable selects the records of an entity, or of a role, that the actor
	// may see. The filter may contain OpTo, but no Var. An actor who may see
	// none gets a Forbidden error.
	Readable(m *schema.Model, a core.Actor, e *schema.Entity) (schema.Filter, error)

	// Visible returns which fields of a record the actor may see, as storage
	// paths of top-level fields or of a role's fields; nil means all of them.
	Visible(m *schema.Model, a core.Actor, r *core.Record) (map[string]bool, error)

	// Deciding returns the storage paths at which Visible looks in records of a
	// stored entity, system fields aside.
	Deciding(m *schema.Model, a core.Actor, e *schema.Entity) []string

	// Askable returns which fields the actor may filter, sort and search by, in
	// the form of Visible: only what is visible in every record that the actor
	// may read of the entity, or else a filter would tell what the answer hides.
	Askable(m *schema.Model, a core.Actor, e *schema.Entity) (map[string]bool, error)

	// Writable selects the records that the actor may write with this action, which
	// may be Granted or Withdrawn as well: then e is the role.
	// It is asked of the record before and after the change. fields are the
	// storage paths that the change touches; one that the actor may not write
	// gets a Forbidden error with one Violation for each.
	Writable(m *schema.Model, a core.Actor, e *schema.Entity, action core.Action, fields []string) (schema.Filter, error)

	// Shown returns which fields the actor may see in any record at all of the
	// entity, in the form of Visible, whatever record that is.
	Shown(m *schema.Model, a core.Actor, e *schema.Entity) (map[string]bool, error)

	// Allows says whether there may be a record of the entity on which the actor
	// may do this and write the field with this storage path; "" for none in
	// particular.
	Allows(m *schema.Model, a core.Actor, e *schema.Entity, action core.Action, path string) bool

	// Starts says whether the actor may start an operation of a plugin: one of the
	// actor's roles names it, or they allow all that it needs, of whatever record. A
	// need is an entity or role and what is done to it: "complaint.update". What a
	// plugin may do for itself starts nothing.
	Starts(m *schema.Model, a core.Actor, operation string, needs []string) bool
}

// Hook may change or refuse changes before they are committed. A plugin is a
// hook; this package does not know that it is a process.
type Hook interface {
	// BeforeSave gets copies of changes of one stored entity, and the basis of the
	// session that makes them, for what it does itself. It may change
	// the values of After: what it sets is validated, but not held against the
	// actor's rights, since it is not the actor who sets it. errs is nil or has
	// one entry for each change; an entry that is not nil refuses that change.
	BeforeSave(ctx context.Context, on Basis, e *schema.Entity, changes []core.Change) (errs []error)
}
