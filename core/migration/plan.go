package migration

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/openxrm/xrm/schema"
)

// Plan is what would become of the records.
type Plan struct {
	Entities []Tally
	Failures []Failure // all records that cannot be migrated
}

// Tally counts the records of an entity, deleted ones too.
type Tally struct {
	Entity           string
	Records, Changed int
}

// Failure is a record that cannot be migrated.
type Failure struct{ Entity, ID, Why string }

// Plan says what Apply would do. It writes nothing.
func (r *Run) Plan(ctx context.Context) (*Plan, error) {
	todo, total, err := r.todo(ctx)
	if err != nil {
		return nil, err
	}
	p, seen := &Plan{}, r.counter(total)
	for _, e := range todo {
		t, taken := Tally{Entity: e.Name}, uses{}
		err := r.each(ctx, e, func(n int) { t.Records += n; seen(n) }, func(steps []step) error {
			for _, s := range steps {
				taken.add(e, s)
				switch {
				case s.why != "":
					p.Failures = append(p.Failures, Failure{e.Name, s.before.ID, s.why})
				case s.after != nil:
					t.Changed++
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		p.Failures = append(p.Failures, taken.failures(e)...)
		p.Entities = append(p.Entities, t)
	}
	return p, nil
}

// uses are the unique values of all live records of an entity, by storage path: who has
// them, and who is to have them.
type uses map[string]map[string]*use

type use struct{ has, gets, keeps []string }

func (u uses) add(e *schema.Entity, s step) {
	if s.before.Deleted() || s.why != "" {
		return
	}
	for path, f := range e.Kept() {
		if !f.Unique {
			continue
		}
		if u[path] == nil {
			u[path] = map[string]*use{}
		}
		before := plain(schema.Lookup(s.before.Values, path))
		after := before
		if s.after != nil {
			after = plain(schema.Lookup(s.after, path))
		}
		if before != "" {
			u.of(path, before).has = append(u.of(path, before).has, s.before.ID)
		}
		switch after {
		case "":
		case before:
			u.of(path, after).keeps = append(u.of(path, after).keeps, s.before.ID)
		default:
			u.of(path, after).gets = append(u.of(path, after).gets, s.before.ID)
		}
	}
}

// plain is the text of a value, since a number and the text of it cannot both be there:
// stores claim the text of what is unique. It is "" for none, and for a value that has
// parts, or had by a former definition: what is unique has none.
func plain(value any) string {
	if value == nil || !reflect.TypeOf(value).Comparable() {
		return ""
	}
	return fmt.Sprint(value)
}

func (u uses) of(path, value string) *use {
	if u[path][value] == nil {
		u[path][value] = &use{}
	}
	return u[path][value]
}

// failures are the records that would get a value which another one has, or gets as
// well. Records are written one after the other, so a value that another one is about
// to give away is taken too. Where the field was not unique before, several may have
// one that they keep: all but the first are failures.
func (u uses) failures(e *schema.Entity) (all []Failure) {
	for _, path := range slices.Sorted(maps.Keys(u)) {
		for value, one := range u[path] {
			owners := slices.Concat(one.has, one.gets)
			if len(one.keeps) > 0 {
				owners = slices.Concat(one.keeps, one.gets)
				one.gets = append(one.gets, one.keeps[1:]...)
			}
			for _, id := range one.gets {
				if i := slices.IndexFunc(owners, func(other string) bool { return other != id }); i >= 0 {
					all = append(all, Failure{e.Name, id, fmt.Sprintf("%s would be %s, which is unique and that of %s", path, value, owners[i])})
				}
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Failure) int { return cmp.Compare(a.ID, b.ID) })
	return all
}
