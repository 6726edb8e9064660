package identity_test

import (
	"errors"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/identity"
)

func TestAKeyThatHasExpiredLetsNobodyIn(t *testing.T) {
	t.Parallel()
	secret, hash := identity.NewKey()
	now := time.Date(2026, 2, 28, 12, 0, 0, 0, time.UTC)
	store := &keys{byHash: map[string]*core.Key{hash: {ID: "k1", ExpiresAt: now.Add(2 * time.Second)}}}
	var used []string
	au := &identity.Authenticator{Keys: store, Now: func() time.Time { return now }, Used: func(key string) { used = append(used, key) }}
	if _, err := au.Authenticate(t.Context(), "Bearer "+secret); err != nil {
		t.Fatal(err)
	}
	now = now.Add(2 * time.Second) // it is remembered for longer
	store.err = errors.New("the database is down")
	for range 2 {
		_, err := au.Authenticate(t.Context(), "Bearer "+secret)
		if want := "This API key has expired. Ask an administrator for a new one."; err == nil || err.Error() != want || core.CodeOf(err) != core.Unauthenticated {
			t.Errorf("after its end: %v, want Unauthenticated: %s", err, want)
		}
		now = now.Add(time.Hour)
	}
	if len(used) != 1 || used[0] != "k1" || store.asked != 1 {
		t.Errorf("the key was used by %v, and looked up %d times; want one use and one look", used, store.asked)
	}
}
