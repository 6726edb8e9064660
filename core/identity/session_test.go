package identity_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/bothstores"
	"github.com/openxrm/xrm/core/identity"
)

const signedOut = "You are signed out. Sign in again at /signin."

func TestASessionIsThatOfItsKey(t *testing.T) {
	bothstores.Run(t, func(t *testing.T, open func(t *testing.T) bothstores.Database) {
		db := open(t)
		now := time.Now().UTC().Truncate(time.Millisecond)
		sessions := func() *identity.Sessions { // as another instance has them, or the next start
			return &identity.Sessions{Store: db, Keys: db, Now: func() time.Time { return now }}
		}
		key, hash := identity.NewKey()
		kept := core.Key{ID: "k1", Hash: hash, Name: "Ada", Roles: []string{"reader"}, Party: "p1", CreatedAt: now}
		save := func(k core.Key) {
			t.Helper()
			if err := db.SaveKey(t.Context(), k); err != nil {
				t.Fatal(err)
			}
		}
		begin := func() string {
			t.Helper()
			save(kept)
			secret, err := sessions().Begin(t.Context(), " "+key+"\n")
			if err != nil {
				t.Fatal(err)
			}
			return secret
		}
		is := func(secret, want string) {
			t.Helper()
			_, err := sessions().Actor(t.Context(), secret)
			if got := said(err); got != want {
				t.Errorf("the session: %q, want %q", got, want)
			}
		}
		secret := begin()
		actor, err := sessions().Actor(t.Context(), secret)
		if diff := cmp.Diff(core.Actor{ID: "k1", Name: "Ada", Roles: []string{"reader"}, Party: "p1"}, actor); diff != "" || err != nil {
			t.Errorf("who has signed in: %v %s", err, diff)
		}
		if value, version, err := db.State(t.Context(), core.SessionOwner, identity.HashKey(secret)); version == 0 || strings.Contains(string(value), secret) || strings.Contains(string(value), key) {
			t.Errorf("kept: %s, %d, %v; want no secret", value, version, err)
		}
		is(key, signedOut) // nor is the key a session
		other := begin()
		if err := sessions().End(t.Context(), other); err != nil || other == secret {
			t.Fatal(err)
		}
		is(other, signedOut)
		is(secret, "")

		now = now.Add(identity.SessionIdle - time.Minute) // is used, and so goes on
		is(secret, "")
		now = now.Add(identity.SessionIdle - time.Minute)
		is(secret, "")
		now = now.Add(identity.SessionIdle)
		is(secret, signedOut)

		secret, began := begin(), now
		for range int(identity.SessionLife/time.Hour) - 1 {
			now = now.Add(time.Hour)
			is(secret, "")
		}
		now = began.Add(identity.SessionLife)
		is(secret, signedOut)

		secret = begin()
		fewer := kept
		fewer.Roles = []string{"none"}
		save(fewer)
		if actor, _ := sessions().Actor(t.Context(), secret); !cmp.Equal(actor.Roles, fewer.Roles) {
			t.Errorf("the roles are %v, want those that the key has now", actor.Roles)
		}
		ending := kept
		ending.ExpiresAt = now.Add(time.Minute)
		save(ending)
		is(secret, "")
		now = ending.ExpiresAt
		is(secret, "This API key has expired. Ask an administrator for a new one.")
		save(kept)
		is(secret, "")
		if _, err := db.RemoveKey(t.Context(), "k1"); err != nil {
			t.Fatal(err)
		}
		is(secret, "This API key is not known: it was mistyped, or it is revoked. Ask an administrator for a new one.")
	})
}

func TestAKeyThatLetsNobodyInBeginsNoSession(t *testing.T) {
	t.Parallel()
	key, hash := identity.NewKey()
	expired := &core.Key{ID: "k1", ExpiresAt: time.Now().Add(-time.Minute)}
	sessions := &identity.Sessions{Keys: &keys{byHash: map[string]*core.Key{hash: expired}}}
	unknown, _ := identity.NewKey()
	for secret, want := range map[string]string{
		key:     "This API key has expired. Ask an administrator for a new one.",
		unknown: "This API key is not known: it was mistyped, or it is revoked. Ask an administrator for a new one.",
		"":      "This is no API key: a key begins with xrm_.",
	} {
		if got, err := sessions.Begin(t.Context(), secret); got != "" || said(err) != want {
			t.Errorf("%.8q begins %q, %v; want %s", secret, got, err, want)
		}
	}
}

func said(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
