package record

import (
	"strings"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// Draft is one wish to change something, as a client has it.
type Draft struct {
	Action core.Action
	ID     string // of the record; "" to create one

	// By makes a creation an upsert: when a live record has the value that Set
	// gives to this unique field, that record is updated instead.
	By *schema.Field

	// Set holds the new values by storage path, as the caller sent them; nil
	// clears a field, an absent one is left alone.
	Set map[string]any

	// Add is added to integers and decimals, by storage path, on the very
	// version that the write replaces: a negative number is taken away.
	Add map[string]string

	Key Key // of all with this key one is made; the zero value is of none

	IfVersion int64          // the write fails unless this is the stored version; 0 for any
	Guard     *schema.Filter // the write fails unless the version that it replaces matches
	From      []string       // the write fails unless the version that it replaces is in one of these states; none for any

	Grant    *schema.Entity // this role is granted with the change
	Withdraw *schema.Entity // this role is withdrawn with the change

	Unmerge      bool      // of a restoration: also a duplicate comes back, since its merge is undone
	MergeInto    string    // of a merge: the id of the record that stands for this one
	InheritsFrom string    // of a merge: the id of the other record, in which Set lay: a deprecated option in it is none that is chosen, and a file no upload
	Redirect     *Redirect // references are turned with the change, immutable ones too
	Reform       *Reform   // values are brought into the form of today, those of a deleted record too

	with   string        // of a deletion: the id of the record that this one is deleted with
	among  map[node]bool // of a restoration: these come back as well, and may be referred to
	within bool          // part of another draft, which has the turn of the writers
}

// Redirect turns every reference of a record to one id into one to another, or
// clears it where To is "", on the very version that the write replaces; those of a deleted record too,
// which stays deleted. Who turns references answers for the target: it may get
// the role that they ask for later.
type Redirect struct {
	From, To string
}

// Reform brings the values of a record into the form of today, on the very version
// that the write replaces, and changes nothing that they say: so it is not held against
// the rules of its definition, unless a hook changes something.
type Reform struct {
	To    map[string]any // the values that say the same in another version of a plugin's data; nil: those that lie there
	Leave []string       // storage paths of values that stay as they lie there
}

// Granted and Withdrawn are what an update does to a role of a record that exists.
// To the Policy they are actions of their own; everywhere else they are updates.
const (
	Granted   core.Action = "granted"
	Withdrawn core.Action = "withdrawn"
)

// Unchanged is what an update or erasure has done that changes nothing: it is not
// written.
const Unchanged core.Action = "unchanged"

// Result is what became of one draft: the record with the fields that the actor may
// see, and what was done to it, or the error.
type Result struct {
	Record *core.Record
	Done   core.Action // or Unchanged
	Err    error
}

// work is a draft on its way through the pipeline.
type work struct {
	draft     *Draft
	result    *Result
	change    core.Change
	claims    []*claim        // what the actor must be allowed to do
	judged    map[string]any  // the values before hooks could change them; nil until then
	drawn     map[string]bool // autonumber paths that were given a drawn number
	overdrawn bool            // refused because another record has one of them
	duplicate *core.Record    // whose unique value led an upsert to the record; nil if it was the record's own
	own       map[string]any  // unique values, by storage path, that lead to the record and are not set
	fate      *fate           // of a deletion: what becomes of what refers to the record
	moved     bool            // of a deletion: others were deleted or cleared with the record, maybe in an attempt before
	began     time.Time       // before it was looked at what the draft refers to
	timer     string          // by which a deletion or restoration goes on if the process is killed; "" for none
	leads     []node          // what it refers to and does not live, as it turned out
	comes     bool            // of a restoration: others come back with the record
	again     bool            // another writer came first: start over with what is stored now
}

// failed says whether the draft is out of the pipeline.
func (w *work) failed() bool { return w.result.Err != nil }

// staysDeleted says whether the record is deleted before and after the change.
func (w *work) staysDeleted() bool {
	return w.change.Before != nil && w.change.Before.Deleted() && w.change.After.Deleted()
}

// rightsPath cuts a storage path to the depth at which rights are given:
// top-level fields, and the fields of a role.
func rightsPath(m *schema.Model, entity, path string) string {
	parts := strings.SplitN(path, ".", 3)
	if role := m.Entity(parts[0]); len(parts) > 1 && role != nil && role.IsRole() && role.Base.Name == entity {
		return parts[0] + "." + parts[1]
	}
	return parts[0]
}
