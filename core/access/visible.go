package access

import (
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// Visible returns the fields that the rules which select this very record let
// see, together; nil means all fields. The caller must not change the map.
//
// A rule that reaches over a reference cannot be decided by looking at the
// record. It counts only when no rule is certain: then the record must have
// come through one of the rules that are left, and only what all of them let
// see is visible. A record that no rule selects shows its system fields.
func (r *Roles) Visible(m *schema.Model, a core.Actor, record *core.Record) (map[string]bool, error) {
	e := m.Entity(record.Entity)
	if e == nil {
		return systemPaths(), nil
	}
	var certain, possible []*grant
	for _, g := range allowing(read, r.grants(m, a, e)) {
		switch g.decide(a, record) {
		case yes:
			certain = append(certain, g)
		case perhaps:
			possible = append(possible, g)
		}
	}
	if len(certain) > 0 {
		return union(certain), nil
	}
	return intersection(possible), nil
}

// Deciding returns the storage paths at which Visible looks in records of a
// stored entity, system fields aside.
func (r *Roles) Deciding(m *schema.Model, a core.Actor, e *schema.Entity) []string {
	var paths []string
	for _, g := range allowing(read, r.grants(m, a, e)) {
		paths = append(paths, g.looks...)
	}
	return paths
}

// Askable returns the fields that every rule under which the actor may see
// records of the entity lets see, in the form of Visible.
func (r *Roles) Askable(m *schema.Model, a core.Actor, e *schema.Entity) (map[string]bool, error) {
	return intersection(allowing(read, r.grants(m, a, e))), nil
}

type verdict int

const (
	no verdict = iota
	perhaps
	yes
)

// decide says whether the rule lets the actor see a record.
func (g *grant) decide(a core.Actor, record *core.Record) verdict {
	rule, values := *g.filters[read], record.Values
	switch {
	case !g.holds.Match(values):
		return no
	case rule.IsZero():
		return yes
	}
	if g.varies {
		rule = bind(rule, a)
	}
	if g.system {
		values = record.WithSystem()
	}
	switch {
	case !g.reaches && rule.Match(values), g.reaches && settle(rule, false).Match(values):
		return yes
	case g.reaches && settle(rule, true).Match(values):
		return perhaps
	}
	return no
}

// union is what at least one of the grants lets see.
func union(grants []*grant) map[string]bool {
	all := map[string]bool{}
	for _, g := range grants {
		if g.visible == nil || len(grants) == 1 {
			return g.visible
		}
		for path := range g.visible {
			all[path] = true
		}
	}
	return all
}

// intersection is what every one of the grants lets see; without a grant, the
// system fields.
func intersection(grants []*grant) map[string]bool {
	if len(grants) == 0 {
		return systemPaths()
	}
	common := grants[0].visible
	for _, g := range grants[1:] {
		common = both(common, g.visible)
	}
	return common
}

// both intersects two sets of which nil is the set of everything.
func both(a, b map[string]bool) map[string]bool {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	common := map[string]bool{}
	for path := range a {
		if b[path] {
			common[path] = true
		}
	}
	return common
}
