package pluginhost_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	landlock "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"github.com/openxrm/xrm/core/pluginhost"
)

// own puts a plugin into a directory whose program is the test binary itself:
// in a sandbox a script could not reach it.
func own(t testing.TB, dir, more string) {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "p"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(binary, filepath.Join(dir, "p", "works")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "p", "plugin.yaml"), "name: p\nversion: 1.0.0\nprotocol: 1\nexecutable: works\n"+more)
}

func shim(t *testing.T) []string {
	t.Helper()
	return []string{"/proc/self/exe", shimWord}
}

func TestAPluginReachesOnlyWhatItWasGranted(t *testing.T) {
	abi, err := landlock.LandlockGetABIVersion()
	if err != nil || abi < 1 {
		t.Skip("the kernel has no Landlock")
	}
	open, closed := listener(t), listener(t)
	_, port, _ := net.SplitHostPort(open)
	dir, granted, secret, kept := t.TempDir(), t.TempDir(), t.TempDir(), t.TempDir()
	write(t, filepath.Join(secret, "key"), "s3cr3t")
	own(t, dir, "needs: {connect: ["+port+"], files: ["+granted+"]}\n")
	h := start(t, pluginhost.Config{Dir: dir, CacheDir: kept, Shim: shim(t), StartTimeout: time.Minute})
	await(t, h, "p", in(pluginhost.Serving))
	state := must(t, h, "environment STATE_DIRECTORY")
	const denied, refused = "permission denied", "operation not permitted"
	tests := map[string]struct {
		job, want string // how what it says ends
		abi       int    // since which version of Landlock
	}{
		"its own manifest":             {"read plugin.yaml", "ok", 0},
		"its own folder":               {"write plugin.yaml", denied, 1},
		"its state":                    {"write " + state + "/x", "ok", 0},
		"the folders of its state":     {"move " + state, "ok", 2},
		"temporary files":              {"write " + must(t, h, "environment TMPDIR") + "/x", "ok", 0},
		"a folder that it was granted": {"write " + granted + "/x", "ok", 0},
		"another folder":               {"read " + secret + "/key", denied, 1},
		"what the host keeps":          {"list " + kept, denied, 1},
		"the certificates":             {"list /etc/ssl", "ok", 0},
		"the system's programs":        {"write /usr/bin/xrm-test", denied, 1},
		"the host's environment":       {fmt.Sprintf("read /proc/%d/environ", os.Getpid()), denied, 1},
		"the host's memory":            {fmt.Sprintf("read /proc/%d/maps", os.Getpid()), denied, 1},
		"its own process":              {"read /proc/self/status", "ok", 0},
		"a port that it was granted":   {"dial " + open, "ok", 0},
		"another port":                 {"dial " + closed, denied, 4},
		"a signal to the host":         {fmt.Sprintf("signal %d", os.Getpid()), refused, 6},
		"open files":                   {"files", "4096", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if abi < tt.abi {
				t.Skipf("the kernel has version %d of Landlock, this came with %d", abi, tt.abi)
			}
			if got := must(t, h, tt.job); !strings.HasSuffix(got, tt.want) {
				t.Errorf("%s: %s; want %s", tt.job, got, tt.want)
			}
		})
	}
}

func listener(t *testing.T) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

func TestAPluginInASandboxDiesWithTheHostToo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	own(t, dir, "")
	diesWithTheHost(t, "XRM_TEST_HOST="+dir, "XRM_TEST_SHIM=1")
}

func TestAProgramThatTheSandboxCannotRunSaysWhy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, "works", "1.0.0", "") // a script that wants to run the test binary where it lies
	h := start(t, pluginhost.Config{Dir: dir, Shim: shim(t)})
	got := await(t, h, "p", func(s pluginhost.Status) bool { return s.LastError != "" })
	if !strings.HasPrefix(got.LastError, "start: its process ended: exit status 126\n") || !strings.Contains(got.LastError, "Permission denied") {
		t.Errorf("LastError = %s", got.LastError)
	}
}

func TestThePanicOfAPluginIsKept(t *testing.T) {
	t.Parallel()
	h, _ := working(t, pluginhost.Config{})
	if _, err := does(t.Context(), t, h, "work", "panic out of luck"); err == nil {
		t.Error("the plugin did not panic")
	}
	got := await(t, h, "p", func(s pluginhost.Status) bool { return s.State == pluginhost.Serving && s.Restarts == 1 })
	first, _ := bufio.NewReader(strings.NewReader(got.Panic)).ReadString('\n')
	if first != "panic: out of luck\n" || !strings.Contains(got.Panic, "goroutine ") {
		t.Errorf("Panic = %s", got.Panic)
	}
}

func BenchmarkStart(b *testing.B) {
	for name, shim := range map[string][]string{"bare": nil, "sandbox": {"/proc/self/exe", shimWord}} {
		b.Run(name, func(b *testing.B) {
			dir, kept := b.TempDir(), b.TempDir()
			own(b, dir, "")
			var starting time.Duration
			for range b.N {
				h, err := begin(pluginhost.Config{Dir: dir, CacheDir: kept, Trust: pluginhost.TrustAny, Shim: shim})
				if err != nil {
					b.Fatal(err)
				}
				err = h.Wait(b.Context(), func(all []pluginhost.Status) bool { return all[0].State == pluginhost.Starting })
				began := time.Now()
				if err == nil {
					err = h.Wait(b.Context(), func(all []pluginhost.Status) bool { return all[0].State == pluginhost.Serving })
				}
				if err != nil {
					b.Fatal(err)
				}
				starting += time.Since(began)
				if err := h.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(starting.Microseconds())/float64(b.N)/1000, "ms/start")
		})
	}
}
