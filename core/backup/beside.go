package backup

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"slices"

	"github.com/openxrm/xrm/core"
)

// beside is all that the journal says nothing of, and that is little.
type beside struct {
	items []core.Item
	sum   [sha256.Size]byte
}

func (l *live) beside(ctx context.Context) (beside, error) {
	var b beside
	sum := sha256.New()
	for _, kind := range []core.ItemKind{core.DefinitionsItem, core.PluginItem, core.SubscriptionItem, core.JobRunItem, core.TimerItem, core.StateItem} {
		err := l.source.Items(ctx, kind, func(i core.Item) error {
			if letsIn(i) {
				return nil
			}
			b.items = append(b.items, i)
			text, err := json.Marshal(lineOf(i))
			sum.Write(text)
			return err
		})
		if err != nil {
			return beside{}, err
		}
	}
	copy(b.sum[:], sum.Sum(nil))
	return b, nil
}

// with is what there was at a moment between two looks. A timer is not lost that
// fired in between: what it has done may be behind the position, so it fires again.
// The same goes for a job, and for how far the mailbox was read.
func (b beside) with(after beside) []core.Item {
	if b.sum == after.sum {
		return after.items
	}
	type name struct{ plugin, key string }
	there := map[name]bool{}
	for _, i := range after.items {
		if i.Timer != nil {
			there[name{i.Timer.Plugin, i.Timer.Key}] = true
		}
	}
	items := slices.DeleteFunc(slices.Clone(after.items), begun)
	for _, i := range b.items {
		if begun(i) || i.Timer != nil && !there[name{i.Timer.Plugin, i.Timer.Key}] {
			items = append(items, i)
		}
	}
	return items
}

// begun says whether an item is how far something has come, which must not be further than
// the records.
func begun(i core.Item) bool {
	return i.JobRun != nil || i.State != nil && i.State.Plugin == core.MailboxOwner
}

// withoutKeys leaves out the keys of batches behind the position: who came again with one
// would be told of records that are not there.
func withoutKeys(items []core.Item, batches map[string]bool) []core.Item {
	return slices.DeleteFunc(slices.Clone(items), func(i core.Item) bool {
		return i.State != nil && i.State.Plugin == core.OnceOwner && batches[i.State.Key]
	})
}

// letsIn says whether an item is the session of a browser, which ends with the database
// that it is in, as keys do.
func letsIn(i core.Item) bool { return i.State != nil && i.State.Plugin == core.SessionOwner }
