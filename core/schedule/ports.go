package schedule

import (
	"context"
	"time"

	"github.com/openxrm/xrm/core"
)

// Store is what all instances share. core/sqlite and core/mongo implement it;
// what it promises is tested by core/storetest.
type Store interface {
	Leases
	Timers
	JobRuns
}

// Leases say which of the instances does something.
type Leases interface {
	// Acquire takes a lease that nobody has, or renews one, and says whether
	// holder has it now, for ttl from now.
	Acquire(ctx context.Context, name, holder string, ttl time.Duration) (held bool, err error)

	// Release gives a lease back, if holder has it.
	Release(ctx context.Context, name, holder string) error

	// Holders says who has which of some leases now. Those that nobody has are left out.
	Holders(ctx context.Context, names []string) (map[string]string, error)
}

// Timers are kept until they have fired.
type Timers interface {
	// DueTimers returns a plugin's timers that are due at now, at most limit
	// of them, the longest due first.
	DueTimers(ctx context.Context, plugin string, now time.Time, limit int) ([]core.Timer, error)

	// DoneTimer removes a timer that has fired, unless it was scheduled again
	// in the meantime.
	DoneTimer(ctx context.Context, plugin, key string, rev int64) error

	// PostponeTimer counts an attempt that failed and lets the timer be due
	// again later, unless it was scheduled again in the meantime.
	PostponeTimer(ctx context.Context, plugin, key string, rev int64, due time.Time) error
}

// JobRuns are where the jobs stand.
type JobRuns interface {
	// SaveJobRun stores a run, in place of what was known of its job.
	SaveJobRun(ctx context.Context, r core.JobRun) error

	// ReportJob notes how far a running job is and says whether somebody has
	// asked it to stop.
	ReportJob(ctx context.Context, plugin, job string, p core.Progress) (canceling bool, err error)

	// CancelJob asks a running job to stop and says whether there was one.
	CancelJob(ctx context.Context, plugin, job string) (asked bool, err error)

	// JobRuns lists what is known of all jobs.
	JobRuns(ctx context.Context) ([]core.JobRun, error)
}
