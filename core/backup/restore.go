package backup

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// Summary is what is known of a backup that was read to its end.
type Summary struct {
	Header
	Contents
	Plugins []core.Registration // what was in force, whose entities are part of the model

	Definitions core.Definitions // that were served last: what is stored is as they say
}

// Verify reads a backup to its end: that it is whole, and as it was when it was made.
func Verify(ctx context.Context, file io.ReadSeeker, progress func(items int64)) (Summary, error) {
	var s Summary
	var read int64
	err := through(file, func(r *reader, h Header) (err error) {
		s.Header = h
		s.Contents, err = r.all(func(i core.Item) error {
			switch {
			case i.Plugin != nil:
				s.Plugins = append(s.Plugins, *i.Plugin)
			case i.Definitions != nil:
				s.Definitions = *i.Definitions
			}
			if read++; progress != nil && read%1000 == 0 {
				progress(read)
			}
			return ctx.Err()
		})
		return err
	})
	return s, err
}

// through opens a file from its beginning.
func through(file io.ReadSeeker, read func(*reader, Header) error) error {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	unpacked, err := unpack(file)
	if err != nil {
		return err
	}
	defer unpacked.Close()
	r, h, err := newReader(unpacked)
	if err != nil {
		return err
	}
	return read(r, h)
}

// batch is how many items are put at once, and batchSize how many bytes they have
// in memory, about.
const (
	batch     = 1000
	batchSize = 8 << 20
)

// Restore fills an empty database from a backup that Verify has found to be whole.
// The model says how values are stored.
func Restore(ctx context.Context, file io.ReadSeeker, to Target, m *schema.Model, progress func(items int64)) error {
	if err := empty(ctx, to); err != nil {
		return err
	}
	return to.Restore(ctx, m, func(put func(context.Context, []core.Item) error) error {
		p := &putting{put: put, progress: progress}
		// The deliveries last: the journal has what they are about.
		for _, deliveries := range []bool{false, true} {
			err := through(file, func(r *reader, _ Header) error { return p.all(ctx, r, deliveries) })
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// putting gathers items of one kind.
type putting struct {
	put   func(context.Context, []core.Item) error
	items []core.Item
	size  int64

	done     int64
	progress func(items int64) // nil for nobody
}

// all puts the deliveries of a file, or all else.
func (p *putting) all(ctx context.Context, r *reader, deliveries bool) error {
	_, err := r.all(func(i core.Item) error {
		if (i.Delivery != nil) != deliveries {
			return nil
		}
		if p.done++; p.progress != nil && p.done%1000 == 0 {
			p.progress(p.done)
		}
		return p.add(ctx, i)
	})
	if err != nil {
		return err
	}
	return p.flush(ctx)
}

func (p *putting) add(ctx context.Context, i core.Item) error {
	if len(p.items) > 0 && (p.items[0].Kind() != i.Kind() || len(p.items) == batch || p.size > batchSize) {
		if err := p.flush(ctx); err != nil {
			return err
		}
	}
	p.items = append(p.items, i)
	switch {
	case i.Record != nil:
		p.size += i.Record.Size()
	case i.Content != nil:
		p.size += int64(len(i.Content.Data))
	case i.State != nil:
		p.size += int64(len(i.State.Value))
	case i.Entry != nil:
		p.size += core.BytesPerRecord * int64(1+len(i.Entry.Diffs))
	}
	return nil
}

func (p *putting) flush(ctx context.Context) error {
	if len(p.items) == 0 {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	err := p.put(ctx, p.items)
	p.items, p.size = p.items[:0], 0
	return err
}

// NotEmpty is the refusal to fill a database that has something in it.
type NotEmpty struct {
	Holdings map[core.ItemKind]int64
}

func (e *NotEmpty) Error() string {
	var parts []string
	for _, kind := range slices.Sorted(maps.Keys(e.Holdings)) {
		n := e.Holdings[kind]
		parts = append(parts, fmt.Sprintf("%d %s", n, Plural(kind, n)))
	}
	return "the database is not empty, it has " + strings.Join(parts, ", ")
}

// empty returns a NotEmpty for a database in which there is something.
func empty(ctx context.Context, to Target) error {
	holdings, err := to.Holdings(ctx)
	if err == nil && len(holdings) > 0 {
		err = &NotEmpty{holdings}
	}
	return err
}

// Plural is what n things of a kind are called.
func Plural(kind core.ItemKind, n int64) string {
	words := map[core.ItemKind][2]string{
		core.RecordItem:       {"record", "records"},
		core.EntryItem:        {"entry of the journal", "entries of the journal"},
		core.DeliveryItem:     {"event to be delivered", "events to be delivered"},
		core.SubscriptionItem: {"subscription", "subscriptions"},
		core.TimerItem:        {"timer", "timers"},
		core.JobRunItem:       {"job", "jobs"},
		core.StateItem:        {"value that a plugin keeps", "values that plugins keep"},
		core.ContentItem:      {"part of a file", "parts of files"},
		core.CounterItem:      {"counter", "counters"},
		core.PluginItem:       {"plugin in force", "plugins in force"},
		core.DefinitionsItem:  {"note of what was served last", "notes of what was served last"},
	}[kind]
	if n == 1 {
		return words[0]
	}
	return words[1]
}
