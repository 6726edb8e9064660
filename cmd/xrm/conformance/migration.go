package conformance

import (
	"context"
	"errors"
	"fmt"

	"github.com/openxrm/xrm/sdk/contract/mention"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/protobuf/proto"
)

// recordsMigrate asks for each step of the plugin's migrations, and for the way back where
// there is one, about records of which one has no values at all. A migration may refuse
// them, since nobody knows here what their form was. It may not panic, ask the
// host, or answer otherwise when it is asked again.
func recordsMigrate(ctx context.Context, b *bench) error {
	l, d, err := b.described(ctx)
	if err != nil {
		return err
	}
	if len(d.GetMigrations()) == 0 {
		return inapplicable("the plugin has no migrations")
	}
	var wrong []error
	for _, m := range d.GetMigrations() {
		e := b.host.model.Entity(m.GetEntity())
		if e == nil { // it had the entity in an older version
			continue
		}
		if e.IsRole() || e.Layer != mention.Layer(d.GetName()) {
			wrong = append(wrong, fmt.Errorf("the migration to version %d is of %q, which is no entity of its own", m.GetTo(), m.GetEntity()))
			continue
		}
		records := []*pluginpb.Record{sampleRecord(e, 1), sampleRecord(e, sparse), {Entity: e.Name, Id: sampleID(3), Version: 1, Values: []byte("{}")}}
		steps := [][2]uint32{{m.GetTo() - 1, m.GetTo()}}
		if m.GetReversible() {
			steps = append(steps, [2]uint32{m.GetTo(), m.GetTo() - 1})
		}
		for _, step := range steps {
			r := &pluginpb.MigrateRequest{Context: &pluginpb.CallContext{CallId: "migrate"}, From: step[0], To: step[1], Records: records}
			if err := migratesAlike(ctx, l.plugin, r); err != nil {
				wrong = append(wrong, fmt.Errorf("%s from version %d to %d: %w", e.Name, step[0], step[1], err))
			}
		}
	}
	return errors.Join(wrong...)
}

func migratesAlike(ctx context.Context, plugin pluginpb.PluginClient, r *pluginpb.MigrateRequest) error {
	answer, err := plugin.Migrate(ctx, r)
	if err != nil {
		return err
	}
	if n := len(answer.GetVerdicts()); n != len(r.GetRecords()) {
		return fmt.Errorf("%d answers for %d records", n, len(r.GetRecords()))
	}
	for _, v := range answer.GetVerdicts() {
		if refused := v.GetError(); refused.GetStack() != "" {
			return itself(refused)
		}
		if _, err := pluginpb.Decode(v.GetPatch()); err != nil && v.GetError() == nil {
			return fmt.Errorf("the patch %q is no JSON object", v.GetPatch())
		}
	}
	again, err := plugin.Migrate(ctx, r)
	if err != nil {
		return err
	}
	if !proto.Equal(answer, again) {
		return errors.New("the same records become others when it is asked again; look at nothing but the record")
	}
	return nil
}
