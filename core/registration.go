package core

import "time"

// Registration is what is in force of one plugin, for all instances that share a
// database, whatever lies in the folder of each.
type Registration struct {
	Plugin     string    `json:"-"`
	Generation int64     `json:"-"`                // grows by one with each change; 0 before the first
	Force      Edition   `json:"force"`            // the zero Edition until one was in force
	Next       *Edition  `json:"next"`             // what is to be in force as soon as every instance holds it closed; nil for nothing
	Announcer  string    `json:"announcer"`        // the instance that brings Next
	Moving     *Move     `json:"moving,omitempty"` // what brings the records into the form of Next; set once it may have written some
	Former     []string  `json:"former"`           // digests of what was in force before
	Ended      Ending    `json:"ended"`            // by whom it was ended; "" while it is in force
	EndedAt    time.Time `json:"endedAt"`
}

// Move takes the records of a plugin from one version of its data to another. Until it
// is at its end nobody else reads or writes them, and nothing but its To is put in
// force.
type Move struct {
	ID       string `json:"id"` // tells it from all others
	From, To int
}

// Edition is one content of a plugin's folder, and what came of it.
type Edition struct {
	Version     string    `json:"version"`
	Digest      string    `json:"digest"`      // of the folder; "" when nobody knows, as of what an older version kept
	Granted     []string  `json:"granted"`     // what it may do, for people, a line each
	Description []byte    `json:"description"` // what it says of itself, in the plugin protocol
	Since       time.Time `json:"since"`       // when it was put in force, or announced
}

// Ending is the deliberate act that has ended a plugin.
type Ending string

// The ways in which a plugin ends. Its records stay with either.
const (
	EndedDisabled Ending = "disabled"
	EndedRemoved  Ending = "removed"
)

// Presence is what an instance says about itself for as long as it runs.
type Presence struct {
	Instance string            `json:"-"`
	Held     map[string]int64  `json:"held"`  // the generation of each plugin's registration that it goes by
	Wants    map[string]string `json:"wants"` // the digest of each plugin that it would serve with
}
