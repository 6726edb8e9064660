package rehearsal

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
)

// bench is what a host takes for the test that it belongs to. What would end a test in
// Go ends the request.
type bench struct {
	testing.TB
	ctx context.Context
	log func(text string)

	mu       sync.Mutex
	errors   []string
	cleanups []func()
}

// fatal is what a panic carries that ends a request.
type fatal string

func (b *bench) Helper()                         {}
func (b *bench) Context() context.Context        { return b.ctx }
func (b *bench) Fatal(args ...any)               { panic(fatal(said(args))) }
func (b *bench) Fatalf(format string, a ...any)  { panic(fatal(fmt.Sprintf(format, a...))) }
func (b *bench) Error(args ...any)               { b.fail(said(args)) }
func (b *bench) Errorf(format string, a ...any)  { b.fail(fmt.Sprintf(format, a...)) }
func (b *bench) Log(args ...any)                 { b.log(said(args)) }
func (b *bench) Logf(format string, args ...any) { b.log(fmt.Sprintf(format, args...)) }

func (b *bench) Cleanup(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.cleanups = append(b.cleanups, f)
}

func (b *bench) fail(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.errors = append(b.errors, text)
}

// failures are those since they were taken last.
func (b *bench) failures() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	text := strings.Join(b.errors, "\n")
	b.errors = nil
	return text
}

func (b *bench) close() {
	for _, f := range b.cleanups {
		defer f() // the last one first
	}
}

func said(args []any) string { return strings.TrimSuffix(fmt.Sprintln(args...), "\n") }
