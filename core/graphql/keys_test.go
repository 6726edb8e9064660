package graphql_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/graphql"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/core/once"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/core/sqlite"
	"github.com/openxrm/xrm/schema"
)

// issuing makes keys, and counts them.
type issuing struct {
	graphql.KeyDesk
	issued int
	killed bool // after a key was made the process dies
	ids    []string
}

func (i *issuing) Issue(_ context.Context, _ *schema.Model, k core.Key) (core.Key, string, error) {
	i.issued++
	i.ids = append(i.ids, k.ID)
	k.ID, k.Hash = "key-1", "hash"
	if i.killed {
		return k, "", errors.New("killed")
	}
	return k, "secret-1", nil
}

// The secret of a key is kept nowhere, so that it is no answer which is given again; but
// neither is another key made.
func TestAnAPIKeyIsMadeOnceAndItsSecretIsShownOnce(t *testing.T) {
	t.Parallel()
	s, err := sqlite.OpenMemory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	m, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	keys := &issuing{}
	engine, err := graphql.Build(graphql.Config{
		Snapshot: &snapshot.Snapshot{Basis: record.Basis{Model: m}}, Keys: keys, Once: &once.Desk{Store: s, Now: time.Now},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx := graphql.WithActor(t.Context(), core.Actor{ID: "admin-1", Roles: []string{core.AdminRole}})
	ask := func() string {
		r := engine.Execute(ctx, execution.Request{Query: `mutation { createApiKey(roles: ["admin"], idempotencyKey: "k1") { secret apiKey { id } } }`}, nil)
		text, err := r.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	keys.killed = true
	ask()
	keys.killed = false
	if got := ask(); !strings.Contains(got, "secret-1") || len(keys.ids) != 2 || keys.ids[0] == "" || keys.ids[0] != keys.ids[1] {
		t.Errorf("the first answer is %s, and keys of the ids %q were made; want the secret, and one id for both attempts", got, keys.ids)
	}
	const want = `"message":"The API key key-1 was made before, with this idempotency key. Its secret was shown once and is kept nowhere: if you have not got it, revoke that one, and make another with a new idempotency key."`
	if got := ask(); !strings.Contains(got, want) || keys.issued != 2 {
		t.Errorf("the second answer is %s, and %d keys were made; want %s, and 2", got, keys.issued, want)
	}
}
