package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/graphql"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// keyDesk issues API keys, for `xrm key` and for the API.
type keyDesk struct {
	store
	roles *access.Roles
}

var _ graphql.KeyDesk = keyDesk{}

// Issue implements graphql.KeyDesk. What does not exist is refused: the rules of
// the key would never match, and nobody would learn why.
func (d keyDesk) Issue(ctx context.Context, m *schema.Model, k core.Key) (issued core.Key, secret string, err error) {
	var wrong schema.Violations
	if len(k.Name) > maxKeyName || strings.ContainsFunc(k.Name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		wrong = append(wrong, schema.Violation{Field: "name", Rule: "name", Message: fmt.Sprintf("must have %d printable characters at most", maxKeyName)})
	}
	slices.Sort(k.Roles)
	k.Roles = slices.Compact(k.Roles)
	if len(k.Roles) == 0 {
		wrong = append(wrong, schema.Violation{Field: "roles", Rule: "required", Message: "must name at least one role: a key without any may do nothing"})
	}
	for _, name := range k.Roles {
		if err := d.roles.Find(name); err != nil {
			wrong = append(wrong, schema.Violation{Field: "roles", Rule: "unknown", Message: "must exist: " + err.Error()})
		}
	}
	if k.Party != "" {
		found, err := d.Find(ctx, m.Entity("party"), core.Query{Filter: record.ByIDs([]string{k.Party}), First: 1})
		if err != nil {
			return core.Key{}, "", err
		}
		if len(found) == 0 {
			wrong = append(wrong, schema.Violation{Field: "party", Rule: "unknown", Message: "must exist: there is no party with the id " + k.Party})
		}
	}
	if len(wrong) > 0 {
		return core.Key{}, "", &core.Error{Code: core.Invalid, Message: "The key was not made: some arguments need attention.", Violations: wrong}
	}
	secret, hash := access.NewKey()
	issued = newKey(k.Name, hash, k.Roles, k.CreatedBy)
	issued.Party = k.Party
	return issued, secret, d.SaveKey(ctx, issued)
}

// maxKeyName is how long the name of a key may be, in bytes.
const maxKeyName = 200

// RemoveKey implements graphql.KeyDesk. The last key of an administrator stays:
// nobody could make another, and the next start of the server, which lets nobody
// be locked out, would let the same secret in again.
func (d keyDesk) RemoveKey(ctx context.Context, id string) (bool, error) {
	keys, err := d.Keys(ctx)
	if err != nil {
		return false, err
	}
	admins := slices.DeleteFunc(keys, func(k core.Key) bool { return !isAdmin(k) })
	if len(admins) == 1 && admins[0].ID == id {
		return false, &core.Error{Code: core.Conflict, Message: "This is the last key of an administrator. Make another one first, and revoke this one with it."}
	}
	return d.store.RemoveKey(ctx, id)
}

func isAdmin(k core.Key) bool { return slices.Contains(k.Roles, core.AdminRole) }

func newKey(name, hash string, roles []string, by string) core.Key {
	return core.Key{
		ID: uuid.Must(uuid.NewV7()).String(), Hash: hash, Name: name, Roles: roles,
		CreatedAt: time.Now().UTC().Truncate(time.Millisecond), CreatedBy: by,
	}
}
