package storetest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Leases say which of several instances does something. All instances of one
// database agree on when a lease ends, whatever their clocks say.
type Leases interface {
	// Acquire takes a lease that nobody has, or renews one, and says whether
	// holder has it now, for ttl from now.
	Acquire(ctx context.Context, name, holder string, ttl time.Duration) (held bool, err error)

	// Release gives a lease back, if holder has it.
	Release(ctx context.Context, name, holder string) error

	// Holders says who has which of some leases now. Those that nobody has are left out.
	Holders(ctx context.Context, names []string) (map[string]string, error)
}

func leaseTests() map[string]func(*desk) {
	return map[string]func(*desk){
		"a lease has one holder, who can renew it":      leasesHeld,
		"a lease that is given back is free at once":    leasesReleased,
		"a lease that is not renewed is free some time": leasesExpire,
		"who has which leases is told":                  leasesTold,
		"of many who want a lease one gets it":          leasesRace,
	}
}

func (d *desk) acquire(name, holder string, ttl time.Duration) bool {
	d.t.Helper()
	held, err := d.Acquire(d.ctx, name, holder, ttl)
	if err != nil {
		d.t.Fatalf("Acquire(%s, %s): %v", name, holder, err)
	}
	return held
}

func (d *desk) release(name, holder string) {
	d.t.Helper()
	if err := d.Release(d.ctx, name, holder); err != nil {
		d.t.Fatalf("Release(%s, %s): %v", name, holder, err)
	}
}

func leasesHeld(d *desk) {
	for _, tt := range []struct {
		name, holder string
		want         bool
	}{
		{"job", "$a", true}, {"job", "b", false}, {"job", "$a", true}, {"another job", "b", true}, {"another job", "$a", false},
	} {
		if held := d.acquire(tt.name, tt.holder, time.Hour); held != tt.want {
			d.t.Errorf("Acquire(%s, %s) = %v; want %v", tt.name, tt.holder, held, tt.want)
		}
	}
}

func leasesReleased(d *desk) {
	d.acquire("job", "a", time.Hour)
	d.release("job", "b") // who does not have it
	if d.acquire("job", "b", time.Hour) {
		d.t.Error("b has the lease of a, having given back what it did not have")
	}
	d.release("job", "a")
	if !d.acquire("job", "b", time.Hour) {
		d.t.Error("b does not get the lease that a gave back")
	}
}

func leasesExpire(d *desk) {
	const ttl = 50 * time.Millisecond
	began := time.Now()
	d.acquire("job", "a", ttl)
	for !d.acquire("job", "b", time.Hour) {
		if time.Since(began) > time.Minute {
			d.t.Fatalf("b does not get a lease that ended a minute ago")
		}
	}
	// A millisecond, because that is how exact both clocks are.
	if taken := time.Since(began); taken < ttl-time.Millisecond {
		d.t.Errorf("b got the lease after %s; a had it for %s", taken, ttl)
	}
	if d.acquire("job", "a", ttl) {
		d.t.Error("a renewed a lease that b has by now")
	}
}

func leasesTold(d *desk) {
	told := func(want map[string]string) {
		d.t.Helper()
		holders, err := d.Holders(d.ctx, []string{"job", "$job", "gone", "never"})
		if err != nil {
			d.t.Fatalf("Holders: %v", err)
		}
		d.same("holders", holders, want)
	}
	told(map[string]string{})
	d.acquire("job", "a", time.Hour)
	d.acquire("$job", "$b", time.Hour)
	d.acquire("gone", "a", time.Millisecond)
	d.acquire("of others", "a", time.Hour)
	for began := time.Now(); time.Since(began) < 3*time.Millisecond; {
	}
	told(map[string]string{"job": "a", "$job": "$b"})
	d.release("job", "a")
	told(map[string]string{"$job": "$b"})
}

func leasesRace(d *desk) {
	for round := range 20 {
		job := fmt.Sprint("job ", round)
		var winners atomic.Int32
		var group sync.WaitGroup
		for i := range 8 {
			group.Go(func() {
				held, err := d.Acquire(d.ctx, job, fmt.Sprint("holder ", i), time.Hour)
				if err != nil {
					d.t.Errorf("Acquire: %v", err)
				}
				if held {
					winners.Add(1)
				}
			})
		}
		group.Wait()
		if n := winners.Load(); n != 1 {
			d.t.Errorf("%d have the lease of %s; want one", n, job)
		}
	}
}
