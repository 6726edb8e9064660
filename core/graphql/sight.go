package graphql

import (
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/schema"
)

// sight is what an actor may use at all, of whatever record: what is not in it is
// no part of the API for the actor. It answers from the policy and belongs to one
// goroutine.
type sight struct {
	record.Basis
	actor        core.Actor
	shown, asked map[*schema.Entity]func(path string) bool
}

func (b *builder) sight(a core.Actor) *sight {
	return &sight{Basis: b.Basis, actor: a, shown: map[*schema.Entity]func(string) bool{}, asked: map[*schema.Entity]func(string) bool{}}
}

// administers says whether the actor is an administrator.
func (s *sight) administers() bool {
	return s.actor.Via == "" && slices.Contains(s.actor.Roles, core.AdminRole)
}

// starts says whether the actor may start an operation of a plugin.
func (s *sight) starts(op snapshot.Operation) bool {
	if s.actor.Via != "" && s.actor.Via != op.Plugin {
		return false
	}
	return op.ForEverybody || s.Policy.Starts(s.Model, s.actor, op.Name, op.Needs)
}

// reads says whether the actor may see any record of the entity or role.
func (s *sight) reads(e *schema.Entity) bool {
	_, err := s.Policy.Readable(s.Model, s.actor, e)
	return err == nil
}

// shows says whether the actor may see a field in any record. What is stored
// decides, since a reference to a customer leads to whoever was one.
func (s *sight) shows(e *schema.Entity, path string) bool {
	return within(s.shown, e.Stored(), func(e *schema.Entity) (func(string) bool, error) {
		set, err := s.Policy.Shown(s.Model, s.actor, e)
		return func(path string) bool { return schema.IsSystem(path) || record.InFields(set, path) }, err
	})(path)
}

// asks says whether the actor may filter, sort and search by a field.
func (s *sight) asks(e *schema.Entity, path string) bool {
	return within(s.asked, e, func(e *schema.Entity) (func(string) bool, error) { return s.Asks(s.actor, e) })(path)
}

// searches says whether the actor may search for words.
func (s *sight) searches(e *schema.Entity) bool {
	stored := e.Stored()
	return !slices.ContainsFunc(stored.Fields, func(f *schema.Field) bool {
		return f.Searched() && stored.RoleIn(f) == "" && !s.asks(e, f.Name)
	})
}

// does says whether the actor may do this to any record, and write the field; ""
// for none in particular. What is there already must be seen to be changed.
func (s *sight) does(e *schema.Entity, action core.Action, path string) bool {
	return (action == core.Created || s.reads(e)) && s.Policy.Allows(s.Model, s.actor, e, action, path)
}

// writes says whether the actor may give a field a value in any way.
func (s *sight) writes(e *schema.Entity, path string) bool {
	return s.does(e, core.Created, path) || s.does(e, core.Updated, path) ||
		strings.HasPrefix(path, e.Name+".") && s.grants(e, path)
}

// grants says whether the actor may grant a role to a record that it sees, and
// write a field of the role with it; "" for none in particular.
func (s *sight) grants(role *schema.Entity, path string) bool {
	return role.IsRole() && s.reads(role.Base) && s.Policy.Allows(s.Model, s.actor, role, record.Granted, path)
}

// knows says whether the actor has to do with the entity or role at all.
func (s *sight) knows(e *schema.Entity) bool { return s.reads(e) || s.does(e, core.Created, "") }

// leads says whether a field leads the actor anywhere: a reference to what may
// not be seen does not. Whoever held a role once is still shown where a record
// refers to them.
func (s *sight) leads(f *schema.Field) bool {
	if f.Of != nil {
		f = f.Of
	}
	return f.Type != "reference" || s.reads(s.Model.Entity(f.To).Stored())
}

// refers says whether the actor may set a field: a reference must lead to what it
// sees, as what it refers to by.
func (s *sight) refers(f *schema.Field) bool {
	if f.Of != nil {
		f = f.Of
	}
	return f.Type != "reference" || s.reads(s.Model.Entity(f.To))
}

// within looks once which fields of an entity are allowed; of what may not be known, the
// system fields are.
func within(known map[*schema.Entity]func(string) bool, e *schema.Entity, find func(*schema.Entity) (func(string) bool, error)) func(path string) bool {
	if allowed := known[e]; allowed != nil {
		return allowed
	}
	allowed, err := find(e)
	if err != nil {
		allowed = schema.IsSystem
	}
	known[e] = allowed
	return allowed
}
