package mongo

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/mongo/mongotest"
	"go.mongodb.org/mongo-driver/v2/bson"
)

func TestOfEveryCollectionItIsDecidedWhetherABackupHasIt(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(filepath.Join("..", "backup", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	decided := keeping()
	for name := range collectionsInSource(t) {
		if kept, ok := decided[name]; !ok || (kept.kind == "") == (kept.not == "") {
			t.Errorf("decide in keeping what a backup has of the collection %s, or why it has nothing of it", name)
		}
		if !strings.Contains(string(readme), "`"+name+"`") {
			t.Errorf("say in core/backup/README.md what a backup has of the collection %s", name)
		}
		delete(decided, name)
	}
	for name := range decided {
		t.Errorf("keeping decides about the collection %s, which there is not", name)
	}
}

// collectionsInSource are the texts in this package that name a collection of ours.
func collectionsInSource(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal("there is no source", err)
	}
	names := map[string]bool{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if text, ok := n.(*ast.BasicLit); ok && text.Kind == token.STRING {
				if value, _ := strconv.Unquote(text.Value); strings.HasPrefix(value, "xrm.") {
					names[value] = true
				}
			}
			return true
		})
	}
	return names
}

func TestAHalfRestoredDatabaseIsNotServedAndRestoredAnew(t *testing.T) {
	t.Parallel()
	uri, db := mongotest.Database(t)
	s, err := New(Config{URI: uri, Search: patient, Timeout: 30 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	// This is what one leaves that was killed.
	for name, document := range map[string]bson.D{
		restoreCollection: {{Key: idField, Value: restoreLease}},
		"thing":           {{Key: idField, Value: "half"}, {Key: versionField, Value: int64(1)}, {Key: "createdBy", Value: "u"}, {Key: "updatedBy", Value: "u"}},
	} {
		if _, err := db.Collection(name).InsertOne(t.Context(), document); err != nil {
			t.Fatal(err)
		}
	}
	m := model(t)
	wantHalf := func(what string, err error) {
		t.Helper()
		var ours *core.Error
		if !errors.As(err, &ours) || ours.Code != core.Invalid || ours.Message != halfRestored {
			t.Errorf("%s says %v; want it to say that the database is half restored", what, err)
		}
	}
	wantHalf("Prepare", s.Prepare(t.Context(), m))
	wantHalf("Items", s.Items(t.Context(), core.RecordItem, func(core.Item) error { return nil }))
	holdings, err := s.Holdings(t.Context())
	if err != nil || len(holdings) > 0 {
		t.Errorf("it has %v, %v; want nothing that counts", holdings, err)
	}
	record := &core.Record{Entity: "thing", ID: "1", Version: 1, CreatedBy: "u", UpdatedBy: "u", Values: map[string]any{"name": "Ada", "was": core.Typed{Type: "decimal", Text: "1.50"}}}
	err = s.Restore(t.Context(), m, func(put func(context.Context, []core.Item) error) error {
		wantHalf("Prepare meanwhile", s.Prepare(t.Context(), m))
		return put(t.Context(), []core.Item{{Record: record}})
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Prepare(t.Context(), m); err != nil {
		t.Error(err)
	}
	raw, err := db.Collection("thing").FindOne(t.Context(), bson.D{}).Raw()
	if err != nil || raw.Lookup(idField).StringValue() != "1" || raw.Lookup("was").Type != bson.TypeDecimal128 {
		t.Errorf("there is %v, %v; want the restored record alone, with the type of what no model knows", raw, err)
	}
}

func TestARestoreThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	s := open(t, mongotest.Server(t), patient)
	t.Cleanup(func() { s.Close() })
	broken := errors.New("the file ends")
	err := s.Restore(t.Context(), model(t), func(put func(context.Context, []core.Item) error) error {
		err := put(t.Context(), []core.Item{{Record: &core.Record{Entity: "thing", ID: "1", Version: 1, Values: map[string]any{}}}})
		return errors.Join(err, put(t.Context(), []core.Item{{Counter: &core.Counter{Name: "n", Last: 7}}}), broken)
	})
	if !errors.Is(err, broken) {
		t.Errorf("Restore says %v", err)
	}
	holdings, err := s.Holdings(t.Context())
	for kind, n := range holdings {
		if n > 0 {
			t.Errorf("%d of %s are left", n, kind)
		}
	}
	if err := errors.Join(err, s.Prepare(t.Context(), model(t))); err != nil {
		t.Errorf("the database is of no use any more: %v", err)
	}
}
