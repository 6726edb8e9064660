package identity_test

import (
	"net/http"
	"net/http/httptest"
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

func TestATokenOfAPageWorksForAsLongAsTheSession(t *testing.T) {
	bothstores.Run(t, func(t *testing.T, open func(t *testing.T) bothstores.Database) {
		db := open(t)
		now := time.Now().UTC().Truncate(time.Millisecond)
		sessions := &identity.Sessions{Store: db, Keys: db, Now: func() time.Time { return now }}
		key, hash := identity.NewKey()
		if err := db.SaveKey(t.Context(), core.Key{ID: "k1", Hash: hash, Roles: []string{"admin"}, CreatedAt: now}); err != nil {
			t.Fatal(err)
		}
		signIn := func() *http.Request {
			t.Helper()
			w, r := httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
			if err := sessions.SignIn(w, r, key); err != nil {
				t.Fatal(err)
			}
			r.AddCookie(w.Result().Cookies()[0])
			return r
		}
		tokenFor := func(r *http.Request) string {
			t.Helper()
			token, err := sessions.PageToken(r, "fair")
			if err != nil {
				t.Fatal(err)
			}
			return "Bearer " + token
		}
		is := func(header, want string) {
			t.Helper()
			_, err := sessions.Page(t.Context(), header)
			if got := said(err); got != want {
				t.Errorf("the token: %q, want %q", got, want)
			}
		}
		const expired = "The token of this page has expired. Ask xrm for another one."
		r := signIn()
		token := tokenFor(r)
		actor, err := sessions.Page(t.Context(), token)
		if diff := cmp.Diff(core.Actor{ID: "k1", Roles: []string{"admin"}, Via: "fair"}, actor); diff != "" || err != nil {
			t.Errorf("for whom it works: %v %s", err, diff)
		}
		if _, err := (&identity.Authenticator{Keys: db, Sessions: sessions}).Authenticate(t.Context(), token); core.CodeOf(err) != core.Unauthenticated {
			t.Errorf("as a key: %v", err)
		}
		is("Bearer xrm_page_0", expired)
		is("", expired)
		now = now.Add(identity.PageTokenLife)
		is(token, expired)
		token = tokenFor(r)
		is(token, "")
		from := r.Clone(t.Context())
		from.Header.Set("Sec-Fetch-Site", "same-site")
		if token, err := sessions.PageToken(from, "fair"); token != "" || core.CodeOf(err) != core.Forbidden {
			t.Errorf("a token for another origin: %q, %v", token, err)
		}
		if err := sessions.SignOut(httptest.NewRecorder(), r); err != nil {
			t.Fatal(err)
		}
		is(token, signedOut)
		token = tokenFor(signIn())
		if _, err := db.RemoveKey(t.Context(), "k1"); err != nil {
			t.Fatal(err)
		}
		is(token, "This API key is not known: it was mistyped, or it is revoked. Ask an administrator for a new one.")
	})
}
