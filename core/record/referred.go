package record

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// maxReferring bounds how far the records are counted that refuse a deletion.
const maxReferring = 1000

// referred refuses a deletion because of live records that refer to the record, or to
// what would be deleted with it. It counts those that the actor sees to refer, and of
// the others it says that there are some, which the refusal tells anyway.
func (s *Session) referred(ctx context.Context, f *fate, in []standing) error {
	reader := s.asReader()
	var counted []string
	var violations schema.Violations
	hidden := false
	for _, group := range grouped(in) {
		e := group[0].From
		n, all, err := reader.countReferring(ctx, e, group, f)
		if err != nil {
			return err
		}
		if hidden = hidden || !all; n == 0 {
			continue
		}
		some := howMany(n, e)
		counted = append(counted, some)
		violations = append(violations, schema.Violation{Field: "id", Rule: "referred", Message: "is referred to by " + some})
	}
	if hidden {
		counted = append(counted, "records that you may not see")
	}
	refer, to := "refer", "it"
	if len(counted) == 1 && strings.HasPrefix(counted[0], "1 ") {
		refer = "refers"
	}
	if slices.ContainsFunc(in, func(one standing) bool { return !slices.Contains(one.to, f.root.id) }) {
		to = "it, or to what would be deleted with it"
	}
	message := fmt.Sprintf("The %s was not deleted: %s %s to %s.", f.name, listed(counted), refer, to)
	if len(violations) > 0 {
		message += " Delete what refers, or let it refer to another record, and try again."
	}
	return &core.Error{Code: core.Conflict, Message: message, Violations: violations}
}

// countReferring counts the records that refer to any of these and that the actor sees
// to do so; all says whether there are no others.
func (s *Session) countReferring(ctx context.Context, e *schema.Entity, in []standing, f *fate) (n int, all bool, err error) {
	var any []schema.Filter
	for _, one := range in {
		any = append(any, one.In(one.to...))
	}
	filter := schema.Any(any...)
	if slices.ContainsFunc(in, func(one standing) bool { return one.From == f.root.e }) {
		filter = schema.All(filter, schema.Filter{Path: "id", Op: schema.OpNe, Value: f.root.id, Field: schema.SystemFields[0]})
	}
	q := core.Query{Filter: filter}
	whole, err := s.Store.Count(ctx, e, q, maxReferring+1)
	if err != nil {
		return 0, false, fmt.Errorf("count %s: %w", e.Plural, err)
	}
	seen, err := s.Count(ctx, e, q, maxReferring+1)
	if code := core.CodeOf(err); code == core.Forbidden || code == core.Invalid {
		return 0, false, nil // of what may not be asked for, nothing is told
	}
	return seen[""], seen[""] == whole[""], err
}

// grouped puts together what one entity refers by.
func grouped(in []standing) (groups [][]standing) {
	for _, one := range in {
		i := slices.IndexFunc(groups, func(g []standing) bool { return g[0].From == one.From })
		if i < 0 {
			groups = append(groups, nil)
			i = len(groups) - 1
		}
		groups[i] = append(groups[i], one)
	}
	return groups
}

func howMany(n int, e *schema.Entity) string {
	switch {
	case n == 1:
		return "1 " + e.Name
	case n > maxReferring:
		return fmt.Sprintf("more than %d %s", maxReferring, e.Plural)
	}
	return fmt.Sprintf("%d %s", n, e.Plural)
}

func listed(all []string) string {
	if len(all) < 2 {
		return strings.Join(all, "")
	}
	return strings.Join(all[:len(all)-1], ", ") + " and " + all[len(all)-1]
}
