package migration_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/bothstores"
	"github.com/openxrm/xrm/core/migration"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

type values = map[string]any

const (
	first  = "entity: move\nfilterable: all\nfields:\n  rooms: {type: text}\n  code: {type: text, unique: true}\n  state: {type: enum, options: [planned, done]}\n  address: {type: text}\n  phone: {type: phone}\n  label: {type: text}\n  seat: {type: text}\n"
	second = "entity: move\nfilterable: all\nfields:\n  rooms: {type: integer}\n  code: {type: text, unique: true}\n  state: {type: enum, options: [open, done]}\n  street: {type: text}\n  phone: {type: text, unique: true}\n  label: {type: text, unique: true}\n  seat: {type: integer, unique: true}\n"
)

// store is what a test needs of one.
type store interface {
	record.Store
	record.Finder
}

// world is a database with records of a plugin's first version.
type world struct {
	*testing.T
	store
	before, after *schema.Model
	records       *record.Service
}

func onBothStores(t *testing.T, test func(w *world)) {
	bothstores.Run(t, func(t *testing.T, open func(*testing.T) bothstores.Database) { test(newWorld(t, open(t))) })
}

func newWorld(t *testing.T, s store) *world {
	t.Helper()
	w := &world{T: t, store: s, before: load(t, first, 0), after: load(t, second, 2)}
	w.records = &record.Service{Store: s, Now: time.Now, Region: "DE", NewID: func() string { return "new" }}
	if err := s.Prepare(t.Context(), w.before); err != nil {
		t.Fatal(err)
	}
	return w
}

func load(t *testing.T, definition string, version int) *schema.Model {
	t.Helper()
	m, err := schema.Load(schema.Source{Layer: "plugin mover", File: "move.yaml", Data: []byte(definition), Version: version})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// put stores records.
func (w *world) put(all ...*core.Record) {
	w.Helper()
	var changes []core.Change
	for _, r := range all {
		r.Entity, r.Version, r.CreatedAt, r.UpdatedAt, r.UpdatedBy = "move", 1, time.Now(), time.Now(), "ada"
		changes = append(changes, core.Change{Action: core.Created, At: time.Now(), After: r})
	}
	if err := errors.Join(w.Commit(w.Context(), w.before.Entity("move"), changes)...); err != nil {
		w.Fatal(err)
	}
}

// all are the records that lie there.
func (w *world) all() map[string]*core.Record {
	w.Helper()
	found, err := w.Find(w.Context(), w.after.Entity("move"), core.Query{First: -1, Deleted: true})
	if err != nil {
		w.Fatal(err)
	}
	byID := map[string]*core.Record{}
	for _, r := range found {
		byID[r.ID] = r
	}
	return byID
}

// up is a run from the first version to the second.
func (w *world) up(id string) *migration.Run {
	return &migration.Run{
		Store: w.store, Region: "DE", Records: w.records, On: record.Basis{Model: w.after, Policy: (&record.Session{}).Unbound().Policy},
		Plugin: "mover", From: 1, To: 2, Entities: []string{"move"}, ID: id, Ask: asks(toSecond),
	}
}

// down is the way back.
func (w *world) down(id string) *migration.Run {
	r := w.up(id)
	r.From, r.To, r.On.Model, r.Ask = 2, 1, w.before, asks(toFirst)
	return r
}

func asks(one func(v values) (values, error)) func(context.Context, *schema.Entity, []*core.Record) ([]migration.Answer, error) {
	return func(_ context.Context, _ *schema.Entity, records []*core.Record) ([]migration.Answer, error) {
		answers := make([]migration.Answer, len(records))
		for i, r := range records {
			answers[i].Patch, answers[i].Err = one(r.Values)
		}
		return answers, nil
	}
}

// toSecond and toFirst are what a plugin would say: neither takes what the other gives
// for its own, so that whoever asks twice is noticed.
func toSecond(v values) (values, error) {
	text, ok := v["rooms"].(string)
	if !ok {
		return nil, fmt.Errorf("%v is no text", v["rooms"])
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%q is no number", text)
	}
	patch := values{"rooms": n, "street": v["address"], "address": nil}
	if v["state"] == "planned" {
		patch["state"] = "open"
	}
	return patch, nil
}

func toFirst(v values) (values, error) {
	n, ok := v["rooms"].(int64)
	if !ok {
		return nil, fmt.Errorf("%v is no number", v["rooms"])
	}
	patch := values{"rooms": strconv.FormatInt(n, 10), "address": v["street"], "street": nil}
	if v["state"] == "open" {
		patch["state"] = "planned"
	}
	return patch, nil
}
