package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/backup"
	"github.com/openxrm/xrm/core/broadcast"
	"github.com/openxrm/xrm/core/file"
	"github.com/openxrm/xrm/core/identity"
	"github.com/openxrm/xrm/core/integrity"
	"github.com/openxrm/xrm/core/journal"
	"github.com/openxrm/xrm/core/mongo"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/core/sqlite"
	"github.com/openxrm/xrm/core/work"
	"github.com/openxrm/xrm/schema"
)

// store is all that the program asks of a database. Both stores are one.
type store interface {
	record.Store
	snapshot.Database
	snapshot.Kept
	journal.Store
	work.Store
	pluginhost.Keeper
	pluginhost.Remains
	broadcast.Store
	file.Contents
	identity.KeyStore
	identity.UseStore
	identity.Keyring
	integrity.Timers
	backup.Source
	backup.Target
	Present(ctx context.Context) ([]core.Presence, error)
	SortBy(c *schema.Collation)
	Close() error
}

var (
	_ store = (*sqlite.Store)(nil)
	_ store = (*mongo.Store)(nil)
)

// openStore opens the store that the configuration names.
func openStore(c Config) (store, error) {
	by, err := schema.NewCollation(cmp.Or(c.Collation, schema.DefaultCollation))
	if err != nil {
		return nil, err // which check has said better
	}
	s, err := openUnsorted(c)
	if err != nil {
		return nil, err
	}
	s.SortBy(by)
	return s, nil
}

func openUnsorted(c Config) (store, error) {
	switch c.Store {
	case "memory":
		return sqlite.OpenMemory()
	case "sqlite":
	default:
		return mongo.New(mongo.Config{URI: c.Store, Search: c.Timeout.Store, Timeout: c.Timeout.Request})
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, fmt.Errorf("the data folder %s cannot be made: %w; name another with --data (XRM_DATA)", c.Data, err)
	}
	return sqlite.Open(filepath.Join(c.Data, "xrm.db"))
}

// shared says whether several servers may work on the store.
func (c Config) shared() bool { return c.Store != "memory" && c.Store != "sqlite" }

// openSharedStore opens the store of a server beside it.
func openSharedStore(c Config) (store, error) {
	if c.Store == "memory" {
		return nil, errors.New("the store of a server that keeps everything in memory (--store, XRM_STORE) is its own; ask the server itself: its API has apiKeys, createApiKey and revokeApiKey")
	}
	return openStore(c)
}

// storeName says where the data are, without the password that an address may
// hold.
func storeName(c Config) string {
	switch c.Store {
	case "memory":
		return "in memory: nothing is kept when the server ends"
	case "sqlite":
		return "SQLite in " + c.Data
	}
	_, address, _ := strings.Cut(c.Store, "://")
	address = address[strings.LastIndex(address, "@")+1:]
	address, _, _ = strings.Cut(address, "?")
	hosts, database, _ := strings.Cut(address, "/")
	if database == "" {
		database = "xrm"
	}
	return "MongoDB at " + hosts + ", database " + database
}
