package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/openxrm/xrm/core/graphql"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/contract/mention"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/protobuf/proto"
)

func modelChecks() []check {
	return []check{
		{
			name: "entities", expected: "its definitions load together with the shipped ones, and have names of their own in the API",
			remedy: "`xrm schema lint` shows the same while you write them; --entities names those of other plugins",
			run:    entitiesLoad,
		},
		{
			name: "mentions", expected: "every entity that Describe names is there, and what its topics wait for happens",
			remedy: "mend the name, or name the entities of other plugins with --entities",
			run:    mentionsExist,
		},
		{
			name: "texts", expected: "its texts in other languages can be read, and have the holes of the English ones",
			remedy: "write LANGUAGE.yaml, such as de.yaml: a mapping from what the plugin says in English",
			run:    textsAreRead,
		},
		{
			name: "data of parties", expected: "a plugin whose entities refer to a party says what becomes of what it keeps about one",
			remedy: "set PartyData of sdk.Plugin, or party_data of Describe",
			run:    partyDataIsSaid,
		},
		{
			name: "fields of others", expected: "plugin.yaml asks for what its fields do to the records of others",
			remedy: "write the line into plugin.yaml that is missing, or let the field be neither required nor unique nor filled in",
			run:    extensionsAreAskedFor,
		},
	}
}

func entitiesLoad(ctx context.Context, b *bench) error {
	_, d, err := b.described(ctx)
	if err != nil {
		return err
	}
	model, err := schema.Load(slices.Concat(entities.All(), b.settings.Entities, mention.Sources(d))...)
	if err != nil {
		return err
	}
	if err := graphql.Check(model); err != nil {
		return err
	}
	mails, err := contract.Mails(d)
	b.host.mu.Lock()
	defer b.host.mu.Unlock()
	b.host.model, b.host.mails, b.host.complete = model, mails, true
	return err
}

func mentionsExist(ctx context.Context, b *bench) error {
	_, d, err := b.described(ctx)
	if err != nil {
		return err
	}
	return mention.CheckDescription(b.host.model, d)
}

func textsAreRead(ctx context.Context, b *bench) error {
	_, d, err := b.described(ctx)
	if err != nil {
		return err
	}
	if len(d.GetTexts()) == 0 {
		return inapplicable("the plugin speaks English alone")
	}
	_, err = contract.Texts(d)
	return err
}

func partyDataIsSaid(ctx context.Context, b *bench) error {
	_, d, err := b.described(ctx)
	if err != nil {
		return err
	}
	return mention.CheckParties(b.host.model, d)
}

func extensionsAreAskedFor(ctx context.Context, b *bench) error {
	_, d, err := b.described(ctx)
	switch {
	case err != nil:
		return err
	case b.program.Name == "":
		return inapplicable("there is no plugin.yaml beside the program")
	}
	return b.program.Needs.Check(b.host.model, d.GetName(), mention.Sources(d)).Err()
}

// variants are how many different samples there are of an entity; more are
// the same under other ids.
const variants = 3

// samples makes records for a question.
func (b *bench) samples(entity string, n int) ([]*pluginpb.Record, error) {
	e := b.host.model.Entity(entity)
	if e == nil {
		return nil, inapplicable(fmt.Sprintf("there is no entity %s", entity))
	}
	records := make([]*pluginpb.Record, n)
	for i := range records {
		if i < variants {
			records[i] = sampleRecord(e, i+1)
			continue
		}
		records[i] = proto.CloneOf(records[i%variants])
		records[i].Id = sampleID(i + 1)
	}
	return records, nil
}

// checkPatch wants a patch to speak of fields that are there.
func (b *bench) checkPatch(entity string, encoded []byte) error {
	patch, err := pluginpb.Decode(encoded)
	if err != nil {
		return fmt.Errorf("a patch that is no JSON object: %w", err)
	}
	var wrong []error
	e := b.host.model.Entity(entity)
	for name, value := range patch {
		f := e.Field(name)
		if f == nil || f.System {
			wrong = append(wrong, fmt.Errorf("a patch of %s with %q, which is no field that it may set", entity, name))
			continue
		}
		if value == nil {
			continue
		}
		only := &schema.Entity{Name: name, Fields: schema.Fields{f}}
		if _, err := only.Check(map[string]any{name: value}, false, ""); err != nil {
			wrong = append(wrong, fmt.Errorf("a patch of %s: %w", entity, err))
		}
	}
	return errors.Join(wrong...)
}
