package pluginhost

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

func TestAPluginOutlivesTheThreadThatWantedItStarted(t *testing.T) {
	t.Parallel()
	s := newSpawner()
	defer s.close()
	cat := exec.Command("cat")
	cat.SysProcAttr = processAttributes()
	in, err := cat.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cat.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	thread, started := make(chan int, 1), make(chan error, 1)
	var onItsOwn func()
	onItsOwn = func() {
		runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
		if unix.Gettid() == os.Getpid() {
			go onItsOwn() // on another: the main thread never ends
			return
		}
		started <- s.start(cat)
		thread <- unix.Gettid()
	}
	go onItsOwn()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	for id := <-thread; ; {
		if _, err := os.Stat(fmt.Sprintf("/proc/self/task/%d", id)); err != nil {
			break
		}
		runtime.Gosched()
	}
	if _, err := io.WriteString(in, "here\n"); err != nil {
		t.Error(err)
	}
	if got, err := bufio.NewReader(out).ReadString('\n'); got != "here\n" {
		t.Errorf("it says %q, %v", got, err)
	}
	in.Close()
	if err := cat.Wait(); err != nil {
		t.Error(err)
	}
}
