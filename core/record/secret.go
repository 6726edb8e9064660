package record

import (
	"reflect"
	"strings"

	"github.com/openxrm/xrm/schema"
)

// unfit is the error of a draft with violations, in the words of the view. It quotes
// what the actor sees or has sent, and no other value: not what is stored, and not
// what a default or a hook has set.
func (s *Session) unfit(e *schema.Entity, w *work, violations schema.Violations) error {
	secret, err := s.secret(w)
	if err != nil {
		return err
	}
	return invalid(e, violations.Unquote(secret))
}

// secret returns what says whether the value at a storage path must not be told to
// the actor.
func (s *Session) secret(w *work) (func(path string) bool, error) {
	policy, seen := s.Reader, w.change.Before
	if policy == nil {
		policy = s.Policy
	}
	if seen == nil {
		seen = w.change.After
	}
	visible, err := policy.Visible(s.Model, s.Actor, seen)
	return func(path string) bool { return !isVisible(visible, path) && !w.sent(path) }, err
}

// sent says whether the value at a storage path is one that the actor has sent, and
// that no hook has replaced.
func (w *work) sent(path string) bool {
	for set, value := range w.draft.Set {
		if value == nil || path != set && !strings.HasPrefix(path, set+".") {
			continue
		}
		if w.judged == nil || reflect.DeepEqual(schema.Lookup(w.judged, set), schema.Lookup(w.change.After.Values, set)) {
			return true
		}
	}
	return false
}
