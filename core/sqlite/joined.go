package sqlite

import (
	"context"
	"fmt"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// Joined says that a transaction looks at all records as they are.
func (s *Store) Joined() bool { return true }

// holds refuses a change, within the transaction that makes it, which would leave a
// live record that refers to one that does not live.
func (s *Store) holds(ctx context.Context, c *conn, change core.Change) error {
	for _, target := range change.Refers {
		t, err := s.table(target.Entity)
		if err != nil {
			return err
		}
		var one int
		lives, err := c.row(ctx, "SELECT 1 FROM "+t.name+" WHERE id = ? AND deleted_at IS NULL", []any{target.ID}, &one)
		if err != nil {
			return fmt.Errorf("look for %s %s: %w", target.Entity.Name, target.ID, err)
		}
		if !lives {
			return unlike("reference", target.Path, "leads to a record that does not live")
		}
	}
	for _, r := range change.Unreferred {
		t, err := s.table(r.From)
		if err != nil {
			return err
		}
		others := schema.Filter{Path: "id", Op: schema.OpNe, Value: change.After.ID, Field: schema.SystemFields[0]}
		text, args, err := t.count(core.Query{Filter: schema.All(r.In(change.After.ID), others)}, 1, s.outlook(ctx, c))
		if err != nil {
			return err
		}
		var key string
		var n int
		if _, err := c.row(ctx, text, args, &key, &n); err != nil {
			return fmt.Errorf("look for what refers to %s %s: %w", change.After.Entity, change.After.ID, err)
		}
		if n > 0 {
			return unlike("referred", "id", "is referred to by "+r.From.Plural)
		}
	}
	return nil
}

// unlike is the refusal of a change that other records do not allow.
func unlike(rule, path, message string) error {
	return &core.Error{
		Code: core.Conflict, Message: "Another record was changed in the meantime. Load it and try again.",
		Violations: schema.Violations{{Field: path, Rule: rule, Message: message}},
	}
}
