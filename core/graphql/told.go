package graphql

import (
	"context"
	"errors"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// told is the error of a write as the actor gets it: what does not fit in fields
// that it may neither see nor write is said without their names, once.
func (b *builder) told(ctx context.Context, e *schema.Entity, err error) error {
	var refused *core.Error
	if !errors.As(err, &refused) || len(refused.Violations) == 0 {
		return err
	}
	s := b.sight(ActorFrom(ctx))
	var named schema.Violations
	for _, v := range refused.Violations {
		if s.administers() || s.knowsField(e, v.Field) {
			named = append(named, v)
		}
	}
	if len(named) == len(refused.Violations) {
		return err
	}
	told := *refused
	told.Violations = append(named, schema.Violation{
		Rule: "hidden", Message: "something that you may neither see nor write does not fit; ask an administrator",
	})
	return &told
}

// knowsField says whether the actor may use the field in which the path of a
// violation lies. What is no field is no secret.
func (s *sight) knowsField(e *schema.Entity, path string) bool {
	name, inner, _ := strings.Cut(path, ".")
	name, _, _ = strings.Cut(name, "[")
	f := e.Field(name)
	switch {
	case f == nil:
		return true
	case e.RoleIn(f) != "" && inner != "":
		inner, _, _ = strings.Cut(inner, ".")
		inner, _, _ = strings.Cut(inner, "[")
		return s.uses(e, name+"."+inner)
	}
	return s.uses(e, f.StoragePath())
}
