package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/openxrm/xrm/cmd/make/compare/workload"
)

// sharesName is what a pattern for the scenarios must fit.
const sharesName = "light beside 16 heavy"

// heavies are how many requests of the other key there are at once.
const heavies = 16

// compareShares says what a key notices of another one that asks for as much as
// it may: how long a light request takes alone, and beside sixteen heavy ones.
// The versions take no turns, since each is compared with itself.
func compareShares(ctx context.Context, o options, store string, sides versions[*side]) error {
	if !o.only.MatchString(sharesName) {
		return nil
	}
	for _, version := range []struct {
		name string
		*side
	}{{"base", sides.base}, {"new", sides.new}} {
		progress("%s: %s, %s", store, sharesName, version.name)
		alone, beside, told, err := shares(ctx, version.side, o.turn*time.Duration(o.pairs))
		if err != nil {
			return err
		}
		done()
		fmt.Printf("%-7s %s, %-4s: median %s alone, %s beside (x %.1f); 99 of 100 within %s alone, %s beside; %s\n", store, sharesName, version.name,
			ms(at(alone, 50)), ms(at(beside, 50)), float64(at(beside, 50))/float64(at(alone, 50)), ms(at(alone, 99)), ms(at(beside, 99)), told)
	}
	return nil
}

// shares measures light requests for so long alone, and for so long beside heavy
// ones.
func shares(ctx context.Context, s *side, length time.Duration) (alone, beside []time.Duration, told string, err error) {
	other, err := s.client.Another(ctx, heavies)
	if err != nil {
		return nil, nil, "", err
	}
	if alone, err = lights(ctx, s, length); err != nil {
		return nil, nil, "", err
	}
	loaded, unload := context.WithCancelCause(ctx)
	var all sync.WaitGroup
	var mu sync.Mutex
	answered, refused := 0, 0
	for range heavies {
		all.Go(func() {
			yes, no, err := other.Load(loaded)
			if err != nil {
				unload(err)
			}
			mu.Lock()
			defer mu.Unlock()
			answered, refused = answered+yes, refused+no
		})
	}
	beside, err = lights(loaded, s, length)
	unload(nil)
	all.Wait()
	return alone, beside, fmt.Sprintf("heavy: %d answered, %d refused", answered, refused), err
}

// lights are how long light requests take, the shortest first.
func lights(ctx context.Context, s *side, length time.Duration) (took []time.Duration, err error) {
	p := player{s, workload.Light()}
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
