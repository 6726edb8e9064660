package forms

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// State keeps in the database how far the job is, so that it goes with the records
// into a backup.
type State interface {
	State(ctx context.Context, owner, key string) (value []byte, version int64, err error)
	PutState(ctx context.Context, owner, key string, value []byte, ifVersion int64, expires time.Time) (version int64, err error)
}

// The keys under which it is kept what is done, and how far the rest is.
const (
	doneKey = "done"
	atKey   = "at"
)

// done says for each stored entity in which forms its records are.
type done map[string]standing

type standing struct {
	Forms  int      `json:"forms"`
	Fields []string `json:"fields"` // that were known then: what no field knows is left alone
	Left   int64    `json:"left"`   // values that are not in these forms
}

// places are where the job is in the entities that are not done yet, and what it did
// in those that are since it began.
type places map[string]place

type place struct {
	Purpose string `json:"purpose"`
	After   string `json:"after"` // the id of the last record
	Seen    int64  `json:"seen"`
	Changed int64  `json:"changed"` // records
	Left    int64  `json:"left"`    // values
}

// lacks says whether something of the entity may be in older forms.
func (d done) lacks(e *schema.Entity) bool {
	return d[e.Name].Forms < schema.Forms || len(d.unknown(e)) > 0
}

// unknown are the fields of which nobody knew when the entity was done: those of a
// plugin that was not there.
func (d done) unknown(e *schema.Entity) (fields []*schema.Field) {
	for _, f := range e.Fields {
		if !slices.Contains(d[e.Name].Fields, f.Name) {
			fields = append(fields, f)
		}
	}
	return fields
}

// filter selects what is to be looked at: all, or what has values of such fields.
func (d done) filter(e *schema.Entity) schema.Filter {
	var filter schema.Filter
	if d[e.Name].Forms < schema.Forms {
		return filter
	}
	for _, f := range d.unknown(e) {
		filter.Or = append(filter.Or, schema.Filter{Path: f.Name, Op: schema.OpIsNull, Value: false, Field: f})
	}
	return filter
}

func (d done) left() (n int64) {
	for _, s := range d {
		n += s.Left
	}
	return n
}

// add notes that the entity is done, with so many values that are left.
func (d done) add(e *schema.Entity, left int64) {
	was := d[e.Name]
	now := standing{Forms: schema.Forms, Left: left}
	for _, f := range e.Fields {
		now.Fields = append(now.Fields, f.Name)
	}
	if was.Forms == schema.Forms { // only what was unknown was looked at
		now.Left += was.Left
		now.Fields = append(now.Fields, was.Fields...)
	}
	slices.Sort(now.Fields)
	now.Fields = slices.Compact(now.Fields)
	d[e.Name] = now
}

// purposeOf tells one thing to do from another: these forms, of these fields.
func purposeOf(entities ...*schema.Entity) string {
	var names []string
	for _, e := range entities {
		for _, f := range e.Fields {
			names = append(names, e.Name+"."+f.Name)
		}
	}
	slices.Sort(names)
	return fmt.Sprintf("forms %d of %d entities (%08x)", schema.Forms, len(entities), crc32.ChecksumIEEE(fmt.Append(nil, names)))
}

// read returns what is kept.
func (s *Service) read(ctx context.Context) (done, places, error) {
	d, at := done{}, places{}
	for key, into := range map[string]any{doneKey: &d, atKey: &at} {
		text, version, err := s.State.State(ctx, Owner, key)
		if err == nil && version != 0 {
			err = json.Unmarshal(text, into)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("read how far values are in the forms of today: %w", err)
		}
	}
	return d, at, nil
}

// keep keeps how far the entities are.
func (r *run) keep(ctx context.Context) error { return r.put(ctx, atKey, r.at) }

// finish keeps that an entity is done.
func (r *run) finish(ctx context.Context, e *schema.Entity) error {
	next := maps.Clone(r.done)
	next.add(e, r.at[e.Name].Left)
	if err := r.put(ctx, doneKey, next); err != nil {
		return err
	}
	r.done = next
	return nil
}

func (r *run) put(ctx context.Context, key string, value any) error {
	text, err := json.Marshal(value)
	if err == nil {
		_, err = r.State.PutState(ctx, Owner, key, text, core.AnyVersion, time.Time{})
	}
	if err != nil {
		return fmt.Errorf("keep how far values are in the forms of today: %w", err)
	}
	return nil
}
