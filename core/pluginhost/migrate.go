package pluginhost

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/migration"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/contract/mention"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// migrate gives the records of the plugin the form of the version that was announced:
// all instances keep everybody from writing them already. First all records are tried;
// when one of them cannot be migrated, nothing is changed. Then the registration says
// that the records move, all instances keep everybody from reading them too, and they
// are written. What is cut off from there on goes on with the same run.
func (s *supervisor) migrate(ctx context.Context, i *instance, o *snapshot.Offer, d *pluginpb.DescribeResponse) error {
	known := s.register.find(s.name)
	if !moves(known) {
		return nil
	}
	run, end, err := s.journey(ctx, i, *o, d, known)
	if err != nil {
		return err
	}
	defer end()
	if known.Moving == nil {
		if err := s.prepareMove(ctx, i, run); err != nil {
			return err
		}
	} else {
		run.ID = known.Moving.ID
	}
	s.log.Info("the records of the plugin are brought to another version of its data", "from", run.From, "to", run.To, "entities", run.Entities)
	run.Report = s.tellHowFar(run, "brought")
	began := time.Now()
	if err := run.Apply(ctx); err != nil {
		return s.unavailable(err)
	}
	s.log.Info("the records of the plugin have the form of another version of its data", "from", run.From, "to", run.To, "took", time.Since(began).Round(time.Millisecond))
	o.Migrated = true
	return nil
}

// prepareMove tries all records, and lets them move when that is still wanted.
func (s *supervisor) prepareMove(ctx context.Context, i *instance, run *migration.Run) error {
	ctx, cancel := s.whileWanted(ctx, i)
	defer cancel()
	if _, err := s.tryAll(ctx, run); err != nil {
		return err
	}
	return s.depart(ctx, run)
}

// journey is the run that is to be made. It has to be ended.
func (s *supervisor) journey(ctx context.Context, i *instance, o snapshot.Offer, d *pluginpb.DescribeResponse, known core.Registration) (run *migration.Run, end func(), err error) {
	before := description(known.Force)
	from, to := contract.DataVersion(before), contract.DataVersion(d)
	later, process, end := d, i.link, func() {}
	if from > to {
		later = before
		if oneWay := contract.OneWay(before, from, to); len(oneWay) > 0 {
			return nil, nil, fmt.Errorf("%w: %s has brought its records of %s to version %d of its data, and has no way back to version %d; go on with %s, or restore a backup from before",
				errInvalid, known.Force.Version, strings.Join(oneWay, " and "), from, to, known.Force.Version)
		}
	}
	if s.config.Migration == nil {
		return nil, nil, fmt.Errorf("%w: there is nothing that its data can be migrated by", errInvalid)
	}
	run, err = s.config.Migration(o)
	if errors.Is(err, schema.ErrNoEntity) {
		return nil, nil, s.unavailable(err) // another plugin may come
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", errInvalid, err)
	}
	if from > to {
		if process, end, err = s.former(ctx, i, known); err != nil {
			return nil, nil, err
		}
	}
	run.Plugin, run.From, run.To, run.Entities = s.name, from, to, contract.Migrated(later, from, to)
	for _, name := range run.Entities {
		if e := run.On.Model.Entity(name); e != nil && (e.IsRole() || e.Layer != mention.Layer(s.name)) {
			end()
			return nil, nil, fmt.Errorf("%w: it migrates the records of %s, which is no entity of its own", errInvalid, name)
		}
	}
	run.Ask = s.asks(process, from, to)
	return run, end, nil
}

// former is a process of what is in force, which alone knows the way back.
func (s *supervisor) former(ctx context.Context, i *instance, known core.Registration) (l *link, end func(), err error) {
	if s.current != nil && s.current.digest == known.Force.Digest {
		return s.current.link, func() {}, nil
	}
	lost := func(err error) error {
		return fmt.Errorf("%w: its records have the form of %s, which alone knows the way back, and cannot be asked; put %s into %s and approve it, then this one: %w",
			errInvalid, known.Force.Version, known.Force.Version, s.plugins, err)
	}
	if !s.installed.has(s.name, known.Force.Digest) {
		return nil, nil, lost(errors.New("its copy is not here"))
	}
	then := *i.release
	then.digest = known.Force.Digest
	if then.manifest, err = ReadManifest(s.installed.path(s.name, then.digest), s.name); err == nil {
		then.program, err = then.manifest.program()
	}
	state, stateErr := s.cache.state(s.name)
	if err = errors.Join(err, stateErr); err != nil {
		return nil, nil, lost(err)
	}
	starting, cancel := context.WithTimeout(ctx, s.config.StartTimeout)
	defer cancel()
	if l, err = connect(starting, newProcess(&then, state, s.config.Shim, s.spawn, s.log), s.runDir.path, s.callbacks(s.name)); err != nil {
		return nil, nil, lost(err)
	}
	return l, l.close, nil
}

// asks asks a process about records. It can call back for nothing.
func (s *supervisor) asks(l *link, from, to int) func(context.Context, *schema.Entity, []*core.Record) ([]migration.Answer, error) {
	return func(ctx context.Context, e *schema.Entity, records []*core.Record) ([]migration.Answer, error) {
		r := &pluginpb.MigrateRequest{Context: &pluginpb.CallContext{CallId: rand.Text()[:12]}, From: uint32(from), To: uint32(to)}
		for _, one := range records {
			encoded, err := encodeStored(e, one)
			if err != nil {
				return nil, err
			}
			r.Records = append(r.Records, encoded)
		}
		ctx, cancel := context.WithTimeout(ctx, s.config.EventTimeout)
		defer cancel()
		answer, err := l.plugin.Migrate(ctx, r)
		if err != nil {
			return nil, s.unavailable(fmt.Errorf("ask the plugin about %d %s: %w", len(records), e.Plural, err))
		}
		if len(answer.GetVerdicts()) != len(records) {
			return nil, fmt.Errorf("%w: it gave %d answers for %d records to migrate; give one for each, in their order", errInvalid, len(answer.GetVerdicts()), len(records))
		}
		answers := make([]migration.Answer, len(records))
		for n, v := range answer.GetVerdicts() {
			if answers[n].Err = refusedBy(v.GetError()); answers[n].Err == nil {
				answers[n].Patch, answers[n].Err = pluginpb.Decode(v.GetPatch())
			}
		}
		return answers, nil
	}
}

// encodeStored shows a record with all that lies in it, whichever version has stored it.
func encodeStored(e *schema.Entity, r *core.Record) (*pluginpb.Record, error) {
	shown, err := encode(e, r)
	if err != nil {
		return nil, err
	}
	values := map[string]any{}
	for name, value := range r.Values {
		if f := e.Field(name); f == nil || !f.System {
			values[name] = value
		}
	}
	shown.Values, err = pluginpb.Encode(values)
	return shown, err
}

// refusedBy is why a plugin does not migrate a record, for administrators; nil when it
// does.
func refusedBy(e *pluginpb.Error) error {
	if e == nil {
		return nil
	}
	var parts []string
	for _, part := range []string{e.GetMessage(), e.GetCause()} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	for _, v := range e.GetViolations() {
		parts = append(parts, v.GetField()+" "+v.GetMessage())
	}
	return errors.New(strings.Join(parts, "; "))
}

// shortList is how many failures are named outside of the log, and longList how many
// there.
const (
	shortList = 5
	longList  = 100
)

// tryAll refuses the version when some record cannot be migrated.
func (s *supervisor) tryAll(ctx context.Context, run *migration.Run) (*migration.Plan, error) {
	run.Report = s.tellHowFar(run, "tried")
	plan, err := run.Plan(ctx)
	if ctx.Err() != nil { // an administrator does not want it any more, or xrm stops
		err = context.Cause(ctx)
	}
	if err != nil {
		return nil, s.unavailable(err)
	}
	if len(plan.Failures) == 0 {
		return plan, nil
	}
	lines := make([]string, 0, shortList)
	for n, f := range plan.Failures {
		if n < shortList {
			lines = append(lines, fmt.Sprintf("%s %s: %s", f.Entity, f.ID, f.Why))
		}
		if n < longList {
			s.log.Warn("a record cannot be migrated", slog.String("entity", f.Entity), "id", f.ID, "why", f.Why)
		}
	}
	more := ""
	if len(plan.Failures) > shortList {
		more = fmt.Sprintf("; and %d more, which the log names", len(plan.Failures)-shortList)
	}
	return nil, fmt.Errorf("%w: records that cannot be brought from version %d to %d of its data: %d. Nothing was changed; mend them and approve it again. %s%s",
		errInvalid, run.From, run.To, len(plan.Failures), strings.Join(lines, "; "), more)
}

// depart says in the registration that records may be written from now on, and returns
// when all instances keep everybody from reading them.
func (s *supervisor) depart(ctx context.Context, run *migration.Run) error {
	ctx, cancel := context.WithTimeout(ctx, 3*s.config.Lease)
	defer cancel()
	run.ID = rand.Text()
	ours, to := false, ""
	err := s.register.change(ctx, s.name, func(r *core.Registration) bool {
		if ours = r.Next != nil && r.Announcer == s.register.instance && r.Moving == nil; ours {
			r.Moving, to = &core.Move{ID: run.ID, From: run.From, To: run.To}, r.Next.Version
		}
		return ours
	})
	if err == nil && !ours {
		err = &core.Error{Code: core.Unavailable, Message: fmt.Sprintf("Another instance has changed what is in force of the plugin %s. It is tried again.", s.name)}
	}
	if err != nil {
		return err
	}
	return s.awaitOthers(ctx, to)
}

// halfWay refuses what has data of another version than the one that the records are
// being brought to.
func (s *supervisor) halfWay(known core.Registration, i *instance) error {
	return fmt.Errorf("%w: the records are on their way from version %d to %d of its data, by %s, and %s has neither; put %s into %s and approve it, so that they arrive, and then go back",
		errInvalid, known.Moving.From, known.Moving.To, known.Next.Version, i.manifest.Version, known.Next.Version, s.plugins)
}

// tellHowFar shows in the status how far a run is.
func (s *supervisor) tellHowFar(run *migration.Run, done string) func(int64, int64) {
	return func(n, total int64) {
		s.board.update(s.name, func(e *entry) {
			e.status.Update = fmt.Sprintf("version %d of its data: %d of %d records %s", run.To, n, total, done)
		})
	}
}

// whileWanted ends with ctx, and when an administrator does not want the release any
// more.
func (s *supervisor) whileWanted(ctx context.Context, i *instance) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		for {
			select {
			case <-time.After(s.config.LookEvery):
			case <-ctx.Done():
				return
			}
			approval, err := (Approvals{s.plugins}).Find(s.name)
			if err == nil && (approval.Disabled || s.config.Trust != TrustAny && approval.Folder != i.digest) {
				cancel(fmt.Errorf("%w: version %s is not wanted any more, so nothing was changed", errInvalid, i.manifest.Version))
			}
		}
	}()
	return ctx, func() { cancel(nil) }
}

// unavailable is an error that is nobody's fault: it is tried again.
func (s *supervisor) unavailable(err error) error {
	if errors.Is(err, errInvalid) || core.CodeOf(err) == core.Unavailable {
		return err
	}
	return &core.Error{Code: core.Unavailable, Message: fmt.Sprintf("The records of the plugin %s were not brought to another version of its data to the end. It is tried again. (%v)", s.name, err), Cause: err}
}
