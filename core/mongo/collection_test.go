package mongo

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/mongo/mongotest"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
)

// victims are the next writes, which the server refuses as it does when two have waited
// for each other.
type victims struct {
	mu   sync.Mutex
	left int
	took int
}

func (v *victims) takes(request []byte) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.left == 0 || !isWrite(request) {
		return false
	}
	v.left--
	v.took++
	return true
}

// refusal is what the server answers, as it was seen.
func refusal(request []byte) []byte {
	answer := bson.D{{Key: "n", Value: 0}, {Key: "ok", Value: 1.0}, {Key: "writeErrors", Value: bson.A{
		bson.D{{Key: "index", Value: 0}, {Key: "code", Value: deadlockCode}, {Key: "errmsg", Value: deadlockText}},
	}}}
	if commandIn(request) == "findAndModify" {
		answer = bson.D{{Key: "ok", Value: 0.0}, {Key: "code", Value: 1}, {Key: "codeName", Value: "InternalError"}, {Key: "errmsg", Value: deadlockText}}
	}
	document, err := bson.Marshal(answer)
	if err != nil {
		panic(err)
	}
	message := binary.LittleEndian.AppendUint32(nil, uint32(21+len(document)))
	message = binary.LittleEndian.AppendUint32(message, 0)
	message = append(message, request[4:8]...) // what it answers
	message = binary.LittleEndian.AppendUint32(message, opMsg)
	message = append(message, 0, 0, 0, 0, 0)
	return append(message, document...)
}

// behindDoor is a store whose writes a test may refuse.
func behindDoor(t *testing.T) (*Store, *door) {
	t.Helper()
	door := newDoor(t, strings.TrimPrefix(mongotest.Server(t), "mongodb://"))
	s := open(t, "mongodb://"+door.address, patient)
	t.Cleanup(func() { s.Close() })
	return s, door
}

func (d *door) refuse(writes int) *victims {
	v := &victims{left: writes}
	d.mu.Lock()
	d.victims = v
	d.mu.Unlock()
	return v
}

// TestAWriteThatADeadlockHasEndedIsTriedAgain has each kind of write refused three times.
func TestAWriteThatADeadlockHasEndedIsTriedAgain(t *testing.T) {
	s, door := behindDoor(t)
	m := model(t)
	e := m.Entity("thing")
	must(t, s.Prepare(t.Context(), m))
	first := creation(e, "1", map[string]any{"name": "Ada"})
	update := creation(e, "1", map[string]any{"name": "Ida"})
	update.Action, update.Before, update.After.Version = core.Updated, first.After, 2
	batched := creation(e, "2", map[string]any{"name": "Eva"})
	ctx := t.Context()
	timer := core.Timer{Plugin: "p", Key: "k", DueAt: time.Now(), Payload: []byte("{}")}
	for _, tt := range []struct {
		what string
		do   func() error
	}{
		{"create", func() error { return s.Commit(ctx, e, []core.Change{first})[0] }},
		{"update", func() error { return s.Commit(ctx, e, []core.Change{update})[0] }},
		{"batch", func() error {
			return errors.Join(s.CommitAll(ctx, core.Batch{ID: "b", Once: core.Once{Key: "k", Keep: time.Hour}, Steps: []core.Step{{Entity: e, Change: batched}}})...)
		}},
		{"number", func() error { _, err := s.Next(ctx, "n", 3); return err }},
		{"lease", func() error { _, err := s.Acquire(ctx, "l", "me", time.Minute); return err }},
		{"release", func() error { return s.Release(ctx, "l", "me") }},
		{"timer", func() error { return s.Schedule(ctx, timer) }},
		{"cancel", func() error { _, err := s.Cancel(ctx, "p", "k"); return err }},
		{"job", func() error { return s.SaveJobRun(ctx, core.JobRun{Plugin: "p", Job: "j"}) }},
		{"state", func() error { _, err := s.PutState(ctx, "p", "k", []byte("v"), 0, time.Time{}); return err }},
		{"journal", func() error { return s.Append(ctx, []core.Entry{first.Entry(e), update.Entry(e)}) }},
		{"settle", func() error { return s.Settle(ctx, []core.Entry{first.Entry(e), update.Entry(e)}) }},
	} {
		refused := door.refuse(3)
		if err := tt.do(); err != nil {
			t.Errorf("%s: %v; want it to be tried again", tt.what, err)
		}
		if refused.took != 3 {
			t.Errorf("%s: %d writes were refused; want 3", tt.what, refused.took)
		}
	}
	door.refuse(0)
	found, err := s.Find(ctx, e, core.Query{First: -1})
	if err != nil || len(found) != 2 || found[0].Values["name"] != "Ida" || found[0].Version != 2 || found[1].Values["name"] != "Eva" {
		t.Errorf("there are %v, %v; want Ida in version 2 and Eva", found, err)
	}
}

func TestADeadlockThatDoesNotEndIsSaidToHaveChangedNothing(t *testing.T) {
	s, door := behindDoor(t)
	m := model(t)
	e := m.Entity("thing")
	must(t, s.Prepare(t.Context(), m))
	first := creation(e, "1", map[string]any{"name": "Ada"})
	refused := door.refuse(1000)
	unavailable(t, "create", s.Commit(t.Context(), e, []core.Change{first})[0], deadlocked)
	if refused.took != attempts {
		t.Errorf("it was tried %d times; want %d", refused.took, attempts)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := again(ctx, isDeadlock, func() error { return driver.WriteError{Code: deadlockCode} }); !isDeadlock(err) {
		t.Errorf("a caller who is gone gets %v; want the deadlock, and no other try", err)
	}
}

// TestOfManyWritesThoseThatADeadlockHasEndedAreTriedAgain has other refusals in between.
func TestOfManyWritesThoseThatADeadlockHasEndedAreTriedAgain(t *testing.T) {
	at := func(index, code int) driver.BulkWriteError {
		return driver.BulkWriteError{WriteError: driver.WriteError{Index: index, Code: code}}
	}
	tests := map[string]struct {
		ordered bool
		answers [][]driver.BulkWriteError
		tried   []string
		refused []int // of the items
	}{
		"none is refused":             {answers: [][]driver.BulkWriteError{nil}, tried: []string{"abcd"}},
		"some of no order":            {answers: [][]driver.BulkWriteError{{at(1, deadlockCode), at(3, deadlockCode)}, nil}, tried: []string{"abcd", "bd"}},
		"with another refusal":        {answers: [][]driver.BulkWriteError{{at(0, 11000), at(1, deadlockCode), at(3, deadlockCode)}, {at(1, 11000)}}, tried: []string{"abcd", "bd"}, refused: []int{0, 3}},
		"in order":                    {ordered: true, answers: [][]driver.BulkWriteError{{at(1, deadlockCode)}, {at(2, deadlockCode)}, nil}, tried: []string{"abcd", "bcd", "d"}},
		"in order, and then another":  {ordered: true, answers: [][]driver.BulkWriteError{{at(1, deadlockCode)}, {at(1, 11000)}}, tried: []string{"abcd", "bcd"}, refused: []int{2}},
		"another refusal, and no try": {ordered: true, answers: [][]driver.BulkWriteError{{at(1, 11000)}}, tried: []string{"abcd"}, refused: []int{1}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var tried []string
			err := eachAgain(t.Context(), []string{"a", "b", "c", "d"}, tt.ordered, func(items []string) error {
				tried = append(tried, strings.Join(items, ""))
				answer := tt.answers[len(tried)-1]
				if answer == nil {
					return nil
				}
				return driver.BulkWriteException{WriteErrors: answer}
			})
			var some driver.BulkWriteException
			errors.As(err, &some)
			var refused []int
			for _, one := range some.WriteErrors {
				refused = append(refused, one.Index)
			}
			if !slices.Equal(tried, tt.tried) || !slices.Equal(refused, tt.refused) || (err == nil) != (tt.refused == nil) {
				t.Errorf("tried %q, refused %v, %v; want %q and %v", tried, refused, err, tt.tried, tt.refused)
			}
		})
	}
}

// What was refused at an earlier try is told, and each at its place, where the last try
// may or may not stay.
func TestWritesThatMayNotStayKeepThePlacesOfWhatWasRefused(t *testing.T) {
	tried := 0
	err := eachAgain(t.Context(), []string{"a", "b", "c", "d"}, anyOrder, func([]string) error {
		if tried++; tried == 1 {
			return driver.BulkWriteException{WriteErrors: []driver.BulkWriteError{{WriteError: driver.WriteError{Index: 0, Code: 11000}}, {WriteError: driver.WriteError{Index: 2, Code: deadlockCode}}, {WriteError: driver.WriteError{Index: 3, Code: deadlockCode}}}}
		}
		return driver.BulkWriteException{WriteConcernError: &driver.WriteConcernError{Code: 64}, WriteErrors: []driver.BulkWriteError{{WriteError: driver.WriteError{Index: 1, Code: deadlockCode}}}}
	})
	var some driver.BulkWriteException
	if !errors.As(err, &some) || some.WriteConcernError == nil || len(some.WriteErrors) != 2 || some.WriteErrors[0].Index != 0 || some.WriteErrors[1].Index != 3 || tried != 2 {
		t.Errorf("after %d tries: %v; want that writes may not stay, and that the first and the last are refused", tried, err)
	}
	err = eachAgain(t.Context(), []string{"a"}, anyOrder, func([]string) error {
		return driver.BulkWriteException{WriteConcernError: &driver.WriteConcernError{Code: 64}}
	})
	if !errors.As(err, &some) || some.WriteConcernError == nil {
		t.Errorf("with no write refused: %v; want that writes may not stay", err)
	}
}
