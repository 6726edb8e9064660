package pluginhost_test

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/openxrm/xrm/core/pluginhost"
)

func TestAHundredCrashesLeaveNothingBehind(t *testing.T) {
	run := shortDir(t)
	dir, broken := t.TempDir(), filepath.Join(t.TempDir(), "broken")
	breakable(t, dir, broken)
	h := start(t, pluginhost.Config{Dir: dir, RunDir: run, MinBackoff: time.Millisecond, MaxBackoff: time.Millisecond})
	crash := func(n int) {
		for range n {
			before := await(t, h, "p", in(pluginhost.Serving))
			signal(t, before.PID, syscall.SIGKILL)
			await(t, h, "p", func(s pluginhost.Status) bool { return s.Restarts > before.Restarts })
		}
		await(t, h, "p", in(pluginhost.Serving))
	}
	fail := func(n int) {
		write(t, broken, "")
		s := await(t, h, "p", in(pluginhost.Serving))
		signal(t, s.PID, syscall.SIGKILL)
		await(t, h, "p", func(now pluginhost.Status) bool { return now.Restarts >= s.Restarts+n })
		if err := os.Remove(broken); err != nil {
			t.Fatal(err)
		}
		await(t, h, "p", in(pluginhost.Serving))
	}
	crash(5)
	files, goroutines := count(t, "/proc/self/fd"), runtime.NumGoroutine()
	t.Cleanup(func() {
		if t.Failed() {
			stacks := make([]byte, 1<<20)
			t.Logf("%d files after %d, %d goroutines after %d:\n%s", count(t, "/proc/self/fd"), files, runtime.NumGoroutine(), goroutines, stacks[:runtime.Stack(stacks, true)])
		}
	})
	crash(15)
	fail(85)
	// What is left of one crash would be left of all of them.
	awaitTrue(t, h, func() bool { return count(t, "/proc/self/fd") < files+10 && runtime.NumGoroutine() < goroutines+10 })
	if sockets := count(t, run); sockets != 1 {
		t.Errorf("%d folders with sockets, want that of the process that runs", sockets)
	}
	t.Logf("%d files, %d goroutines after 5 crashes; %d, %d after 105, most of them at the start", files, goroutines, count(t, "/proc/self/fd"), runtime.NumGoroutine())
}

func count(t *testing.T, dir string) int {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}
