package plugintest

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Server is xrm itself, in a process of its own and with an empty database in
// memory, that runs the plugin under test. A test with it takes a second and
// sees what Host leaves out: roles and rights, and the API as clients know it.
type Server struct {
	t        testing.TB
	address  string
	adminKey string
	log      transcript
}

// NewServer builds the plugin whose package and plugin.yaml are in the folder of
// the test, and starts xrm with it until the test ends. xrm is the program that
// XRM_BIN names, or else the one in PATH, or else it is built, if the test is part of
// its module. Where there is none, the test is skipped.
func NewServer(t testing.TB) *Server {
	t.Helper()
	plugin, err := readManifest()
	if err != nil {
		t.Fatalf("%v; NewServer builds the plugin in the folder of the test", err)
	}
	s := &Server{t: t, log: transcript{printed: make(chan struct{}, 1)}}
	xrm, data, plugins := findXRM(t), t.TempDir(), t.TempDir()
	installPlugin(t, plugins, plugin)
	ctx, stop := context.WithCancel(context.Background())
	server := exec.CommandContext(ctx, xrm, "serve", "--listen", "127.0.0.1:0", "--store", "memory", "--data", data, "--plugins", plugins)
	server.Env = append(environment(), "XRM_TIMEOUT_PLUGIN="+patience.String(), "XRM_TRUST=any")
	server.Stdout, server.Stderr = &s.log, &s.log
	server.Cancel = func() error { return server.Process.Signal(syscall.SIGTERM) }
	server.WaitDelay = patience
	if err := server.Start(); err != nil {
		stop()
		t.Fatalf("start %s: %v", xrm, err)
	}
	ended := make(chan struct{})
	go func() {
		_ = server.Wait() // what it had to say is in its log
		close(ended)
	}()
	t.Cleanup(func() {
		stop()
		<-ended
		if t.Failed() {
			t.Logf("xrm printed\n%s", s.log.String())
		}
	})
	s.awaitReady(plugin.Name, ended)
	key, err := os.ReadFile(filepath.Join(data, "admin.key"))
	if err != nil {
		t.Fatalf("read the administrator's key: %v", err)
	}
	s.adminKey = strings.TrimSpace(string(key))
	return s
}

// patience is how long a server may take for a step on a busy machine.
const patience = 30 * time.Second

var (
	listening = regexp.MustCompile(`msg=listening address=(\S+)`)
	ready     = regexp.MustCompile(`(?m)^xrm is ready after`)
)

// awaitReady returns when the server and the plugin are ready.
func (s *Server) awaitReady(plugin string, ended <-chan struct{}) {
	s.t.Helper()
	timeout := time.After(2 * patience)
	for !ready.MatchString(s.log.String()) {
		select {
		case <-s.log.printed:
		case <-ended:
			s.t.Fatalf("xrm ended before it was ready:\n%s", s.log.String())
		case <-timeout:
			s.t.Fatalf("after %s xrm is not ready:\n%s", 2*patience, s.log.String())
		}
	}
	text := s.log.String()
	s.address = listening.FindStringSubmatch(text)[1]
	line := regexp.MustCompile(`(?m)^  plugin   ` + regexp.QuoteMeta(plugin) + ` .*$`).FindString(text)
	if !strings.HasSuffix(line, ": SERVING") {
		s.t.Fatalf("the plugin does not run: %s", strings.TrimPrefix(strings.TrimSpace(line), "plugin   "))
	}
}

// As returns a client with a key of its own that has these roles.
func (s *Server) As(role string, more ...string) *Client {
	s.t.Helper()
	var made struct{ CreateAPIKey struct{ Secret string } }
	err := s.client(s.adminKey).Query(`mutation ($roles: [String!]!) { createApiKey(roles: $roles) { secret } }`, map[string]any{"roles": append([]string{role}, more...)}, &made)
	if err != nil {
		s.t.Fatalf("make a key: %v", err)
	}
	return s.client(made.CreateAPIKey.Secret)
}

func (s *Server) client(key string) *Client {
	return &Client{t: s.t, url: "http://" + s.address + "/graphql", key: key}
}

// environment is that of the test without settings of xrm.
func environment() []string {
	var kept []string
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "XRM_") {
			kept = append(kept, variable)
		}
	}
	return kept
}

// installPlugin builds the plugin of the test's folder into a folder of its own.
func installPlugin(t testing.TB, plugins string, m manifest) {
	t.Helper()
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(plugins, m.Name)
	for name, from := range map[string]string{manifestFile: manifestFile, m.Executable: build(t, here, ".", m.Name)} {
		if err := copyFile(filepath.Join(folder, name), from); err != nil {
			t.Fatalf("install the plugin: %v", err)
		}
	}
}

func copyFile(to, from string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o700)
}

// transcript is what the server has printed so far.
type transcript struct {
	mu      sync.Mutex
	text    bytes.Buffer
	printed chan struct{} // holds a token when there is more to look at
}

func (s *transcript) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case s.printed <- struct{}{}:
	default:
	}
	return s.text.Write(p)
}

func (s *transcript) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}
