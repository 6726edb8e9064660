package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openxrm/xrm/cmd/make/compare/workload"
)

// pair is how long a request took in two turns, one after the other.
type pair struct{ base, new time.Duration }

// asker is a server as the loops see it.
type asker interface {
	// ask sends the next request of a scenario.
	ask(ctx context.Context) error
}

// drive measures a scenario in pairs of turns. Which version has the first turn
// changes from pair to pair, so that neither profits from what the other has
// warmed up or used up.
func drive(ctx context.Context, o options, scenario workload.Scenario, clients int, sides versions[*side]) ([]pair, error) {
	return alternate(ctx, o, clients, versions[asker]{player{sides.base, scenario}, player{sides.new, scenario}})
}

func alternate(ctx context.Context, o options, clients int, ask versions[asker]) ([]pair, error) {
	n, err := calibrate(ctx, o.turn, clients, ask)
	if err != nil {
		return nil, err
	}
	pairs := make([]pair, o.pairs)
	for i := range pairs {
		turns := []func() error{
			func() (err error) { pairs[i].base, err = turn(ctx, o.turn, n, clients, ask.base); return err },
			func() (err error) { pairs[i].new, err = turn(ctx, o.turn, n, clients, ask.new); return err },
		}
		for k := range turns {
			if err := turns[(i+k)%2](); err != nil {
				return nil, err
			}
		}
	}
	return pairs, nil
}

// calibrate says how many requests a turn of the base has. Both versions get as
// many, so that what they write stays the same. It warms up both.
func calibrate(ctx context.Context, length time.Duration, clients int, ask versions[asker]) (n int, err error) {
	n = clients
	for {
		began := time.Now()
		if _, err := turn(ctx, length, n, clients, ask.base); err != nil {
			return 0, err
		}
		took := time.Since(began)
		if _, err := turn(ctx, length, n, clients, ask.new); err != nil {
			return 0, err
		}
		if took >= length/2 || n >= most {
			return scale(n, took, length, clients), nil
		}
		n = min(2*n, most)
	}
}

// most is how many requests a turn has at most.
const most = 1 << 16

// scale is how many requests fill a turn, if n took so long. Every client has
// one at least.
func scale(n int, took, length time.Duration, clients int) int {
	return min(max(int(float64(n)*float64(length)/float64(max(took, 1))), clients), most)
}

// turn sends n requests, so many at a time, and returns how long one took. It
// gives up when it takes a hundred times as long as it should.
func turn(ctx context.Context, length time.Duration, n, clients int, to asker) (time.Duration, error) {
	limit := max(100*length, time.Minute)
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("%d requests are not answered after %s", n, limit))
	defer cancel()
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var sent atomic.Int64
	var all sync.WaitGroup
	began := time.Now()
	for range clients {
		all.Go(func() {
			for sent.Add(1) <= int64(n) && ctx.Err() == nil {
				if err := to.ask(ctx); err != nil {
					fail(err)
				}
			}
		})
	}
	all.Wait()
	took := time.Since(began)
	return took * time.Duration(clients) / time.Duration(n), context.Cause(ctx)
}

// player plays a scenario to one server.
type player struct {
	*side
	scenario workload.Scenario
}

func (p player) ask(ctx context.Context) error {
	p.mu.Lock()
	i := p.next[p.scenario.Name]
	p.next[p.scenario.Name]++
	p.mu.Unlock()
	answer, err := p.client.Post(ctx, p.scenario.Request(p.world, i))
	if err != nil {
		return err
	}
	return p.scenario.Check(answer)
}
