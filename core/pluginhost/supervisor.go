package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"reflect"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// supervisor keeps one plugin running.
type supervisor struct {
	*Host
	dir  string
	name string
	log  *slog.Logger

	refused   *Contribution // the last that was held against the others
	neighbors int           // how many other plugins had been accepted then
}

// run returns when the host is closed, or when no restart can help.
func (s *supervisor) run(ctx context.Context) {
	delays := s.delays()
	for failures := 0; ; {
		s.set(s.name, Starting, nil)
		began := time.Now()
		err := s.serve(ctx)
		if ctx.Err() != nil {
			s.set(s.name, Stopped, nil)
			return
		}
		if time.Since(began) > s.config.SteadyAfter {
			failures = 0
			delays = s.delays()
		}
		failures++
		state := stateAfter(err, failures)
		s.log.Error("plugin failed", "state", state, "failures", failures, "error", err)
		s.set(s.name, state, err)
		switch {
		case state == Invalid && errors.Is(err, schema.ErrNoEntity):
			if !s.awaitEntity(ctx) {
				return
			}
		case state == Invalid || state == Incompatible:
			return
		default:
			select {
			case <-time.After(delays()):
			case <-ctx.Done():
				s.set(s.name, Stopped, nil)
				return
			}
		}
		s.board.update(s.name, func(e *entry) { e.status.Restarts++ })
	}
}

// delays returns how long to wait after each failure in a row: almost not at
// all after the first, then longer and longer.
func (s *supervisor) delays() func() time.Duration {
	growing := backoff.NewExponentialBackOff()
	growing.InitialInterval, growing.MaxInterval = s.config.MinBackoff, s.config.MaxBackoff
	growing.Multiplier, growing.RandomizationFactor = 2, 0.2
	growing.Reset()
	first := true
	return func() time.Duration {
		if first {
			first = false
			return rand.N(min(s.config.MinBackoff, 100*time.Millisecond))
		}
		return growing.NextBackOff()
	}
}

// serve runs the plugin once, from start to end, and says why it ended.
func (s *supervisor) serve(ctx context.Context) error {
	m, err := readManifest(s.dir)
	if errors.Is(err, errIncompatible) {
		return err
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errInvalid, err)
	}
	starting, cancel := context.WithTimeout(ctx, s.config.StartTimeout)
	defer cancel()
	l, err := connect(starting, m, s.spawn, s.runDir.path, s.log, s.callbacks(s.name))
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	defer l.close()
	if err := s.introduce(starting, m, l); err != nil {
		return err
	}
	s.log.Info("plugin serves", "version", m.Version, "pid", l.process.ID())
	err = s.watch(ctx, l)
	s.board.update(s.name, func(e *entry) { e.client = nil }) // no new calls; run says what comes next
	if ctx.Err() != nil {
		l.drain(s.config.DrainTimeout)
	}
	return err
}

// introduce asks the plugin what it contributes, and opens it for calls.
func (s *supervisor) introduce(ctx context.Context, m Manifest, l *link) error {
	d, err := l.plugin.Describe(ctx, &pluginpb.DescribeRequest{})
	if err != nil {
		return fmt.Errorf("describe: %w", err)
	}
	c, err := contribution(m, d)
	if err != nil {
		return err
	}
	s.admission.Lock()
	defer s.admission.Unlock()
	s.refused, s.neighbors = c, s.countNeighbors() // should it not be accepted
	if err := s.admit(c); core.CodeOf(err) == core.Unavailable {
		return err // what the contribution needs is down; the plugin is not to blame
	} else if err != nil {
		return fmt.Errorf("%w: %w", errInvalid, err)
	}
	if err := cache(s.config.CacheDir).store(m, d); err != nil {
		s.log.Warn(err.Error())
	}
	s.board.update(s.name, func(e *entry) {
		e.contribution, e.accepted, e.client = c, true, l.plugin
		e.status.Version, e.status.PID = m.Version, int(l.process.pid.Load())
		e.status.State, e.status.Since = Serving, time.Now()
	})
	return nil
}

// admit refuses what another plugin has, or what does not fit the rest.
func (s *supervisor) admit(c *Contribution) error {
	entries, _ := s.board.look()
	for _, e := range entries {
		switch {
		case e.contribution == nil:
		case e.status.Name != s.name:
			if err := clash(c, e.contribution); err != nil {
				return err
			}
		case e.accepted && reflect.DeepEqual(e.contribution, c):
			return nil
		}
	}
	if s.config.Accept == nil {
		return nil
	}
	return s.config.Accept(*c)
}

func clash(c, other *Contribution) error {
	for _, o := range c.Operations {
		for _, taken := range other.Operations {
			if o.Name == taken.Name {
				return fmt.Errorf("the plugin %s already has an operation %s; rename one", other.Plugin, o.Name)
			}
		}
	}
	for _, f := range c.Fields {
		for _, taken := range other.Fields {
			if f.Entity == taken.Entity && f.Field.Name == taken.Field.Name {
				return fmt.Errorf("the plugin %s already has a field %s.%s; rename one", other.Plugin, f.Entity, f.Field.Name)
			}
		}
	}
	return nil
}

const fatalMisses = 3

// watch returns when the process is gone, or when it had to be killed because
// it no longer answers. It returns nil when the host is closed.
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
			if l.process.endsWithin(200 * time.Millisecond) {
				return l.process.fate(nil) // the process ended, and its lifeline with it
			}
			l.process.kill(fmt.Errorf("it closed its lifeline: %w", err))
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

// follow reads what the plugin says about its health until the lifeline ends.
func (s *supervisor) follow(l *link, end chan<- error) {
	for {
		health, err := l.watch.Recv()
		if err != nil {
			end <- err
			return
		}
		s.board.update(s.name, func(e *entry) { e.status.Reason = health.GetReason() })
	}
}
