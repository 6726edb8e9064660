package main

import (
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/integrity"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/sqlite"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract/mention"
)

// modelPart is how many records are held against definitions at a time: a field that is
// to be unique has no index yet, so each part looks at all records.
const modelPart = 10_000

// proposed are definitions that do not serve yet.
type proposed struct {
	folder string
	plugin string // whose they are; "" for the site
	config Config // which says what the program brings itself
}

// parts holds what is stored against the definitions as if they served.
func (d proposed) parts(c Config) func(context.Context, func(checkedPart) error) error {
	d.config = c
	return func(ctx context.Context, found func(checkedPart) error) (err error) {
		s, err := openExisting(c)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.Close()) }()
		before, now, err := d.models(ctx, s)
		if err != nil {
			return err
		}
		if local, ok := s.(*sqlite.Store); ok {
			local.Assume(before)
		}
		v := integrity.Service{Records: &record.Service{Store: stored{s, before}, Now: time.Now}, Keys: s, Timers: s, Contents: s, Begun: begun, Most: modelPart}
		who := core.Actor{ID: "xrm check", Roles: []string{core.AdminRole}}
		for after, more := "", true; more; more = after != "" {
			part, err := v.Check(ctx, record.Basis{Model: now}, who, after, modelPart)
			if err != nil {
				return err
			}
			if err := found(toldOf(part)); err != nil {
				return err
			}
			after = part.Next
		}
		return nil
	}
}

func toldOf(part integrity.Part) checkedPart {
	told := checkedPart{Checked: part.Checked}
	for _, f := range part.Findings {
		told.Findings = append(told.Findings, finding{Kind: string(f.Kind), Entity: f.Entity, ID: f.ID, Path: f.Path, Value: f.Value, Message: f.Message})
	}
	return told
}

// models are the one that serves and the one that would.
func (d proposed) models(ctx context.Context, s store) (before, now *schema.Model, err error) {
	served, err := s.Definitions(ctx)
	if err != nil {
		return nil, nil, err
	}
	if len(served.Sources) == 0 {
		return nil, nil, errors.New("the database does not say yet which definitions serve; start the server with this program once")
	}
	if before, err = schema.Load(served.Sources...); err != nil {
		return nil, nil, fmt.Errorf("the definitions that were served last cannot be read; start the server with this program once: %w", err)
	}
	now, err = d.model(served.Sources)
	return before, now, err
}

// model is what would serve: the definitions in the folder, in the place of those of the
// site or the plugin, with all others that serve now.
func (d proposed) model(served []schema.Source) (*schema.Model, error) {
	mine, err := entitiesIn(d.folder)
	if err != nil {
		return nil, err
	}
	layer := "site"
	if d.plugin != "" {
		layer = mention.Layer(d.plugin)
		for i := range mine {
			mine[i].Layer, mine[i].File = layer, path.Join(layer, strings.TrimPrefix(mine[i].File, filepath.ToSlash(d.folder)))
		}
	}
	sources := shipped(d.config)
	for _, s := range served {
		if s.Layer != layer && (s.Layer == "site" || strings.HasPrefix(s.Layer, mention.Layer(""))) {
			sources = append(sources, s)
		}
	}
	return schema.Load(slices.Concat(sources, mine)...)
}

// stored is a store of which nothing was made ready for another model: of an entity that
// it does not know there are no records.
type stored struct {
	record.Store
	known *schema.Model
}

func (s stored) Find(ctx context.Context, e *schema.Entity, q core.Query) ([]*core.Record, error) {
	if s.known.Entity(e.Stored().Name) == nil {
		return nil, nil
	}
	return s.Store.Find(ctx, e, q)
}
