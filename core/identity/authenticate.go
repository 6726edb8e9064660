package identity

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/openxrm/xrm/core"
)

// KeyStore finds keys by their hash.
type KeyStore interface {
	// KeyByHash returns nil and no error when there is no such key.
	KeyByHash(ctx context.Context, hash string) (*core.Key, error)
}

// cacheFor is how long a key that was revoked may still work.
const cacheFor = 3 * time.Second

// maxCached bounds the memory; there are far fewer keys in use at a time.
const maxCached = 10_000

// Authenticator turns the Authorization header of a request into an actor.
// Safe for concurrent use; must not be copied after first use.
type Authenticator struct {
	Keys KeyStore
	Now  func() time.Time // time.Now when nil
	Used func(key string) // is told the id of each key that lets somebody in; must not wait. Nil tells nobody.

	Sessions *Sessions // of browsers; nil where nobody signs in

	mu    sync.Mutex
	known map[string]cached
}

type cached struct {
	key   core.Key
	until time.Time
}

// Authenticate returns the actor whose key the header carries, as "Bearer
// xrm_…". Whatever is wrong with the header is an Unauthenticated error that
// says what to send; an error of the KeyStore is returned as it is. A key that
// is revoked works for three more seconds at the most.
func (au *Authenticator) Authenticate(ctx context.Context, header string) (core.Actor, error) {
	scheme, secret, _ := strings.Cut(strings.TrimSpace(header), " ")
	secret = strings.TrimSpace(secret)
	switch {
	case scheme == "":
		return core.Actor{}, unauthenticated("An API key is needed: send it in the header Authorization: Bearer xrm_…")
	case !strings.EqualFold(scheme, "Bearer"):
		return core.Actor{}, unauthenticated("The Authorization header must have the form Bearer xrm_…")
	case !strings.HasPrefix(secret, keyPrefix):
		return core.Actor{}, unauthenticated("This is no API key: a key begins with " + keyPrefix + ". Send it in the header Authorization: Bearer xrm_…")
	}
	key, err := au.find(ctx, HashKey(secret))
	switch {
	case err != nil:
		return core.Actor{}, err
	case key == nil:
		return core.Actor{}, unknownKey()
	case key.Expired(au.now()): // which is told to nobody but who has the whole secret
		return core.Actor{}, expiredKey()
	}
	if au.Used != nil {
		au.Used(key.ID)
	}
	return actorOf(key), nil
}

func actorOf(k *core.Key) core.Actor {
	return core.Actor{ID: k.ID, Name: k.Name, Roles: k.Roles, Party: k.Party}
}

// find returns nil when there is no such key. A key that is known to have expired
// is asked for no more: nothing makes it work again.
func (au *Authenticator) find(ctx context.Context, hash string) (*core.Key, error) {
	if key, ok := au.remembered(hash); ok {
		return key, nil
	}
	key, err := au.Keys.KeyByHash(ctx, hash)
	if err == nil && key != nil {
		au.remember(hash, *key)
	}
	return key, err
}

// Identify says who has sent a request: as Authenticate does of its header or, where
// there is none, by the session of the browser.
func (au *Authenticator) Identify(r *http.Request) (core.Actor, error) {
	header := r.Header.Get("Authorization")
	if header == "" && au.Sessions != nil && secretIn(r) != "" {
		return au.Sessions.Identify(r)
	}
	return au.Authenticate(r.Context(), header)
}

// CarriesKey says whether an Authorization header has a key in it, valid or not.
func CarriesKey(header string) bool { return strings.Contains(header, keyPrefix) }

func (au *Authenticator) now() time.Time {
	if au.Now != nil {
		return au.Now()
	}
	return time.Now()
}

func (au *Authenticator) remembered(hash string) (*core.Key, bool) {
	now := au.now()
	au.mu.Lock()
	defer au.mu.Unlock()
	c, ok := au.known[hash]
	if !ok || !now.Before(c.until) && !c.key.Expired(now) {
		return nil, false
	}
	return &c.key, true
}

// remember keeps keys that were found only, so that nobody fills the memory
// with keys that do not exist.
func (au *Authenticator) remember(hash string, key core.Key) {
	au.mu.Lock()
	defer au.mu.Unlock()
	if au.known == nil || len(au.known) >= maxCached {
		au.known = map[string]cached{}
	}
	au.known[hash] = cached{key, au.now().Add(cacheFor)}
}

func unknownKey() error {
	return unauthenticated("This API key is not known: it was mistyped, or it is revoked. Ask an administrator for a new one.")
}

func expiredKey() error {
	return unauthenticated("This API key has expired. Ask an administrator for a new one.")
}

func unauthenticated(message string) error {
	return &core.Error{Code: core.Unauthenticated, Message: message}
}
