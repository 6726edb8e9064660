package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/protobuf/proto"
)

// errOutdated is wrapped when another version is in force than the one that is
// here.
var errOutdated = errors.New("another version is in force")

// enter makes what a process contributes hold. What is in force already holds at
// once. Anything else is announced first: every instance then lets the rules of
// both versions fail closed, and only when all have done so, or are gone, does it
// hold here and is put in force. So at no moment does an instance save around a
// rule that another one serves with.
func (s *supervisor) enter(whole context.Context, i *instance, o snapshot.Offer, d *pluginpb.DescribeResponse) error {
	ctx, cancel := context.WithTimeout(whole, 3*s.config.Lease)
	defer cancel()
	if done, err := s.resume(i, o); done {
		return err
	}
	if i.terms.try {
		return s.rehearse(whole, i, o, d)
	}
	if err := s.announce(ctx, i, d); err != nil {
		return err
	}
	if done, err := s.resume(i, o); done {
		return err // another instance has brought the same
	}
	if err := s.migrate(whole, i, &o, d); err != nil {
		return errors.Join(err, s.withdraw(whole))
	}
	ctx, cancel = context.WithTimeout(whole, 3*s.config.Lease)
	defer cancel()
	s.admission.Lock()
	err := s.accept(o)
	s.admission.Unlock()
	if err != nil {
		return errors.Join(err, s.withdraw(ctx))
	}
	if err := s.conclude(ctx, i); err != nil {
		s.board.update(s.name, func(e *entry) { e.link, e.digest = nil, "" })
		return err
	}
	return nil
}

// resume lets hold what is in force with the very content of the process, and says
// whether it is.
func (s *supervisor) resume(i *instance, o snapshot.Offer) (inForce bool, err error) {
	s.admission.Lock()
	defer s.admission.Unlock()
	known := s.register.find(s.name)
	if known.Next != nil || known.Force.Digest != i.digest || known.Ended != "" {
		return false, nil
	}
	if err := s.accept(o); err != nil {
		return true, err
	}
	s.served = i.digest
	s.register.hold(known)
	return true, nil
}

// announce tells the other instances what is to be in force next, and returns when
// all of them go by it, or when another one has put in force the same.
func (s *supervisor) announce(ctx context.Context, i *instance, d *pluginpb.DescribeResponse) error {
	described, err := proto.MarshalOptions{Deterministic: true}.Marshal(d)
	if err != nil {
		return fmt.Errorf("keep what the plugin says of itself: %w", err)
	}
	next := core.Edition{Version: i.manifest.Version, Digest: i.digest, Granted: i.terms.Needs.Lines(), Description: described}
	if _, err := s.attend(ctx); err != nil { // with what this instance wants
		return err
	}
	for {
		known, announcing, err := s.inTheWay(ctx, i)
		switch {
		case err != nil:
			return err
		case known.Moving != nil && known.Moving.To != contract.DataVersion(d):
			return s.halfWay(known, i)
		case known.Next == nil && known.Force.Digest == i.digest:
			return nil
		case announcing:
			if err := s.again(ctx, known.Next.Version); err != nil {
				return err
			}
			continue
		}
		ours := false
		err = s.register.change(ctx, s.name, func(r *core.Registration) bool {
			if ours = r.Generation == known.Generation; ours {
				next.Since = time.Now().UTC()
				r.Next, r.Announcer, r.Ended = &next, s.register.instance, ""
			}
			return ours
		})
		if err != nil {
			return err
		}
		if ours {
			return s.awaitOthers(ctx, next.Version)
		}
	}
}

// inTheWay returns what is in force now, and whether another instance is about to
// change that. Its error says why the release cannot take the place.
func (s *supervisor) inTheWay(ctx context.Context, i *instance) (known core.Registration, announcing bool, err error) {
	if err := s.register.read(ctx); err != nil {
		return known, false, err
	}
	others, err := s.others(ctx)
	if err != nil {
		return known, false, err
	}
	known = s.register.find(s.name)
	announcing = known.Next != nil && slices.ContainsFunc(others, func(p core.Presence) bool { return p.Instance == known.Announcer })
	if !announcing {
		err = s.outvoted(i.release, others)
	}
	return known, announcing, err
}

// awaitOthers returns when every other instance goes by what was announced.
func (s *supervisor) awaitOthers(ctx context.Context, version string) error {
	announced := s.register.find(s.name)
	s.register.hold(announced)
	for {
		others, err := s.others(ctx)
		if err != nil {
			return errors.Join(err, s.withdraw(ctx))
		}
		if !slices.ContainsFunc(others, func(p core.Presence) bool { return p.Held[s.name] < announced.Generation }) {
			return nil
		}
		if err := s.again(ctx, version); err != nil {
			return errors.Join(err, s.withdraw(ctx))
		}
	}
}

// again waits a moment before the registry is asked once more.
func (s *supervisor) again(ctx context.Context, version string) error {
	select {
	case <-time.After(s.config.LookEvery / 10):
		return nil
	case <-ctx.Done():
		return &core.Error{
			Code:    core.Unavailable,
			Message: fmt.Sprintf("The other instances do not go by version %s of the plugin %s yet. It is tried again.", version, s.name),
			Cause:   ctx.Err(),
		}
	}
}

// conclude puts in force what was announced.
func (s *supervisor) conclude(ctx context.Context, i *instance) error {
	ours := false
	err := s.register.change(ctx, s.name, func(r *core.Registration) bool {
		if ours = r.Next != nil && r.Announcer == s.register.instance && r.Next.Digest == i.digest; !ours {
			return false
		}
		former := remembered(*r)
		r.Former = slices.DeleteFunc(former, func(d string) bool { return d == i.digest })
		r.Force, r.Next, r.Announcer, r.Moving = *r.Next, nil, "", nil
		return true
	})
	if err == nil && !ours {
		err = &core.Error{Code: core.Unavailable, Message: fmt.Sprintf("Another instance has changed what is in force of the plugin %s. It is tried again.", s.name)}
	}
	if err == nil {
		s.served = i.digest
		s.register.hold(s.register.find(s.name))
	}
	return err
}

// maxFormer is how many contents of a plugin are remembered.
const maxFormer = 50

// remembered are the digests of what was in force until now, and of what is.
func remembered(r core.Registration) []string {
	all := slices.DeleteFunc(append(slices.Clone(r.Former), r.Force.Digest), func(digest string) bool { return digest == "" })
	return all[max(0, len(all)-maxFormer):]
}

// withdraw takes back what this instance has announced, also at the end of ctx. What
// may have migrated records has to come to its end.
func (s *supervisor) withdraw(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.config.Lease)
	defer cancel()
	err := s.register.change(bounded, s.name, func(r *core.Registration) bool {
		ours := r.Next != nil && r.Announcer == s.register.instance && r.Moving == nil
		if ours {
			r.Next, r.Announcer = nil, ""
		}
		return ours
	})
	s.register.judge(s.register.find(s.name))
	return err
}

// others lists the instances that run beside this one.
func (s *supervisor) others(ctx context.Context) ([]core.Presence, error) {
	all, err := s.register.store.Present(ctx)
	return slices.DeleteFunc(all, func(p core.Presence) bool { return p.Instance == s.register.instance }), err
}

// patience is how many leases long nobody must want what is in force before a
// version from before takes its place: whoever has it may be starting again.
const patience = 6

// outvoted says why a release cannot take the place of what is in force. One that
// was never in force can, and one that was approved since. One from before can only
// when no instance wants what is in force any more, which is then not another
// instance's that is late, but somebody's wish.
func (s *supervisor) outvoted(r *release, others []core.Presence) error {
	known := s.register.find(s.name)
	now := known.Force
	if now.Digest == "" || now.Digest == r.digest || !slices.Contains(known.Former, r.digest) || r.allowed.After(now.Since) {
		s.outdated = time.Time{}
		return nil
	}
	wanted := slices.ContainsFunc(others, func(p core.Presence) bool { return p.Wants[s.name] == now.Digest })
	if !wanted && (s.served == now.Digest || !s.outdated.IsZero() && time.Since(s.outdated) > patience*s.config.Lease) {
		return nil
	}
	if s.outdated.IsZero() || wanted {
		s.outdated = time.Now()
	}
	here := r.manifest.Version
	if here == now.Version {
		here += " with another content (" + short(r.digest) + ")"
	}
	return fmt.Errorf("%w: %s %s, and this instance has %s, so what it guards is not saved here; put %s into %s and approve it, or approve %s again to go back to it",
		errOutdated, s.name, now.Version, here, now.Version, s.plugins, r.manifest.Version)
}
