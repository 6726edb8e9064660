package snapshot

import (
	"slices"
)

// Recall admits what is known from an earlier run, before anybody is served: all
// of it together, as it held then, or as much as fits by now, in whatever order
// one needs the other. errs[i] says why all[i] is left out.
func (a *Admission) Recall(all []Contribution) (errs []error) {
	errs = make([]error, len(all))
	offers, left := make([]Offer, len(all)), make([]int, len(all))
	for i, c := range all {
		offers[i], left[i] = Offer{Contribution: c}, i
	}
	if a.change(offers...) == nil {
		return errs
	}
	for {
		again := slices.DeleteFunc(slices.Clone(left), func(i int) bool {
			errs[i] = a.Admit(offers[i])
			return errs[i] == nil
		})
		if len(again) == 0 || len(again) == len(left) {
			return errs
		}
		left = again
	}
}
