package backup

import (
	"context"
	"iter"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// Source is a database that is read. What is written to it at the same time may be
// seen or not.
type Source interface {
	// Items calls each for all things of a kind, but for entries. A record that is
	// there when it begins is seen at least once, whatever becomes of it meanwhile;
	// a later sight of it is of the same version or a later one.
	Items(ctx context.Context, kind core.ItemKind, each func(core.Item) error) error

	// Pending goes through the entries of which subscribers may not know yet, at most
	// limit of them at a time.
	Pending(ctx context.Context, limit int) iter.Seq2[[]core.Entry, error]

	// EntriesAfter returns the entries behind a position, in the order of their
	// positions and at most limit of them, and the last position that there is.
	EntriesAfter(ctx context.Context, position int64, limit int) (entries []core.Entry, last int64, err error)
}

// Live is a source that is written to while it is read.
type Live interface {
	Source

	// EndBatches applies the batches of several records that were decided before.
	EndBatches(ctx context.Context) error

	// Latest returns records of one entity as they are now, in any order. The
	// entries that it tells are not missing from the journal if they are missing here.
	Latest(ctx context.Context, entity string, ids []string) ([]core.Latest, error)
}

// Target is a database that is filled.
type Target interface {
	// Holdings counts what is there of each kind that a backup has; a kind of which
	// there is nothing is missing. It counts nothing of a restore that was cut off, and
	// no definitions: a server notes them when it starts for the first time, and a
	// restore puts others in their place.
	Holdings(ctx context.Context) (map[core.ItemKind]int64, error)

	// Restore removes what is left of a restore that was cut off, calls fill, which
	// hands everything over by put, and prepares the database for the model, which
	// says how values are stored. Nobody is served before that is done: of a
	// restore that is cut off or fails there is nothing, or the database says
	// that it is half restored.
	//
	// Of a record that is put twice the later one counts, of a delivery the earlier
	// one. Entries come before the deliveries of them.
	Restore(ctx context.Context, m *schema.Model, fill func(put func(context.Context, []core.Item) error) error) error
}
