package core

import (
	"encoding/json"
	"time"
)

// Plugin is the state of a plugin as people see it.
type Plugin struct {
	Name      string
	Version   string
	State     string // STARTING, SERVING, BACKOFF, ...: core/pluginhost lists them
	Since     time.Time
	Reason    string // what it says about its own health; "" when all is well
	Update    string // why what lies in its folder is not what runs; "" when it is
	Restarts  int
	LastError string // why it is not serving, with the end of what it printed
	Panic     string // the panic or traceback that ended it; "" for none
	Failed    []FailedCalls
}

// FailedCalls is what has gone wrong with one kind of calls to a plugin since its
// process began.
type FailedCalls struct {
	Call      string // "BeforeSave order", the name of an operation, "job tidy", "events", "http"
	Count     int
	LastAt    time.Time
	LastError string // with the text of a panic; for administrators
}

// PluginPart is what a plugin keeps about a party outside of the records.
type PluginPart struct {
	Plugin  string
	Data    json.RawMessage // nil for nothing
	Problem string          // why there is no Data; "" when all is well
}
