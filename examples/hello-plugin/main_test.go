package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/sdk/plugintest"
)

func TestEveryCustomerIsGreetedByName(t *testing.T) {
	h := plugintest.Start(t, plugin())
	anna := h.Add("customer", map[string]any{"kind": "person", "displayName": "Anna"})
	napf := h.Add("customer", map[string]any{"kind": "organization", "displayName": "Napf & Co."})
	got, err := h.Resolve("customer", "greeting", anna, napf)
	if diff := cmp.Diff([]any{"Hello Anna", "Hello Napf & Co."}, got); err != nil || diff != "" {
		t.Errorf("greeting: %v (-want +got):\n%s", err, diff)
	}
}
