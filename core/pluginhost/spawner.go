package pluginhost

import (
	"os/exec"
	"runtime"
)

// spawner starts every process from one operating system thread. The kernel
// kills our children when the thread that started them ends (Pdeathsig), and
// Go ends threads as it likes, except one that is locked.
type spawner struct {
	jobs chan func()
}

func newSpawner() *spawner {
	s := &spawner{jobs: make(chan func())}
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
		for job := range s.jobs {
			job()
		}
	}()
	return s
}

func (s *spawner) start(cmd *exec.Cmd) error {
	done := make(chan error, 1)
	s.jobs <- func() { done <- cmd.Start() }
	return <-done
}

// close kills what is still running.
func (s *spawner) close() { close(s.jobs) }
