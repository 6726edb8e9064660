package access

import (
	"errors"
	"fmt"
	"strings"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/strictyaml"
)

type verb int

const (
	read verb = iota
	create
	update
	remove
	granting    // a role of a record that exists
	withdrawing // a role
	verbs       // how many there are
)

var verbNames = [verbs]string{"read", "create", "update", "delete", "grant", "withdraw"}

// compiled are the roles made ready for one model. It never changes.
type compiled struct {
	grants   map[string]map[*schema.Entity][]*grant // by role and by stored entity
	faults   strictyaml.Problems
	warnings strictyaml.Problems
}

// grant is one rule on one entity or role view.
type grant struct {
	on      *schema.Entity
	filters [verbs]*schema.Filter // nil: not allowed
	rights  fieldTable
	visible map[string]bool // storage paths that may be read; nil for all

	// What decide needs to know about the rule for reading, found out once
	// because it runs for every record.
	holds   schema.Filter
	varies  bool     // names the actor
	reaches bool     // reaches over a reference
	system  bool     // looks at system fields
	looks   []string // at these storage paths, system fields aside
}

func compile(m *schema.Model, roles []*role) *compiled {
	c := &compiled{grants: map[string]map[*schema.Entity][]*grant{}}
	for _, r := range roles {
		grants := map[*schema.Entity][]*grant{}
		named := map[*schema.Entity]bool{}
		for _, rule := range r.rules {
			if e := m.Entity(rule.on); e != nil {
				named[e.Stored()] = true
				grants[e.Stored()] = append(grants[e.Stored()], c.grant(m, r, rule, e))
			} else if rule.on != everyEntity {
				c.unknown(m, r, rule)
			}
		}
		for _, rule := range r.rules {
			if rule.on == everyEntity {
				c.everywhere(m, r, rule, named, grants)
			}
		}
		for _, e := range m.Stored() {
			if r.layer != "" && e.Layer == r.layer && !named[e] {
				grants[e] = append(grants[e], c.grant(m, r, ownEntity, e))
			}
		}
		c.grants[r.name] = grants
	}
	return c
}

// ownEntity is the rule that a plugin has on the entities that it brings.
var ownEntity = &rule{conditions: every(condition{always: true})}

func (c *compiled) fault(r *role, line int, format string, args ...any) {
	c.faults = append(c.faults, strictyaml.Problem{File: r.file, Line: line, Message: fmt.Sprintf(format, args...)})
}

// unknown tells a slip of the pen, which must be corrected, from the entity
// of a plugin that is not loaded, without which the server must start. What a
// plugin asks for is never taken for a slip: others may come after it.
func (c *compiled) unknown(m *schema.Model, r *role, rule *rule) {
	var names []string
	for _, e := range m.Entities() {
		names = append(names, e.Name, e.Plural)
	}
	if near := strictyaml.Nearest(rule.on, names, max(1, len(rule.on)/4)); near != "" && r.plugin == "" {
		c.fault(r, rule.line, "there is no entity or role %q; did you mean %q?", rule.on, near)
		return
	}
	c.warnings = append(c.warnings, strictyaml.Problem{
		File: r.file, Line: rule.line,
		Message: fmt.Sprintf("there is no entity or role %q now; the rule grants nothing until there is", rule.on),
	})
}

// everywhere applies a rule to every stored entity that the file does not
// name, neither itself nor by one of its roles.
func (c *compiled) everywhere(m *schema.Model, r *role, rule *rule, named map[*schema.Entity]bool, grants map[*schema.Entity][]*grant) {
	if rule.fields != nil {
		c.fault(r, rule.line, "%q cannot have fields, because entities have different ones", everyEntity)
		return
	}
	g := c.grant(m, r, rule, &schema.Entity{Name: everyEntity}) // knows the system fields only
	for _, e := range m.Stored() {
		if !named[e] {
			its := *g
			its.on = e
			grants[e] = append(grants[e], &its)
		}
	}
}

func (c *compiled) grant(m *schema.Model, r *role, rule *rule, e *schema.Entity) *grant {
	if rule.ofRoles > 0 && e.Name != everyEntity && !e.KeepsRoles() {
		c.fault(r, rule.ofRoles, "%s: grant and withdraw are about the roles of records, and those of %s have none; take them out", rule.on, e.Name)
	}
	g := &grant{on: e}
	for v, condition := range rule.conditions {
		if f, ok := c.filter(m, r, rule, e, verb(v), condition); ok {
			g.filters[v] = &f
		}
	}
	g.rights = c.fieldTable(m, r, rule, e)
	g.visible = g.rights.visible(m, e)
	g.holds = e.HasRole()
	g.looks = lookedAt(g.holds, nil)
	if rule := g.filters[read]; rule != nil {
		g.varies = len(vars(*rule)) > 0
		g.looks = lookedAt(*rule, g.looks)
		each(*rule, func(c schema.Filter) {
			g.reaches = g.reaches || c.Op == schema.OpTo
			g.system = g.system || schema.IsSystem(c.Path)
		})
	}
	return g
}

// filter returns what a condition selects; false when it selects nothing,
// also because of a mistake.
func (c *compiled) filter(m *schema.Model, r *role, rule *rule, e *schema.Entity, v verb, condition condition) (schema.Filter, bool) {
	if condition.filter == nil {
		return schema.Filter{}, condition.always
	}
	before := len(c.faults)
	f, err := m.ParseFilter(e, condition.filter, true)
	var violations schema.Violations
	errors.As(err, &violations)
	for _, violation := range violations {
		path := strings.TrimPrefix(violation.Field, "filter")
		c.fault(r, lineOf(condition.node, path), "%s.%s%s %s", rule.on, verbNames[v], path, violation.Message)
	}
	for _, name := range vars(f) {
		if known := []string{userID, userParty}; name != userID && name != userParty {
			c.fault(r, condition.node.Line, "%s.%s: there is no $%s%s", rule.on, verbNames[v], name, strictyaml.Suggest(name, known))
		}
	}
	if err == nil && f.IsZero() {
		c.fault(r, condition.node.Line, "%s.%s: the filter selects every record; write true if that is meant", rule.on, verbNames[v])
	}
	return f, len(c.faults) == before
}
