package integrity

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// Timers are what brings to its end what takes several writes.
type Timers interface {
	// Timers lists those of an owner by their keys: at most first of them, those after
	// afterKey.
	Timers(ctx context.Context, owner string, first int, afterKey string) ([]core.Timer, error)
}

// overdue is how long after its time a timer that nobody has tried has been forgotten.
const overdue = 10 * time.Minute

// unfinished looks at timers of one owner, after a key.
func (s *Service) unfinished(ctx context.Context, owner, after string, first int) (Part, error) {
	timers, err := s.Timers.Timers(ctx, owner, first, after)
	if err != nil {
		return Part{}, fmt.Errorf("look for what was begun and is not done: %w", err)
	}
	part := Part{}
	for _, t := range timers {
		begun, err := s.Begun[owner](t)
		if err != nil {
			part.add(Finding{Kind: Stuck, Entity: owner, ID: t.Key, Message: "what is to be done cannot be read: an older or newer xrm has begun it"})
			continue
		}
		if begun.What == "" && t.Attempts == 0 {
			continue // it is done, and looked at once more
		}
		part.add(s.tell(t, Finding{Entity: begun.Entity, ID: begun.ID}, begun.What))
	}
	if len(timers) == first {
		part.Next = owner + "/" + timers[first-1].Key
	} else {
		part.Next = s.ownerAfter(owner)
	}
	part.sort()
	return part, nil
}

// tell says how far something is that was begun.
func (s *Service) tell(t core.Timer, f Finding, what string) Finding {
	if what == "" {
		what = "what others wrote while it was merged or deleted"
	}
	due := schema.Instant(t.DueAt)
	switch {
	case t.Attempts > 0:
		f.Kind, f.Message = Stuck, fmt.Sprintf("%s is not done: it has failed %s and is tried again at %s; the log says why", what, times(t.Attempts), due)
	case s.Records.Now().Sub(t.DueAt) > overdue:
		f.Kind, f.Message = Stuck, fmt.Sprintf("%s is not done: it was due at %s, and nobody has tried; see in the log whether the server does its work", what, due)
	default:
		f.Kind, f.Message = UnderWay, fmt.Sprintf("%s is under way, and is looked at again at %s", what, due)
	}
	return f
}

// afterRecords is where it goes on after the last record.
func (s *Service) afterRecords() string {
	if s.Keys != nil {
		return keyStage + "/"
	}
	return s.firstOwner()
}

// firstOwner is where it begins after the keys; "" for nowhere.
func (s *Service) firstOwner() string { return s.ownerAfter("") }

func (s *Service) ownerAfter(owner string) string {
	if s.Timers == nil {
		return ""
	}
	for _, other := range slices.Sorted(maps.Keys(s.Begun)) {
		if other > owner {
			return other + "/"
		}
	}
	return ""
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
