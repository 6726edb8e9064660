package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// board knows what go test has said so far.
type board struct {
	work  workload
	args  []string
	began time.Time

	compiled map[string]bool   // by what was compiled
	broken   map[string]string // why something does not compile
	open     []*suite          // packages that run, in the order in which they began
	closed   int
	counts   counts
	skipped  []skip
	failures []*suite
}

// counts are of tests, those within others included.
type counts struct{ passed, failed, skipped int }

// skip is why tests were skipped, and where.
type skip struct {
	reason   string
	packages []string
	tests    int
}

func newBoard(work workload, args []string, began time.Time) *board {
	return &board{work: work, args: args, began: began, compiled: map[string]bool{}, broken: map[string]string{}}
}

func (b *board) opening() string {
	return fmt.Sprintf("%d packages have tests; compiling up to %d packages for them\n", b.work.packages, b.work.builds)
}

// take returns what is to be printed about an event.
func (b *board) take(e event) string {
	switch e.Action {
	case "build-output":
		b.takeBuild(e)
	case "build-fail":
		return b.broken[e.ImportPath]
	case "unknown":
		return e.Output
	case "start":
		b.open = append(b.open, newSuite(b.short(e.Package), e))
	default:
		return b.takeTest(e)
	}
	return ""
}

// takeBuild counts compilers among the commands of go test -x, and keeps what
// a compiler complains of, which begins with a line that names the package.
func (b *board) takeBuild(e event) {
	if b.broken[e.ImportPath] != "" || strings.HasPrefix(e.Output, "# ") {
		b.broken[e.ImportPath] += e.Output
		return
	}
	command, _, _ := strings.Cut(e.Output, " -o ")
	if strings.HasSuffix(command, "/compile") {
		b.compiled[e.ImportPath] = true
	}
}

func (b *board) takeTest(e event) string {
	at := slices.IndexFunc(b.open, func(s *suite) bool { return s.path == e.Package })
	if at < 0 {
		return ""
	}
	s := b.open[at]
	if e.Test != "" || e.Action == "output" {
		s.take(e)
		return ""
	}
	b.open = slices.Delete(b.open, at, at+1)
	if s.isEmpty() && e.Action == "skip" { // no test files
		return ""
	}
	return b.finish(s, e)
}

// finish adds up what a package has come to.
func (b *board) finish(s *suite, e event) string {
	b.closed++
	own := s.counts()
	if e.Action == "fail" {
		b.failures = append(b.failures, s)
		own.failed = max(own.failed, 1) // it may not even compile
	}
	b.counts.passed += own.passed
	b.counts.failed += own.failed
	b.counts.skipped += own.skipped
	b.addSkips(s)
	width := len(fmt.Sprint(b.work.packages))
	line := fmt.Sprintf("[%*d/%d] ", width, b.closed, b.work.packages)
	if e.Action != "fail" {
		return line + fmt.Sprintf("ok   %s %.1fs, %s\n", s.name, e.Elapsed, own)
	}
	if e.FailedBuild != "" {
		s.unbuilt = true
		return line + fmt.Sprintf("FAIL %s: it does not compile\n", s.name)
	}
	return line + fmt.Sprintf("FAIL %s %.1fs, %s\n", s.name, e.Elapsed, own) + s.complaints()
}

// status says what goes on.
func (b *board) status(now time.Time) string {
	tests := 0
	var running []string
	for _, s := range b.open {
		own := s.counts()
		tests += own.passed + own.failed + own.skipped
		running = append(running, s.doing(now))
	}
	parts := []string{fmt.Sprintf("%s: %d/%d packages", now.Sub(b.began).Round(time.Second), b.closed, b.work.packages)}
	if n := len(b.compiled); n > 0 && b.closed+len(b.open) < b.work.packages {
		parts = append(parts, fmt.Sprintf("compiled %d/%d", n, max(n, b.work.builds)))
	}
	if len(running) > 0 {
		parts = append(parts, fmt.Sprintf("running %s", strings.Join(running, ", ")))
	}
	if tests += b.counts.passed + b.counts.failed + b.counts.skipped; tests > 0 {
		parts = append(parts, fmt.Sprintf("%d tests done", tests))
	}
	return strings.Join(parts, "; ")
}

// short is the path of a package within the module.
func (b *board) short(path string) string {
	if path == b.work.module {
		return "."
	}
	return strings.TrimPrefix(path, b.work.module+"/")
}

func (c counts) String() string {
	text := fmt.Sprintf("%d passed", c.passed)
	if c.failed > 0 {
		text += fmt.Sprintf(", %d failed", c.failed)
	}
	if c.skipped > 0 {
		text += fmt.Sprintf(", %d skipped", c.skipped)
	}
	return text
}
