package identity

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/openxrm/xrm/core"
)

// PageTokenLife is how long a token of a page works. The page gets another one as long
// as the session goes on.
const PageTokenLife = 5 * time.Minute

// pagePrefix is how the token of a page begins. No key does so: its digits are
// hexadecimal ones.
const pagePrefix = keyPrefix + "page_"

// pageToken is what is kept of one, under the hash of its secret.
type pageToken struct {
	Session string    `json:"session"` // the hash of its secret
	Plugin  string    `json:"plugin"`
	Until   time.Time `json:"until"`
}

// PageToken gives a page of a plugin a token that stands for whoever has the session that
// the request brings, on the operations of the plugin alone. It must be a page of the core
// that asks, as with Identify.
func (ss *Sessions) PageToken(r *http.Request, plugin string) (token string, err error) {
	if _, err := ss.Identify(r); err != nil {
		return "", err
	}
	random := make([]byte, 32)
	rand.Read(random)
	token = pagePrefix + hex.EncodeToString(random)
	kept := pageToken{Session: HashKey(secretIn(r)), Plugin: plugin, Until: ss.now().Add(PageTokenLife)}
	value, err := json.Marshal(kept)
	if err != nil {
		return "", fmt.Errorf("write the token of a page: %w", err)
	}
	_, err = ss.Store.PutState(r.Context(), core.SessionOwner, pageKey(token), value, 0, kept.Until)
	return token, err
}

// Page returns for whom the token works that a header carries, with Via set to the
// plugin. It works for as long as the session does, and no longer than its own time.
func (ss *Sessions) Page(ctx context.Context, header string) (core.Actor, error) {
	_, token, _ := strings.Cut(strings.TrimSpace(header), " ")
	value, version, err := ss.Store.State(ctx, core.SessionOwner, pageKey(strings.TrimSpace(token)))
	if err != nil {
		return core.Actor{}, err
	}
	var kept pageToken
	if version > 0 {
		if err := json.Unmarshal(value, &kept); err != nil {
			return core.Actor{}, fmt.Errorf("read the token of a page: %w", err)
		}
	}
	if !ss.now().Before(kept.Until) {
		return core.Actor{}, unauthenticated("The token of this page has expired. Ask xrm for another one.")
	}
	actor, err := ss.actor(ctx, kept.Session)
	actor.Via = kept.Plugin
	return actor, err
}

func pageKey(token string) string { return "page/" + HashKey(token) }

// CarriesPageToken says whether an Authorization header has the token of a page in it,
// valid or not.
func CarriesPageToken(header string) bool { return strings.Contains(header, pagePrefix) }
