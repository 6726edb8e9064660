package mongo

import (
	"context"
	"errors"
	"time"

	"github.com/openxrm/xrm/core"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// jobRunDocument is a job's run as it is stored, under the id of its plugin
// and job.
type jobRunDocument struct {
	Plugin     string        `bson:"plugin"`
	Job        string        `bson:"job"`
	Schedule   string        `bson:"schedule"`
	NextAt     time.Time     `bson:"nextAt"`
	Planned    time.Time     `bson:"planned"`
	StartedAt  time.Time     `bson:"startedAt"`
	FinishedAt time.Time     `bson:"finishedAt"`
	Outcome    core.Outcome  `bson:"outcome"`
	Error      string        `bson:"error"`
	Canceling  bool          `bson:"canceling"`
	Progress   core.Progress `bson:"progress"`
}

func (d jobRunDocument) run() core.JobRun {
	r := core.JobRun(d)
	for _, at := range []*time.Time{&r.NextAt, &r.Planned, &r.StartedAt, &r.FinishedAt} {
		*at = at.UTC()
	}
	return r
}

func (s *Store) jobRuns() collection { return s.in(jobRunsCollection) }

// SaveJobRun stores a run, in place of what was known of its job.
func (s *Store) SaveJobRun(ctx context.Context, r core.JobRun) error {
	err := again(ctx, isForestalled, func() error {
		_, err := s.jobRuns().ReplaceOne(ctx, bson.D{{Key: idField, Value: ownID(r.Plugin, r.Job)}}, jobRunDocument(r), options.Replace().SetUpsert(true))
		return err
	})
	return s.writeFailed("save the run of the job", err)
}

// ReportJob notes how far a running job is and says whether somebody has asked
// it to stop.
func (s *Store) ReportJob(ctx context.Context, plugin, job string, p core.Progress) (bool, error) {
	var d jobRunDocument
	err := s.jobRuns().FindOneAndUpdate(ctx, running(plugin, job), bson.D{{Key: "$set", Value: bson.D{{Key: "progress", Value: p}}}},
		options.FindOneAndUpdate().SetProjection(bson.D{{Key: "canceling", Value: 1}})).Decode(&d)
	if errors.Is(err, driver.ErrNoDocuments) {
		return false, nil
	}
	return d.Canceling, s.failed("note the progress of the job", err)
}

// CancelJob asks a running job to stop and says whether there was one.
func (s *Store) CancelJob(ctx context.Context, plugin, job string) (bool, error) {
	result, err := s.jobRuns().UpdateOne(ctx, running(plugin, job), bson.D{{Key: "$set", Value: bson.D{{Key: "canceling", Value: true}}}})
	if err != nil {
		return false, s.writeFailed("cancel the job", err)
	}
	return result.MatchedCount > 0, nil
}

func running(plugin, job string) bson.D {
	return bson.D{{Key: idField, Value: ownID(plugin, job)}, {Key: "outcome", Value: core.Running}}
}

// JobRuns lists what is known of all jobs, by plugin and job.
func (s *Store) JobRuns(ctx context.Context) ([]core.JobRun, error) {
	cursor, err := s.jobRuns().Find(ctx, bson.D{}, options.Find().SetSort(bson.D{{Key: "plugin", Value: 1}, {Key: "job", Value: 1}}))
	if err != nil {
		return nil, s.failed("read the runs of the jobs", err)
	}
	runs, err := all(ctx, cursor, func(raw bson.Raw) (core.JobRun, error) {
		var d jobRunDocument
		err := bson.Unmarshal(raw, &d)
		return d.run(), err
	})
	return runs, s.failed("read the runs of the jobs", err)
}
