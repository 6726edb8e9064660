package pluginhost

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hashicorp/go-plugin/runner"
)

// process runs a plugin for go-plugin. It reads the plugin's output itself,
// because go-plugin panics on some lines, stops reading on others and, as
// long as a grandchild holds a pipe, does not notice that a plugin has died.
type process struct {
	*release
	state  string   // the folder that it may write to
	shim   []string // what starts it
	cmd    *exec.Cmd
	dir    string // where the socket must be
	spawn  *spawner
	log    *slog.Logger
	flood  flood
	stderr tail

	hello       *io.PipeReader // the handshake, for go-plugin
	helloWriter *io.PipeWriter
	socket      socket // of the plugin
	pid         atomic.Int64
	exited      chan struct{} // closed when all is over and read

	mu       sync.Mutex
	ended    bool  // its process id may belong to somebody else
	helloErr error // what is wrong with the handshake
	byUs     bool  // we killed it
	killed   error // why, if there is more to say
}

var _ runner.Runner = (*process)(nil)

// newProcess prepares what a release is executed with. state is the folder that
// it may write to; shim is as in Config.
func newProcess(r *release, state string, shim []string, spawn *spawner, log *slog.Logger) *process {
	p := &process{release: r, state: state, shim: shim, spawn: spawn, log: log, exited: make(chan struct{})}
	p.hello, p.helloWriter = io.Pipe()
	return p
}

// prepare takes the environment that go-plugin wants the plugin to have, and
// adds of ours only what says nothing about this installation.
func (p *process) prepare(spec *exec.Cmd, dir string) {
	p.dir = dir
	argv := p.program.command(p.manifest.Dir)
	if len(p.shim) > 0 {
		argv = slices.Concat(p.shim, p.sandbox().arguments(argv))
	}
	p.cmd = exec.Command(argv[0], argv[1:]...)
	p.cmd.Dir = p.manifest.Dir
	p.cmd.SysProcAttr = processAttributes()
	p.cmd.Env = append(spec.Env, "TMPDIR="+dir, "STATE_DIRECTORY="+p.state)
	for _, name := range []string{"PATH", "LANG", "TZ"} {
		if value, ok := os.LookupEnv(name); ok {
			p.cmd.Env = append(p.cmd.Env, name+"="+value)
		}
	}
	if limit := p.terms.Limits.Memory; limit != "" {
		p.cmd.Env = append(p.cmd.Env, "GOMEMLIMIT="+string(limit))
	}
}

// Start implements runner.Runner.
func (p *process) Start(context.Context) error {
	stdout, stdoutWriter, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("start %s: %w", p.cmd.Path, err)
	}
	stderr, stderrWriter, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("start %s: %w", p.cmd.Path, errors.Join(err, stdout.Close(), stdoutWriter.Close()))
	}
	p.cmd.Stdout, p.cmd.Stderr = stdoutWriter, stderrWriter
	err = p.spawn.start(p.cmd)
	err = errors.Join(err, stdoutWriter.Close(), stderrWriter.Close())
	if err != nil {
		return fmt.Errorf("start %s: %w", p.cmd.Path, errors.Join(err, stdout.Close(), stderr.Close()))
	}
	p.mu.Lock()
	p.pid.Store(int64(p.cmd.Process.Pid))
	if p.byUs { // before it ran
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	}
	p.mu.Unlock()
	var reading sync.WaitGroup
	reading.Go(func() { p.readStdout(stdout) })
	reading.Go(func() {
		eachLine(stderr, func(line string) {
			p.stderr.add(line)
			if p.flood.admits(p.log, time.Now()) {
				p.log.Info("plugin: " + line)
			}
		})
	})
	go p.await(&reading, stdout, stderr)
	return nil
}

// readStdout hands the first line to go-plugin, and no other.
func (p *process) readStdout(stdout io.Reader) {
	lines := bufio.NewReaderSize(stdout, 64<<10)
	first, _, err := lines.ReadLine()
	if err == nil {
		line := strings.TrimSpace(string(first))
		if err = checkHello(line, p.dir); err == nil {
			_, _ = fmt.Fprintln(p.helloWriter, line) // go-plugin may have given up already
		} else {
			p.mu.Lock()
			p.helloErr = err
			p.mu.Unlock()
		}
	}
	p.helloWriter.CloseWithError(err)
	eachLine(lines, func(line string) {
		p.stderr.add(line)
		if p.flood.admits(p.log, time.Now()) {
			p.log.Warn("plugin printed on standard output, where only the handshake may be: " + line)
		}
	})
}

// await waits for the end of the process, takes its descendants down with it,
// and gives its last output a moment to be read.
func (p *process) await(reading *sync.WaitGroup, pipes ...*os.File) {
	reap(p.cmd, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.ended = true
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	})
	endLeft(p.dir) // of another group
	for _, pipe := range pipes {
		_ = pipe.SetReadDeadline(time.Now().Add(100 * time.Millisecond)) // a descendant that was not found may hold it open
	}
	reading.Wait()
	for _, pipe := range pipes {
		_ = pipe.Close()
	}
	close(p.exited)
}

// kill ends the process and its group at once, also one that is just being
// started. The first reason is the one that fate gives.
func (p *process) kill(reason error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.byUs = true
	if p.killed == nil {
		p.killed = reason
	}
	if pid := int(p.pid.Load()); pid != 0 && !p.ended {
		_ = syscall.Kill(-pid, syscall.SIGKILL)
	}
}

// fate says why the process is no more, with its last words. It waits until
// the process has been reaped. err is what failed while it still ran, or nil.
func (p *process) fate(err error) error {
	<-p.exited
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.helloErr != nil:
		err = p.helloErr
	case p.killed != nil:
		err = p.killed
	case err == nil:
		err = fmt.Errorf("its process ended: %s", p.cmd.ProcessState)
		if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signal() == syscall.SIGKILL && p.byUs {
			err = errors.New("xrm ended its process")
		} else if ok && status.Signal() == syscall.SIGKILL {
			err = errors.New("its process was killed by SIGKILL, and not by xrm: perhaps the machine was out of memory")
		}
	}
	if words := p.stderr.String(); words != "" {
		return fmt.Errorf("%w\n%s", err, words)
	}
	return err
}

// lastMoment is how long the end of a process may come after that of its
// connection, on a machine that is busy. How it ended says more than that it broke.
const lastMoment = time.Second

// endsWithin says whether the process is over before the time is.
func (p *process) endsWithin(d time.Duration) bool {
	select {
	case <-p.exited:
		return true
	case <-time.After(d):
		return false
	}
}

// Wait implements runner.Runner.
func (p *process) Wait(context.Context) error {
	<-p.exited
	if !p.cmd.ProcessState.Success() {
		return errors.New(p.cmd.ProcessState.String())
	}
	return nil
}

// Kill implements runner.Runner.
func (p *process) Kill(context.Context) error {
	p.kill(nil)
	return nil
}

// Stdout implements runner.Runner.
func (p *process) Stdout() io.ReadCloser { return p.hello }

// Stderr implements runner.Runner: go-plugin gets to see nothing.
func (p *process) Stderr() io.ReadCloser { return io.NopCloser(strings.NewReader("")) }

// Name implements runner.Runner.
func (p *process) Name() string { return p.manifest.Name }

// ID implements runner.Runner.
func (p *process) ID() string {
	if pid := p.pid.Load(); pid != 0 {
		return strconv.FormatInt(pid, 10)
	}
	return ""
}

// Diagnose implements runner.Runner; what there is to say is in fate.
func (p *process) Diagnose(context.Context) string { return "" }

// PluginToHost implements runner.Runner.
func (p *process) PluginToHost(network, address string) (string, string, error) {
	if err := checkAddress(network, address, p.dir); err != nil {
		return "", "", err
	}
	address, err := p.socket.pin(address)
	if err != nil {
		p.mu.Lock()
		p.helloErr = err
		p.mu.Unlock()
	}
	return network, address, err
}

// HostToPlugin implements runner.Runner.
func (p *process) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}
