package sqlite

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"syscall"

	"github.com/openxrm/xrm/core"
)

// inBackup is what a backup has of a table: a kind of items, or nothing and why not.
type inBackup struct {
	kind core.ItemKind
	not  string
}

// keeping lists every table that is no entity's: one that is not here makes a test
// fail.
func keeping() map[string]inBackup {
	return map[string]inBackup{
		"journal":       {kind: core.EntryItem},
		"counters":      {kind: core.CounterItem},
		"subscriptions": {kind: core.SubscriptionItem},
		"deliveries":    {kind: core.DeliveryItem},
		"timers":        {kind: core.TimerItem},
		"job_runs":      {kind: core.JobRunItem},
		"plugin_state":  {kind: core.StateItem},
		"plugins":       {kind: core.PluginItem},
		"definitions":   {kind: core.DefinitionsItem},

		"entities":  {not: "the records say which entities there are"},
		"term_sets": {not: "made anew from the records and the model"},
		"key_sets":  {not: "made anew from the records and the model"},
		"api_keys":  {not: "a secret"},
		"leases":    {not: "of processes that do not run there"},
		"instances": {not: "of processes that do not run there"},

		"broadcasts": {not: "of a minute that is over"},
	}
}

// Freeze copies the database as it is at one moment, and opens the copy for reading.
// The copy lies beside the file, as small as it can be, and is gone when it is closed
// or the process dies. Meanwhile others write; their log grows until the copy is made.
func (s *Store) Freeze(ctx context.Context) (*Store, error) {
	copied, file, err := s.copyTo(ctx)
	if err != nil {
		return nil, s.failed("copy the database", err)
	}
	still := &Store{name: s.name, contents: s.contents, farthest: Farthest, longest: Longest, closed: make(chan struct{})}
	// Nobody else knows the copy, so nobody locks it or writes to it.
	at := url.URL{Scheme: "file", Path: copied}
	still.readers, err = still.open(at.String()+"?_dqs=0&_defensive=1&_query_only=1&immutable=1&mode=ro&_pragma=temp_store(memory)", 1)
	if err == nil {
		still.writer, still.seekers = still.readers, still.readers // one connection, as in memory
		err = still.Ping(ctx)                                      // so that it is open
	}
	// It has no name from now on, so it ends with whoever has it open.
	err = errors.Join(err, os.Remove(copied), file.Close())
	if err != nil {
		return nil, errors.Join(s.failed("open the copy of the database", err), still.Close())
	}
	return still, nil
}

// copyTo makes the copy in a file that is locked as long as it is open, so that what
// a process left that was killed is not taken for one that is in use.
func (s *Store) copyTo(ctx context.Context) (path string, file *os.File, err error) {
	path = s.file + "-backup" // closed to others, as all that begins like the file
	if s.file == "" {
		path = filepath.Join(os.TempDir(), fmt.Sprintf("xrm-backup-%d", os.Getpid()))
	}
	file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", nil, err
	}
	if err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = file.Close()
		return "", nil, &core.Error{Code: core.Conflict, Message: "Another backup of this database is being made. Wait for it, or stop it.", Cause: err}
	}
	if err = file.Truncate(0); err == nil {
		err = s.from(ctx, s.seekers, "copy the database", func(c *conn) error {
			if s.file != "" {
				if _, err := c.ExecContext(ctx, "PRAGMA query_only = 0"); err != nil {
					return err
				}
				defer func() { _, _ = c.ExecContext(context.WithoutCancel(ctx), "PRAGMA query_only = 1") }()
			}
			_, err := c.ExecContext(ctx, "VACUUM INTO ?", path)
			return err
		})
	}
	if err != nil {
		return "", nil, errors.Join(err, os.Remove(path), file.Close())
	}
	return path, file, nil
}
