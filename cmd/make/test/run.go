package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"time"
)

// run is go test with these arguments. The error is an exec.ExitError when
// something failed.
func run(args []string, to *screen) error {
	began := time.Now()
	to.say("looking for what there is to test\n")
	work, err := plan(args)
	if err != nil {
		return err
	}
	b := newBoard(work, args, began)
	to.say(b.opening())

	// Ctrl-C reaches go test and the tests as well. What they still have to say
	// is worth waiting for.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	cmd := exec.Command("go", append([]string{"test", "-json", "-x"}, args...)...)
	cmd.Stderr = to
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("run go test: %w", err)
	}
	events := make(chan event)
	go func() {
		defer close(events)
		decode(out, func(e event) { events <- e })
	}()
	follow(events, b, to)
	err = cmd.Wait()
	to.say(b.closing(time.Now()))
	return err
}

// follow shows what happens until go test has nothing more to say.
func follow(events <-chan event, b *board, to *screen) {
	clock := time.NewTicker(time.Second)
	defer clock.Stop()
	for {
		select {
		case e, more := <-events:
			if !more {
				return
			}
			to.say(b.take(e))
		case now := <-clock.C:
			to.status(b.status(now), now)
		}
	}
}

// event is a line of go test -json.
type event struct {
	Time        time.Time
	Action      string
	Package     string // of a test
	Test        string // "" for what is about the whole package
	Elapsed     float64
	Output      string
	FailedBuild string
	ImportPath  string // of what is built
}

// decode reads to the end. What is no event is shown as it is.
func decode(from io.Reader, take func(event)) {
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadBytes('\n')
		var e event
		switch {
		case len(line) == 0:
		case json.Unmarshal(line, &e) != nil:
			take(event{Action: "unknown", Output: string(line)})
		default:
			take(e)
		}
		if err != nil {
			return
		}
	}
}

// workload is what go test has before it.
type workload struct {
	module   string
	packages int // with tests
	builds   int // what is compiled at most: what has not changed may be spared
}

// plan asks go list about the packages that go test is to test.
func plan(args []string) (workload, error) {
	flags, packages := split(args)
	list := []string{"list", "-e", "-deps", "-test", "-json=Module,DepOnly,ForTest,TestGoFiles,XTestGoFiles,Stale"}
	cmd := exec.Command("go", slices.Concat(list, flags, packages)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return workload{}, fmt.Errorf("list the packages: %w", err)
	}
	return read(bytes.NewReader(out))
}

// read adds up what go list says.
func read(list io.Reader) (w workload, err error) {
	for decoder := json.NewDecoder(list); ; {
		var p struct {
			Module *struct {
				Path string
				Main bool
			}
			DepOnly, Stale            bool
			ForTest                   string
			TestGoFiles, XTestGoFiles []string
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return w, nil
		} else if err != nil {
			return w, fmt.Errorf("read the list of packages: %w", err)
		}
		if p.Module != nil && p.Module.Main {
			w.module = p.Module.Path
		}
		if !p.DepOnly && p.ForTest == "" && len(p.TestGoFiles)+len(p.XTestGoFiles) > 0 {
			w.packages++
		}
		if p.Stale {
			w.builds++
		}
	}
}

// split returns the flags that go list must know as well to say what is
// compiled, and the packages.
func split(args []string) (flags, packages []string) {
	for _, arg := range args {
		name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		switch {
		case !strings.HasPrefix(arg, "-"):
			packages = append(packages, arg)
		case slices.Contains([]string{"race", "gcflags", "ldflags", "tags", "trimpath", "mod"}, name):
			flags = append(flags, arg)
		}
	}
	return flags, packages
}
