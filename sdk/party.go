package sdk

import (
	"context"
	"fmt"

	"github.com/openxrm/xrm/sdk/naming"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// PartyData says what becomes of what a plugin keeps about a party elsewhere
// than in fields of its entities: in its state, in files, at a provider. Of
// the fields xrm takes care itself: it turns references, hands out the records,
// and clears what is marked pii.
//
// Merge and Erase are told as events are, and so at least once, also when the
// plugin was down: their Host acts for the plugin itself.
type PartyData struct {
	// Merge makes what is kept about one party part of what is kept about
	// another; the first is no more.
	Merge func(ctx context.Context, host Host, from, into string) error

	// Export returns all that is kept about a party, as JSON can say it; nil for
	// nothing. It has half a minute.
	Export func(ctx context.Context, host Host, party string) (any, error)

	// Erase forgets what is kept about a party.
	Erase func(ctx context.Context, host Host, party string) error

	onlyRecords bool
}

// OnlyRecords is for a plugin that keeps nothing about a party but in fields of
// its entities.
func OnlyRecords() *PartyData { return &PartyData{onlyRecords: true} }

func (p *PartyData) topics() []string {
	if p == nil || p.onlyRecords {
		return nil
	}
	return []string{naming.PartyErased, naming.PartyMerged}
}

func (p *PartyData) describe(t *typer) *pluginpb.PartyData {
	if p == nil {
		return nil
	}
	d := &pluginpb.PartyData{OnlyRecords: p.onlyRecords, Merge: p.Merge != nil, Export: p.Export != nil, Erase: p.Erase != nil}
	for _, f := range []struct {
		name  string
		there bool
	}{{"Merge", d.Merge}, {"Export", d.Export}, {"Erase", d.Erase}} {
		if !f.there && !p.onlyRecords {
			t.mistake("PartyData has no %s", f.name)
		}
	}
	return d
}

// handle passes the end of a party to its handler.
func (p *PartyData) handle(ctx context.Context, host Host, e *Event) error {
	switch {
	case p == nil || p.onlyRecords:
		return nil
	case e.Topic == naming.PartyErased:
		return p.Erase(ctx, host, e.RecordID)
	case e.Topic == naming.PartyMerged:
		for _, c := range e.Changes {
			if into, ok := c.To.(string); ok && c.Path == "mergedInto" {
				return p.Merge(ctx, host, e.RecordID, into)
			}
		}
		return fmt.Errorf("the event %s does not say into whom the party was merged", e.ID)
	}
	return nil
}

func (s *server) Export(ctx context.Context, r *pluginpb.ExportRequest) (*pluginpb.ExportResponse, error) {
	answer := &pluginpb.ExportResponse{}
	answer.Error = s.run(r.GetContext(), "Export", func(host Host) error {
		if s.plugin.PartyData == nil || s.plugin.PartyData.Export == nil {
			return nil
		}
		data, err := s.plugin.PartyData.Export(ctx, host, r.GetParty())
		if err != nil || data == nil {
			return err
		}
		answer.Data, err = pluginpb.EncodeAny(data)
		return err
	})
	return answer, nil
}
