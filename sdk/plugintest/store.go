package plugintest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// stored is one record. It is replaced and never changed.
type stored struct {
	entity  *schema.Entity // that stores it: a customer's is party
	id      string
	version int64
	values  map[string]any // by storage path
}

type store struct {
	mu    sync.Mutex
	byID  map[string]*stored
	next  int
	finds int
}

func (s *store) get(e *schema.Entity, id string) *stored {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.byID[id]; r != nil && e.Stored() == r.entity && e.HasRole().Match(r.values) {
		return r
	}
	return nil
}

// find returns the records that match, by id.
func (s *store) find(e *schema.Entity, filter schema.Filter) []*stored {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finds++
	var found []*stored
	for _, r := range s.byID {
		if r.entity == e.Stored() && schema.All(e.HasRole(), filter).Match(r.withID()) {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b *stored) int { return strings.Compare(a.id, b.id) })
	return found
}

// put applies a patch of the view e, asks rule, and keeps the result if it fits
// the definition. rule may change the values of what it gets.
func (s *store) put(e *schema.Entity, id string, ifVersion int64, patch map[string]any, rule func(after *stored) error) (*stored, error) {
	before := s.get(e, id)
	if id != "" && before == nil {
		return nil, notFound(e.Name, id)
	}
	if before != nil && ifVersion != 0 && ifVersion != before.version {
		return nil, &sdk.Error{Code: sdk.Conflict, Message: fmt.Sprintf("The %s was changed by somebody else in the meantime. Reload it and try again.", e.Name)}
	}
	after := &stored{entity: e.Stored(), id: id, version: 1, values: map[string]any{}}
	if before != nil {
		after.version = before.version + 1
		after.values = clone(before.values)
	}
	after.set(e, patch)
	if e.IsRole() && before == nil {
		after.values[schema.RolesField] = []any{e.Name}
	}
	if err := after.check(e, before == nil); err != nil {
		return nil, err
	}
	if err := rule(after); err != nil {
		return nil, err
	}
	if err := after.check(e, before == nil); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if after.id == "" {
		s.next++
		after.id = fmt.Sprintf("%s-%03d", e.Name, s.next)
	}
	s.byID[after.id] = after
	return after, nil
}

// set applies values of the view; nil clears.
func (r *stored) set(e *schema.Entity, patch map[string]any) {
	for name, value := range patch {
		path := name
		if f := e.Field(name); f != nil {
			path = f.StoragePath()
		}
		values := r.values
		if role, inner, inside := strings.Cut(path, "."); inside {
			if values[role] == nil {
				values[role] = map[string]any{}
			}
			values, path = values[role].(map[string]any), inner
		}
		if value == nil {
			delete(values, path)
		} else {
			values[path] = value
		}
	}
}

// check brings the values into the canonical form.
func (r *stored) check(e *schema.Entity, isNew bool) error {
	checked, err := e.Check(r.values, isNew, "DE")
	if err != nil {
		return invalid(notSaved(e), err)
	}
	r.values = checked
	return nil
}

// view returns the fields of an entity or role side by side.
func (r *stored) view(e *schema.Entity) map[string]any {
	values := map[string]any{}
	for _, f := range e.Fields {
		if value := schema.Lookup(r.values, f.StoragePath()); value != nil {
			values[f.Name] = value
		}
	}
	return clone(values)
}

func (r *stored) withID() map[string]any {
	values := map[string]any{"id": r.id, "version": r.version}
	for name, value := range r.values {
		values[name] = value
	}
	return values
}

func (r *stored) record(t testing.TB, e *schema.Entity) *sdk.Record {
	t.Helper()
	return &sdk.Record{Entity: e.Name, ID: r.id, Version: r.version, CreatedAt: now(), UpdatedAt: now(), Values: r.view(e)}
}

func (r *stored) encode(e *schema.Entity) *pluginpb.Record {
	if r == nil {
		return nil
	}
	encoded, err := pluginpb.Encode(r.view(e))
	if err != nil {
		panic(err) // the values have been checked
	}
	at := schema.Instant(now())
	return &pluginpb.Record{Entity: e.Name, Id: r.id, Version: r.version, Values: encoded, CreatedAt: at, UpdatedAt: at}
}

// clone copies values by way of their canonical form.
func clone(values map[string]any) map[string]any {
	encoded, err := pluginpb.Encode(values)
	if err != nil {
		panic(err) // the values have been checked
	}
	copied, err := pluginpb.Decode(encoded)
	if err != nil {
		panic(err)
	}
	return copied
}

// now is fixed, so that tests can compare.
func now() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }
