// Soak runs xrm for as long as it is told, over each store, as badly as it can
// become: instances are killed, several serve one database, writers never rest, and
// strangers try every operation of the API as every role. It then checks that
// nothing that was acknowledged is lost and nothing hidden was told, and says how
// memory, open files and goroutines went.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

func main() {
	during := flag.Duration("for", time.Hour, "how long")
	kills := flag.Duration("kill", 20*time.Second, "how often an instance is killed")
	keep := flag.String("keep", "", "a folder for the data and the logs, which stay; without it they go")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := soak(ctx, *during, *kills, *keep); err != nil {
		fmt.Fprintln(os.Stderr, err)
		stop()
		os.Exit(1)
	}
}

func soak(ctx context.Context, during, kills time.Duration, dir string) (err error) {
	if dir == "" {
		temporary, err := os.MkdirTemp("", "xrm-soak-")
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(temporary)) }()
		dir = temporary
	}
	program, plugins, err := build(ctx, dir)
	if err != nil {
		return err
	}
	houses := []*house{{name: "SQLite", instances: make([]*instance, 1), dir: filepath.Join(dir, "sqlite")}}
	if uri := os.Getenv("XRM_TEST_MONGO_URI"); uri != "" {
		store := fmt.Sprintf("%s/xrm_soak_%d", strings.TrimSuffix(uri, "/"), os.Getpid())
		houses = append(houses, &house{name: "MongoDB", store: store, instances: make([]*instance, 2), dir: filepath.Join(dir, "mongodb")})
	} else {
		fmt.Println("XRM_TEST_MONGO_URI is not set, so MongoDB, and with it several instances, is left out (see make lab)")
	}
	var running sync.WaitGroup
	for _, h := range houses {
		h.program, h.plugins, h.began, h.during, h.kills = program, plugins, time.Now(), during, kills
		running.Go(func() { h.err = h.run(ctx) })
	}
	running.Wait()
	failed := false
	for _, h := range houses {
		fmt.Print(h.report())
		failed = failed || h.err != nil || len(h.faults.list) > 0
	}
	if failed {
		return errors.New("it did not hold")
	}
	return ctx.Err()
}

// build builds the program and its plugins, from the working tree.
func build(ctx context.Context, dir string) (program, plugins string, err error) {
	program, plugins = filepath.Join(dir, "xrm"), filepath.Join(dir, "plugins")
	sources, err := filepath.Glob("plugins/*/plugin.yaml")
	if err != nil {
		return "", "", err
	}
	for n, manifest := range sources {
		sources[n] = filepath.Dir(manifest)
	}
	for _, args := range [][]string{
		{"go", "build", "-o", program, "./cmd/xrm"},
		append([]string{program, "plugin", "build", "--to", plugins}, sources...),
	} {
		if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
			return "", "", fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	return program, plugins, nil
}
