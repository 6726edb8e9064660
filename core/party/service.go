package party

import (
	"context"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// entity is the name of the shipped entity that this package is about.
const entity = "party"

// Service merges, exports and erases parties. It is safe for concurrent use.
type Service struct {
	Records   *record.Service // its Timers bring to their end what is cut off
	Journal   Journal         // needed to erase
	Elsewhere Elsewhere       // nil for none
}

// Journal is where the history of records lies, and what is on its way there
// or to subscribers.
type Journal interface {
	// Forget takes what says something about a person out of the entries of
	// these records of one entity, wherever they lie. It can be repeated.
	Forget(ctx context.Context, e *schema.Entity, ids []string) error
}

// Elsewhere is what plugins keep about a party outside of the records. A
// plugin that cannot answer has a part that says so.
type Elsewhere interface {
	ExportParty(ctx context.Context, on record.Basis, actor core.Actor, id string) ([]core.PluginPart, error)
}

// whole opens a session that is bound by no role: of a party that is merged
// nothing may stay behind because the user does not see it. The hooks are asked,
// and the history names the user. What the user may ask for is checked before, and
// errors tell no more than the user may see.
func (s *Service) whole(on record.Basis, a core.Actor) *record.Session {
	return s.Records.As(a, on).Unbound()
}

// onlyAdmins refuses everybody else what is done to a party.
func onlyAdmins(a core.Actor, done string) error {
	if slices.Contains(a.Roles, core.AdminRole) {
		return nil
	}
	return &core.Error{Code: core.Forbidden, Message: "A party is " + done + " by administrators: the role " + core.AdminRole + "."}
}
