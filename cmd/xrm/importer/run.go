package importer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/openxrm/xrm/cmd/xrm/client"
	"github.com/openxrm/xrm/cmd/xrm/importer/table"
)

// maxRequest is about how many bytes of cells are sent at once.
const maxRequest = 512 << 10

// Options say what is imported, where to, and who is told about it.
type Options struct {
	File   string
	Map    *Map   // an empty one when there is none
	Entity string // "" when the map says it
	Key    string // instead of the map's
	DryRun bool   // checks everything and writes nothing

	RejectedFile string // "" for FILE.rejected.csv; a file of that name is left alone, and the next free of -2, -3, ... taken
	Batch        int    // records in one request
	Client       *client.Client

	Note     func(text string)       // what the user should know; before the first row
	Progress func(read, total int64) // bytes of the file; after each batch
	Rejected func(Reason)            // each row that does not get in
}

// Reason is why a row did not get in.
type Reason struct {
	Line int
	Text string
}

// Summary is what an import came to.
type Summary struct {
	Rows         int     `json:"rows"`                   // of the file that were read
	Created      int     `json:"created"`                // records, of which one may have several rows
	Updated      int     `json:"updated"`                // records
	Unchanged    int     `json:"unchanged"`              // records that were like this already
	Rejected     int     `json:"rejected"`               // rows
	RejectedFile string  `json:"rejectedFile,omitempty"` // the name that it got; none after a dry run
	DryRun       bool    `json:"dryRun,omitempty"`       // nothing was written; the numbers are what would be
	Seconds      float64 `json:"seconds"`
}

// Run imports a file. When the error is not nil, the summary says how far it
// came. It stops behind the current batch when ctx is done.
func Run(ctx context.Context, o Options) (Summary, error) {
	started := time.Now()
	i, err := open(ctx, o)
	if err != nil {
		return Summary{}, err
	}
	defer i.file.Close()
	err = i.all(ctx)
	if closed := i.rejects.close(); err == nil {
		err = closed
	}
	if i.summary.Rejected = i.rejects.rows; i.rejects.rows > 0 && !o.DryRun {
		i.summary.RejectedFile = i.rejects.name
	}
	i.summary.Seconds = time.Since(started).Seconds()
	return i.summary, err
}

// imports is one import under way.
type imports struct {
	Options
	plan    *plan
	file    *os.File
	size    int64
	table   *table.Reader
	lookups *lookups
	sender  *sender
	rejects *rejects
	keys    *keys
	waiting *waiting
	summary Summary
	line    int // the last one that is done with
}

// open makes everything ready and sends nothing yet.
func open(ctx context.Context, o Options) (_ *imports, err error) {
	m := *o.Map
	o.Map = &m
	if err := o.agree(); err != nil {
		return nil, err
	}
	i := &imports{Options: o, summary: Summary{DryRun: o.DryRun}}
	if err := i.openTable(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			i.file.Close()
		}
	}()
	atOnce := *o.Client
	atOnce.Retry = 0 // a server that is not there at the start is more likely not started than away
	entity, err := describe(ctx, &atOnce, m.Entity)
	if err != nil {
		return nil, err
	}
	i.lookups = &lookups{client: o.Client, entities: map[string]*Entity{entity.Name: entity}, all: map[string]*lookup{}, page: o.Batch}
	if i.plan, err = newPlan(ctx, &m, entity, o.File, i.table.Header(), i.lookups); err != nil {
		return nil, err
	}
	for _, note := range i.plan.notes {
		o.Note(note)
	}
	i.sender, i.keys, i.waiting = &sender{client: o.Client, plan: i.plan}, newKeys(i.plan), newWaiting(i.plan)
	if i.rejects = new(rejects); o.DryRun {
		return i, nil
	}
	i.rejects, err = newRejects(cmp.Or(o.RejectedFile, rejectedName(o.File)), i.table, m.CSV.Encoding != "")
	return i, err
}

// agree brings together what the map and the command line say.
func (o *Options) agree() error {
	switch {
	case o.Entity == "" && o.Map.Entity == "":
		return errors.New("say what the rows are: --entity NAME, for example --entity customer")
	case o.Entity != "" && o.Map.Entity != "" && o.Entity != o.Map.Entity:
		return fmt.Errorf("%s is a map for %s, but --entity says %s", o.Map.file, o.Map.Entity, o.Entity)
	}
	o.Map.Entity = cmp.Or(o.Entity, o.Map.Entity)
	o.Map.Key = cmp.Or(o.Key, o.Map.Key)
	return nil
}

func (i *imports) openTable() error {
	file, err := os.Open(i.File)
	if err != nil {
		return fmt.Errorf("read the file to import: %w", err)
	}
	dialect, decode, err := i.Map.CSV.dialect()
	if err == nil {
		i.table, err = table.NewReader(decode(file), dialect)
	}
	if err != nil {
		file.Close()
		return fmt.Errorf("%s: %w", i.File, err)
	}
	i.file = file
	if info, err := file.Stat(); err == nil {
		i.size = info.Size()
	}
	return nil
}

// all imports batch by batch.
func (i *imports) all(ctx context.Context) error {
	groups := newGrouper(i.plan, i.table)
	var batch []*record
	size := 0
	for {
		r, err := groups.next()
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read %s behind line %d: %w", i.File, i.line, err)
		}
		if err == nil {
			batch, size = append(batch, r), size+r.size()
		}
		if errors.Is(err, io.EOF) || len(batch) >= i.Batch || size > maxRequest {
			if sent := i.batch(ctx, batch); sent != nil {
				return i.stopped(sent)
			}
			batch, size = nil, 0
			i.Progress(i.table.Offset(), i.size)
		}
		if errors.Is(err, io.EOF) {
			if err := i.finish(ctx); err != nil {
				return i.stopped(err)
			}
			return nil
		}
		if batch == nil && ctx.Err() != nil {
			return i.stopped(context.Cause(ctx))
		}
	}
}
