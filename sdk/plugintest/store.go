package plugintest

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/openxrm/xrm/schema"
)

// store keeps the records. It is safe for concurrent use.
type store struct {
	mu    sync.Mutex
	byID  map[string]*stored
	drawn map[string]int64 // the numbers of autonumber fields
}

// get returns a living record, or nil.
func (s *store) get(e *schema.Entity, id string) *stored {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.byID[id]; r != nil && r.holds(e) {
		return r
	}
	return nil
}

// find returns the living records that match, by id.
func (s *store) find(e *schema.Entity, filter schema.Filter) []*stored {
	filter = s.decided(filter)
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []*stored
	for _, r := range s.byID {
		if r.holds(e) && filter.Match(r.withSystem()) {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b *stored) int { return strings.Compare(a.id, b.id) })
	return found
}

// decided replaces what a filter asks of the records behind references by
// their ids.
func (s *store) decided(filter schema.Filter) schema.Filter {
	filter, _ = filter.Map(func(f schema.Filter) (schema.Filter, error) {
		if f.Op != schema.OpTo {
			return f, nil
		}
		selected := []any{}
		for _, r := range s.find(f.To, *f.Sub) {
			selected = append(selected, r.id)
		}
		return schema.Filter{Path: f.Path, Op: schema.OpIn, Value: selected, Field: f.Field}, nil
	})
	return filter
}

// swap stores after in the place of before, which is nil for a new record. done
// is false if another version of the record has come in between. told is called
// before anybody can see the record.
func (s *store) swap(view *schema.Entity, before, after *stored, told func()) (done bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if before != nil && s.byID[before.id] != before {
		return false, nil
	}
	if after.deletedAt.IsZero() {
		s.number(after)
		if err := s.unique(view, after); err != nil {
			return true, err
		}
	}
	if before == nil {
		after.id = fmt.Sprintf("%s-%03d", view.Name, len(s.byID)+1)
	}
	s.byID[after.id] = after
	told()
	return true, nil
}

// number draws numbers for the autonumber fields that have none, above all that were
// given by hand.
func (s *store) number(r *stored) {
	for path, f := range r.entity.Autonumbers(r.values) {
		text, given := schema.Lookup(r.values, path).(string)
		if !given {
			text = schema.Autonumber(f.Format, r.updatedAt, 1)
		}
		n, year, ok := schema.AutonumberOf(f.Format, text)
		counter := r.entity.Name + "." + path + "." + year
		switch {
		case !given:
			s.drawn[counter]++
			schema.Put(r.values, path, schema.Autonumber(f.Format, r.updatedAt, s.drawn[counter]))
		case ok:
			s.drawn[counter] = max(s.drawn[counter], n)
		}
	}
}

// unique refuses a value that another living record has.
func (s *store) unique(view *schema.Entity, r *stored) error {
	for path, f := range r.entity.Kept() {
		value := schema.Lookup(r.values, path)
		if !f.Unique || value == nil {
			continue
		}
		for _, other := range s.byID {
			if other.id != r.id && other.holds(r.entity) && schema.Lookup(other.values, path) == value {
				return view.Taken(path, value)
			}
		}
	}
	return nil
}
