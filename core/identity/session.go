package identity

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/openxrm/xrm/core"
)

// SessionStore keeps sessions for all instances. It forgets by itself what has
// expired.
type SessionStore interface {
	State(ctx context.Context, owner, key string) (value []byte, version int64, err error)
	PutState(ctx context.Context, owner, key string, value []byte, ifVersion int64, expires time.Time) (version int64, err error)
	DeleteState(ctx context.Context, owner, key string, ifVersion int64) error
}

// How long a session lives: without a request, in all, and how often it is noted
// that there was one.
const (
	SessionIdle = 2 * time.Hour
	SessionLife = 12 * time.Hour
	seenEvery   = 5 * time.Minute
)

// Sessions let somebody in who has signed in with a key in a browser, with the
// rights that the key has at that moment. Nothing of a session is remembered
// between requests: it ends everywhere with the sign-out, and with its key. Safe
// for concurrent use.
type Sessions struct {
	Store SessionStore
	Keys  KeyStore
	Now   func() time.Time // time.Now when nil
	Used  func(key string) // as in Authenticator
}

// session is what is kept of one, under the hash of its secret: nobody who reads the
// database gets in with that.
type session struct {
	Key   string    `json:"key"` // the hash of the key
	Begun time.Time `json:"begun"`
	Seen  time.Time `json:"seen"`
}

// ends is when a session has expired unless it is used.
func (s session) ends() time.Time {
	idle, all := s.Seen.Add(SessionIdle), s.Begun.Add(SessionLife)
	if all.Before(idle) {
		return all
	}
	return idle
}

// Begin lets the holder of a key in, and returns the secret of a session that nobody
// has had before. What is no valid key is Unauthenticated, and so is everything else
// that is signed in with.
func (ss *Sessions) Begin(ctx context.Context, key string) (secret string, err error) {
	key = strings.TrimSpace(key)
	if !strings.HasPrefix(key, keyPrefix) {
		return "", unauthenticated("This is no API key: a key begins with " + keyPrefix + ".")
	}
	hash := HashKey(key)
	if _, err := ss.holder(ctx, hash); err != nil {
		return "", err
	}
	random := make([]byte, 32)
	rand.Read(random)
	secret, now := hex.EncodeToString(random), ss.now()
	return secret, ss.put(ctx, HashKey(secret), session{Key: hash, Begun: now, Seen: now}, 0)
}

// Actor returns whose session a secret is. One that has ended, or whose key works no
// more, is an Unauthenticated error.
func (ss *Sessions) Actor(ctx context.Context, secret string) (core.Actor, error) {
	return ss.actor(ctx, HashKey(secret))
}

func (ss *Sessions) actor(ctx context.Context, id string) (core.Actor, error) {
	value, version, err := ss.Store.State(ctx, core.SessionOwner, id)
	if err != nil {
		return core.Actor{}, err
	}
	var s session
	if version == 0 {
		return core.Actor{}, ended()
	}
	if err := json.Unmarshal(value, &s); err != nil {
		return core.Actor{}, fmt.Errorf("read a session: %w", err)
	}
	now := ss.now()
	if !now.Before(s.ends()) {
		return core.Actor{}, ended()
	}
	key, err := ss.holder(ctx, s.Key)
	if err != nil {
		return core.Actor{}, err
	}
	if now.Sub(s.Seen) >= seenEvery {
		s.Seen = now
		// Whoever has changed it meanwhile has seen it too, or ended it for good.
		if err := ss.put(ctx, id, s, version); err != nil && core.CodeOf(err) != core.Conflict {
			return core.Actor{}, err
		}
	}
	return actorOf(key), nil
}

// End ends a session at once, and everywhere. It need not be there any more.
func (ss *Sessions) End(ctx context.Context, secret string) error {
	return ss.Store.DeleteState(ctx, core.SessionOwner, HashKey(secret), core.AnyVersion)
}

// holder finds a key where it is kept, so that one that was revoked lets nobody in.
func (ss *Sessions) holder(ctx context.Context, hash string) (*core.Key, error) {
	key, err := ss.Keys.KeyByHash(ctx, hash)
	switch {
	case err != nil:
		return nil, err
	case key == nil:
		return nil, unknownKey()
	case key.Expired(ss.now()):
		return nil, expiredKey()
	}
	if ss.Used != nil {
		ss.Used(key.ID)
	}
	return key, nil
}

func (ss *Sessions) put(ctx context.Context, id string, s session, ifVersion int64) error {
	value, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("write a session: %w", err)
	}
	_, err = ss.Store.PutState(ctx, core.SessionOwner, id, value, ifVersion, s.ends())
	return err
}

func (ss *Sessions) now() time.Time {
	if ss.Now != nil {
		return ss.Now()
	}
	return time.Now()
}

func ended() error { return unauthenticated("You are signed out. Sign in again at /signin.") }
