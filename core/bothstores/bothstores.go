// Package bothstores runs a test on each of the two stores. It is for tests of what
// stands above the stores; their own contract is in storetest, which knows neither.
package bothstores

import (
	"path/filepath"
	"testing"

	"github.com/openxrm/xrm/core/mongo"
	"github.com/openxrm/xrm/core/mongo/mongotest"
	"github.com/openxrm/xrm/core/sqlite"
	"github.com/openxrm/xrm/core/storetest"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
)

// Database is a store, and where it keeps what is stored, for those who look or write
// past it.
type Database struct {
	storetest.Store
	File  string           // of SQLite; "" for one in memory
	Mongo *driver.Database // nil for SQLite
}

// Run runs a test on each store, SQLite in memory. What open opens is empty, and is
// closed at the end of the test that it is given. In MongoDB it is one database, which
// open empties: making all indexes anew takes long.
func Run(t *testing.T, test func(t *testing.T, open func(t *testing.T) Database)) {
	t.Helper()
	run(t, sqlite.OpenMemory, test)
}

// OnDisk is Run with SQLite in a file.
func OnDisk(t *testing.T, test func(t *testing.T, open func(t *testing.T) Database)) {
	t.Helper()
	run(t, nil, test)
}

func run(t *testing.T, inMemory func() (*sqlite.Store, error), test func(t *testing.T, open func(t *testing.T) Database)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) {
		test(t, func(t *testing.T) Database {
			t.Helper()
			file, open := "", inMemory
			if open == nil {
				file = filepath.Join(t.TempDir(), "xrm.db")
				open = func() (*sqlite.Store, error) { return sqlite.Open(file) }
			}
			s, err := open()
			return opened(t, Database{Store: s, File: file}, err)
		})
	})
	t.Run("MongoDB", func(t *testing.T) {
		uri, db := mongotest.Database(t)
		test(t, func(t *testing.T) Database {
			t.Helper()
			empty(t, db)
			s, err := mongo.New(mongo.Config{URI: uri})
			return opened(t, Database{Store: s, Mongo: db}, err)
		})
	})
}

func opened(t *testing.T, d Database, err error) Database {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func empty(t *testing.T, db *driver.Database) {
	t.Helper()
	names, err := db.ListCollectionNames(t.Context(), bson.D{})
	for _, name := range names {
		if err == nil {
			_, err = db.Collection(name).DeleteMany(t.Context(), bson.D{})
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}
