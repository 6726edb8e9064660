package sdk

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Migration brings the records of one of the plugin's own entities from one version
// of its data to the next. The data of a plugin without migrations have the version
// 1, and Up of a Migration to 2 gives them the form of version 2.
//
// A migration stays in the plugin for as long as a site may have older data, and is
// never changed: it speaks of what was, not of what is now. Who upgrades over several
// versions has every record go through all steps at once.
//
// What was stored as another type, or with an option that is gone, is accepted by an
// upgrade if the values that Up leaves fit the new definitions, all of them.
type Migration struct {
	// To is the version that it makes of the one before: 2, 3, ...
	To int

	// Entity is the one whose records it changes, deleted ones too. It is one of the
	// plugin's own, and no role.
	Entity string

	// Up changes r.Values from the form of the version before. It is pure: it asks and
	// causes nothing, takes nothing from elsewhere than the record, and gives the same
	// for the same record, since a dry run asks it as well. Its error refuses the whole
	// upgrade before anything is changed, and is shown to administrators.
	Up MigrateFunc

	// Down is the way back, of which the same holds. nil: there is none, and who
	// upgrades is told so.
	Down MigrateFunc
}

// MigrateFunc changes the values of a record that is stored.
type MigrateFunc func(ctx context.Context, r *Record) error

// firstMigration is the least version that a migration can make.
const firstMigration = 2

func migrations(t *typer, all []Migration) []*pluginpb.Migration {
	var described []*pluginpb.Migration
	last := firstMigration - 1
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b Migration) int {
		return cmp.Or(cmp.Compare(a.To, b.To), cmp.Compare(a.Entity, b.Entity))
	})
	for i, m := range sorted {
		switch {
		case m.To < firstMigration:
			t.mistake("a migration of %s leads to version %d; the first one leads to %d", m.Entity, m.To, firstMigration)
		case m.To > last+1:
			t.mistake("there is a migration to version %d and none to %d; versions have no gaps", m.To, m.To-1)
		case i > 0 && sorted[i-1].To == m.To && sorted[i-1].Entity == m.Entity:
			t.mistake("there are two migrations of %s to version %d; make one of them", m.Entity, m.To)
		}
		if m.Entity == "" || m.Up == nil {
			t.mistake("the migration to version %d needs an Entity and Up", m.To)
		}
		last = max(last, m.To)
		described = append(described, &pluginpb.Migration{To: uint32(max(0, m.To)), Entity: m.Entity, Reversible: m.Down != nil})
	}
	return described
}

func (s *server) Migrate(ctx context.Context, r *pluginpb.MigrateRequest) (*pluginpb.MigrateResponse, error) {
	answer := &pluginpb.MigrateResponse{}
	for _, sent := range r.GetRecords() {
		verdict := &pluginpb.Verdict{}
		verdict.Error = s.run(r.GetContext(), "Migrate "+sent.GetEntity(), func(Host) error {
			record, err := fromWire(sent)
			if err != nil {
				return err
			}
			if err := s.plugin.migrate(ctx, record, int(r.GetFrom()), int(r.GetTo())); err != nil {
				return err
			}
			verdict.Patch, err = record.patch()
			return err
		})
		answer.Verdicts = append(answer.Verdicts, verdict)
	}
	return answer, nil
}

// migrate takes a record through every step between two versions.
func (p Plugin) migrate(ctx context.Context, r *Record, from, to int) error {
	for version := from; version != to; {
		next, step := version+1, version+1
		if to < from {
			next, step = version-1, version
		}
		for _, m := range p.Migrations {
			if m.To != step || m.Entity != r.Entity {
				continue
			}
			f := m.Up
			if to < from {
				f = m.Down
			}
			if f == nil {
				return fmt.Errorf("there is no way back from version %d of %s", step, r.Entity)
			}
			if err := f(ctx, r); err != nil {
				return fmt.Errorf("to version %d: %w", next, err)
			}
		}
		version = next
	}
	return nil
}
