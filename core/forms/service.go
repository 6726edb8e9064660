package forms

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// Owner and Name are those of the job, in the places of a plugin and its job. No
// plugin can have that name, and no key the id.
const (
	Owner = "core:forms"
	Name  = "forms"
)

// Actor is who the history says has brought a value into the form of today.
var Actor = core.Actor{ID: Owner, Name: "xrm: the same values in the form of today"}

// atOnce is how many records are read and written at a time: others wait no longer.
const atOnce = 100

// keepEvery is how often it is kept how far the job is while nothing changes.
const keepEvery = 2 * time.Second

// Service is the job. Safe for concurrent use.
type Service struct {
	Records *record.Service
	State   State
	Log     *slog.Logger

	done atomic.Pointer[schema.Model] // of which nothing is in older forms
}

// Due says for which forms of which entities there is something to look at; "" when
// there is nothing, as in a new database. Of such a model it asks once.
func (s *Service) Due(ctx context.Context, on record.Basis) (string, error) {
	if s.done.Load() == on.Model {
		return "", nil
	}
	done, _, err := s.read(ctx)
	if err != nil {
		return "", err
	}
	for _, e := range on.Model.Stored() {
		if !done.lacks(e) {
			continue
		}
		found, err := s.Records.Store.Find(ctx, e, core.Query{Filter: done.filter(e), First: 1, Deleted: true, Only: []string{}})
		if err != nil {
			return "", fmt.Errorf("look for %s in an older form: %w", e.Plural, err)
		}
		if len(found) > 0 {
			return purposeOf(on.Model.Stored()...), nil
		}
	}
	s.done.Store(on.Model)
	return "", nil
}

// Do brings all records into the forms of today, deleted ones too, since they may be
// restored. It goes on from where it was cut off. An entity that cannot be written now
// keeps none of the others waiting; then the error is Unavailable.
func (s *Service) Do(ctx context.Context, on record.Basis, report func(core.Progress)) error {
	r := &run{Service: s, session: s.Records.As(Actor, on).Unbound(), report: report, told: map[string]int{}}
	todo, err := r.begin(ctx)
	var later error
	for _, e := range todo {
		if err != nil {
			break
		}
		if err = r.entity(ctx, e); core.CodeOf(err) == core.Unavailable && ctx.Err() == nil {
			later, err = err, nil
		}
	}
	if err == nil && later == nil {
		err = r.end(ctx)
	}
	if err == nil {
		err = later
	}
	return err
}

// run is one run of the job.
type run struct {
	*Service
	session *record.Session
	report  func(core.Progress)
	done    done
	at      places
	total   int64
	told    map[string]int // lines in the log, by entity
}

// begin finds where the job stands, and what is left to do.
func (r *run) begin(ctx context.Context) (todo []*schema.Entity, err error) {
	if r.done, r.at, err = r.read(ctx); err != nil {
		return nil, err
	}
	for _, e := range r.session.Model.Stored() {
		if !r.done.lacks(e) {
			r.total += r.at[e.Name].Seen // since the run was begun
			continue
		}
		todo = append(todo, e)
		if r.at[e.Name].Purpose != purposeOf(e) {
			r.at[e.Name] = place{Purpose: purposeOf(e)}
		}
		n, err := r.Records.Store.Count(ctx, e, core.Query{Filter: r.done.filter(e), Deleted: true}, math.MaxInt32)
		if err != nil {
			return nil, fmt.Errorf("count %s: %w", e.Plural, err)
		}
		r.total += int64(n[""])
	}
	slices.SortFunc(todo, func(a, b *schema.Entity) int { return strings.Compare(a.Name, b.Name) })
	return todo, nil
}

// entity goes through the records of one, in the order of their ids.
func (r *run) entity(ctx context.Context, e *schema.Entity) error {
	q := core.Query{Filter: r.done.filter(e), First: atOnce, Deleted: true}
	kept := r.Records.Now()
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		at := r.at[e.Name]
		if at.After != "" {
			q.After = []any{at.After}
		}
		found, err := r.Records.Store.Find(ctx, e, q)
		if err != nil {
			return fmt.Errorf("look for %s in an older form: %w", e.Plural, err)
		}
		changed, left, err := r.bring(ctx, e, found)
		if err != nil {
			return err
		}
		r.tell(e, left)
		at.Seen, at.Changed, at.Left = at.Seen+int64(len(found)), at.Changed+int64(changed), at.Left+int64(len(left))
		if len(found) > 0 {
			at.After = found[len(found)-1].ID
		}
		r.at[e.Name] = at
		r.progress(e.Name)
		if len(found) < atOnce {
			return r.finish(ctx, e)
		}
		if now := r.Records.Now(); changed > 0 || now.Sub(kept) >= keepEvery {
			if err := r.keep(ctx); err != nil {
				return err
			}
			kept = now
		}
	}
}

func (r *run) progress(note string) {
	seen := int64(0)
	for _, at := range r.at {
		seen += at.Seen
	}
	r.report(core.Progress{Done: seen, Total: max(seen, r.total), Note: note})
}

// end says how it went.
func (r *run) end(ctx context.Context) error {
	changed, left := int64(0), r.done.left()
	for _, at := range r.at {
		changed += at.Changed
	}
	note := fmt.Sprintf("records brought into the form of today: %d", changed)
	if left > 0 {
		note += fmt.Sprintf("; values that are not in it, which the log names: %d", left)
	}
	r.progress(note)
	if changed > 0 || left > 0 {
		r.Log.Info("stored values were brought into the forms of today", "records", changed, "left", left)
	}
	r.at = places{}
	return r.keep(ctx)
}
