package storetest

import (
	"slices"
	"sync"
)

func counterTests() map[string]func(*desk) {
	return map[string]func(*desk){
		"numbers start at one and none is drawn twice": countersUnique,
		"counters are independent":                     countersApart,
		"a counter goes on above a number":             countersAbove,
	}
}

func (d *desk) draw(counter string) int64 {
	d.t.Helper()
	n, err := d.Next(d.ctx, counter, 0)
	if err != nil {
		d.t.Fatalf("Next(%s): %v", counter, err)
	}
	return n
}

func countersUnique(d *desk) {
	var mu sync.Mutex
	var drawn []int64
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 10 {
				n, err := d.Next(d.ctx, "thing.number.2026", 0)
				if err != nil {
					d.t.Errorf("Next: %v", err)
				}
				mu.Lock()
				drawn = append(drawn, n)
				mu.Unlock()
			}
		})
	}
	group.Wait()
	slices.Sort(drawn)
	for i, n := range drawn {
		if n != int64(i+1) {
			d.t.Fatalf("the numbers drawn are %v; want 1 to 80, each once", drawn)
		}
	}
}

func countersApart(d *desk) {
	d.draw("a")
	d.draw("a")
	if n := d.draw("b"); n != 1 {
		d.t.Errorf("the first number of b is %d; want 1", n)
	}
	if n := d.draw("a"); n != 3 {
		d.t.Errorf("the third number of a is %d; want 3", n)
	}
}

func countersAbove(d *desk) {
	for _, tt := range []struct{ after, want int64 }{{0, 1}, {41, 42}, {7, 43}, {0, 44}, {44, 45}} {
		n, err := d.Next(d.ctx, "lifted", tt.after)
		if err != nil || n != tt.want {
			d.t.Errorf("Next above %d = %d, %v; want %d", tt.after, n, err, tt.want)
		}
	}
	if n, err := d.Next(d.ctx, "new", 9); err != nil || n != 10 {
		d.t.Errorf("Next of a new counter above 9 = %d, %v; want 10", n, err)
	}
}
