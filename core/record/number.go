package record

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/openxrm/xrm/schema"
)

// counter names the counter of a field; a pattern with a year has one for each.
func counter(e *schema.Entity, path, year string) string {
	name := e.Name + "." + path
	if year != "" {
		name += "." + year
	}
	return name
}

// number draws numbers for the autonumber fields that have none: of a new
// record, and of a role that is new to it.
func (s *Session) number(ctx context.Context, e *schema.Entity, works []*work) {
	if err := s.lift(ctx, e, works); err != nil {
		s.step(alive(works), func(*work) error { return err })
	}
	ahead := map[string]int64{} // how many numbers of a gapless sequence these works have by now
	s.step(alive(works), func(w *work) error {
		for path, f := range w.unnumbered(e) {
			name := counter(e, path, yearOf(f, w.change.At))
			var drawn int64
			var err error
			if f.Gapless {
				drawn, err = s.following(ctx, sequence{e, path, f, w.change.At}, ahead[name])
				ahead[name]++
			} else {
				drawn, err = s.Store.Next(ctx, name, 0)
			}
			if err != nil {
				return fmt.Errorf("draw a number for %s.%s: %w", e.Name, path, err)
			}
			schema.Put(w.change.After.Values, path, schema.Autonumber(f.Format, w.change.At, drawn))
			if w.drawn == nil {
				w.drawn = map[string]bool{}
			}
			w.drawn[path] = true
		}
		return nil
	})
}

// unnumbered yields the autonumber fields of a draft that have no number.
func (w *work) unnumbered(e *schema.Entity) iter.Seq2[string, *schema.Field] {
	return func(yield func(string, *schema.Field) bool) {
		if w.change.After.Deleted() {
			return
		}
		for path, f := range e.Autonumbers(w.change.After.Values) {
			if schema.Lookup(w.change.After.Values, path) == nil && !yield(path, f) {
				return
			}
		}
	}
}

// yearOf is the year of a pattern that has one.
func yearOf(f *schema.Field, at time.Time) string {
	_, year, _ := schema.AutonumberOf(f.Format, schema.Autonumber(f.Format, at, 1))
	return year
}

// lift lets the counters go on above the numbers that are given by hand, or
// else drawn ones would be taken for as long as the numbers of an import go.
func (s *Session) lift(ctx context.Context, e *schema.Entity, works []*work) error {
	highest := map[string]int64{}
	for _, w := range alive(works) {
		for path, f := range e.Autonumbers(w.change.After.Values) {
			text, _ := schema.Lookup(w.change.After.Values, path).(string)
			if w.change.Before != nil && schema.Lookup(w.change.Before.Values, path) == text {
				continue
			}
			if given, year, ok := schema.AutonumberOf(f.Format, text); ok {
				name := counter(e, path, year)
				highest[name] = max(highest[name], given)
			}
		}
	}
	for name, given := range highest {
		if known, ok := s.lifted.Load(name); ok && known.(int64) >= given {
			continue
		}
		drawn, err := s.Store.Next(ctx, name, given-1)
		if err != nil {
			return fmt.Errorf("lift the counter %s to %d: %w", name, given, err)
		}
		s.lifted.Store(name, drawn)
	}
	return nil
}
