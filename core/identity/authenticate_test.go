package identity_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/identity"
)

// keys is a KeyStore that counts how often it is asked.
type keys struct {
	byHash map[string]*core.Key
	err    error
	asked  int
}

func (k *keys) KeyByHash(_ context.Context, hash string) (*core.Key, error) {
	k.asked++
	return k.byHash[hash], k.err
}

func TestNewKey(t *testing.T) {
	t.Parallel()
	secret, hash := identity.NewKey()
	other, _ := identity.NewKey()
	if !strings.HasPrefix(secret, "xrm_") || len(secret) != len("xrm_")+64 || secret == other {
		t.Errorf("NewKey() = %q, then %q; want different keys xrm_ + 64 digits", secret, other)
	}
	if hash != identity.HashKey(secret) || strings.Contains(hash, secret[4:]) || len(hash) != 64 {
		t.Errorf("hash of %q = %q, want HashKey of it, 64 digits", secret, hash)
	}
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	secret, hash := identity.NewKey()
	unknown, _ := identity.NewKey()
	down := errors.New("the database is down")
	tests := map[string]struct {
		header  string
		err     error
		want    core.Actor
		wantErr string
	}{
		"a key":                {header: "Bearer " + secret, want: core.Actor{ID: "k1", Name: "Shop", Roles: []string{"sales"}, Party: "p1"}},
		"the scheme's case":    {header: "  bearer   " + secret + " ", want: core.Actor{ID: "k1", Name: "Shop", Roles: []string{"sales"}, Party: "p1"}},
		"nothing":              {wantErr: "An API key is needed: send it in the header Authorization: Bearer xrm_…"},
		"a password":           {header: "Basic YTpi", wantErr: "The Authorization header must have the form Bearer xrm_…"},
		"a key without Bearer": {header: secret, wantErr: "The Authorization header must have the form Bearer xrm_…"},
		"another token":        {header: "Bearer eyJh", wantErr: "This is no API key: a key begins with xrm_. Send it in the header Authorization: Bearer xrm_…"},
		"no token":             {header: "Bearer", wantErr: "This is no API key: a key begins with xrm_. Send it in the header Authorization: Bearer xrm_…"},
		"a key nobody has":     {header: "Bearer " + unknown, wantErr: "This API key is not known: it was mistyped, or it is revoked. Ask an administrator for a new one."},
		"half a key":           {header: "Bearer " + secret[:20], wantErr: "This API key is not known: it was mistyped, or it is revoked. Ask an administrator for a new one."},
		"the store is down":    {header: "Bearer " + secret, err: down, wantErr: "the database is down"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			store := &keys{err: tt.err, byHash: map[string]*core.Key{}}
			if tt.err == nil {
				store.byHash[hash] = &core.Key{ID: "k1", Hash: hash, Name: "Shop", Roles: []string{"sales"}, Party: "p1"}
			}
			au := &identity.Authenticator{Keys: store}
			got, err := au.Authenticate(t.Context(), tt.header)
			if tt.wantErr != "" {
				if err == nil || err.Error() != tt.wantErr {
					t.Fatalf("Authenticate(%q) = %v, want %s", tt.header, err, tt.wantErr)
				}
				if tt.err == nil && core.CodeOf(err) != core.Unauthenticated {
					t.Errorf("code of %v = %s, want %s", err, core.CodeOf(err), core.Unauthenticated)
				}
				return
			}
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("Authenticate(%q) = %v (-want +got):\n%s", tt.header, err, diff)
			}
		})
	}
}

func TestARevokedKeyStopsWorkingWithinSeconds(t *testing.T) {
	t.Parallel()
	secret, hash := identity.NewKey()
	now := time.Date(2026, 2, 28, 12, 0, 0, 0, time.UTC)
	store := &keys{byHash: map[string]*core.Key{hash: {ID: "k1"}}}
	au := &identity.Authenticator{Keys: store, Now: func() time.Time { return now }}
	for range 3 {
		if _, err := au.Authenticate(t.Context(), "Bearer "+secret); err != nil {
			t.Fatal(err)
		}
	}
	if store.asked != 1 {
		t.Errorf("the store was asked %d times for one key, want once", store.asked)
	}
	delete(store.byHash, hash)
	now = now.Add(3 * time.Second)
	for range 2 {
		if _, err := au.Authenticate(t.Context(), "Bearer "+secret); core.CodeOf(err) != core.Unauthenticated {
			t.Errorf("three seconds after the revocation: %v, want Unauthenticated", err)
		}
	}
	if store.asked != 3 {
		t.Errorf("the store was asked %d times, want 3: a key that is not known is not remembered", store.asked)
	}
}
