package pluginhost

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/sony/gobreaker/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// breakers stop calling what does not answer: one for each method of a process,
// so that a field that hangs takes no mutation with it, and a new process begins
// anew. The zero value is ready.
type breakers struct {
	mu     sync.Mutex
	byName map[string]*gobreaker.CircuitBreaker[any]
}

// When a breaker opens, and for how long nobody is let through.
const (
	breakAfter = 5 // calls without an answer, in a row
	breakFor   = 2 * time.Second
)

// errOpen is in the place of a call that would most likely not be answered.
var errOpen = errors.New("the last calls were not answered")

// run calls f unless the last calls of this method were not answered. It then
// lets one through every two seconds, until that is answered.
func (b *breakers) run(ctx context.Context, method string, f func() error) error {
	_, err := b.of(method).Execute(func() (any, error) {
		err := f()
		if err != nil && ctx.Err() != nil {
			err = errors.Join(errNoVerdict, err)
		}
		return nil, err
	})
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return errOpen
	}
	return err
}

// errNoVerdict is wrapped by the error of a call whose user did not wait.
var errNoVerdict = errors.New("the user did not wait for the answer")

func (b *breakers) of(method string) *gobreaker.CircuitBreaker[any] {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.byName == nil {
		b.byName = map[string]*gobreaker.CircuitBreaker[any]{}
	}
	if b.byName[method] == nil {
		b.byName[method] = gobreaker.NewCircuitBreaker[any](gobreaker.Settings{
			Timeout:      breakFor,
			ReadyToTrip:  func(counts gobreaker.Counts) bool { return counts.ConsecutiveFailures >= breakAfter },
			IsSuccessful: answered,
			IsExcluded:   func(err error) bool { return errors.Is(err, errNoVerdict) },
		})
	}
	return b.byName[method]
}

// answered says whether a plugin has answered, whatever it was.
func answered(err error) bool {
	var ours *core.Error
	if err == nil || errors.As(err, &ours) {
		return true
	}
	code := status.Code(err)
	return code != codes.Unavailable && code != codes.Canceled && code != codes.DeadlineExceeded
}
