package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/openxrm/xrm/cmd/xrm/client"
)

//go:embed site
var site embed.FS

// house is one database, the servers that serve it, and everybody who uses it.
type house struct {
	name, store, dir string // no store is SQLite, of one server
	program, plugins string
	began            time.Time
	during, kills    time.Duration

	mu        sync.RWMutex
	instances []*instance // nil while one is down

	admin, monitor string // keys
	strangers      []stranger
	ledger         ledger
	faults         faults
	killed         int
	strange        counter // requests of strangers
	samples        []sample
	err            error
}

// faults are what must not be. The first few of a kind are enough.
type faults struct {
	mu   sync.Mutex
	list []string
	kind map[string]int // how many were of a kind
}

const maxFaults = 3

func (f *faults) add(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.kind == nil {
		f.kind = map[string]int{}
	}
	if f.kind[format]++; f.kind[format] <= maxFaults {
		f.list = append(f.list, fmt.Sprintf(format, args...))
	}
}

const (
	writers   = 3
	every     = 15 * time.Second // a sample is taken
	telling   = time.Minute      // a line is printed
	steadyFor = 0.5              // of the time: a house of one server is left alone, to see whether it grows
)

func (h *house) run(ctx context.Context) error {
	if err := h.open(ctx); err != nil {
		return err
	}
	defer h.close()
	if err := h.people(ctx); err != nil {
		return err
	}
	working, cancel := context.WithTimeout(ctx, h.during)
	defer cancel()
	var all sync.WaitGroup
	for n := range writers {
		all.Go(func() { h.write(working, fmt.Sprintf("%s-%d", h.name, n)) })
	}
	for _, s := range h.strangers {
		all.Go(func() { s.intrude(working, h) })
	}
	all.Go(func() { h.watch(working) })
	err := h.kill(working)
	all.Wait()
	if err != nil || ctx.Err() != nil {
		return errors.Join(err, ctx.Err())
	}
	return h.audit(ctx)
}

// open lays out the site and starts all servers.
func (h *house) open(ctx context.Context) error {
	files, err := fs.Sub(site, "site")
	if err == nil {
		err = os.CopyFS(filepath.Join(h.dir, "site"), files)
	}
	for n := 0; n < len(h.instances) && err == nil; n++ {
		h.instances[n], err = h.start(ctx, n)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", h.name, err)
	}
	key, err := os.ReadFile(filepath.Join(h.dir, "0", "data", "admin.key"))
	h.admin = strings.TrimSpace(string(key))
	return err
}

func (h *house) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, i := range h.instances {
		if i != nil {
			if err := i.end(syscall.SIGTERM); err != nil {
				h.faults.add("at the end: %v", err)
			}
		}
	}
}

// any returns the address of one of the servers, also of one that is down.
func (h *house) any() string {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if i := h.instances[rand.IntN(len(h.instances))]; i != nil {
		return i.url
	}
	return "http://127.0.0.1:1"
}

// to sends requests with a key, to any of the servers.
func (h *house) to(key string) *client.Client {
	return &client.Client{Server: h.any(), Key: key, HTTP: &http.Client{Timeout: time.Minute}}
}

// kill ends the last server again and again, by turns at once and in peace, and
// starts it anew. The first of several is left alone, and so is a single one after
// a while.
func (h *house) kill(ctx context.Context) error {
	n := len(h.instances) - 1
	until := h.began.Add(h.during)
	if n == 0 {
		until = h.began.Add(time.Duration(float64(h.during) * (1 - steadyFor)))
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(h.kills):
		}
		if time.Now().After(until) {
			continue
		}
		h.mu.Lock()
		victim := h.instances[n]
		h.instances[n] = nil
		h.mu.Unlock()
		how := syscall.SIGKILL
		if h.killed%3 == 2 {
			how = syscall.SIGTERM
		}
		if err := victim.end(how); err != nil {
			h.faults.add("%v", err)
		}
		h.killed++
		again, err := h.start(context.WithoutCancel(ctx), n)
		if err != nil {
			return fmt.Errorf("%s: after %d kills: %w", h.name, h.killed, err)
		}
		h.mu.Lock()
		h.instances[n] = again
		h.mu.Unlock()
	}
}

// watch samples the first server, and says how it goes.
func (h *house) watch(ctx context.Context) {
	told := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(every):
		}
		h.mu.RLock()
		first := h.instances[0]
		h.mu.RUnlock()
		if first == nil {
			continue
		}
		s, err := first.sample(ctx, h.monitor)
		if err != nil {
			continue // it is being killed
		}
		if len(h.samples) > 0 && h.samples[len(h.samples)-1].at.Before(first.began) {
			h.samples = nil // another process
		}
		h.samples = append(h.samples, s)
		if time.Since(told) >= telling {
			told = time.Now()
			fmt.Printf("%s after %s: %d writes acknowledged, %d requests of strangers, %d kills, %d MiB, %d files, %d goroutines\n", h.name,
				time.Since(h.began).Round(time.Second), h.ledger.count(), h.strange.value(), h.killed, s.resident>>20, s.files, s.goroutines)
		}
	}
}
