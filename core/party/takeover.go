package party

import (
	"reflect"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// plan is what the party that stays takes over from the duplicate.
type plan struct {
	drafts []record.Draft
	taken  []string // storage paths
}

// takeover plans what the winner lacks: one draft for each role, since a role
// comes with its data, and one for what it can have as it is. A winner that is
// deleted is restored before.
func takeover(m *schema.Model, e *schema.Entity, loser, winner *core.Record) plan {
	var p plan
	if winner.Deleted() {
		p.drafts = append(p.drafts, record.Draft{Action: core.Restored, ID: winner.ID, Unmerge: true})
	}
	own, ofRole := p.take(m, e, loser, winner)
	if len(own) > 0 {
		p.drafts = append(p.drafts, record.Draft{Action: core.Updated, ID: winner.ID, Set: own, InheritsFrom: loser.ID})
	}
	for _, role := range m.Roles(e) {
		held := role.IsHeldBy(loser.Values)
		if held && !role.IsHeldBy(winner.Values) || ofRole[role.Name] != nil {
			d := record.Draft{Action: core.Updated, ID: winner.ID, Set: ofRole[role.Name], Grant: role, InheritsFrom: loser.ID}
			if !held {
				d.Withdraw = role // a role of the past stays one, with its data
			}
			p.drafts = append(p.drafts, d)
		}
	}
	return p
}

// take notes what the winner gets: what it can have as it is, and what comes with
// a role that it lacks.
func (p *plan) take(m *schema.Model, e *schema.Entity, loser, winner *core.Record) (own map[string]any, ofRole map[string]map[string]any) {
	own, ofRole = map[string]any{}, map[string]map[string]any{}
	for path, f := range e.Kept() {
		value := lacking(f, loser.At(path), winner.At(path))
		if value == nil || f.Type == "reference" && (value == winner.ID || value == loser.ID) { // nobody refers to himself
			continue
		}
		p.taken = append(p.taken, path)
		if role := roleOf(m, e, path); role != "" && winner.Values[role] == nil {
			if ofRole[role] == nil {
				ofRole[role] = map[string]any{}
			}
			ofRole[role][path] = value
		} else {
			own[path] = value
		}
	}
	return own, ofRole
}

// lacking is the value that a field gets from the duplicate; nil leaves it
// alone. Lists get the items that they lack.
func lacking(f *schema.Field, from, into any) any {
	if f.System || from == nil {
		return nil
	}
	if into == nil {
		return from
	}
	more, isList := from.([]any)
	if !isList {
		return nil
	}
	has, _ := into.([]any)
	all := slices.Clone(has)
	for _, item := range more {
		if !slices.ContainsFunc(all, func(one any) bool { return reflect.DeepEqual(one, item) }) {
			all = append(all, item)
		}
	}
	if len(all) == len(has) {
		return nil
	}
	return all
}

// kept lists the fields of which both have a value and the winner's stays, as
// far as the user sees both.
func (g *merge) kept(loser, winner *core.Record) ([]string, error) {
	from, into, err := g.shown(loser, winner)
	if err != nil {
		return nil, err
	}
	var paths []string
	for path, f := range g.e.Kept() {
		_, isList := from.At(path).([]any)
		if f.System || isList || from.At(path) == nil || into.At(path) == nil || reflect.DeepEqual(from.At(path), into.At(path)) {
			continue
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// shown are the two parties as the user sees them.
func (g *merge) shown(loser, winner *core.Record) (from, into *core.Record, err error) {
	if from, err = g.user.Seen(loser); err == nil {
		into, err = g.user.Seen(winner)
	}
	return from, into, err
}

// roleOf is the role in whose data a storage path lies; "" for none.
func roleOf(m *schema.Model, e *schema.Entity, path string) string {
	first, _, inside := strings.Cut(path, ".")
	if inside && slices.ContainsFunc(m.Roles(e), func(role *schema.Entity) bool { return role.Name == first }) {
		return first
	}
	return ""
}
