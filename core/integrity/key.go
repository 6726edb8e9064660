package integrity

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// Keys are the API keys, which may belong to a party.
type Keys interface {
	Keys(ctx context.Context) ([]core.Key, error)
}

// keyStage is where keys are looked at, after the records, and what stands for their
// entity: no entity has such a name.
const keyStage = "core:key"

// keys looks at keys after an id. The rules of a key whose party is gone select
// nothing, and nobody else sees why.
func (c *check) keys(ctx context.Context, keys Keys, after string, first int) (last string, more bool, err error) {
	list, err := keys.Keys(ctx)
	if err != nil {
		return "", false, fmt.Errorf("look for the parties of keys: %w", err)
	}
	list = slices.DeleteFunc(list, func(k core.Key) bool { return k.Party == "" || k.ID <= after })
	slices.SortFunc(list, func(a, b core.Key) int { return cmp.Compare(a.ID, b.ID) })
	if more = len(list) > first; more {
		list = list[:first]
	}
	if len(list) == 0 {
		return "", false, nil
	}
	parties := c.model.Entity("party")
	ids := make([]string, len(list))
	for i, k := range list {
		ids[i] = k.Party
	}
	states, err := c.states(ctx, parties, ids)
	if err != nil {
		return "", false, err
	}
	for _, k := range list {
		kind, why, err := c.judgeKey(ctx, parties, k, states)
		if err != nil {
			return "", false, err
		}
		if kind != "" {
			c.add(Finding{kind, keyStage, k.ID, "party", k.Party, fmt.Sprintf("the key %q belongs to the party %s, %s", k.Name, k.Party, why)})
		}
	}
	return list[len(list)-1].ID, more, nil
}

func (c *check) judgeKey(ctx context.Context, parties *schema.Entity, k core.Key, states map[string]state) (kind Kind, why string, err error) {
	switch at, exists := states[k.Party]; {
	case !exists:
		return Missing, "which does not exist; revoke it", nil
	case at.into != "":
		return Merged, "which was merged into " + at.into + "; revoke it, and make one that belongs to that party", nil
	case at.deleted:
		return Deleted, "which is deleted; restore that, or revoke the key", nil
	}
	entries, err := c.store.History(ctx, parties, k.Party, -1, 0)
	if err != nil {
		return "", "", fmt.Errorf("look whether a party was erased: %w", err)
	}
	if slices.ContainsFunc(entries, func(e core.Entry) bool { return e.Action == core.Erased && !e.At.Before(k.CreatedAt) }) {
		return Deleted, "which was erased since the key was made; revoke it: it still lets that person in, and its name may say who that is", nil
	}
	return "", "", nil
}
