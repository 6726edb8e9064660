package sqlite

import (
	"context"
	"database/sql"

	"github.com/openxrm/xrm/core"
)

const jobRunTable = `
CREATE TABLE job_runs (
	plugin    TEXT NOT NULL,
	job       TEXT NOT NULL,
	schedule  TEXT NOT NULL,
	next      INTEGER NOT NULL,
	planned   INTEGER NOT NULL,
	started   INTEGER NOT NULL,
	finished  INTEGER NOT NULL,
	outcome   TEXT NOT NULL,
	error     TEXT NOT NULL,
	canceling INTEGER NOT NULL,
	done      INTEGER NOT NULL,
	total     INTEGER NOT NULL,
	note      TEXT NOT NULL,
	PRIMARY KEY (plugin, job)
) STRICT, WITHOUT ROWID;
`

const jobRunColumns = `SELECT plugin, job, schedule, next, planned, started, finished, outcome, error, canceling, done, total, note FROM job_runs`

// SaveJobRun stores a run, in place of what was known of its job.
func (s *Store) SaveJobRun(ctx context.Context, r core.JobRun) error {
	return s.writing(ctx, "save the run of the job", durable, func(ctx context.Context, c *conn) error { return c.saveJobRun(ctx, r) })
}

func (c *conn) saveJobRun(ctx context.Context, r core.JobRun) error {
	_, err := c.exec(ctx, `INSERT OR REPLACE INTO job_runs
(plugin, job, schedule, next, planned, started, finished, outcome, error, canceling, done, total, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.Plugin, r.Job, r.Schedule, r.NextAt.UnixMilli(), r.Planned.UnixMilli(), r.StartedAt.UnixMilli(), r.FinishedAt.UnixMilli(),
		string(r.Outcome), r.Error, r.Canceling, r.Progress.Done, r.Progress.Total, r.Progress.Note)
	return err
}

// ReportJob notes how far a running job is and says whether somebody has asked
// it to stop.
func (s *Store) ReportJob(ctx context.Context, plugin, job string, p core.Progress) (canceling bool, err error) {
	err = s.writing(ctx, "note the progress of the job", soon, func(ctx context.Context, c *conn) error {
		_, err := c.row(ctx, "UPDATE job_runs SET done = ?, total = ?, note = ? WHERE plugin = ? AND job = ? AND outcome = ? RETURNING canceling",
			[]any{p.Done, p.Total, p.Note, plugin, job, string(core.Running)}, &canceling)
		return err
	})
	return canceling, err
}

// CancelJob asks a running job to stop and says whether there was one.
func (s *Store) CancelJob(ctx context.Context, plugin, job string) (asked bool, err error) {
	err = s.writing(ctx, "cancel the job", durable, func(ctx context.Context, c *conn) error {
		asked, err = c.changes(ctx, "UPDATE job_runs SET canceling = 1 WHERE plugin = ? AND job = ? AND outcome = ?", plugin, job, string(core.Running))
		return err
	})
	return asked, err
}

// JobRuns lists what is known of all jobs, by plugin and job.
func (s *Store) JobRuns(ctx context.Context) ([]core.JobRun, error) {
	var runs []core.JobRun
	err := s.reading(ctx, "read the runs of the jobs", func(c *conn) error {
		return c.query(ctx, jobRunColumns+" ORDER BY plugin, job", nil, func(rows *sql.Rows) error {
			r, err := scanJobRun(rows)
			runs = append(runs, r)
			return err
		})
	})
	return runs, err
}

func scanJobRun(rows *sql.Rows) (r core.JobRun, err error) {
	var next, planned, started, finished int64
	err = rows.Scan(&r.Plugin, &r.Job, &r.Schedule, &next, &planned, &started, &finished,
		&r.Outcome, &r.Error, &r.Canceling, &r.Progress.Done, &r.Progress.Total, &r.Progress.Note)
	r.NextAt, r.Planned, r.StartedAt, r.FinishedAt = moment(next), moment(planned), moment(started), moment(finished)
	return r, err
}
