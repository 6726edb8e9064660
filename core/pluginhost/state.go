package pluginhost

import (
	"errors"
	"slices"
	"time"

	"github.com/openxrm/xrm/core"
)

// State says how a plugin is doing.
type State string

// The states of a plugin. From INVALID, INCOMPATIBLE and MISCONFIGURED it gets
// out when its folder, its settings or its approval change; never is a restart
// of xrm needed.
const (
	Verifying     State = "VERIFYING"     // its folder is being compared with what was approved
	Starting      State = "STARTING"      // its process is being started
	Configuring   State = "CONFIGURING"   // it is being given its settings
	Serving       State = "SERVING"       // it answers
	Degraded      State = "DEGRADED"      // it answers, and says that it works in part only
	Draining      State = "DRAINING"      // it ends what still runs, and no new calls reach it
	Stopped       State = "STOPPED"       // the host was closed
	Disabled      State = "DISABLED"      // an admin says that it must not run; its records stay
	Removed       State = "REMOVED"       // an admin has removed it; its records stay
	Missing       State = "MISSING"       // it is in force, and its folder is not here; its rules fail closed
	Outdated      State = "OUTDATED"      // another version is in force than the one that is here; its rules fail closed
	Backoff       State = "BACKOFF"       // it failed and is started again soon
	CrashLoop     State = "CRASH_LOOP"    // it fails again and again; it is still started from time to time
	Invalid       State = "INVALID"       // it is not approved, or its manifest or its contribution is wrong
	Incompatible  State = "INCOMPATIBLE"  // another version of it, or of xrm, is needed
	Misconfigured State = "MISCONFIGURED" // its settings are wrong
)

// maxError is how many bytes of an error a Status has.
const maxError = 32 << 10

// settled says whether a plugin in this state has had its first chance.
func (s State) settled() bool { return s != Verifying && s != Starting && s != Configuring }

// stays says whether a plugin in this state needs somebody to do something.
func (s State) stays() bool {
	return slices.Contains([]State{Disabled, Removed, Missing, Outdated, Invalid, Incompatible, Misconfigured}, s)
}

// Status is what an admin sees of a plugin.
type Status struct {
	Name      string
	Version   string // of what runs, or ran last
	Digest    string // of the folder that this version was in; "" when none has run
	State     State
	Since     time.Time // when the state began
	Reason    string    // what the plugin itself says about its health; "" when all is well
	Update    string    // why what lies in its folder is not what runs; "" when it is
	Restarts  int       // how often its process was started again
	LastError string    // why it last failed, with the end of its standard error; stays after a restart
	Panic     string    // the panic or traceback with which it last ended, if it was one
	PID       int       // of its process; 0 while there is none

	Failed []core.FailedCalls // by Call; what the process did wrong
}

// Plugin is the part of the status that the API shows.
func (s Status) Plugin() core.Plugin {
	return core.Plugin{
		Name: s.Name, Version: s.Version, State: string(s.State), Since: s.Since, Reason: s.Reason,
		Update: s.Update, Restarts: s.Restarts, LastError: s.LastError, Panic: s.Panic, Failed: s.Failed,
	}
}

// stateAfter says what becomes of a plugin that failed, for the nth time in the
// last ten minutes.
func stateAfter(err error, failures int) State {
	switch {
	case errors.Is(err, errRemoved):
		return Removed
	case errors.Is(err, errDisabled):
		return Disabled
	case errors.Is(err, errMissing):
		return Missing
	case errors.Is(err, errOutdated):
		return Outdated
	case errors.Is(err, errIncompatible):
		return Incompatible
	case errors.Is(err, errMisconfigured):
		return Misconfigured
	case errors.Is(err, errInvalid):
		return Invalid
	case failures >= maxFailures:
		return CrashLoop
	}
	return Backoff
}
