package conformance

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/openxrm/xrm/sdk/pluginpb"
)

const (
	stopPatience = 2 * time.Second // what the host allows after Shutdown
	losePatience = 5 * time.Second // for a plugin that has lost its host
)

func endChecks() []check {
	return []check{
		{
			name: "keeps its lifeline", expected: "Watch is still open after all these calls",
			remedy: "keep the stream of Watch open until the host ends it",
			run:    keepsItsLifeline,
		},
		{
			name: "keeps standard output clean", expected: "nothing after the handshake",
			remedy: "move file descriptor 1 away before anything can print; standard error is the log",
			run:    printsNothing,
		},
		{
			name: "runs beside itself", expected: "a second process starts while the first one runs, as it does for an upgrade",
			remedy: "share no port and no lock between processes, or say exclusive: true in plugin.yaml",
			run:    runsBesideItself,
		},
		{
			name: "drains", expected: "Drain returns once the running calls have ended, and not before",
			remedy: "count the calls that run, and let Drain wait for none",
			run:    drains,
		},
		{
			name: "shuts down", expected: "the process ends within " + stopPatience.String() + " of plugin.GRPCController/Shutdown",
			remedy: "serve plugin.GRPCController, and let Shutdown end the process",
			run:    shutsDown,
		},
		{
			name: "leaves nothing running", expected: "no process of its group lives on after it",
			remedy: "wait for the processes that the plugin starts, and end them",
			run:    leavesNothing,
		},
		{
			name: "ends with its lifeline", expected: "the process ends within " + losePatience.String() + " of the end of Watch",
			remedy: "end the process when the context of Watch ends",
			run: func(ctx context.Context, b *bench) error {
				return b.loses(ctx, func(l *link) { l.cut() })
			},
		},
		{
			name: "ends with its host", expected: "the process ends within " + losePatience.String() + " of the end of the connection",
			remedy: "end the process when the context of Watch ends",
			run: func(ctx context.Context, b *bench) error {
				return b.loses(ctx, func(l *link) { _ = l.conn.Close() })
			},
		},
	}
}

func keepsItsLifeline(ctx context.Context, b *bench) error {
	l, err := b.plugin(ctx)
	if err != nil {
		return err
	}
	return l.alive()
}

func printsNothing(ctx context.Context, b *bench) error {
	l, err := b.plugin(ctx)
	if err != nil {
		return err
	}
	if line := l.process.printed(); line != "" {
		return fmt.Errorf("%.200q", line)
	}
	return nil
}

func runsBesideItself(ctx context.Context, b *bench) error {
	if _, err := b.plugin(ctx); err != nil {
		return err
	}
	if b.program.Exclusive {
		b.main.close()
		b.main = nil
	}
	var err error
	if b.second, err = b.start(ctx); err == nil && b.program.Exclusive {
		err = inapplicable("plugin.yaml says exclusive: true")
	}
	return err
}

// stopping returns the process that the checks of the end have to themselves.
func (b *bench) stopping() (*link, error) {
	if b.second == nil {
		return nil, notStarted
	}
	return b.second, nil
}

func drains(ctx context.Context, b *bench) error {
	l, err := b.stopping()
	if err != nil {
		return err
	}
	drained := make(chan error, 1)
	drain := func() {
		_, err := l.plugin.Drain(ctx, &pluginpb.DrainRequest{})
		drained <- err
	}
	if b.talkative != nil {
		hold := b.host.stall()
		defer b.host.release()
		answered := make(chan error, 1)
		go func() {
			_, err := b.call(ctx, l, *b.talkative)
			answered <- err
		}()
		select {
		case <-hold.waiting:
		case err := <-answered:
			return errors.Join(fmt.Errorf("%s %s was answered without a callback this time", b.talkative.kind, b.talkative.name), err)
		}
		go drain()
		select {
		case err := <-drained:
			return errors.Join(fmt.Errorf("%s %s still ran when Drain returned", b.talkative.kind, b.talkative.name), err)
		case <-time.After(300 * time.Millisecond):
		}
		b.host.release()
		if err := <-answered; brokenOff(err) {
			return fmt.Errorf("%s %s broke off: %w", b.talkative.kind, b.talkative.name, err)
		}
	} else {
		go drain()
	}
	select {
	case err := <-drained:
		return err
	case <-time.After(stopPatience):
		return fmt.Errorf("no answer within %s, though no call runs", stopPatience)
	}
}

func shutsDown(ctx context.Context, b *bench) error {
	l, err := b.stopping()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, stopPatience)
	defer cancel()
	err = l.shutdown(ctx)
	if !l.process.endsWithin(stopPatience) {
		return errors.Join(fmt.Errorf("it still runs after %s", stopPatience), err)
	}
	return nil // a process that ends may break off its answer
}

func leavesNothing(_ context.Context, b *bench) error {
	l, err := b.stopping()
	if err != nil {
		return err
	}
	if l.process.running() {
		return inapplicable("the plugin does not shut down")
	}
	if err := syscall.Kill(-l.process.cmd.Process.Pid, 0); !errors.Is(err, syscall.ESRCH) {
		return errors.New("a process that it has started still runs")
	}
	return nil
}

// loses starts a process of its own and takes its host away.
func (b *bench) loses(ctx context.Context, lose func(*link)) error {
	if b.startErr != nil {
		return notStarted
	}
	l, err := b.start(ctx)
	if err != nil {
		return err
	}
	defer l.close()
	lose(l)
	if !l.process.endsWithin(losePatience) {
		return fmt.Errorf("it still runs after %s", losePatience)
	}
	return nil
}
