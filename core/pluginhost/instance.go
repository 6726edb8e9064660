package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// instance is one running process of a release.
type instance struct {
	*release
	link  *link
	began time.Time
	ended chan error // has one value when the process ends by itself
	stop  context.CancelFunc
}

// bring starts a release and puts it in the place of what ran before, if
// anything did; until then, and when it fails, that goes on.
func (s *supervisor) bring(ctx context.Context, r *release) (*instance, error) {
	starting, cancel := context.WithTimeout(ctx, s.config.StartTimeout)
	defer cancel()
	state, err := s.cache.state(s.name)
	if err != nil {
		return nil, err
	}
	for _, name := range r.terms.Needs.Secrets { // it may remember one from an earlier run, and print it
		_, _ = s.secrets.read(s.name, name)
	}
	p := newProcess(r, state, s.config.Shim, s.spawn, s.log)
	l, err := connect(starting, p, s.runDir.path, s.callbacks(s.name))
	if err != nil {
		s.board.update(s.name, func(e *entry) { e.status.Panic = s.secrets.redact(p.stderr.panic()) })
		return nil, fmt.Errorf("start: %w", err)
	}
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	i := &instance{release: r, link: l, began: time.Now(), ended: make(chan error, 1), stop: stop}
	if err := s.introduce(ctx, starting, i); err != nil {
		if status.Code(err) == codes.Unavailable && p.endsWithin(lastMoment) {
			err = fmt.Errorf("it ended while it was asked what it is: %w", p.fate(nil)) // which says more than the broken connection
			s.board.update(s.name, func(e *entry) { e.status.Panic = s.secrets.redact(p.stderr.panic()) })
		}
		i.close()
		return nil, err
	}
	s.log.Info("plugin serves", "version", r.manifest.Version, "pid", p.ID())
	go func() {
		err := s.watch(watching, l)
		s.board.update(s.name, func(e *entry) {
			if e.link == l {
				e.link = nil // no new calls; the supervisor says what comes next
			}
		})
		i.ended <- err
	}()
	return i, nil
}

// introduce asks the plugin what it contributes and hands it its settings, both
// within the time for its start, and opens it for calls as soon as that is in force.
func (s *supervisor) introduce(ctx, starting context.Context, i *instance) error {
	d, err := i.link.plugin.Describe(starting, &pluginpb.DescribeRequest{HostVersion: s.config.Version, Features: contract.Features()})
	if err != nil {
		return fmt.Errorf("describe: %w", err)
	}
	if err := contract.CheckSize(d); err != nil { // not of what is recalled: its rules go on to hold
		return fmt.Errorf("%w: %w", errInvalid, err)
	}
	c, err := s.contribution(i.manifest, d)
	if err != nil {
		return err
	}
	needs := i.terms.Needs
	c.Rights.File, c.Rights.Records, c.Rights.Roles = needs.Records.File, needs.Records.Node, needs.Roles.Node
	c.Asked, c.Granted = needs.asked(i.manifest.Needs), needs.Lines()
	if s.current == nil {
		s.set(s.name, Configuring, nil)
	}
	i.link.configSchema = d.GetConfigSchema()
	if err := i.link.configure(starting, i.terms.Config); err != nil {
		return err
	}
	offer := snapshot.Offer{Contribution: *c, Check: func(m *schema.Model) error { return needs.Check(*c, m) }}
	offer.Ready = func() { // whoever is served with the contribution finds the process that knows it
		s.board.update(s.name, func(e *entry) {
			e.contribution, e.configSchema, e.admitted, e.terms, e.link, e.digest = c, d.GetConfigSchema(), true, i.terms, i.link, i.digest
		})
	}
	if err := s.enter(ctx, i, offer, d); err != nil {
		return err
	}
	s.board.update(s.name, func(e *entry) {
		e.status.Version, e.status.Digest = i.manifest.Version, i.digest
		e.status.PID = int(i.link.process.pid.Load())
		e.status.State, e.status.Reason, e.status.Since = Serving, "", time.Now()
		if h := i.link.hello; h.GetState() == pluginpb.Health_DEGRADED {
			e.status.State, e.status.Reason = Degraded, s.reason(h)
		}
	})
	return nil
}

// end lets the running calls end, and then the process.
func (i *instance) end(patience time.Duration) {
	i.stop()
	i.link.drain(patience)
	i.link.close()
}

func (i *instance) close() {
	i.stop()
	i.link.close()
}

const fatalMisses = 3

// watch returns when the process is gone, or when it had to be killed because
// it no longer answers. It returns nil when the host ends the process.
func (s *supervisor) watch(ctx context.Context, l *link) error {
	lifeline := make(chan error, 1)
	go s.follow(l, lifeline)
	missed := 0
	next := time.NewTimer(s.config.HealthEvery)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-l.process.exited:
			return l.process.fate(nil)
		case err := <-lifeline:
			if l.process.endsWithin(lastMoment) {
				return l.process.fate(nil) // the process ended, and its lifeline with it
			}
			l.process.kill(lifelineEnd(err))
			return l.process.fate(nil)
		case <-next.C:
			if err := l.ping(ctx, s.config.HealthTimeout); err == nil {
				missed = 0
				next.Reset(s.config.HealthEvery)
				continue
			}
			if missed++; missed == fatalMisses {
				l.process.kill(fmt.Errorf("it did not answer %d health checks in a row and was killed", missed))
				return l.process.fate(nil)
			}
			next.Reset(0)
		}
	}
}

// lifelineEnd says why a process that still runs was killed.
func lifelineEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return errors.New("it closed its lifeline (Watch) and was killed; leave it open until the host ends it")
	}
	return fmt.Errorf("its lifeline (Watch) broke and it was killed: %w", err)
}

// follow reads what the plugin says about its health until the lifeline ends.
func (s *supervisor) follow(l *link, end chan<- error) {
	for {
		health, err := l.watch.Recv()
		if err != nil {
			end <- err
			return
		}
		state := Serving
		if health.GetState() == pluginpb.Health_DEGRADED {
			state = Degraded
		}
		s.board.update(s.name, func(e *entry) {
			if e.link != l {
				return
			}
			if e.status.State != state {
				e.status.State, e.status.Since = state, time.Now()
			}
			e.status.Reason = s.reason(health)
		})
	}
}

// reason is what a plugin says about its health, fit to be shown.
func (s *supervisor) reason(h *pluginpb.Health) string {
	return cut(s.secrets.redact(h.GetReason()), maxLine)
}
