package file_test

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/bothstores"
	"github.com/openxrm/xrm/core/file"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
)

const definition = `entity: contract
fields:
  title: {type: text}
  scan: {type: file, maxSize: 1000, accept: [application/pdf, text/*]}
  pages: {type: list, of: {type: file}}
  annex: {type: object, fields: {copy: {type: file}}}
`

var (
	admin  = core.Actor{ID: "admin", Roles: []string{core.AdminRole}}
	other  = core.Actor{ID: "other", Roles: []string{core.AdminRole}}
	clerk  = core.Actor{ID: "clerk", Roles: []string{"clerk"}}
	reader = core.Actor{ID: "reader", Roles: []string{"visitor"}}
)

var roles = []schema.Source{
	{Layer: "site", File: "clerk.yaml", Data: []byte("role: clerk\ncontract:\n  read: true\n  create: true\n  update: true\n  fields: {scan: none, \"*\": write}\n")},
	{Layer: "site", File: "visitor.yaml", Data: []byte("role: visitor\ncontract:\n  read: {title: {eq: open}}\n")},
}

// world is a database with contracts, and a clock of its own.
type world struct {
	*testing.T
	*file.Service
	bothstores.Database
	on    record.Basis
	e     *schema.Entity
	clock time.Time
}

func onBothStores(t *testing.T, test func(w *world)) {
	t.Helper()
	bothstores.OnDisk(t, func(t *testing.T, open func(*testing.T) bothstores.Database) {
		m, err := schema.Load(append(entities.Sources(), schema.Source{Layer: "site", File: "contract.yaml", Data: []byte(definition)})...)
		if err != nil {
			t.Fatal(err)
		}
		policy, err := access.LoadRoles(m, roles)
		if err != nil {
			t.Fatal(err)
		}
		w := &world{T: t, Database: open(t), on: record.Basis{Model: m, Policy: policy}, e: m.Entity("contract"), clock: time.Now().UTC()}
		if err := w.Prepare(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		now, newID := func() time.Time { return w.clock }, uuid.NewString
		records := &record.Service{Store: w.Database, Now: now, NewID: newID, Timers: w.Database}
		w.Service = &file.Service{Store: w.Database, Records: records, Now: now, NewID: newID, MaxSize: 2_000_000}
		records.Files = w.Service
		test(w)
	})
}

func (w *world) upload(by core.Actor, name, content string) core.File {
	w.Helper()
	f, err := w.Upload(w.Context(), by, file.Said{Name: name}, bytes.NewReader([]byte(content)))
	if err != nil {
		w.Fatalf("Upload(%s): %v", name, err)
	}
	return f
}

// save saves a contract and returns what became of it.
func (w *world) save(by core.Actor, d record.Draft) (*core.Record, error) {
	if d.Action == "" {
		d.Action = core.Updated
	}
	result := w.Records.As(by, w.on).Save(w.Context(), w.e, []record.Draft{d}, false)[0]
	return result.Record, result.Err
}

func (w *world) create(by core.Actor, set map[string]any) *core.Record {
	w.Helper()
	r, err := w.save(by, record.Draft{Action: core.Created, Set: set})
	if err != nil {
		w.Fatalf("create with %v: %v", set, err)
	}
	return r
}

func (w *world) update(id string, set map[string]any) {
	w.Helper()
	if _, err := w.save(admin, record.Draft{ID: id, Set: set}); err != nil {
		w.Fatalf("update with %v: %v", set, err)
	}
}

// later lets time go on, and fires what is due.
func (w *world) later(by time.Duration) {
	w.Helper()
	w.clock = w.clock.Add(by)
	w.fire()
}

func (w *world) fire() {
	w.Helper()
	due, err := w.DueTimers(w.Context(), file.Owner, w.clock, 100)
	for _, t := range due {
		if err == nil {
			err = w.Look(w.Context(), w.on, t)
		}
		if err == nil {
			err = w.DoneTimer(w.Context(), t.Plugin, t.Key, t.Rev)
		}
	}
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) has(id string) bool {
	w.Helper()
	r, err := w.OpenContent(w.Context(), id, 0)
	if err == nil {
		_, err = io.Copy(io.Discard, r)
		return errors.Join(err, r.Close()) == nil
	}
	if core.CodeOf(err) != core.NotFound {
		w.Fatal(err)
	}
	return false
}

// wantContent says which of the files have their content.
func (w *world) wantContent(when string, files map[core.File]bool) {
	w.Helper()
	for f, want := range files {
		if got := w.has(f.ID); got != want {
			w.Errorf("%s: the content of %s is there: %v; want %v", when, f.Name, got, want)
		}
	}
}

// wantViolation is of a draft that is refused with one violation.
func (w *world) wantViolation(err error, field, message string) {
	w.Helper()
	var ours *core.Error
	if !errors.As(err, &ours) || len(ours.Violations) != 1 || ours.Violations[0].Field != field || ours.Violations[0].Message != message {
		w.Errorf("the error is %v; want one violation: %s %s", err, field, message)
	}
}
