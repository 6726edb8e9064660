package pluginhost

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// gate lets a limited number in at a time, and knows when the last has left. The
// others wait in the order in which they came, for as long as it goes on. The zero
// value is open.
type gate struct {
	mu      sync.Mutex
	most    int
	running int
	line    []chan error  // the first to begin first; nil begins, an error sends away
	moved   time.Time     // when somebody left last
	idle    chan struct{} // not nil once closed; closed when nothing runs any more
}

var (
	errClosed = errors.New("the process takes no more calls")
	errBusy   = errors.New("too many calls run already")
)

// enter waits in a line of so many places for its turn, and returns errBusy when
// there is no place, or when nobody has left for as long as patience lasts, and
// errClosed when the gate was closed before. Unless there is an error, leave must
// follow.
func (g *gate) enter(ctx context.Context, most, places int, patience time.Duration) error {
	turn, err := g.join(most, places)
	if turn == nil || err != nil {
		return err
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		select {
		case err := <-turn:
			return err
		case <-ctx.Done():
			return g.quit(turn, ctx.Err())
		case <-late.C:
			left := patience - g.stands()
			if left <= 0 {
				return g.quit(turn, errBusy)
			}
			late.Reset(left)
		}
	}
}

// join returns nil for whose turn it is.
func (g *gate) join(most, places int) (turn chan error, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.idle != nil {
		return nil, errClosed
	}
	g.most = most
	g.admit() // if there is more room than before
	switch {
	case g.running < most:
		g.running++
		return nil, nil
	case len(g.line) >= places:
		return nil, errBusy
	}
	turn = make(chan error, 1)
	g.line = append(g.line, turn)
	return turn, nil
}

// quit takes somebody out of the line, who may have got a turn meanwhile.
func (g *gate) quit(turn chan error, why error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if n := slices.Index(g.line, turn); n >= 0 {
		g.line = slices.Delete(g.line, n, n+1)
		return why
	}
	return <-turn
}

func (g *gate) stands() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return time.Since(g.moved)
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.moved = time.Now()
	g.running--
	g.admit()
	if g.running == 0 && g.idle != nil {
		close(g.idle)
	}
}

func (g *gate) admit() {
	for len(g.line) > 0 && g.running < g.most {
		g.line[0] <- nil
		g.line = g.line[1:]
		g.running++
	}
}

// close lets nobody in any more, sends away who waits, and returns when all have
// left or ctx is done. It is called once.
func (g *gate) close(ctx context.Context) {
	g.mu.Lock()
	g.idle = make(chan struct{})
	for _, turn := range g.line {
		turn <- errClosed
	}
	g.line = nil
	if g.running == 0 {
		close(g.idle)
	}
	g.mu.Unlock()
	select {
	case <-g.idle:
	case <-ctx.Done():
	}
}
