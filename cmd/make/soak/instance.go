package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// instance is a server that runs.
type instance struct {
	url   string
	cmd   *exec.Cmd
	ended chan struct{}
	began time.Time
}

// patience is how long a server may take to be ready, or to end in peace.
const patience = 2 * time.Minute

// start runs the n-th instance of a house and waits until it is ready.
func (h *house) start(ctx context.Context, n int) (*instance, error) {
	dir := filepath.Join(h.dir, strconv.Itoa(n))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	log, err := os.OpenFile(filepath.Join(dir, "log"), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	before, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	i := &instance{ended: make(chan struct{}), began: time.Now()}
	site := filepath.Join(h.dir, "site")
	args := []string{"serve", "--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "data"), "--plugins", h.plugins, "--trust", "any",
		"--entities", filepath.Join(site, "entities"), "--roles", filepath.Join(site, "roles")}
	i.cmd = exec.Command(h.program, args...)
	i.cmd.Stdout, i.cmd.Stderr = log, log
	i.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.TempDir(), "XRM_STORE=" + h.store}
	if h.store == "" {
		i.cmd.Env = i.cmd.Env[:3]
	}
	if err := i.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = i.cmd.Wait() // how it ended stands in ProcessState
		close(i.ended)
	}()
	for deadline := time.Now().Add(patience); ; {
		text, err := tail(log.Name(), before)
		if err != nil {
			return nil, errors.Join(err, i.end(syscall.SIGKILL))
		}
		if at := listening.FindStringSubmatch(text); at != nil {
			if i.url = "http://" + at[1]; i.isReady(ctx) {
				return i, nil
			}
		}
		select {
		case <-i.ended:
			return nil, fmt.Errorf("the server ended (%s):\n%s", i.cmd.ProcessState, text)
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), i.end(syscall.SIGKILL))
		case <-time.After(50 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return nil, errors.Join(fmt.Errorf("the server is not ready after %s:\n%s", patience, text), i.end(syscall.SIGKILL))
		}
	}
}

var listening = regexp.MustCompile(`msg=listening address=(\S+)`)

func tail(file string, from int64) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if _, err := f.Seek(from, io.SeekStart); err != nil {
		return "", err
	}
	text, err := io.ReadAll(f)
	return string(text), err
}

func (i *instance) isReady(ctx context.Context) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, i.url+"/readyz", nil)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// end sends a signal and waits until the server has gone.
func (i *instance) end(s syscall.Signal) error {
	if err := i.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-i.ended:
		return nil
	case <-time.After(patience):
		return errors.Join(fmt.Errorf("the server still runs %s after signal %s", patience, s), i.cmd.Process.Kill())
	}
}

// sample is what a server takes at a moment.
type sample struct {
	at         time.Time
	resident   int64 // bytes
	files      int64
	goroutines int64
}

var goroutines = regexp.MustCompile(`(?m)^go_goroutines (\d+)`)

// sample reads what the server takes, from the kernel and from its metrics.
func (i *instance) sample(ctx context.Context, key string) (sample, error) {
	s := sample{at: time.Now()}
	proc := fmt.Sprintf("/proc/%d", i.cmd.Process.Pid)
	pages, err := os.ReadFile(proc + "/statm")
	if err != nil {
		return s, err
	}
	if fields := strings.Fields(string(pages)); len(fields) > 1 {
		s.resident, _ = strconv.ParseInt(fields[1], 10, 64) // a number, says proc(5)
		s.resident *= int64(os.Getpagesize())
	}
	open, err := os.ReadDir(proc + "/fd")
	if err != nil {
		return s, err
	}
	s.files = int64(len(open))
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, i.url+"/metrics", nil)
	if err != nil {
		return s, err
	}
	request.Header.Set("Authorization", "Bearer "+key)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return s, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return s, err
	}
	if n := goroutines.FindSubmatch(text); n != nil {
		s.goroutines, _ = strconv.ParseInt(string(n[1]), 10, 64)
	}
	return s, nil
}
