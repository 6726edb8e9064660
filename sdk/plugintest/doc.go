// Package plugintest runs a plugin against a host in memory, over real gRPC
// and within the test's process:
//
//	h := plugintest.Start(t, plugin())
//	customer := h.Add("customer", map[string]any{"kind": "organization", "displayName": "Futterhaus"})
//	_, err := h.Save(&sdk.Record{Entity: "complaint", Values: map[string]any{...}})
//
// The host knows the shipped entities, those of the plugin and those of other
// plugins that Start is given, and obeys their definitions and the plugin's
// rules. It knows no users and no rights.
package plugintest
