package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// server is an xrm serve that runs.
type server struct {
	url, key string
	took     time.Duration // until it was ready
	cmd      *exec.Cmd
	log      string // the file with what it has said
	ended    chan struct{}
}

var readyLine = regexp.MustCompile(`GraphQL +(http://[^/\s]+)/graphql`)

// start runs a program on a port of its own until it is ready, with a folder of
// its own and nothing of the settings that hold here.
func start(ctx context.Context, program, dir string, flags ...string) (*server, error) {
	plugins := filepath.Join(dir, "plugins")
	if err := os.MkdirAll(plugins, 0o700); err != nil {
		return nil, err
	}
	s := &server{log: filepath.Join(dir, "log"), ended: make(chan struct{})}
	log, err := os.Create(s.log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	data := filepath.Join(dir, "data")
	s.cmd = exec.Command(program, append([]string{"serve", "--listen", "127.0.0.1:0", "--data", data, "--plugins", plugins}, flags...)...)
	s.cmd.Dir, s.cmd.Stderr = dir, log
	s.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "XRM_LOG_LEVEL=warn"}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	said := make(chan string, 1)
	go s.listen(out, said)
	select {
	case s.url = <-said:
		s.took = time.Since(began)
	case <-s.ended:
	case <-time.After(time.Minute):
	case <-ctx.Done():
	}
	key, err := os.ReadFile(filepath.Join(data, "admin.key"))
	if s.url == "" || err != nil {
		text, _ := os.ReadFile(s.log) // there may be nothing in it
		return nil, errors.Join(fmt.Errorf("%s does not get ready: %s", program, text), err, s.stop())
	}
	s.key = strings.TrimSpace(string(key))
	return s, nil
}

// listen reads where the server is to be found, and everything else away.
func (s *server) listen(out io.Reader, said chan<- string) {
	defer close(s.ended)
	var text strings.Builder
	buffer := make([]byte, 4096)
	for found := false; ; {
		n, err := out.Read(buffer)
		if text.Write(buffer[:n]); !found {
			if line := readyLine.FindStringSubmatch(text.String()); line != nil {
				found = true
				said <- line[1]
			}
		}
		if err != nil {
			_ = s.cmd.Wait() // how it ended matters to nobody
			return
		}
	}
}

// stop ends the server, at once if it does not do so by itself.
func (s *server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-s.ended:
	case <-time.After(15 * time.Second):
		_ = s.cmd.Process.Kill() // it may have ended in this moment
		<-s.ended
	}
	return nil
}
