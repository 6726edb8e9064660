package identity

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// Keyring is where the keys of a server are kept.
type Keyring interface {
	Keys(ctx context.Context) ([]core.Key, error)
	SaveKey(ctx context.Context, k core.Key) error
	// RemoveKey says whether there was such a key.
	RemoveKey(ctx context.Context, id string) (bool, error)
}

// Records is where the party of a key is looked for.
type Records interface {
	Find(ctx context.Context, e *schema.Entity, q core.Query) ([]*core.Record, error)
}

// Roles knows the names of the roles that there are.
type Roles interface {
	// Find returns an error that suggests the nearest name if there is no such role.
	Find(name string) error
}

// Desk issues and revokes API keys. Roles and Records are needed to issue.
type Desk struct {
	Keyring
	Records Records
	Roles   Roles
	Now     func() time.Time // time.Now when nil
}

// Issue makes a key of the name, the roles, the party, the expiry and the maker of k. What
// does not exist is refused, all of it at once: the rules of the key would never
// match, and nobody would learn why. The secret is kept nowhere. A key that has an id takes
// the place of the one with that id: the secret of that one works no more.
func (d Desk) Issue(ctx context.Context, m *schema.Model, k core.Key) (issued core.Key, secret string, err error) {
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
		if err := d.Roles.Find(name); err != nil {
			wrong = append(wrong, schema.Violation{Field: "roles", Rule: "unknown", Message: "must exist: " + err.Error()})
		}
	}
	if k.Party != "" {
		found, err := d.Records.Find(ctx, m.Entity("party"), core.Query{Filter: record.ByIDs([]string{k.Party}), First: 1})
		if err != nil {
			return core.Key{}, "", err
		}
		if len(found) == 0 {
			wrong = append(wrong, schema.Violation{Field: "party", Rule: "unknown", Message: "must exist: there is no party with the id " + k.Party})
		}
	}
	now := d.now()
	if k.Expired(now) {
		wrong = append(wrong, schema.Violation{Field: "expiresAt", Rule: "bound", Message: "must be in the future, not " + schema.Instant(k.ExpiresAt)})
	}
	if len(wrong) > 0 {
		return core.Key{}, "", &core.Error{Code: core.Invalid, Message: "The key was not made: some arguments need attention.", Violations: wrong}
	}
	secret, hash := NewKey()
	issued = newKey(k.Name, hash, k.Roles, k.CreatedBy, now)
	issued.Party = k.Party
	if k.ID != "" {
		issued.ID = k.ID
	}
	if !k.ExpiresAt.IsZero() {
		issued.ExpiresAt = k.ExpiresAt.UTC().Truncate(time.Millisecond)
	}
	return issued, secret, d.SaveKey(ctx, issued)
}

// maxKeyName is how long the name of a key may be, in bytes.
const maxKeyName = 200

func (d Desk) now() time.Time {
	if d.Now != nil {
		return d.Now()
	}
	return time.Now()
}

// RemoveKey revokes a key, and says whether there was one. The last key of an
// administrator stays: nobody could make another, and the next start of the server,
// which lets nobody be locked out, would let the same secret in again. Keys that
// expire do not count: the day comes when they are none.
func (d Desk) RemoveKey(ctx context.Context, id string) (bool, error) {
	keys, err := d.Keys(ctx)
	if err != nil {
		return false, err
	}
	admins := slices.DeleteFunc(keys, func(k core.Key) bool { return !isAdmin(k) })
	lasting := slices.DeleteFunc(slices.Clone(admins), func(k core.Key) bool { return !lasts(k) })
	if len(lasting) == 1 && lasting[0].ID == id {
		last := "the last key of an administrator. Make another one first, and"
		if len(admins) > 1 {
			last = "the last key of an administrator that does not expire. Make another such one first, and"
		}
		return false, &core.Error{Code: core.Conflict, Message: "This is " + last + " revoke this one with it."}
	}
	return d.Keyring.RemoveKey(ctx, id)
}

// lasts says whether a key works until it is revoked.
func lasts(k core.Key) bool { return k.ExpiresAt.IsZero() }

func isAdmin(k core.Key) bool { return slices.Contains(k.Roles, core.AdminRole) }

func newKey(name, hash string, roles []string, by string, now time.Time) core.Key {
	return core.Key{
		ID: uuid.Must(uuid.NewV7()).String(), Hash: hash, Name: name, Roles: roles,
		CreatedAt: now.UTC().Truncate(time.Millisecond), CreatedBy: by,
	}
}
