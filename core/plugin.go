package core

import "time"

// Plugin is the state of a plugin as people see it.
type Plugin struct {
	Name      string
	Version   string
	State     string // STARTING, SERVING, BACKOFF, ...: core/pluginhost lists them
	Since     time.Time
	Restarts  int
	LastError string // why it is not serving, with the end of what it printed
}
