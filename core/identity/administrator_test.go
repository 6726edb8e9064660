package identity_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/identity"
)

// slowRing is a ring of a database that takes its time, so that whoever looks at
// once sees the same.
type slowRing struct {
	mu sync.Mutex
	ring
}

const answerTime = time.Second

func (r *slowRing) Keys(ctx context.Context) ([]core.Key, error) {
	r.mu.Lock()
	keys, err := r.ring.Keys(ctx)
	r.mu.Unlock()
	time.Sleep(answerTime)
	return keys, err
}

func (r *slowRing) SaveKey(ctx context.Context, k core.Key) error {
	time.Sleep(answerTime)
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ring.SaveKey(ctx, k)
}

func (r *slowRing) Acquire(ctx context.Context, name, holder string, ttl time.Duration) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ring.Acquire(ctx, name, holder, ttl)
}

func (r *slowRing) Release(ctx context.Context, name, holder string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ring.Release(ctx, name, holder)
}

func TestOfSeveralServersThatStartAtOnceOneMakesTheFirstKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept, folder := &slowRing{}, t.TempDir()
		var made [3]identity.KeyFile
		var group sync.WaitGroup
		for i := range made {
			group.Go(func() {
				var err error
				if made[i], err = identity.EnsureAdministrator(t.Context(), kept, filepath.Join(folder, string('a'+rune(i)), "admin.key")); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		files, err := filepath.Glob(filepath.Join(folder, "*", "admin.key"))
		if err != nil || len(files) != 1 || len(kept.keys) != 1 {
			t.Fatalf("there are %d keys and the files %v, %v; want one of each", len(kept.keys), files, err)
		}
		count := map[identity.KeyFile]int{}
		for _, state := range made {
			count[state]++
		}
		if count[identity.KeyWritten] != 1 || count[identity.KeyElsewhere] != 2 {
			t.Errorf("they say %v; want one that it wrote the key, and two that it is elsewhere", made)
		}
		if secret, err := os.ReadFile(files[0]); err != nil || kept.keys[0].Hash != identity.HashKey(strings.TrimSpace(string(secret))) {
			t.Errorf("the file holds another key: %v", err)
		}
	})
}

// One that was killed before it stored its key holds nobody up for long.
func TestWhoIsKilledWhileItMakesTheFirstKeyIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept, began := &slowRing{}, time.Now()
		if held, err := kept.Acquire(t.Context(), identity.FirstKeyLease, "one that was killed", 30*time.Second); !held || err != nil {
			t.Fatal(held, err)
		}
		made, err := identity.EnsureAdministrator(t.Context(), kept, filepath.Join(t.TempDir(), "admin.key"))
		if err != nil || made != identity.KeyWritten || len(kept.keys) != 1 {
			t.Errorf("%v, %v; the keys are %+v", made, err, kept.keys)
		}
		if took := time.Since(began); took < 30*time.Second || took > 40*time.Second {
			t.Errorf("it took %s; want as long as the lease", took)
		}
	})
}

func TestAServerKnowsWhetherItsFileHoldsAKeyOfTheDatabase(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "admin.key")
	secret, hash := identity.NewKey()
	admin := core.Key{ID: "a", Hash: hash, Roles: []string{core.AdminRole}}
	other := core.Key{ID: "b", Hash: "of another", Roles: []string{core.AdminRole}}
	wants := func(want identity.KeyFile, keys ...core.Key) {
		t.Helper()
		if got, err := identity.EnsureAdministrator(t.Context(), &ring{keys: keys}, file); err != nil || got != want {
			t.Errorf("with %d keys: %v, %v; want %v", len(keys), got, err, want)
		}
	}
	wants(identity.KeyElsewhere, admin)
	if err := identity.WriteSecret(file, secret); err != nil {
		t.Fatal(err)
	}
	wants(identity.KeyThere, admin)
	wants(identity.KeyThere, admin, other)
	wants(identity.KeyStrange, other)
	wants(identity.KeyThere) // which makes it the first key
}
