// Package plugintest runs a plugin under test, in two sizes. A Host is in memory
// and within the test's process, and speaks to the plugin over real gRPC:
//
//	h := plugintest.Start(t, plugin())
//	customer := h.Add("customer", map[string]any{"kind": "organization", "displayName": "Futterhaus"})
//	_, err := h.Save(&sdk.Record{Entity: "complaint", Values: map[string]any{...}})
//	h.Deliver()              // events
//	h.Advance(48 * time.Hour) // timers and jobs
//
// It knows the shipped entities, those of the plugin and those of other plugins
// that Start is given, and obeys their definitions and the plugin's rules. What it
// refuses it refuses in the words of the server (sdk/contract). It checks no rights,
// and no references.
//
// A Server is xrm itself, with users and their roles. One test with it shows that
// all fits together; the others are faster with a Host.
package plugintest
