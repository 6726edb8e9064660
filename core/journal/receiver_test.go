package journal_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/journal"
)

const webhook core.SubscriberKind = "webhook"

// noting notes who was told of what, and says that it was handled.
func (s *stage) noting(kind string) journal.Receiver {
	return journal.ReceiverFunc(func(_ context.Context, name string, batch []core.Event) ([]core.Receipt, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, e := range batch {
			s.handled = append(s.handled, kind+" "+name+" "+short(e))
		}
		return ackAll(batch)
	})
}

// told enqueues one event for each subscriber.
func (s *stage) told(name string, subscribers ...string) {
	s.t.Helper()
	for _, subscriber := range subscribers {
		if err := s.Subscribe(s.t.Context(), core.Subscription{Subscriber: subscriber, Topics: []string{"thing.*"}}); err != nil {
			s.t.Fatal(err)
		}
		if err := s.Enqueue(s.t.Context(), []core.Delivery{{Subscriber: subscriber, Event: event(name), Due: time.Now()}}); err != nil {
			s.t.Fatal(err)
		}
	}
}

func TestSubscribersOfSeveralKindsMayHaveOneName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		d := s.dispatcher("p1")
		d.Receivers = map[core.SubscriberKind]journal.Receiver{core.PluginSubscriber: s.noting("plugin"), webhook: s.noting("webhook")}
		start(t, d)
		s.told("a1", "erp")
		d.Wake("erp")
		synctest.Wait()
		s.wantSeen("for the plugin", "plugin erp a1")
		s.told("b1", webhook.Subscriber("erp"))
		d.Wake(webhook.Subscriber("erp"))
		synctest.Wait()
		s.wantSeen("for the webhook", "webhook erp b1")
		if err := s.Unsubscribe(t.Context(), "erp"); err != nil {
			t.Fatal(err)
		}
		s.told("c1", webhook.Subscriber("erp"))
		pass(2 * time.Second)
		s.wantSeen("once the plugin is gone", "webhook erp c1")
	})
}

func TestWhatIsForAnUnknownKindWaitsForAProcessThatKnowsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		start(t, s.dispatcher("of before"))
		s.told("a1", webhook.Subscriber("erp"))
		pass(time.Hour)
		s.wantSeen("by a process that knows plugins only", "")
		d := s.dispatcher("of today")
		d.Receivers[webhook] = s.noting("webhook")
		start(t, d)
		s.wantSeen("by one that knows webhooks", "webhook erp a1")
	})
}
