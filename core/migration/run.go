package migration

import (
	"context"
	"fmt"
	"maps"
	"math"
	"reflect"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// Owner begins the id of the actor who has migrated a record. No key has such an id.
const Owner = "core:migration:"

// atOnce is how many records the plugin is asked about at a time.
const atOnce = 100

// Run takes the records of one plugin from one version of its data to another.
type Run struct {
	Store   record.Finder
	Region  string          // as in record.Service
	Records *record.Service // that Apply writes by
	On      record.Basis    // the definitions that the records are to fit; nobody is asked before a commit

	Plugin   string
	From, To int
	Entities []string // whose records have another form then

	// ID tells this run from all others: a record that it has written is known by it.
	// Whoever goes on with a run that was cut off gives the same.
	ID string

	// Ask asks the plugin about records of one entity; one answer for each, in order.
	Ask func(ctx context.Context, e *schema.Entity, records []*core.Record) ([]Answer, error)

	// Report is told how many of how many records were looked at; nil for nobody.
	Report func(done, total int64)
}

// Answer is what becomes of one record.
type Answer struct {
	Patch map[string]any // as a whole, by the names of fields; nil clears
	Err   error          // why it cannot be migrated
}

// actor is who the history names.
func (r *Run) actor() core.Actor {
	return core.Actor{ID: Owner + r.ID, Name: fmt.Sprintf("xrm: from version %d to %d of the data of %s", r.From, r.To, r.Plugin)}
}

// step is what becomes of one record.
type step struct {
	before *core.Record
	after  map[string]any // nil when nothing changes
	why    string         // why it cannot be; "" when it can
}

// each hands what becomes of all records of an entity to do, page by page, in the order
// of their ids. Those that the run has written are left out.
func (r *Run) each(ctx context.Context, e *schema.Entity, seen func(int), do func([]step) error) error {
	q := core.Query{First: atOnce, Deleted: true}
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		found, err := r.Store.Find(ctx, e, q)
		if err != nil {
			return fmt.Errorf("read %s to migrate them: %w", e.Plural, err)
		}
		steps, err := r.steps(ctx, e, found)
		if err == nil {
			err = do(steps)
		}
		if err != nil || len(found) < atOnce {
			seen(len(found))
			return err
		}
		seen(len(found))
		q.After = []any{found[len(found)-1].ID}
	}
}

func (r *Run) steps(ctx context.Context, e *schema.Entity, found []*core.Record) (steps []step, err error) {
	var left []*core.Record
	for _, one := range found {
		if one.UpdatedBy != r.actor().ID {
			left = append(left, one)
		}
	}
	if len(left) == 0 {
		return nil, nil
	}
	answers, err := r.Ask(ctx, e, left)
	if err != nil {
		return nil, err
	}
	for i, one := range left {
		steps = append(steps, r.step(e, one, answers[i]))
	}
	return steps, nil
}

// step holds an answer against the definition.
func (r *Run) step(e *schema.Entity, before *core.Record, a Answer) step {
	if a.Err != nil {
		return step{before: before, why: a.Err.Error()}
	}
	after := maps.Clone(before.Values)
	for name, value := range a.Patch {
		switch f := e.Field(name); {
		case value == nil:
			delete(after, name)
		case f == nil || f.System:
			return step{before: before, why: fmt.Sprintf("the migration sets %s, which is no field that can be set in version %d", name, r.To)}
		default:
			after[name] = value
		}
	}
	now, unfit := e.FormNow(after, r.Region)
	if unfit = append(unfit, e.CheckLength(before.Values, now)...); len(unfit) > 0 {
		var all []string
		for _, v := range unfit {
			all = append(all, v.Field+" "+v.Message)
		}
		return step{before: before, why: strings.Join(all, "; ")}
	}
	if reflect.DeepEqual(now, before.Values) {
		return step{before: before}
	}
	return step{before: before, after: now}
}

// todo are the entities whose records are there to be migrated. One that is gone from
// the definitions keeps its records as they are.
func (r *Run) todo(ctx context.Context) (all []*schema.Entity, total int64, err error) {
	for _, name := range r.Entities {
		if ctx.Err() != nil {
			return nil, 0, context.Cause(ctx)
		}
		e := r.On.Model.Entity(name)
		if e == nil || e.IsRole() {
			continue
		}
		left, err := r.Store.Remaining(ctx, name)
		if err != nil {
			return nil, 0, fmt.Errorf("count %s: %w", e.Plural, err)
		}
		if left == 0 { // there need not be a table
			continue
		}
		n, err := r.Store.Count(ctx, e, core.Query{Deleted: true}, math.MaxInt32)
		if err != nil {
			return nil, 0, fmt.Errorf("count %s: %w", e.Plural, err)
		}
		all, total = append(all, e), total+int64(n[""])
	}
	return all, total, nil
}

// counter reports what was seen.
func (r *Run) counter(total int64) func(int) {
	var done int64
	return func(n int) {
		done += int64(n)
		if r.Report != nil {
			r.Report(done, max(done, total))
		}
	}
}
