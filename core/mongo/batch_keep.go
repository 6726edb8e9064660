package mongo

import (
	"context"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// keepingAll is what a batch writes beside the records of its entities. It looks before the
// updates are made, which may be applied much later.
func (s *Store) keepingAll(ctx context.Context, b core.Batch) map[*schema.Entity]keptKeys {
	keeping := map[*schema.Entity]keptKeys{}
	for _, one := range b.Steps {
		if _, known := keeping[one.Entity]; !known {
			s.seeKept(ctx, one.Entity)()
			keeping[one.Entity] = s.keeping(one.Entity)
		}
	}
	return keeping
}

// putKeptAll writes what has come meanwhile to what is kept.
func (s *Store) putKeptAll(ctx context.Context, b core.Batch, knew map[*schema.Entity]keptKeys) {
	for e, knew := range knew {
		s.seeKept(ctx, e)()
		var records []*core.Record
		for _, one := range b.Steps {
			if one.Entity == e {
				records = append(records, one.After)
			}
		}
		s.putKept(ctx, e, knew, records)
	}
}

// readKeptOf reads what is kept of the entities of a batch.
func (s *Store) readKeptOf(ctx context.Context, b core.Batch) error {
	for _, one := range b.Steps {
		if err := s.readKept(ctx, one.Entity); err != nil {
			return err
		}
	}
	return nil
}
