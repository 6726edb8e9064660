package mail

import (
	"context"

	"github.com/openxrm/xrm/core/record"
)

// Round is one look of a sender.
func (s *Sender) Round(ctx context.Context, on record.Basis) error {
	b := &box{Sender: s, session: s.Records.As(Actor, on).Unbound(), e: on.Model.Entity(entity)}
	_, err := b.round(ctx)
	return err
}
