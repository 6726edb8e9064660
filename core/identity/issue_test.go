package identity_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/identity"
	"github.com/openxrm/xrm/core/sqlite"
)

// ring keeps keys in memory.
type ring struct {
	keys   []core.Key
	holder string // of the lease
	until  time.Time
}

func (r *ring) Acquire(_ context.Context, _, holder string, ttl time.Duration) (bool, error) {
	if r.holder != "" && r.holder != holder && time.Now().Before(r.until) {
		return false, nil
	}
	r.holder, r.until = holder, time.Now().Add(ttl)
	return true, nil
}

func (r *ring) Release(_ context.Context, _, holder string) error {
	if r.holder == holder {
		r.holder = ""
	}
	return nil
}

func (r *ring) Keys(context.Context) ([]core.Key, error) { return slices.Clone(r.keys), nil }

func (r *ring) SaveKey(_ context.Context, k core.Key) error {
	r.keys = append(r.keys, k)
	return nil
}

func (r *ring) RemoveKey(_ context.Context, id string) (bool, error) {
	before := len(r.keys)
	r.keys = slices.DeleteFunc(r.keys, func(k core.Key) bool { return k.ID == id })
	return len(r.keys) < before, nil
}

// every role exists.
type everyRole struct{}

func (everyRole) Find(string) error { return nil }

var noon = time.Date(2026, 2, 28, 12, 0, 0, 0, time.UTC)

func TestAKeyIsIssuedUntilATime(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		expires time.Time
		want    string
	}{
		"for ever":            {},
		"until tomorrow":      {expires: noon.AddDate(0, 0, 1)},
		"until now":           {expires: noon, want: "The key was not made: some arguments need attention. expiresAt must be in the future, not 2026-02-28T12:00:00.000Z"},
		"until a year ago":    {expires: noon.AddDate(-1, 0, 0), want: "The key was not made: some arguments need attention. expiresAt must be in the future, not 2025-02-28T12:00:00.000Z"},
		"of an administrator": {expires: noon.AddDate(0, 0, 1)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kept := &ring{}
			desk := identity.Desk{Keyring: kept, Roles: everyRole{}, Now: func() time.Time { return noon }}
			k, _, err := desk.Issue(t.Context(), nil, core.Key{Roles: []string{core.AdminRole}, ExpiresAt: tt.expires})
			if tt.want != "" {
				if err == nil || err.Error() != tt.want || len(kept.keys) != 0 {
					t.Errorf("Issue(%v) = %v, want %s", tt.expires, err, tt.want)
				}
				return
			}
			if err != nil || !k.ExpiresAt.Equal(tt.expires) || !kept.keys[0].ExpiresAt.Equal(tt.expires) {
				t.Errorf("Issue(%v) = %+v, %v", tt.expires, k, err)
			}
		})
	}
}

func TestTheLastKeyOfAnAdministratorThatLastsStays(t *testing.T) {
	t.Parallel()
	lasting := func(id string) core.Key { return core.Key{ID: id, Roles: []string{core.AdminRole}} }
	ending := func(id string) core.Key {
		return core.Key{ID: id, Roles: []string{core.AdminRole}, ExpiresAt: noon.AddDate(1, 0, 0)}
	}
	tests := map[string]struct {
		keys []core.Key
		want string
	}{
		"it is the only one":           {[]core.Key{lasting("x"), {ID: "r", Roles: []string{"reader"}}}, "This is the last key of an administrator. Make another one first, and revoke this one with it."},
		"the others end":               {[]core.Key{lasting("x"), ending("e"), ending("f")}, "This is the last key of an administrator that does not expire. Make another such one first, and revoke this one with it."},
		"there is another":             {[]core.Key{lasting("x"), lasting("y")}, ""},
		"it ends itself":               {[]core.Key{ending("x"), lasting("y")}, ""},
		"it ends itself, the only one": {[]core.Key{ending("x")}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			removed, err := identity.Desk{Keyring: &ring{keys: tt.keys}}.RemoveKey(t.Context(), "x")
			if got := message(err); got != tt.want || removed != (tt.want == "") {
				t.Errorf("RemoveKey = %v, %q; want %q", removed, got, tt.want)
			}
		})
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestAServerWhoseAdministratorsAllExpireMakesAKeyThatLasts(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "admin.key")
	kept := &ring{keys: []core.Key{{ID: "e", Roles: []string{core.AdminRole}, ExpiresAt: noon}}}
	for i, want := range []identity.KeyFile{identity.KeyWritten, identity.KeyThere} {
		made, err := identity.EnsureAdministrator(t.Context(), kept, file)
		if err != nil || made != want || len(kept.keys) != 2 || !kept.keys[1].ExpiresAt.IsZero() {
			t.Fatalf("start %d: made %v, %v; the keys are %+v", i, made, err, kept.keys)
		}
	}
	secret, err := os.ReadFile(file)
	if err != nil || kept.keys[1].Hash != identity.HashKey(strings.TrimSpace(string(secret))) {
		t.Errorf("the file holds another key: %v", err)
	}
	kept.keys[1].ExpiresAt = noon
	_, err = identity.EnsureAdministrator(t.Context(), kept, file)
	if want := "no administrator has a key that does not expire, and " + file + " holds another one: move it away, and the server makes one"; message(err) != want {
		t.Errorf("with the secret of another key in the file: %v, want %s", err, want)
	}
}

func TestAKeyWithAnIDTakesThePlaceOfTheOneBefore(t *testing.T) {
	t.Parallel()
	s, err := sqlite.OpenMemory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	desk := identity.Desk{Keyring: s, Roles: everyRole{}}
	var last core.Key
	for range 2 {
		if last, _, err = desk.Issue(t.Context(), nil, core.Key{ID: "k1", Roles: []string{"sales"}}); err != nil {
			t.Fatal(err)
		}
	}
	keys, err := s.Keys(t.Context())
	if err != nil || len(keys) != 1 || keys[0].ID != "k1" || keys[0].Hash != last.Hash {
		t.Errorf("the keys are %+v, %v; want k1 alone, with the secret of the second", keys, err)
	}
}
