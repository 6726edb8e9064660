package conformance

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is a plugin that was started, and what it has printed.
type process struct {
	cmd    *exec.Cmd
	hello  chan string   // the first line on standard output; closed when there is none
	exited chan struct{} // closed when it has ended

	mu     sync.Mutex
	babble string   // the first line on standard output after the handshake
	stderr []string // the last lines
}

// maxStderr is how many lines of standard error an explanation may have.
const maxStderr = 12

// launch starts the program with an environment of ours, beside what every
// plugin gets to see.
func launch(p Program, environ ...string) (*process, error) {
	r := &process{cmd: p.command(), hello: make(chan string, 1), exited: make(chan struct{})}
	for _, name := range []string{"PATH", "LANG", "TZ", "TMPDIR"} {
		if value, ok := os.LookupEnv(name); ok {
			environ = append(environ, name+"="+value)
		}
	}
	r.cmd.Env = environ
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that all of it can be ended
	stdout, stdoutWriter, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start the plugin: %w", err)
	}
	stderr, stderrWriter, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start the plugin: %w", errors.Join(err, stdout.Close(), stdoutWriter.Close()))
	}
	r.cmd.Stdout, r.cmd.Stderr = stdoutWriter, stderrWriter
	err = r.cmd.Start()
	stdoutWriter.Close()
	stderrWriter.Close()
	if err != nil {
		return nil, fmt.Errorf("start the plugin: %w", errors.Join(err, stdout.Close(), stderr.Close()))
	}
	var reading sync.WaitGroup
	reading.Go(func() { r.readStdout(stdout) })
	reading.Go(func() { eachLine(bufio.NewReader(stderr), r.addStderr) })
	go func() {
		_ = r.cmd.Wait() // how it ended is in cmd.ProcessState
		for _, pipe := range []*os.File{stdout, stderr} {
			_ = pipe.SetReadDeadline(time.Now().Add(100 * time.Millisecond)) // a descendant may hold it open
		}
		reading.Wait()
		stdout.Close()
		stderr.Close()
		close(r.exited)
	}()
	return r, nil
}

func (r *process) readStdout(stdout io.Reader) {
	lines := bufio.NewReader(stdout)
	first, err := lines.ReadString('\n')
	if err == nil {
		r.hello <- strings.TrimSuffix(first, "\n")
	}
	close(r.hello)
	eachLine(lines, func(line string) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.babble == "" {
			r.babble = line
		}
	})
}

// eachLine reads all that there is, however long a line may be.
func eachLine(lines *bufio.Reader, f func(string)) {
	for {
		line, more, err := lines.ReadLine()
		if err != nil {
			return
		}
		text := strings.ToValidUTF8(string(line), "\uFFFD")
		for more && err == nil {
			_, more, err = lines.ReadLine()
		}
		f(text)
	}
}

func (r *process) addStderr(line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stderr = append(r.stderr, line)
	r.stderr = r.stderr[max(0, len(r.stderr)-maxStderr):]
}

// words are the last that it printed on standard error.
func (r *process) words() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.stderr, "\n")
}

// printed is the first line on standard output that should not be there.
func (r *process) printed() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.babble
}

func (r *process) running() bool {
	select {
	case <-r.exited:
		return false
	default:
		return true
	}
}

// endsWithin says whether the process is over before the time is.
func (r *process) endsWithin(d time.Duration) bool {
	select {
	case <-r.exited:
		return true
	case <-time.After(d):
		return false
	}
}

// kill ends the process and all that it has started.
func (r *process) kill() {
	_ = syscall.Kill(-r.cmd.Process.Pid, syscall.SIGKILL) // there may be nothing left
	<-r.exited
}

// fate says how a process has ended, with its last words.
func (r *process) fate() error {
	<-r.exited
	if words := r.words(); words != "" {
		return fmt.Errorf("the process ended: %s\n%s", r.cmd.ProcessState, words)
	}
	return fmt.Errorf("the process ended: %s", r.cmd.ProcessState)
}
