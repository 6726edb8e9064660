package core_test

import (
	"testing"

	"github.com/openxrm/xrm/core"
)

func TestASubscriberIsCalledByItsKindAndName(t *testing.T) {
	const webhook core.SubscriberKind = "webhook"
	tests := map[string]struct {
		kind core.SubscriberKind
		name string
	}{
		"complaints":       {core.PluginSubscriber, "complaints"},
		"webhook:erp":      {webhook, "erp"},
		"webhook:erp:8080": {webhook, "erp:8080"},
	}
	for text, want := range tests {
		if kind, name := core.CutSubscriber(text); kind != want.kind || name != want.name {
			t.Errorf("%s is %q of the kind %q; want %q of %q", text, name, kind, want.name, want.kind)
		}
		if got := want.kind.Subscriber(want.name); got != text {
			t.Errorf("%q of the kind %q is called %q; want %q", want.name, want.kind, got, text)
		}
	}
}
