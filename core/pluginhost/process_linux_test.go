package pluginhost_test

import (
	"bufio"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/openxrm/xrm/core/pluginhost"
	"golang.org/x/sys/unix"
)

func TestPluginsDieWithTheHost(t *testing.T) {
	t.Parallel()
	diesWithTheHost(t, "XRM_TEST_HOST="+install(t, "good"))
}

// diesWithTheHost kills a host, which the environment describes.
func diesWithTheHost(t *testing.T, environ ...string) {
	t.Helper()
	host, pid := elsewhere(t, environ...)
	plugin := open(t, pid)
	kill(t, host)
	if !ends(plugin) {
		t.Error("the plugin lives on after its host was killed")
	}
}

func TestWhatAPluginStartedEndsWithIt(t *testing.T) {
	t.Parallel()
	run := shortDir(t)
	h := serving(t, "grandchild", pluginhost.Config{RunDir: run, MinBackoff: time.Hour, MaxBackoff: time.Hour})
	child := open(t, startedIn(t, run))
	signal(t, h.Plugins()[0].PID, unix.SIGKILL)
	if !ends(child) {
		t.Error("what the plugin has started, in a group of its own, lives on without it")
	}
}

// startedIn is the process id of what the plugin "grandchild" has started.
func startedIn(t *testing.T, run string) int {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(run, "plugin-dir*", "grandchild"))
	if len(files) != 1 {
		t.Fatalf("grandchildren: %v, want one", files)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	return number(string(text))
}

func TestWhatAPluginStartedEndsWithTheNextHost(t *testing.T) {
	t.Setenv("TMPDIR", shortDir(t))
	host, pid := elsewhere(t, "XRM_TEST_HOST="+install(t, "grandchild"))
	plugin, child := open(t, pid), open(t, startedIn(t, filepath.Join(os.TempDir(), "xrm-*")))
	kill(t, host)
	if !ends(plugin) {
		t.Error("the plugin lives on after its host was killed")
	}
	start(t, pluginhost.Config{})
	if !ends(child) {
		t.Error("what the plugin has started lives on beside the next host")
	}
}

func TestAProgramThatTheKernelRefusesLeavesNothing(t *testing.T) {
	t.Parallel()
	run, dir := shortDir(t), install(t, "hollow")
	write(t, filepath.Join(dir, "hollow", "hollow"), elfHeader(map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}[runtime.GOARCH]))
	h := start(t, pluginhost.Config{Dir: dir, RunDir: run, MinBackoff: time.Hour, MaxBackoff: time.Hour})
	got := await(t, h, "hollow", func(s pluginhost.Status) bool { return s.LastError != "" })
	if got.State != pluginhost.Backoff || !strings.HasSuffix(got.LastError, ": exec format error") {
		t.Errorf("%s, LastError = %s", got.State, got.LastError)
	}
	if left := count(t, run); left != 0 {
		t.Errorf("%d folders for sockets are left, want none", left)
	}
}

// elsewhere starts a host in a process of its own, which the environment
// describes, and returns the process id of its plugin, too.
func elsewhere(t *testing.T, environ ...string) (host *exec.Cmd, plugin int) {
	t.Helper()
	host = exec.Command(os.Args[0])
	host.Env = append(os.Environ(), environ...)
	out, err := host.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if plugin = number(line); err != nil || plugin == 0 {
		t.Fatalf("the host said %q, %v; want the process id of its plugin", line, err)
	}
	return host, plugin
}

func kill(t *testing.T, host *exec.Cmd) {
	t.Helper()
	if err := host.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = host.Wait()
}

// open returns a file that stands for a process.
func open(t *testing.T, pid int) (process int) {
	t.Helper()
	process, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatalf("process %d: %v", pid, err)
	}
	t.Cleanup(func() { unix.Close(process) })
	return process
}

// ends says whether a process ends within ten seconds.
func ends(process int) bool {
	n, _ := unix.Poll([]unix.PollFd{{Fd: int32(process), Events: unix.POLLIN}}, 10_000)
	return n == 1
}
