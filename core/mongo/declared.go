package mongo

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
)

// declared are the indexes of an entity that a page can be read from, and which
// of its paths have a value once at most.
type declared struct {
	pages  []pageIndex
	unique map[string]bool

	claimed  []string // the unique paths, in order
	collated []string // the paths that sort keys are kept for
	searched []string // where the search looks
}

// declaredOf is what is prepared for a stored entity; nil before that.
func (s *Store) declaredOf(name string) *declared {
	known, _ := s.declared.Load(name)
	d, _ := known.(*declared)
	return d
}

// declaredIn leaves out what no page is read from.
func declaredIn(indexes []driver.IndexModel, collated, searched []string) *declared {
	d := &declared{pages: []pageIndex{{keys: bson.D{{Key: idField, Value: 1}}}}, unique: map[string]bool{}, collated: collated, searched: searched}
	for _, index := range indexes {
		name := nameOf(index)
		switch path, unique := strings.CutPrefix(name, livePrefix); {
		case unique:
			d.unique[path] = true
		case name != pendingIndex && name != claimsIndex:
			d.pages = append(d.pages, pageIndexOf(index))
		}
	}
	d.claimed = slices.Sorted(maps.Keys(d.unique))
	return d
}

// sorting is how MongoDB ("stage") and DocumentDB ("Node Type") name it in a plan
// that they sort what they have found.
var sorting = regexp.MustCompile(`"(?:stage|Node Type)":\s*"(?:SORT|Sort|Incremental Sort)"`)

const (
	orderUnknown int32 = iota
	orderFromIndexes
	orderBySorting
)

// readsInOrder says whether the engine takes an order from an index, as MongoDB
// does, or sorts all that is selected, as DocumentDB does for all but the id. It
// asks once.
func (s *Store) readsInOrder(ctx context.Context, e *schema.Entity) bool {
	if known := s.ordering.Load(); known != orderUnknown {
		return known == orderFromIndexes
	}
	raw, err := s.db.RunCommand(ctx, bson.D{
		{Key: "explain", Value: bson.D{
			{Key: "find", Value: e.Stored().Name}, {Key: "sort", Value: bson.D{{Key: "createdAt", Value: 1}, {Key: idField, Value: 1}}}, {Key: "limit", Value: 1},
		}},
		{Key: "verbosity", Value: "queryPlanner"},
	}).Raw()
	if err != nil {
		return true // it may not be allowed to ask
	}
	for _, chosen := range []string{"winningPlan", "Plan"} {
		if plan, ok := raw.Lookup("queryPlanner", chosen).DocumentOK(); ok {
			known := orderFromIndexes
			if sorting.MatchString(strings.ReplaceAll(plan.String(), `\"`, `"`)) {
				known = orderBySorting
			}
			s.ordering.Store(known)
			return known == orderFromIndexes
		}
	}
	return true
}
