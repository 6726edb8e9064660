package core

import (
	"time"

	"github.com/openxrm/xrm/schema"
)

// JobRun is where a job stands: its last run, and when the next one is due.
// There is one for each job of each plugin.
type JobRun struct {
	Plugin   string
	Job      string
	Schedule string    // by which NextAt was found; a job whose schedule has changed is planned anew
	NextAt   time.Time // moves on when the run is finished, so that a run that was cut off is still due

	Planned    time.Time // when the last run was due; zero before the first
	StartedAt  time.Time
	FinishedAt time.Time // zero until it is finished
	Outcome    Outcome
	Error      string // why it failed, or what it waits for
	Canceling  bool   // somebody has asked it to stop
	Progress   Progress
}

// ID is the same for every attempt at one run.
func (r JobRun) ID() string { return r.Plugin + "/" + r.Job + "@" + schema.Instant(r.Planned) }

// Outcome says how far a run has come.
type Outcome string

// The outcomes. Only the last three are final.
const (
	Waiting   Outcome = "WAITING" // for its first time, or for its plugin
	Running   Outcome = "RUNNING"
	Succeeded Outcome = "SUCCEEDED"
	Failed    Outcome = "FAILED"
	Canceled  Outcome = "CANCELED"
)

// Progress is what a run says about how far it is.
type Progress struct {
	Done  int64
	Total int64 // 0 where it does not know
	Note  string
}
