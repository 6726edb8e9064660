package pluginhost_test

import (
	"bufio"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestPluginsDieWithTheHost(t *testing.T) {
	t.Parallel()
	diesWithTheHost(t, "XRM_TEST_HOST="+install(t, "good"))
}

// diesWithTheHost kills a host, which the environment describes.
func diesWithTheHost(t *testing.T, environ ...string) {
	t.Helper()
	host := exec.Command(os.Args[0])
	host.Env = append(os.Environ(), environ...)
	out, err := host.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	pid, _ := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || pid == 0 {
		t.Fatalf("the host said %q, %v; want the process id of its plugin", line, err)
	}
	plugin, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(plugin)
	if err := host.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = host.Wait()
	ended, err := unix.Poll([]unix.PollFd{{Fd: int32(plugin), Events: unix.POLLIN}}, 10_000)
	if ended != 1 {
		t.Errorf("the plugin lives on after its host was killed: %d, %v", ended, err)
	}
}
