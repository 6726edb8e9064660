package journal

import (
	"context"
	"sync"
	"time"

	"github.com/openxrm/xrm/core"
)

// fresh is how long a list of the subscriptions is relied on: a batch of
// entries must not cost a query for each relay that moves one.
const fresh = time.Second

// subscribers remembers for a moment who has subscribed to what.
type subscribers struct {
	mu   sync.Mutex
	list []core.Subscription
	read time.Time
}

func (s *subscribers) all(ctx context.Context, store Outbox) ([]core.Subscription, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.read.IsZero() && time.Since(s.read) < fresh {
		return s.list, nil
	}
	read := time.Now()
	list, err := store.Subscriptions(ctx)
	if err != nil {
		return nil, err
	}
	s.list, s.read = list, read
	return list, nil
}

// Deliveries are one for each subscriber that wants an event, due now.
func Deliveries(subscriptions []core.Subscription, events ...core.Event) []core.Delivery {
	now := time.Now()
	var all []core.Delivery
	for _, e := range events {
		for _, s := range subscriptions {
			if s.Wants(e) {
				all = append(all, core.Delivery{Subscriber: s.Subscriber, Event: e, Due: now})
			}
		}
	}
	return all
}
