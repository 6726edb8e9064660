package record

import (
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// Unbound returns the session without the bounds of the actor's roles, for what has to
// be done to all records or to none. The hooks are asked, the history names the actor,
// and errors tell no more than the actor may see.
func (s *Session) Unbound() *Session {
	unbound := *s
	if unbound.Reader == nil {
		unbound.Reader = s.Policy
	}
	unbound.Policy = everything{}
	return &unbound
}

// asReader is the session with what the actor may by himself.
func (s *Session) asReader() *Session {
	if s.Reader == nil {
		return s
	}
	reader := *s
	reader.Policy, reader.Reader = s.Reader, nil
	return &reader
}

// everything is the policy that allows all.
type everything struct{}

var _ Policy = everything{}

func (everything) Readable(*schema.Model, core.Actor, *schema.Entity) (schema.Filter, error) {
	return schema.Filter{}, nil
}

func (everything) Visible(*schema.Model, core.Actor, *core.Record) (map[string]bool, error) {
	return nil, nil
}

func (everything) Deciding(*schema.Model, core.Actor, *schema.Entity) []string { return nil }

func (everything) Askable(*schema.Model, core.Actor, *schema.Entity) (map[string]bool, error) {
	return nil, nil
}

func (everything) Shown(*schema.Model, core.Actor, *schema.Entity) (map[string]bool, error) {
	return nil, nil
}

func (everything) Allows(*schema.Model, core.Actor, *schema.Entity, core.Action, string) bool {
	return true
}

func (everything) Starts(*schema.Model, core.Actor, string, []string) bool { return true }

func (everything) Writable(*schema.Model, core.Actor, *schema.Entity, core.Action, []string) (schema.Filter, error) {
	return schema.Filter{}, nil
}
