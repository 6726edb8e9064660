package record

import (
	"context"
	"fmt"
	"strings"

	"github.com/openxrm/xrm/schema"
)

// numbered is an autonumber field and where a record keeps it.
type numbered struct {
	field *schema.Field
	path  string
}

// numberedIn lists the autonumber fields of a record: its own, and those of
// the roles that it holds.
func numberedIn(e *schema.Entity, values map[string]any) []numbered {
	var list []numbered
	for path, f := range e.Kept() {
		role, _, inRole := strings.Cut(path, ".")
		held := values[role] != nil && schema.Lookup(values, role+".until") == nil
		if f.Type == "autonumber" && (!inRole || held) {
			list = append(list, numbered{f, path})
		}
	}
	return list
}

// counter names the counter of a field; a pattern with a year has one for each.
func (n numbered) counter(e *schema.Entity, year string) string {
	name := e.Name + "." + n.path
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
	s.step(alive(works), func(w *work) error {
		if w.change.After.Deleted() {
			return nil
		}
		for _, n := range numberedIn(e, w.change.After.Values) {
			if schema.Lookup(w.change.After.Values, n.path) != nil {
				continue
			}
			_, year, _ := schema.AutonumberOf(n.field.Format, schema.Autonumber(n.field.Format, w.change.At, 1))
			drawn, err := s.Store.Next(ctx, n.counter(e, year), 0)
			if err != nil {
				return fmt.Errorf("draw a number for %s.%s: %w", e.Name, n.path, err)
			}
			schema.Put(w.change.After.Values, n.path, schema.Autonumber(n.field.Format, w.change.At, drawn))
			if w.drawn == nil {
				w.drawn = map[string]bool{}
			}
			w.drawn[n.path] = true
		}
		return nil
	})
}

// lift lets the counters go on above the numbers that are given by hand, or
// else drawn ones would be taken for as long as the numbers of an import go.
func (s *Session) lift(ctx context.Context, e *schema.Entity, works []*work) error {
	highest := map[string]int64{}
	for _, w := range alive(works) {
		for _, n := range numberedIn(e, w.change.After.Values) {
			text, _ := schema.Lookup(w.change.After.Values, n.path).(string)
			if w.change.Before != nil && schema.Lookup(w.change.Before.Values, n.path) == text {
				continue
			}
			if given, year, ok := schema.AutonumberOf(n.field.Format, text); ok {
				counter := n.counter(e, year)
				highest[counter] = max(highest[counter], given)
			}
		}
	}
	for counter, given := range highest {
		if known, ok := s.lifted.Load(counter); ok && known.(int64) >= given {
			continue
		}
		drawn, err := s.Store.Next(ctx, counter, given-1)
		if err != nil {
			return fmt.Errorf("lift the counter %s to %d: %w", counter, given, err)
		}
		s.lifted.Store(counter, drawn)
	}
	return nil
}
