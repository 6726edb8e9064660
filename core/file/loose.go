package file

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
)

// loose is the note about a file of which it is not sure that a record has it. Without
// one, one record has the file, or nobody.
type loose struct {
	Stage stage
	File  core.File
	By    string          // the id of the actor who has uploaded it
	At    time.Time       // when somebody was about to put it into a record, or to take it out
	Known []record.Holder // records that may have it
}

// stage is how far a file has come.
type stage string

const (
	coming stage = "coming" // it is uploaded, or that was cut off
	whole  stage = "whole"
	going  stage = "going" // no record has it, and its content is being removed
)

// maxKnown is how many records one upload can be put into while it is loose: there is a
// bound to what a note may have.
const maxKnown = 100

// tries bounds how often a note is written because others write it too.
const tries = 20

func (s *Service) note(ctx context.Context, id string) (l loose, version int64, err error) {
	value, version, err := s.Store.State(ctx, Owner, id)
	if err == nil && version != 0 {
		if err = json.Unmarshal(value, &l); err != nil {
			err = fmt.Errorf("read the note about the file %s: %w", id, err)
		}
	}
	return l, version, err
}

// keep writes the note in place of the one that was read, with the timer that looks at it.
func (s *Service) keep(ctx context.Context, l loose, version int64) error {
	value, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("keep the note about the file %s: %w", l.File.ID, err)
	}
	// First the timer: a note without one would stay for ever. One that fires in between
	// sees how young the note is.
	if err := s.lookLater(ctx, l.File.ID); err != nil {
		return err
	}
	_, err = s.Store.PutState(ctx, Owner, l.File.ID, value, version, time.Time{})
	return err
}

func (s *Service) lookLater(ctx context.Context, id string) error {
	return s.Store.Schedule(ctx, core.Timer{Plugin: Owner, Key: id, DueAt: s.Now().Add(core.FileKept)})
}

// loosen notes that a record may get a file, or lose it, from now on. change makes the
// note, and says whether there is to be one.
func (s *Service) loosen(ctx context.Context, id string, change func(l *loose, there bool) bool) (noted bool, err error) {
	for range tries {
		l, version, err := s.note(ctx, id)
		if err != nil || !change(&l, version != 0) {
			return false, err
		}
		l.At = s.Now()
		if err = s.keep(ctx, l, version); core.CodeOf(err) != core.Conflict {
			return err == nil, err
		}
	}
	return false, &core.Error{Code: core.Unavailable, Message: "Others were using the same file all the time. Nothing was changed; try again."}
}

func (l *loose) add(holders ...record.Holder) {
	for _, h := range holders {
		if !slices.Contains(l.Known, h) {
			l.Known = append(l.Known, h)
		}
	}
}

// Look is for a file whose timer has fired. When a record has it, the note is gone; when
// none has, the file is. Whoever takes the file meanwhile, or takes it out of a record,
// writes the note, and then nothing is done.
func (s *Service) Look(ctx context.Context, on record.Basis, t core.Timer) error {
	l, version, err := s.note(ctx, t.Key)
	if err != nil || version == 0 {
		return err
	}
	var have []record.Holder
	if l.Stage != going {
		if s.Now().Sub(l.At) < core.FileKept {
			return s.lookLater(ctx, t.Key) // somebody is at it
		}
		if have, err = s.holders(ctx, on, l); errors.Is(err, errUnknown) {
			return s.lookLater(ctx, t.Key)
		} else if err != nil {
			return err
		}
	}
	switch len(have) {
	case 0:
		err = s.remove(ctx, l, version)
	case 1:
		err = s.Store.DeleteState(ctx, Owner, t.Key, version)
	default: // when one of them loses it, it must be known that there is another
	}
	if core.CodeOf(err) == core.Conflict {
		return s.lookLater(ctx, t.Key)
	}
	return err
}

// remove removes a file. That it goes is noted before, so that nobody takes it, and whoever
// finds the note goes on with it.
func (s *Service) remove(ctx context.Context, l loose, version int64) error {
	l.Stage = going
	value, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("note that the file %s goes: %w", l.File.ID, err)
	}
	if version, err = s.Store.PutState(ctx, Owner, l.File.ID, value, version, time.Time{}); err != nil {
		return err
	}
	if err := s.Store.RemoveContent(ctx, l.File.ID); err != nil {
		return err
	}
	return s.Store.DeleteState(ctx, Owner, l.File.ID, version)
}

// errUnknown is that a record may have a file, and cannot be asked now.
var errUnknown = errors.New("there is no such entity at the moment")

// holders are the records that have a file, deleted ones too, since they may be restored.
func (s *Service) holders(ctx context.Context, on record.Basis, l loose) (have []record.Holder, err error) {
	for _, h := range l.Known {
		e := on.Model.Entity(h.Entity)
		if e == nil {
			return nil, errUnknown
		}
		found, err := s.Records.Store.Find(ctx, e, core.Query{Filter: record.ByIDs([]string{h.ID}), First: 1, Deleted: true})
		if err != nil {
			return nil, fmt.Errorf("see whether the %s %s has the file %s: %w", h.Entity, h.ID, l.File.ID, err)
		}
		if len(found) > 0 && mentions(found[0].Values, l.File.ID) {
			have = append(have, h)
		}
	}
	return have, nil
}

// mentions says whether a value is that of a file or has one in it, in whatever field: also
// one that no definition has any more.
func mentions(value any, id string) bool {
	switch v := value.(type) {
	case map[string]any:
		if v["id"] == id {
			return true
		}
		for _, inner := range v {
			if mentions(inner, id) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, func(item any) bool { return mentions(item, id) })
	}
	return false
}
