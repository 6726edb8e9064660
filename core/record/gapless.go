package record

import (
	"context"
	"fmt"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// A gapless sequence has no counter. Its next number is drawn by the write of the record
// that gets it: n+1 is only tried once a record with n was seen, and the unique index lets
// one of those who try it have it. So there is no moment at which a kill, or a refusal,
// leaves a number that nobody has. No such record is ever deleted (schema.CheckDelete).

// maxDraws bounds how often a record tries numbers that others get at the same moment.
const maxDraws = 100

// sequence is one gapless field at a time, which says the year.
type sequence struct {
	e    *schema.Entity
	path string
	f    *schema.Field
	at   time.Time
}

// name has the format too: where that changes, the numbers start anew.
func (q sequence) name() string {
	return counter(q.e, q.path, yearOf(q.f, q.at)) + " " + q.f.Format
}

func (q sequence) number(n int64) string { return schema.Autonumber(q.f.Format, q.at, n) }

// following is the number after all that are there, and after those that the same write
// has already.
func (s *Session) following(ctx context.Context, q sequence, ahead int64) (int64, error) {
	if known, ok := s.reached.Load(q.name()); ok {
		return known.(int64) + 1 + ahead, nil
	}
	last, err := s.lookFrom(ctx, q, 0)
	return last + 1 + ahead, err
}

// lookFrom finds the last number of a sequence by looking for single numbers, in steps
// that double and then halve: up to the last one all are there. from is known to be.
func (s *Session) lookFrom(ctx context.Context, q sequence, from int64) (last int64, err error) {
	last, step := from, int64(1)
	for there := true; there; step *= 2 {
		if there, err = s.isThere(ctx, q, last+step); err != nil {
			return 0, err
		}
		if there {
			last += step
		}
	}
	for missing := last + step/2; missing-last > 1; {
		middle := last + (missing-last)/2
		there, err := s.isThere(ctx, q, middle)
		switch {
		case err != nil:
			return 0, err
		case there:
			last = middle
		default:
			missing = middle
		}
	}
	s.reached.Store(q.name(), last)
	return last, nil
}

// isThere says whether a record has the number. One that was deleted before its sequence
// had to be without gaps has it still.
func (s *Session) isThere(ctx context.Context, q sequence, n int64) (bool, error) {
	found, err := s.Store.Find(ctx, q.e, core.Query{
		Filter: schema.Filter{Path: q.path, Op: schema.OpEq, Value: q.number(n), Field: q.f}, First: 1, Deleted: true, Only: []string{q.path},
	})
	if err != nil {
		return false, fmt.Errorf("look for the last number of %s.%s: %w", q.e.Name, q.path, err)
	}
	return len(found) > 0, nil
}

// commitInTurn commits drafts one by one: a number is drawn only when it is known what
// became of the one before. Writers of one sequence queue within the process.
func (s *Session) commitInTurn(ctx context.Context, e *schema.Entity, works []*work) {
	s.step(alive(works), func(w *work) error {
		leave, err := s.drawInTurn(ctx, e.Name, s.sequencesOf(e, w))
		if err != nil {
			return err
		}
		defer leave()
		for range maxDraws {
			s.complete(ctx, e, []*work{w})
			s.hand(ctx, e, []*work{w})
			if err := s.noteDrawn(ctx, e, w, !w.failed()); err != nil || !w.overdrawn || w.change.Before != nil {
				return err
			}
			w.again, w.overdrawn, w.result.Err = false, false, nil
		}
		return drawnAlways(e.Name, nil)
	})
}

// drawInTurn waits until nobody else in this process draws from the sequences.
func (s *Session) drawInTurn(ctx context.Context, name string, sequences []string) (leave func(), err error) {
	if leave, err = s.queue.enter(ctx, sequences); err != nil {
		return nil, drawnAlways(name, err)
	}
	return leave, nil
}

func drawnAlways(name string, cause error) error {
	return &core.Error{Code: core.Unavailable, Message: fmt.Sprintf("The %s was not saved: others were drawing numbers all the time. Try again.", name), Cause: cause}
}

// sequencesOf names the sequences of which drafts draw, for the queue.
func (s *Session) sequencesOf(e *schema.Entity, works ...*work) (names []string) {
	for _, w := range alive(works) {
		for path, f := range w.unnumbered(e.Stored()) {
			if f.Gapless {
				names = append(names, "number/"+sequence{e.Stored(), path, f, w.change.At}.name())
			}
		}
	}
	return names
}

// noteDrawn goes on above the numbers of a draft that is committed. From one that others
// were faster than it takes them away, and looks how far those have come.
func (s *Session) noteDrawn(ctx context.Context, e *schema.Entity, w *work, committed bool) error {
	for path := range w.drawn {
		f, _ := e.Stored().At(path)
		if f == nil || !f.Gapless {
			continue
		}
		q := sequence{e.Stored(), path, f, w.change.At}
		if committed {
			number, _ := schema.Lookup(w.change.After.Values, path).(string)
			n, _, _ := schema.AutonumberOf(f.Format, number)
			s.raise(q, n)
			continue
		}
		if !w.overdrawn {
			continue
		}
		schema.Put(w.change.After.Values, path, nil)
		known, _ := s.reached.Load(q.name())
		from, _ := known.(int64)
		if _, err := s.lookFrom(ctx, q, from); err != nil {
			return err
		}
	}
	return nil
}

// raise notes that a number is there.
func (s *Session) raise(q sequence, n int64) {
	if known, ok := s.reached.Load(q.name()); !ok || known.(int64) < n {
		s.reached.Store(q.name(), n)
	}
}
