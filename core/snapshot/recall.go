package snapshot

import (
	"errors"
	"slices"
	"strings"

	"github.com/openxrm/xrm/schema"
)

// Recall admits what is known from an earlier run, before anybody is served: all
// of it together, as it held then, or as much as fits by now, in whatever order
// one needs the other. errs[i] says why all[i] is left out.
func (a *Admission) Recall(all []Contribution) (errs []error) {
	errs = make([]error, len(all))
	if a.together(all) == nil {
		return errs
	}
	left := make([]int, len(all))
	for i := range left {
		left[i] = i
	}
	for {
		again := slices.DeleteFunc(slices.Clone(left), func(i int) bool {
			errs[i] = a.Admit(Offer{Contribution: all[i]})
			return errs[i] == nil
		})
		if len(again) == 0 || len(again) == len(left) {
			return errs
		}
		left = again
	}
}

// together admits contributions as one change, or none of them.
func (a *Admission) together(all []Contribution) (err error) {
	var names []string
	definitions := map[string][]schema.Source{}
	for _, c := range all {
		names = append(names, c.Plugin)
		definitions[c.Plugin] = c.Entities
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	defer a.survive(strings.Join(names, ", "), &err)
	before := a.current.Load()
	next := &Snapshot{Contributions: before.Contributions}
	if next.catalog, err = before.catalog.With(definitions); err != nil {
		return err
	}
	for _, c := range all {
		next.Contributions = with(next.Contributions, c)
	}
	m := next.catalog.Model()
	for _, c := range all {
		err = errors.Join(err, clashes(c, next.Contributions), fits(m, c, next.Contributions), parties(m, c))
	}
	if err == nil {
		next, err = a.complete(next)
	}
	if err == nil && next.Model != before.Model {
		err = a.config.Prepare(before.Model, next.Model)
	}
	if err == nil {
		a.swap(next)
	}
	return err
}
