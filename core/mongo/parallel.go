package mongo

import "sync"

// atOnce is how many commands one call of the store has under way at most.
const atOnce = 8

// inParallel runs f(0) to f(n-1), several at once, and waits for all of them.
func inParallel(n int, f func(i int)) {
	if n == 1 {
		f(0)
		return
	}
	var wg sync.WaitGroup
	turn := make(chan struct{}, atOnce)
	for i := range n {
		turn <- struct{}{}
		wg.Go(func() {
			defer func() { <-turn }()
			f(i)
		})
	}
	wg.Wait()
}
