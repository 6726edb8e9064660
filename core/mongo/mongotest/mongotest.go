// Package mongotest gives tests a MongoDB. It knows no store, so that those of the
// store can use it as well.
package mongotest

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"strings"
	"testing"

	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// Server is the address of the MongoDB that tests use, without a slash at its end.
// Where there is none the test is skipped.
func Server(t testing.TB) string {
	t.Helper()
	uri := os.Getenv("XRM_TEST_MONGO_URI")
	if uri == "" {
		t.Skip(`XRM_TEST_MONGO_URI is not set: run ".ci/lab up mongo", then eval "$(.ci/lab env)"`)
	}
	return strings.TrimSuffix(uri, "/")
}

// Database is an empty database for the test alone: by its address, and for the
// driver. It is dropped when the test ends, and what was opened after this call is
// closed.
func Database(t testing.TB) (uri string, db *driver.Database) {
	t.Helper()
	server := Server(t)
	client, err := driver.Connect(options.Client().ApplyURI(server))
	if err != nil {
		t.Fatal(err)
	}
	db = client.Database("xrm_test_" + strings.ToLower(rand.Text()))
	t.Cleanup(func() {
		ctx := context.Background() // that of the test has ended
		if err := errors.Join(db.Drop(ctx), client.Disconnect(ctx)); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
	})
	return server + "/" + db.Name(), db
}
