package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/openxrm/xrm/core/snapshot"
)

// supervisor keeps one plugin as its folder, its settings and its approval say
// that it should be. It does one thing after the other: verify says what should
// run, pursue makes it so, and pause waits for a reason to go on.
type supervisor struct {
	*Host
	name    string
	log     *slog.Logger
	changed <-chan struct{} // has a value when something in the directory has changed

	folder   folder
	verified string // the digest whose copy is known to be good

	target  *release // what should run; nil for nothing
	note    error    // why target is nil, or not what lies in the folder
	told    string   // the note that was logged last
	spurned *release // the target that failed for good, or could not take over
	failure error    // why
	good    *release // what served last
	current *instance

	failures failures
	delays   func() time.Duration
	retry    <-chan time.Time // nil when only a change can help

	disabled   bool      // the file of approvals said so at the last look
	unrecorded error     // why that is not in the registry yet
	served     string    // the digest of what was in force with a process of this host
	outdated   time.Time // since when another version is in force; the zero time while none is

	refused *snapshot.Offer // the last that was held against the others and needs more of them
	held    int64           // how many contributions had been admitted then
}

// run returns when the host is closed.
func (s *supervisor) run(ctx context.Context) {
	s.verify()
	for {
		s.pursue(ctx)
		if !s.pause(ctx) {
			break
		}
	}
	s.stopCurrent()
	s.set(s.name, Stopped, nil)
}

func (s *supervisor) dir() string { return filepath.Join(s.plugins, s.name) }

// verify decides what should run. What is as before keeps its history.
func (s *supervisor) verify() {
	if s.current == nil && s.retry == nil {
		s.set(s.name, Verifying, nil)
	}
	wanted, note := s.wanted()
	if wanted != nil {
		s.register.want(s.name, wanted.digest)
		if err := s.vote(wanted); err != nil {
			wanted, note = nil, err
		}
	} else {
		s.register.want(s.name, "")
	}
	if note != nil && s.current != nil && !errors.Is(note, errUnapproved) && fmt.Sprint(note) != fmt.Sprint(s.note) {
		s.log.Warn("plugin is not what it should be", "error", note)
	}
	if s.note = note; wanted == nil || s.target == nil || !wanted.same(s.target) {
		s.target, s.spurned, s.retry, s.refused = wanted, nil, nil, nil
		s.failures, s.delays = nil, s.newDelays()
	}
	switch {
	case s.target != nil:
	case errors.Is(note, errOutdated):
		s.retry = time.After(s.config.Lease) // the others may have changed their minds
	case s.unrecorded != nil, stateAfter(note, 0) == Backoff: // no mistake that somebody has to mend
		s.retry = time.After(s.config.MaxBackoff)
	}
	s.board.update(s.name, func(e *entry) {
		if s.current != nil {
			return
		}
		if s.target != nil {
			e.status.Version, e.terms = s.target.manifest.Version, s.target.terms
		} else if s.folder.manifest.Version != "" {
			e.status.Version = s.folder.manifest.Version
		}
	})
}

// vote says why a release cannot be in force, as far as that is known without
// asking its process.
func (s *supervisor) vote(r *release) error {
	if now := s.register.find(s.name).Force; now.Digest == "" || now.Digest == r.digest {
		s.outdated = time.Time{}
		return nil
	}
	ctx, cancel := context.WithTimeout(s.running, s.config.Lease)
	defer cancel()
	others, err := s.others(ctx)
	if err != nil {
		return err
	}
	return s.outvoted(r, others)
}

// retired says whether nothing of the plugin but its entities should be there.
func (s *supervisor) retired() bool {
	return errors.Is(s.note, errRemoved) || errors.Is(s.note, errDisabled)
}

// pursue makes run what should, or what has served before when that fails.
func (s *supervisor) pursue(ctx context.Context) {
	if s.retired() {
		s.retire()
		return
	}
	if s.good != nil && (errors.Is(s.note, errUnapproved) || errors.Is(s.note, errOutdated) || s.target != nil && s.target.takesFrom(s.good)) {
		s.stopCurrent() // what was taken back does not last until something else serves
		s.good = nil
	}
	target := s.target
	if target == nil || target == s.spurned {
		target = s.good
	}
	switch {
	case s.current == nil && s.target == nil && s.good == nil:
		if fmt.Sprint(s.note) != s.told {
			s.log.Error("plugin cannot run", "state", stateAfter(s.note, 0), "error", s.note)
		}
		s.told = fmt.Sprint(s.note)
		s.set(s.name, stateAfter(s.note, 0), s.note)
	case s.current == nil && (target == nil || target == s.spurned):
		s.set(s.name, stateAfter(s.failure, 0), s.failure)
	case s.current == nil:
		s.start(ctx, target)
	case target == s.current.release && s.board.find(s.name).digest != target.digest:
		s.reopen(ctx)
	case target == s.current.release:
	case s.current.sameProcess(target):
		s.adjust(ctx, target)
	default:
		s.replace(ctx, target)
	}
	s.tellUpdate()
}

// tellUpdate says why what runs is not what lies in the folder.
func (s *supervisor) tellUpdate() {
	why := s.note
	if why == nil && s.target != nil && s.target == s.spurned {
		why = s.failure
	}
	s.board.update(s.name, func(e *entry) {
		if e.status.Update = ""; s.current != nil && why != nil {
			e.status.Update = cut(s.secrets.redact(why.Error()), maxError)
		}
	})
}

// start begins a release while nothing runs. When it fails and another has
// served before, that one is back before anybody asks for it.
func (s *supervisor) start(ctx context.Context, r *release) {
	s.retry = nil
	s.set(s.name, Starting, nil)
	next, err := s.bring(ctx, r)
	switch {
	case err == nil:
		s.current, s.good = next, r
	case ctx.Err() != nil: // the host is being closed
	case s.good != nil && s.good != r && s.register.find(s.name).Moving == nil:
		s.spurn(r, stays(r, err))
		s.start(ctx, s.good)
	default:
		s.failed(r, err)
	}
}

// replace puts a release in the place of the one that runs. The old one goes on
// until the new one answers, and for good when it does not; one that cannot
// stand another beside it is stopped first.
func (s *supervisor) replace(ctx context.Context, r *release) {
	old := s.current
	if r.manifest.Exclusive || old.manifest.Exclusive {
		s.stopCurrent()
		s.start(ctx, r)
	} else if next, err := s.bring(ctx, r); err == nil {
		s.current, s.good = next, r
		s.supervisors.Go(func() { old.end(s.config.DrainTimeout) })
	} else if ctx.Err() == nil {
		s.spurn(r, stays(r, err))
	}
	if s.current != nil && s.current.release == r {
		s.installed.keep(s.name, r.digest, old.digest, s.folder.digest)
	}
}

// reopen lets the process that runs answer again, which another version was about
// to take the place of.
func (s *supervisor) reopen(ctx context.Context) {
	bounded, cancel := context.WithTimeout(ctx, s.config.StartTimeout)
	defer cancel()
	if err := s.introduce(ctx, bounded, s.current); err != nil && ctx.Err() == nil {
		release := s.current.release
		s.stopCurrent()
		s.failed(release, err)
	}
}

// adjust gives settings to the process that runs, also when it should have them:
// others may have been tried, and nobody knows how far that went.
func (s *supervisor) adjust(ctx context.Context, r *release) {
	bounded, cancel := context.WithTimeout(ctx, s.config.StartTimeout)
	defer cancel()
	if err := s.current.link.configure(bounded, r.terms.Config); err != nil {
		s.spurn(r, fmt.Errorf("its new settings do not take effect: %w", err))
		return
	}
	if !r.alike(s.current.release) {
		s.log.Info("plugin has new settings")
	}
	s.current.release, s.good = r, r
	s.board.update(s.name, func(e *entry) { e.terms = r.terms })
}

// pause waits until there is something to pursue. It returns false when the
// host is closed.
func (s *supervisor) pause(ctx context.Context) bool {
	for {
		var ended <-chan error
		if s.current != nil {
			ended = s.current.ended
		}
		_, others := s.board.look()
		if s.refused == nil {
			others = nil
		} else if s.reconsider() {
			s.restarts()
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-s.changed:
			if s.verify(); s.current != nil || s.target == nil || s.retry == nil {
				return true
			} // or the change concerns another, and a plugin that fails is not hurried
		case err := <-ended:
			s.lost(err)
		case <-s.retry:
			switch s.retry = nil; {
			case s.current == nil && (s.target != nil || s.good != nil):
				s.restarts()
			case s.target == nil:
				s.verify()
			default:
				s.spurned = nil
			}
			return true
		case <-others:
		}
	}
}

func (s *supervisor) restarts() {
	s.board.update(s.name, func(e *entry) { e.status.Restarts++ })
}

// lost clears up after a process that ended by itself.
func (s *supervisor) lost(err error) {
	ended := s.current
	s.current = nil
	ended.close()
	s.board.update(s.name, func(e *entry) { e.status.Panic = s.secrets.redact(ended.link.process.stderr.panic()) })
	if time.Since(ended.began) > s.config.SteadyAfter {
		s.delays = s.newDelays()
	}
	s.failed(ended.release, err)
}

// stopCurrent ends what runs, if anything does.
func (s *supervisor) stopCurrent() {
	if s.current == nil {
		return
	}
	s.set(s.name, Draining, nil)
	s.current.end(s.config.DrainTimeout)
	s.current = nil
}

// retire takes the plugin out of the API and stops it. Its entities stay, with
// their records. Its rules go: they are no longer the site's.
func (s *supervisor) retire() {
	if c := s.board.find(s.name).contribution; c != nil {
		s.replaceBy(s.left(*c))
	}
	s.stopCurrent()
	s.target, s.good, s.spurned, s.retry, s.refused = nil, nil, nil, nil, nil
	state := stateAfter(s.note, 0)
	s.set(s.name, state, nil)
	s.board.update(s.name, func(e *entry) { e.status.LastError, e.status.Panic, e.status.Update = "", "", "" })
	s.log.Info("plugin does not run any more", "state", state)
}
