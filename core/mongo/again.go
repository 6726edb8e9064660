package mongo

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	driver "go.mongodb.org/mongo-driver/v2/mongo"
)

// attempts is how often a write is tried that others outrun.
const attempts = 10

// How DocumentDB names a deadlock: an error of a write has the SQLSTATE 40P01 as its code,
// that of a whole command is an internal error.
const (
	deadlockCode = 16908292
	deadlockText = "deadlock detected"
)

// isDeadlock says whether a write was refused so that others need not wait any longer. It
// has changed nothing.
func isDeadlock(err error) bool {
	var server driver.ServerError
	return errors.As(err, &server) && (server.HasErrorCode(deadlockCode) || server.HasErrorCodeWithMessage(1, deadlockText))
}

// isForestalled says whether an upsert failed because another one has created
// the document meanwhile.
func isForestalled(err error) bool {
	// DocumentDB turns such an upsert into an update, and forgets the time on the way.
	var server driver.ServerError
	return isDuplicate(err) || errors.As(err, &server) && server.HasErrorCodeWithMessage(failedToParse, serverNow)
}

func isDuplicate(err error) bool {
	if driver.IsDuplicateKeyError(err) {
		return true
	}
	// FerretDB calls it an internal error where an upsert is in the way.
	var server driver.ServerError
	return errors.As(err, &server) && server.HasErrorCodeWithMessage(1, "duplicate key value violates unique constraint")
}

// again repeats a write that has changed nothing because others came first, for as long as
// its error is such a one.
func again(ctx context.Context, others func(error) bool, write func() error) error {
	for attempt := 1; ; attempt++ {
		err := write()
		if err == nil || !others(err) || attempt == attempts || makeWay(ctx, attempt) != nil {
			return err
		}
	}
}

// eachAgain is again for the deadlocks in commands of many writes: it repeats those that
// were refused, and in an ordered command those behind them. What is refused for another
// reason stays so, and the error has its place among all of them, also where the server
// does not know whether its writes will stay: that ends it.
func eachAgain[T any](ctx context.Context, items []T, ordered bool, write func([]T) error) error {
	places := make([]int, len(items))
	for i := range places {
		places[i] = i
	}
	var refused []driver.BulkWriteError
	for attempt := 1; ; attempt++ {
		err := write(items)
		var some driver.BulkWriteException
		isSome := errors.As(err, &some)
		last := !isDeadlock(err) || some.WriteConcernError != nil || attempt == attempts || makeWay(ctx, attempt) != nil
		if err != nil && !isSome {
			if last {
				return err
			}
			continue
		}
		var left []int
		for _, one := range some.WriteErrors {
			if isDeadlock(one.WriteError) && !last {
				left = append(left, one.Index)
				continue
			}
			one.Index = places[one.Index]
			refused = append(refused, one)
		}
		switch {
		case len(left) == 0 && len(refused) == 0 && some.WriteConcernError == nil:
			return nil
		case len(left) == 0:
			return driver.BulkWriteException{WriteConcernError: some.WriteConcernError, WriteErrors: refused, Labels: some.Labels}
		case ordered:
			items, places = items[left[0]:], places[left[0]:]
		default:
			items, places = at(left, items), at(left, places)
		}
	}
}

func at[T any](indexes []int, of []T) []T {
	some := make([]T, len(indexes))
	for i, n := range indexes {
		some[i] = of[n]
	}
	return some
}

// makeWay lets others go ahead, for a time that differs from one to the other and grows
// with each attempt: a deadlock is found after a second, and of many who were in it and all
// come back at once, many are in the next one.
func makeWay(ctx context.Context, attempt int) error {
	most := min(50*time.Millisecond<<max(0, min(attempt-1, 10)), 2*time.Second)
	select {
	case <-time.After(10*time.Millisecond + rand.N(most)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
