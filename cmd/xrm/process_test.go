package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/openxrm/xrm/cmd/xrm/client"
)

// patience is how long a test waits for what must happen; on a busy machine it
// can take a while.
const patience = 3 * time.Minute

// transcript is what a process has printed so far.
type transcript struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{} // closed by the next Write
}

func newTranscript() *transcript { return &transcript{changed: make(chan struct{})} }

func (s *transcript) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.changed)
	s.changed = make(chan struct{})
	return s.text.Write(p)
}

func (s *transcript) look() (string, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String(), s.changed
}

func (s *transcript) String() string {
	text, _ := s.look()
	return text
}

// process is `xrm serve` in a process of its own.
type process struct {
	running
	t        testing.TB
	cmd      *exec.Cmd
	out, log *transcript
	ended    chan struct{}
}

// programmed is the test binary as the program, with nothing of the test's own
// environment that the program would heed.
func programmed(ctx context.Context, t testing.TB, environ []string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Env = append([]string{asProgram + "=1", "GORACE=atexit_sleep_ms=0", "PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.Getenv("TMPDIR")}, environ...)
	cmd.WaitDelay = patience
	return cmd
}

// spawn starts a server on a free port and returns when it listens. The server
// is killed when the test ends.
func spawn(t testing.TB, data string, environ []string, flags ...string) *process {
	t.Helper()
	return spawnProgram(t, "", data, environ, flags...)
}

// spawnProgram is spawn for a program that was built apart; "" is the test's own.
func spawnProgram(t testing.TB, program, data string, environ []string, flags ...string) *process {
	t.Helper()
	p := &process{t: t, out: newTranscript(), log: newTranscript(), ended: make(chan struct{})}
	args := append([]string{"serve", "--listen", "127.0.0.1:0", "--data", data, "--plugins", t.TempDir(), "--trust", "any"}, flags...)
	p.cmd = programmed(context.Background(), t, environ, args...)
	if program != "" {
		p.cmd.Path = program
	}
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // how it ended stands in ProcessState
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("the server printed\n%s\nand logged\n%s", p.out, p.log)
		}
	})
	p.running = running{data: data, url: "http://" + p.await(p.log, `msg=listening address=(\S+)`)[1]}
	return p
}

// ready returns when the server says that it is.
func (p *process) ready() *process {
	p.t.Helper()
	p.await(p.out, `xrm is ready after \d+ ms`)
	return p
}

// await returns the first match once it is printed.
func (p *process) await(s *transcript, pattern string) []string {
	p.t.Helper()
	expression, timeout := regexp.MustCompile(pattern), time.After(patience)
	for {
		text, changed := s.look()
		if match := expression.FindStringSubmatch(text); match != nil {
			return match
		}
		select {
		case <-changed:
		case <-p.ended:
			if match := expression.FindStringSubmatch(s.String()); match != nil {
				return match
			}
			p.t.Fatalf("the server ended (%s) and never said %s", p.cmd.ProcessState, pattern)
		case <-timeout:
			p.t.Fatalf("after %s the server has not said %s", patience, pattern)
		}
	}
}

// stop asks the server to end, and wants it to do so in peace.
func (p *process) stop() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	if status := p.status(); status != 0 {
		p.t.Errorf("the server that was told to stop ended with status %d", status)
	}
}

// kill ends the server at once, whatever it is doing.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended already
	p.status()
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// pause stops the server, which goes on with SIGCONT, and returns when none of its
// threads runs any more.
func (p *process) pause() {
	p.t.Helper()
	p.signal(syscall.SIGSTOP)
	eventually(p.t, func() string {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", p.cmd.Process.Pid))
		if err != nil {
			p.t.Fatal(err)
		}
		for _, thread := range threads {
			stat, err := os.ReadFile(thread)
			if _, state, _ := strings.Cut(string(stat), ") "); err == nil && !strings.HasPrefix(state, "T") {
				return thread + " runs: " + string(stat)
			}
		}
		return ""
	})
}

// status waits for the end of the process.
func (p *process) status() int {
	p.t.Helper()
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		p.t.Fatalf("after %s the server still runs", patience)
		return 0
	}
}

// ask sends a query as the administrator. Its errors are those of the client.
func (p *process) ask(query string, variables map[string]any, into any) error {
	p.t.Helper()
	key, err := readKey(Config{Data: p.data}, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.askWith(key, query, variables, into)
}

func (p *process) askWith(key, query string, variables map[string]any, into any) error {
	c := client.Client{Server: p.url, Key: key, HTTP: http.DefaultClient}
	return c.Send(p.t.Context(), client.Request{Query: query, Variables: variables}, into)
}

// must is ask for what has to succeed. It returns the data of the answer.
func (p *process) must(query string, variables map[string]any) string {
	p.t.Helper()
	var data rawText
	if err := p.ask(query, variables, &data); err != nil {
		p.t.Fatalf("%s: %v", query, err)
	}
	return string(data)
}

// rawText keeps JSON as it came.
type rawText string

func (r *rawText) UnmarshalJSON(data []byte) error {
	*r = rawText(data)
	return nil
}

// refusal is what a user reads of an error: its code and sentence, and the
// violations.
func refusal(err error) string {
	var all client.Errors
	if !errors.As(err, &all) {
		if err == nil {
			return "no error"
		}
		return err.Error()
	}
	lines := make([]string, len(all))
	for i, e := range all {
		lines[i] = e.Extensions.Code + " " + client.Errors{e}.Error()
	}
	return strings.Join(lines, "\n")
}

// get asks for a path and returns the status and the body.
func (p *process) get(path string) (status int, body string) {
	p.t.Helper()
	response, err := http.Get(p.url + path)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// eventually tries until there is nothing left to complain about.
func eventually(t testing.TB, complaint func() string) {
	t.Helper()
	tries := time.NewTicker(20 * time.Millisecond)
	defer tries.Stop()
	timeout := time.After(patience)
	for {
		said := complaint()
		if said == "" {
			return
		}
		select {
		case <-tries.C:
		case <-timeout:
			t.Fatalf("after %s still: %s", patience, said)
		}
	}
}
