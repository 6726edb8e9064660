package backup

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/journal"
)

// Options say how a backup is made.
type Options struct {
	Version string // of the program
	Store   string // what the source is: "sqlite" or "mongodb"
	Now     func() time.Time

	// Drain moves what is pending to the journal, as the relay of a server does. nil
	// says that nobody writes to the source, as to a copy; otherwise it is Live.
	Drain func(context.Context) error

	// Progress is told from time to time how many items are written; nil for nobody.
	Progress func(items int64)
}

// page is how many entries of the journal are read at once.
const page = 1000

// Write writes a backup of the source, and returns what is in it. What it has
// written before an error is of no use.
func Write(ctx context.Context, out io.Writer, from Source, o Options) (_ Contents, err error) {
	w, err := newWriter(out, Header{Format: Format, Version: o.Version, Store: o.Store, MadeAt: o.Now().UTC().Truncate(time.Millisecond)}, o.Progress)
	if err != nil {
		return Contents{}, err
	}
	var position int64
	if o.Drain == nil {
		position, err = still(ctx, from, w)
	} else if source, ok := from.(Live); ok {
		position, err = newLive(source, o.Drain, w).write(ctx)
	} else {
		err = fmt.Errorf("a %T cannot be read while it is written to", from)
	}
	if err != nil {
		return Contents{}, err
	}
	return w.end(position)
}

// still writes what a source has that nobody changes.
func still(ctx context.Context, from Source, w *writer) (position int64, err error) {
	var subscriptions []core.Subscription
	for _, kind := range []core.ItemKind{
		core.DefinitionsItem, core.PluginItem, core.SubscriptionItem, core.RecordItem, core.TimerItem, core.JobRunItem, core.StateItem, core.CounterItem, core.DeliveryItem, core.ContentItem,
	} {
		err := from.Items(ctx, kind, func(i core.Item) error {
			if letsIn(i) {
				return nil
			}
			if i.Subscription != nil {
				subscriptions = append(subscriptions, *i.Subscription)
			}
			return w.item(i)
		})
		if err != nil {
			return 0, err
		}
	}
	for pending, err := range from.Pending(ctx, page) {
		if err == nil {
			err = w.owed(subscriptions, pending)
		}
		if err != nil {
			return 0, err
		}
	}
	_, position, err = from.EntriesAfter(ctx, 0, 0)
	if err != nil {
		return 0, err
	}
	return position, w.entries(ctx, from, position)
}

// owed writes the deliveries of entries that subscribers may not know yet. In the
// restored database no relay looks at them again.
func (w *writer) owed(subscriptions []core.Subscription, entries []core.Entry) error {
	for _, e := range entries {
		for _, d := range journal.Deliveries(subscriptions, e.Event()) {
			if err := w.item(core.Item{Delivery: &d}); err != nil {
				return err
			}
		}
	}
	return nil
}

// entries writes the journal up to a position.
func (w *writer) entries(ctx context.Context, from Source, position int64) error {
	return between(ctx, from, 0, position, func(e core.Entry) error { return w.item(core.Item{Entry: &e}) })
}

// between calls each for the entries behind one position up to another.
func between(ctx context.Context, from Source, after, upTo int64, each func(core.Entry) error) error {
	for after < upTo {
		entries, _, err := from.EntriesAfter(ctx, after, int(min(page, upTo-after)))
		if err != nil {
			return err
		}
		if len(entries) == 0 {
			return fmt.Errorf("the journal ends at %d and not at %d", after, upTo)
		}
		for _, e := range entries {
			if after++; e.Position != after {
				return fmt.Errorf("the journal has no entry at %d", after)
			}
			if err := each(e); err != nil {
				return err
			}
		}
	}
	return nil
}
