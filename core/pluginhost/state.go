package pluginhost

import (
	"errors"
	"time"

	"github.com/openxrm/xrm/core"
)

// State says how a plugin is doing.
type State string

// The states of a plugin.
const (
	Disabled     State = "DISABLED"     // the configuration says that it must not run
	Starting     State = "STARTING"     // its process is being started
	Serving      State = "SERVING"      // it answers
	Backoff      State = "BACKOFF"      // it failed and is started again soon
	CrashLoop    State = "CRASH_LOOP"   // it fails again and again; it is still started from time to time
	Invalid      State = "INVALID"      // its manifest or its contribution is wrong; mend it and restart xrm. Only a missing entity may still come, with another plugin
	Incompatible State = "INCOMPATIBLE" // it speaks another protocol; upgrade it or xrm
	Stopped      State = "STOPPED"      // the host was closed
)

// settled says whether a plugin in this state has had its first chance.
func (s State) settled() bool { return s != Starting }

// Status is what an admin sees of a plugin.
type Status struct {
	Name      string
	Version   string
	State     State
	Since     time.Time // when the state began
	Reason    string    // what the plugin itself says about its health; "" when all is well
	Restarts  int       // how often its process was started again
	LastError string    // why it last failed, with the end of its standard error; stays after a restart
	PID       int       // of its process; 0 while there is none
}

// Plugin is the part of the status that the API shows.
func (s Status) Plugin() core.Plugin {
	return core.Plugin{
		Name: s.Name, Version: s.Version, State: string(s.State),
		Since: s.Since, Restarts: s.Restarts, LastError: s.LastError,
	}
}

// stateAfter says what becomes of a plugin that failed for the nth time in a
// row.
func stateAfter(err error, failures int) State {
	switch {
	case errors.Is(err, errIncompatible):
		return Incompatible
	case errors.Is(err, errInvalid):
		return Invalid
	case failures >= 5:
		return CrashLoop
	}
	return Backoff
}
