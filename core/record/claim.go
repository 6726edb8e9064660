package record

import (
	"fmt"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// claim is a right that a draft takes: to do something to records of an entity,
// and to write some of their fields.
type claim struct {
	action core.Action // or Granted or Withdrawn
	fields []string
	rule   schema.Filter // the records for which the actor has the right
}

// claims are the rights that a draft takes which touches these fields. known are
// those of the drafts before it: each is asked for once.
func (s *Session) claims(e *schema.Entity, w *work, fields []string, known map[string]*claim) ([]*claim, error) {
	all := w.needs(e, fields)
	for i, c := range all {
		key := string(c.action) + " " + strings.Join(c.fields, " ")
		if known[key] == nil {
			rule, err := s.Policy.Writable(s.Model, s.Actor, e, c.action, c.fields)
			if err == nil {
				c.rule, err = s.ruled(rule)
			}
			if err != nil {
				return nil, err
			}
			known[key] = c
		}
		all[i] = known[key]
	}
	return all, nil
}

// needs are the claims of a draft, without their rules. Who grants a role to a
// record sets its data with it; what else is written is an update as ever.
func (w *work) needs(e *schema.Entity, fields []string) (all []*claim) {
	if w.gainsRole(e) {
		isOwn := func(path string) bool { return strings.HasPrefix(path, e.Name+".") }
		own := slices.DeleteFunc(slices.Clone(fields), func(path string) bool { return !isOwn(path) })
		fields = slices.DeleteFunc(slices.Clone(fields), isOwn)
		all = append(all, &claim{action: Granted, fields: own})
	} else if w.draft.Grant != nil {
		all = append(all, &claim{action: Granted})
	}
	if w.draft.Withdraw != nil {
		all = append(all, &claim{action: Withdrawn})
	}
	if len(all) == 0 || len(fields) > 0 {
		all = append(all, &claim{action: w.change.Action, fields: fields})
	}
	return all
}

// notPermitted is the error of a change to a record that no rule for it selects.
func notPermitted(e *schema.Entity, action core.Action) error {
	message := fmt.Sprintf("You may not make this change to the %s: your roles do not allow it for this record.", e.Name)
	switch action {
	case Granted:
		message = fmt.Sprintf("You may not grant the role %s to this %s: your roles do not allow it for this record.", e.Name, e.Stored().Name)
	case Withdrawn:
		message = fmt.Sprintf("You may not withdraw the role %s from this %s: your roles do not allow it for this record.", e.Name, e.Stored().Name)
	}
	return &core.Error{Code: core.Forbidden, Message: message}
}
