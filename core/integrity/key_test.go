package integrity_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
)

// ring is the keys of a server.
type ring []core.Key

func (r ring) Keys(context.Context) ([]core.Key, error) { return slices.Clone(r), nil }

func TestKeysWhosePartyIsGoneAreFoundWithWhatToDo(t *testing.T) {
	onBothStores(t, func(w *world) {
		made := time.Now()
		for id, deleted := range map[string]bool{"lives": false, "deleted": true, "erased": false} {
			w.put("party", id, deleted, map[string]any{"kind": "person", "displayName": id})
		}
		w.put("party", "merged", true, map[string]any{"kind": "person", "displayName": "merged", "mergedInto": "lives"})
		w.change("party", "erased", core.Erased, made.Add(time.Hour), map[string]any{"kind": "person", "displayName": "[erased]"})
		key := func(id, party string, after time.Duration) core.Key {
			return core.Key{ID: id, Name: "key " + id, Party: party, CreatedAt: made.Add(after)}
		}
		w.Keys = ring{
			key("7", "lives", 0), key("6", "", 0), key("5", "erased", 2*time.Hour), key("4", "erased", 0),
			key("3", "merged", 0), key("2", "deleted", 0), key("1", "never", 0),
		}
		w.finds(
			`MISSING core:key 1: the key "key 1" belongs to the party never, which does not exist; revoke it`,
			`DELETED core:key 2: the key "key 2" belongs to the party deleted, which is deleted; restore that, or revoke the key`,
			`MERGED core:key 3: the key "key 3" belongs to the party merged, which was merged into lives; revoke it, and make one that belongs to that party`,
			`DELETED core:key 4: the key "key 4" belongs to the party erased, which was erased since the key was made; revoke it: it still lets that person in, and its name may say who that is`,
		)
	})
}
