// Package kept bounds what a plugin leaves with its host beside records: its state,
// its timers and the events that it publishes. It imports the language alone, so
// that the stores, which have the last word on what they take, can use it too. It
// keeps nothing.
package kept
