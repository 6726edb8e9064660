package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openxrm/xrm/cmd/make/compare/workload"
)

// compareShares says what a key notices of another one that asks for as much as
// it may: how long a light request takes alone, and beside the load. The versions
// take no turns, since each is compared with itself.
func compareShares(ctx context.Context, o options, store string, sides versions[*side]) error {
	for _, load := range workload.Loads() {
		if !o.only.MatchString(load.Name) {
			continue
		}
		for _, version := range []struct {
			name string
			*side
		}{{"base", sides.base}, {"new", sides.new}} {
			progress("%s: %s, %s", store, load.Name, version.name)
			alone, beside, told, err := shares(ctx, version.side, load, o.turn*time.Duration(o.pairs))
			if err != nil {
				return err
			}
			done()
			fmt.Printf("%-7s %s, %-4s: median %s alone, %s beside (x %.1f); 99 of 100 within %s alone, %s beside; the longest %s and %s; %s\n",
				store, load.Name, version.name, ms(at(alone, 50)), ms(at(beside, 50)), float64(at(beside, 50))/float64(at(alone, 50)),
				ms(at(alone, 99)), ms(at(beside, 99)), ms(at(alone, 100)), ms(at(beside, 100)), told)
		}
	}
	return nil
}

// shares measures light requests for so long alone, and for so long beside a
// load.
func shares(ctx context.Context, s *side, load workload.Load, length time.Duration) (alone, beside []time.Duration, told string, err error) {
	other, err := s.client.Another(ctx, load.Clients)
	if err != nil {
		return nil, nil, "", err
	}
	if alone, err = lights(ctx, s, load, length); err != nil {
		return nil, nil, "", err
	}
	loaded, unload := context.WithCancelCause(ctx)
	var all sync.WaitGroup
	var mu sync.Mutex
	var next atomic.Int64
	answered, refused := 0, 0
	for range load.Clients {
		all.Go(func() {
			yes, no, err := other.Bear(loaded, load, &next)
			if err != nil {
				unload(err)
			}
			mu.Lock()
			defer mu.Unlock()
			answered, refused = answered+yes, refused+no
		})
	}
	beside, err = lights(loaded, s, load, length)
	unload(nil)
	all.Wait()
	return alone, beside, fmt.Sprintf("of the other key %d answered, %d refused", answered, refused), err
}

// lights are how long light requests take, the shortest first.
func lights(ctx context.Context, s *side, load workload.Load, length time.Duration) (took []time.Duration, err error) {
	p := player{s, load.Light}
	for began := time.Now(); time.Since(began) < length; {
		from := time.Now()
		if err := p.ask(ctx); err != nil {
			return nil, fmt.Errorf("%w (%w)", err, context.Cause(ctx))
		}
		took = append(took, time.Since(from))
	}
	slices.Sort(took)
	return took, nil
}

// at is the time that so many of a hundred requests took at most.
func at(took []time.Duration, percent int) time.Duration { return took[(len(took)-1)*percent/100] }
