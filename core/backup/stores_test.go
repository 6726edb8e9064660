package backup_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/backup"
	"github.com/openxrm/xrm/core/journal"
	"github.com/openxrm/xrm/core/mongo"
	"github.com/openxrm/xrm/core/mongo/mongotest"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/sqlite"
	"github.com/openxrm/xrm/core/storetest"
	"github.com/openxrm/xrm/schema"
)

const definitions = `entity: thing
fields:
  name: {type: text, search: true}
  number: {type: integer, unique: true}
  price: {type: decimal}
  at: {type: datetime}
  tags: {type: list, of: {type: text}}
  inner: {type: object, fields: {worth: {type: money}, flag: {type: boolean}}}
  secret: {type: text, pii: true}
`

const gone = `entity: relic
fields:
  age: {type: decimal}
`

func model(t testing.TB, sources ...string) *schema.Model {
	t.Helper()
	var all []schema.Source
	for i, text := range sources {
		all = append(all, schema.Source{Layer: "test", File: fmt.Sprintf("test%d.yaml", i), Data: []byte(text)})
	}
	m, err := schema.Load(all...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// database is a store of either kind.
type database interface {
	storetest.Store
	backup.Source
	backup.Target
}

// kinds are the stores, each opened empty.
func kinds() map[string]func(t testing.TB) database {
	return map[string]func(t testing.TB) database{
		"SQLite": func(t testing.TB) database {
			s, err := sqlite.Open(filepath.Join(t.TempDir(), "xrm.db"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.Close() })
			return s
		},
		"MongoDB": func(t testing.TB) database {
			uri, _ := mongotest.Database(t)
			s, err := mongo.New(mongo.Config{URI: uri, Search: 5 * time.Second, Timeout: 30 * time.Second})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.Close() })
			return s
		},
	}
}

// from is where a backup of the database is read, and how.
func from(t testing.TB, db database) (backup.Source, backup.Options) {
	t.Helper()
	o := backup.Options{Version: "v1", Store: "test", Now: time.Now}
	if s, ok := db.(*sqlite.Store); ok {
		still, err := s.Freeze(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { still.Close() })
		return still, o
	}
	o.Drain = (&journal.Relay{Store: db}).Drain
	return db, o
}

func take(t testing.TB, db database) ([]byte, backup.Contents) {
	t.Helper()
	source, o := from(t, db)
	var file bytes.Buffer
	contents, err := backup.Write(t.Context(), &file, source, o)
	if err != nil {
		t.Fatal(err)
	}
	return file.Bytes(), contents
}

func restore(t testing.TB, file []byte, to backup.Target, m *schema.Model) {
	t.Helper()
	if _, err := backup.Verify(t.Context(), bytes.NewReader(file), nil); err != nil {
		t.Fatal(err)
	}
	if err := backup.Restore(t.Context(), bytes.NewReader(file), to, m, nil); err != nil {
		t.Fatal(err)
	}
}

var clock = time.Date(2026, 2, 28, 9, 30, 0, 123e6, time.UTC)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func change(before *core.Record, action core.Action, entity, id string, values map[string]any) core.Change {
	version, created := int64(1), clock
	if before != nil {
		version, created = before.Version+1, before.CreatedAt
	}
	at := clock.Add(time.Duration(version) * time.Second)
	after := &core.Record{Entity: entity, ID: id, Version: version, CreatedAt: created, CreatedBy: "u1", UpdatedAt: at, UpdatedBy: "u2", Values: values}
	if action == core.Deleted {
		after.DeletedAt = at
	}
	return core.Change{Actor: core.Actor{ID: "u2", Name: "Ütz", Roles: []string{"sales"}}, At: at, Action: action, Before: before, After: after}
}

// commit makes a change and returns the record after it.
func commit(t testing.TB, db record.Store, m *schema.Model, c core.Change) *core.Record {
	t.Helper()
	must(t, db.Commit(t.Context(), m.Entity(c.After.Entity), []core.Change{c})[0])
	return c.After
}

// fillContents puts contents of these sizes, each under an id of its own.
func fillContents(t testing.TB, db database, sizes ...int) {
	t.Helper()
	for _, size := range sizes {
		content := bytes.Repeat([]byte{byte(size), 'x', 0}, size/3+1)[:size]
		_, err := db.PutContent(t.Context(), fmt.Sprintf("0190b7f2-0000-7000-8000-%012d", size), bytes.NewReader(content))
		must(t, err)
	}
}

// fill puts something of everything into a database.
func fill(t testing.TB, db database) {
	t.Helper()
	ctx := t.Context()
	m := model(t, definitions, gone)
	must(t, db.Prepare(ctx, m))
	fillContents(t, db, 0, 10)
	must(t, db.Subscribe(ctx, core.Subscription{Subscriber: "loyalty", Topics: []string{"thing.*"}}))
	values := map[string]any{
		"name": "Ünï \"quoted\" <b> \u2028", "number": int64(9007199254740993), "price": "1.50", "at": "2026-02-28T09:30:00.123Z",
		"tags": []any{"a", "b"}, "inner": map[string]any{"worth": map[string]any{"amount": "-0.10", "currency": "EUR"}, "flag": false}, "secret": "Ada",
		"former": "is not in the model",
	}
	first := commit(t, db, m, change(nil, core.Created, "thing", "1", values))
	changed := first.Clone()
	changed.Values["name"] = "Other"
	delete(changed.Values, "inner")
	first = commit(t, db, m, change(first, core.Updated, "thing", "1", changed.Values))
	commit(t, db, m, change(first, core.Deleted, "thing", "1", changed.Values))
	commit(t, db, m, change(nil, core.Created, "thing", "2", map[string]any{"number": int64(-1)}))
	commit(t, db, m, change(nil, core.Created, "relic", "9", map[string]any{"age": "3.0"}))
	must(t, (&journal.Relay{Store: db}).Drain(ctx))
	commit(t, db, m, change(nil, core.Created, "thing", "3", map[string]any{"name": "pending"}))

	must(t, db.Ack(ctx, "loyalty", []string{"thing/1/1"}))
	must(t, db.Bury(ctx, "loyalty", "thing/1/2", "it cannot be", clock))
	must(t, db.Postpone(ctx, "loyalty", "thing/2/1", 3, clock.Add(time.Hour), "later"))
	must(t, db.Enqueue(ctx, []core.Delivery{{Subscriber: "webhook:erp", Due: clock, Event: core.Event{
		ID: "e1", Topic: "loyalty.won", Key: "k", Seq: 7, At: clock, Actor: core.Actor{ID: "u1"}, Payload: []byte(`{"a":1}`)}}}))

	must(t, db.Schedule(ctx, core.Timer{Plugin: "loyalty", Key: "a/b", DueAt: clock.Add(time.Hour), Payload: []byte{0, 255}}))
	timers, err := db.Timers(ctx, "loyalty", 1, "")
	must(t, err)
	must(t, db.PostponeTimer(ctx, "loyalty", "a/b", timers[0].Rev, clock.Add(2*time.Hour)))
	must(t, db.SaveJobRun(ctx, core.JobRun{Plugin: "loyalty", Job: "tidy", Schedule: "@daily", NextAt: clock, Planned: clock, Outcome: core.Running, Progress: core.Progress{Done: 3, Total: 4, Note: "n"}}))
	_, err = db.PutState(ctx, "loyalty", "x/y", []byte("\x00value"), core.AnyVersion, time.Time{})
	must(t, err)
	_, err = db.PutState(ctx, "loyalty", "z", nil, core.AnyVersion, clock.AddDate(10, 0, 0))
	must(t, err)
	for range 3 {
		_, err = db.Next(ctx, "thing.number", 0)
		must(t, err)
	}
	_, err = db.Register(ctx, core.Registration{Plugin: "loyalty", Generation: 1, Force: core.Edition{Version: "1.0", Description: []byte{1, 2}, Granted: []string{"reads"}}})
	must(t, err)
	keep(t, db, core.Definitions{
		Sources: []schema.Source{{Layer: "site", File: "thing.yaml", Data: []byte("entity: thing\n\tä \"x\"")}, {Layer: "plugin p", File: "p.yaml", Data: []byte("x"), Gone: true}},
		Gone:    []schema.Gone{{Entity: "thing", Fields: schema.Fields{{Name: "kind", Type: "enum", Options: schema.Options{{Value: "a"}, {Value: "b"}}}}}},
	})
	must(t, db.SaveKey(ctx, core.Key{ID: "k1", Hash: "h1", Name: "a key", Roles: []string{"admin"}, CreatedAt: clock}))
	_, err = db.PutState(ctx, core.SessionOwner, "a session", []byte("of k1"), 0, clock.AddDate(10, 0, 0))
	must(t, err)
	_, err = db.Acquire(ctx, "a lease", "me", time.Hour)
	must(t, err)
}

func keep(t testing.TB, db database, d core.Definitions) {
	t.Helper()
	must(t, db.KeepDefinitions(t.Context(), func(core.Definitions) core.Definitions { return d }))
}

// everything is what a database has, as text that can be compared.
func everything(t testing.TB, db database) []string {
	t.Helper()
	source, _ := from(t, db)
	var lines []string
	note := func(kind core.ItemKind, what any) error {
		text, err := json.Marshal(what)
		lines = append(lines, string(kind)+" "+string(text))
		return err
	}
	for _, kind := range []core.ItemKind{core.RecordItem, core.DeliveryItem, core.SubscriptionItem, core.TimerItem, core.JobRunItem, core.StateItem, core.CounterItem, core.PluginItem, core.DefinitionsItem, core.ContentItem} {
		must(t, source.Items(t.Context(), kind, func(i core.Item) error {
			switch {
			case i.State != nil && i.State.Plugin == core.SessionOwner:
				return nil // it is in no backup
			case i.Record != nil:
				i.Record.Values, _ = core.Plain(i.Record.Values).(map[string]any)
			case i.Delivery != nil:
				i.Delivery.Due = i.Delivery.Due.Truncate(time.Minute) // that of a pending one is when it was looked at
			case i.State != nil && i.State.Value == nil:
				i.State.Value = []byte{}
			}
			return note(kind, i)
		}))
	}
	entries, last, err := source.EntriesAfter(t.Context(), 0, 1000)
	must(t, err)
	must(t, note(core.EntryItem, last))
	for _, e := range entries {
		must(t, note(core.EntryItem, e))
	}
	slices.Sort(lines)
	return lines
}

func differ(a, b []string) string {
	var text strings.Builder
	for _, line := range a {
		if !slices.Contains(b, line) {
			fmt.Fprintln(&text, "-", line)
		}
	}
	for _, line := range b {
		if !slices.Contains(a, line) {
			fmt.Fprintln(&text, "+", line)
		}
	}
	return text.String()
}

func TestABackupComesBackWholeInEitherStore(t *testing.T) {
	for source, openSource := range kinds() {
		for target, openTarget := range kinds() {
			t.Run(source+" to "+target, func(t *testing.T) {
				t.Parallel()
				db := openSource(t)
				fill(t, db)
				fillContents(t, db, core.ContentPartSize, core.ContentPartSize+1, 3*core.ContentPartSize)
				file, contents := take(t, db)
				must(t, (&journal.Relay{Store: db}).Drain(t.Context())) // what is pending there is told in the backup
				want := everything(t, db)
				if contents.Position != 6 {
					t.Errorf("the position is %d; want 6", contents.Position)
				}
				for _, secret := range []string{"h1", "a key", "a session"} {
					if strings.Contains(plain(t, file), `"`+secret+`"`) {
						t.Errorf("the backup has %q, which lets somebody in", secret)
					}
				}
				to := openTarget(t)
				keep(t, to, core.Definitions{Sources: []schema.Source{{Layer: "site", File: "of a first start.yaml"}}})
				restore(t, file, to, model(t, definitions))
				if diff := differ(want, everything(t, to)); diff != "" {
					t.Errorf("what is restored differs from what was backed up:\n%s", diff)
				}
				if keys, err := to.Keys(t.Context()); err != nil || len(keys) > 0 {
					t.Errorf("the keys are %v, %v; want none", keys, err)
				}
				goesOn(t, to)
				again, _ := take(t, to)
				if _, err := backup.Verify(t.Context(), bytes.NewReader(again), nil); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// goesOn wants a restored database to go on where the one before it was.
func goesOn(t *testing.T, db database) {
	t.Helper()
	ctx := t.Context()
	m := model(t, definitions)
	thing := m.Entity("thing")
	if n, err := db.Next(ctx, "thing.number", 0); n != 4 || err != nil {
		t.Errorf("the next number is %d, %v; want 4", n, err)
	}
	found, err := db.Find(ctx, thing, core.Query{First: 10, Search: [][]string{{"pend"}}})
	if err != nil || len(found) != 1 || found[0].ID != "3" {
		t.Errorf("searching found %v, %v; want the thing 3", found, err)
	}
	errs := db.Commit(ctx, thing, []core.Change{change(nil, core.Created, "thing", "4", map[string]any{"number": int64(-1)})})
	if core.CodeOf(errs[0]) != core.Conflict {
		t.Errorf("a number that is taken: %v; want a Conflict", errs[0])
	}
	commit(t, db, m, change(found[0], core.Updated, "thing", "3", map[string]any{"name": "after"}))
	must(t, (&journal.Relay{Store: db}).Drain(ctx))
	entries, last, err := db.EntriesAfter(ctx, 6, 10)
	if err != nil || last != 7 || len(entries) != 1 || entries[0].RecordID != "3" || entries[0].Version != 2 {
		t.Errorf("behind the position of the backup are %v up to %d, %v; want the one change", entries, last, err)
	}
	history, err := db.History(ctx, thing, "1", -1, 0)
	if err != nil || len(history) != 3 {
		t.Errorf("the history has %d entries, %v; want 3", len(history), err)
	}
	replayed, err := db.Replay(ctx, "loyalty", []string{"thing/1/2"})
	if err != nil || replayed != 1 {
		t.Errorf("%d dead letters were replayed, %v; want 1", replayed, err)
	}
	due, err := db.Deliverable(ctx, "loyalty", time.Now().Add(time.Hour), 10)
	if err != nil || len(due) != 5 {
		t.Errorf("to be delivered are %d, %v; want the replayed one, the deletion, the postponed, the pending and the new one", len(due), err)
	}
	_, version, err := db.State(ctx, "loyalty", "x/y")
	must(t, err)
	if _, err := db.PutState(ctx, "loyalty", "x/y", []byte("new"), version, time.Time{}); err != nil {
		t.Errorf("the version of a value is another one: %v", err)
	}
}
