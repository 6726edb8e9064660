package core

import (
	"reflect"
	"slices"
	"sort"
	"time"

	"github.com/openxrm/xrm/schema"
)

// Entry is the journal's line about one change: history, event and audit are
// readings of it. It is identified by RecordID and Version.
type Entry struct {
	Entity   string
	RecordID string
	Version  int64 // the record's version after the change
	Action   Action
	At       time.Time
	Actor    Actor
	Roles    []string // that the record held before or after the change, sorted
	Diffs    []Diff
	Position int64 // in the journal, counting from 1 without a gap; 0 unless the journal was read by positions

	// Batch names what was written with this or not at all, or the key of it where it has
	// one. Only a store says so that writes these one after the other, where it is read by
	// positions or pending. It is no part of the record's history.
	Batch string `json:"-"`
}

// Diff says what happened to one field: From and To are canonical values, nil
// for none.
type Diff struct {
	Path string // storage path; the parts of an object are listed one by one
	From any
	To   any
}

// ValuesBefore are the values of the record before the change; nil for a new one.
func (c Change) ValuesBefore() map[string]any {
	if c.Before == nil {
		return nil
	}
	return c.Before.Values
}

// Entry derives the journal's line from the change of a record of the entity.
func (c Change) Entry(of *schema.Entity) Entry {
	before := c.ValuesBefore()
	diffs := Diffs(before, c.After.Values)
	if c.Action == Erased {
		for i := range diffs {
			diffs[i].From = nil // or else the history would keep what is erased
		}
	}
	return Entry{
		Entity: c.After.Entity, RecordID: c.After.ID, Version: c.After.Version,
		Action: c.Action, At: c.At, Actor: c.Actor,
		Roles: rolesIn(of, before, c.After.Values),
		Diffs: diffs,
	}
}

// WithoutPII returns the entry of a record without the values that say
// something about a person. That they changed, it still says.
func (e Entry) WithoutPII(of *schema.Entity) Entry {
	without := func(path string, value any) any {
		values := map[string]any{}
		schema.Put(values, path, value)
		return schema.Lookup(of.WithoutPII(values), path)
	}
	diffs := make([]Diff, len(e.Diffs))
	for i, d := range e.Diffs {
		diffs[i] = Diff{Path: d.Path, From: without(d.Path, d.From), To: without(d.Path, d.To)}
	}
	e.Diffs = diffs
	return e
}

// rolesIn lists the roles that any of the values say are held.
func rolesIn(e *schema.Entity, all ...map[string]any) []string {
	var roles []string
	for _, values := range all {
		for _, role := range e.HeldRoles(values) {
			if name, ok := role.(string); ok {
				roles = append(roles, name)
			}
		}
	}
	slices.Sort(roles)
	return slices.Compact(roles)
}

// Diffs compares canonical values, going into objects but not into lists,
// sorted by path.
func Diffs(before, after map[string]any) []Diff {
	var diffs []Diff
	collect(&diffs, "", before, after)
	sort.Slice(diffs, func(i, j int) bool { return diffs[i].Path < diffs[j].Path })
	return diffs
}

func collect(diffs *[]Diff, prefix string, before, after map[string]any) {
	names := map[string]bool{}
	for name := range before {
		names[name] = true
	}
	for name := range after {
		names[name] = true
	}
	for name := range names {
		from, to := before[name], after[name]
		fromObject, isFrom := from.(map[string]any)
		toObject, isTo := to.(map[string]any)
		switch {
		case isFrom && isTo, isFrom && to == nil, isTo && from == nil:
			collect(diffs, prefix+name+".", fromObject, toObject)
		case !reflect.DeepEqual(from, to):
			*diffs = append(*diffs, Diff{Path: prefix + name, From: from, To: to})
		}
	}
}
