package plugintest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/openxrm/xrm/schema"
)

// store keeps the records. It is safe for concurrent use.
type store struct {
	mu      sync.Mutex
	byID    map[string]*stored
	drawn   map[string]int64 // the numbers of autonumber fields
	gapless map[string]int64 // and of those without gaps
	kept    map[string]made  // what came of the batches with a key
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

// swap is a record that takes the place of another one, nil for none.
type swap struct {
	view          *schema.Entity
	before, after *stored
	told          func() // before anybody can see the record
}

// errOvertaken says that another version of a record has come in between.
var errOvertaken = errors.New("another write came in between")

// swap lets one record take the place of another.
func (s *store) swap(one swap) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.swapAll([]swap{one})
	return err
}

// swapAll makes all swaps or none. Of a refusal, at is the swap that it is about.
func (s *store) swapAll(all []swap) (at int, err error) {
	for i, one := range all {
		if one.before != nil && s.byID[one.before.id] != one.before {
			return i, errOvertaken
		}
	}
	if at, err := clash(all); err != nil {
		return at, err
	}
	was, drawn := maps.Clone(s.byID), maps.Clone(s.gapless) // where what is refused leaves no gap
	for _, one := range all {
		if one.after.deletedAt.IsZero() {
			s.number(one.after)
		}
	}
	for i, one := range all {
		if err := s.unique(one.view, one.after); err != nil && one.after.deletedAt.IsZero() {
			s.byID, s.gapless = was, drawn
			return i, err
		}
		if one.before == nil {
			one.after.id = fmt.Sprintf("%s-%03d", one.view.Name, len(s.byID)+1)
		}
		s.byID[one.after.id] = one.after
	}
	for _, one := range all {
		one.told()
	}
	return 0, nil
}

// clash refuses a unique value that one record takes and another one takes or gives up.
func clash(all []swap) (at int, err error) {
	type held struct {
		e     *schema.Entity
		path  string
		value any
	}
	has := map[held]bool{}
	each := func(do func(i int, was, is held)) {
		for i, one := range all {
			for path, f := range one.after.entity.Kept() {
				var before any
				if one.before != nil {
					before = schema.Lookup(one.before.values, path)
				}
				after := schema.Lookup(one.after.values, path)
				if f.Unique && isPlain(before) && isPlain(after) && before != after {
					do(i, held{one.after.entity, path, before}, held{one.after.entity, path, after})
				}
			}
		}
	}
	each(func(_ int, was, _ held) { has[was] = was.value != nil })
	each(func(i int, _, is held) {
		if has[is] && err == nil {
			at, err = i, all[i].view.Taken(is.path, is.value)
		}
		has[is] = is.value != nil
	})
	return at, err
}

func isPlain(value any) bool {
	_, isObject := value.(map[string]any)
	return !isObject
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
		drawn, counter := s.drawn, r.entity.Name+"."+path+"."+year
		if f.Gapless {
			drawn = s.gapless
		}
		switch {
		case !given:
			drawn[counter]++
			schema.Put(r.values, path, schema.Autonumber(f.Format, r.updatedAt, drawn[counter]))
		case ok:
			drawn[counter] = max(drawn[counter], n)
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
