package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/openxrm/xrm/cmd/make/compare/workload"
)

// versions are the two that are compared: programs, or what they run as.
type versions[T any] struct{ base, new T }

// compare prints a table row by row, as it gets to know it.
func compare(ctx context.Context, o options) (err error) {
	if err := o.measuresSomething(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "xrm-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	programs, err := buildBoth(ctx, o.base, dir)
	if err != nil {
		return err
	}
	fmt.Printf("\n%s and the working tree (new): the time of a request as a client sees it, and new/base:\n"+
		"the median of %d pairs with the least and the greatest. Below 1 the new one is faster.\n\n%s", o.base, o.pairs, header)
	for _, store := range o.stores {
		if err := compareOn(ctx, o, store, programs, filepath.Join(dir, store)); err != nil {
			return fmt.Errorf("%s: %w", store, err)
		}
	}
	return compareStarts(ctx, o, programs, filepath.Join(dir, "start"))
}

// compareOn runs all scenarios on one store.
func compareOn(ctx context.Context, o options, store string, programs versions[string], dir string) (err error) {
	var sides versions[*side]
	if sides.base, err = open(ctx, programs.base, filepath.Join(dir, "base"), store, o.records); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sides.base.server.stop()) }()
	if sides.new, err = open(ctx, programs.new, filepath.Join(dir, "new"), store, o.records); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sides.new.server.stop()) }()
	for _, scenario := range workload.Scenarios() {
		for _, clients := range scenario.Clients {
			if !o.only.MatchString(scenario.Name) {
				continue
			}
			progress("%s: %s, %d at a time", store, scenario.Name, clients)
			pairs, err := drive(ctx, o, scenario, clients, sides)
			if err != nil {
				return err
			}
			done()
			fmt.Print(row(store, scenario.Name, clients, pairs))
		}
	}
	return compareShares(ctx, o, store, sides)
}

// side is one version with its server and what is in it.
type side struct {
	server *server
	client *workload.Client
	world  workload.World

	mu   sync.Mutex
	next map[string]int // the request of each scenario that comes next
}

// atOnce is how many clients ask a server at most.
const atOnce = 16

func open(ctx context.Context, program, dir, store string, records int) (*side, error) {
	progress("%s: filling a server with %d customers", store, records)
	defer done()
	server, err := start(ctx, program, dir, "--store", store)
	if err != nil {
		return nil, err
	}
	s := &side{server: server, client: workload.NewClient(server.url, server.key, atOnce), next: map[string]int{}}
	if s.world, err = workload.Fill(ctx, s.client, records); err != nil {
		return nil, errors.Join(err, server.stop())
	}
	return s, nil
}
