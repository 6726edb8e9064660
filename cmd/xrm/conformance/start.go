package conformance

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

func startChecks() []check {
	return []check{
		{
			name:     "refuses to run by hand",
			expected: "without " + pluginpb.CookieKey + " in the environment it says on standard error what it is, and ends with a status other than 0",
			remedy:   "compare the environment with the cookie in sdk/pluginpb/handshake.go first of all",
			run:      refusesByHand,
		},
		{
			name:     "starts",
			expected: "handshake, the connection back and the first Health within " + startTimeout.String(),
			remedy:   "do what takes long after the first Health; sdk/ANY-LANGUAGE.md lists what belongs to a start",
			run:      starts,
		},
		{
			name:     "handshake",
			expected: "1|1|unix|PATH|grpc|CERTIFICATE as the first line of standard output",
			remedy:   "print this line only, and only once the server listens",
			run:      helloIsWellFormed,
		},
		{
			name:     "socket",
			expected: "a unix socket in PLUGIN_UNIX_SOCKET_DIR itself",
			remedy:   "make the socket in the folder of that variable, and not below it",
			run:      socketIsInside,
		},
		{
			name:     "certificate",
			expected: "DER in base64 without padding; for localhost, a CA, for server and client, valid now",
			remedy:   "make a new certificate at every start, as item 3 of \"How a plugin starts\" in sdk/ANY-LANGUAGE.md says",
			run:      certificateFits,
		},
		{
			name:     "refuses strangers",
			expected: "a client with another certificate than that of PLUGIN_CLIENT_CERT gets no answer",
			remedy:   "demand client certificates, and trust PLUGIN_CLIENT_CERT alone",
			run:      strangersAreRefused,
		},
		{
			name:     "health",
			expected: "grpc.health.v1.Health answers SERVING for the service plugin",
			remedy:   "serve grpc.health.v1.Health",
			run:      healthIsServing,
		},
		{
			name:     "lifeline",
			expected: "the first Health over Watch is SERVING or DEGRADED, the latter with a reason",
			remedy:   "send a Health with a state as soon as Watch is called",
			run:      firstHealthIsKnown,
		},
	}
}

func refusesByHand(ctx context.Context, b *bench) error {
	r, err := launch(b.program)
	if err != nil {
		return err
	}
	defer r.kill()
	select {
	case <-r.exited:
	case <-time.After(startTimeout):
		return fmt.Errorf("it still runs after %s", startTimeout)
	case <-ctx.Done():
		return ctx.Err()
	}
	switch line := <-r.hello; {
	case strings.Contains(line, "|grpc"):
		return fmt.Errorf("it printed a handshake: %.200q", line)
	case r.cmd.ProcessState.Success():
		return errors.New("it ended with status 0")
	case r.words() == "":
		return errors.New("it said nothing on standard error")
	}
	return nil
}

func starts(ctx context.Context, b *bench) error {
	_, err := b.plugin(ctx)
	return err
}

// greeted returns the handshake of a plugin that may not start beyond it.
func (b *bench) greeted(ctx context.Context) (*link, func(), error) {
	if b.main != nil {
		return b.main, func() {}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	l, err := greet(ctx, b.program, b.own)
	if err != nil {
		return nil, nil, notStarted
	}
	return l, l.close, nil
}

func helloIsWellFormed(ctx context.Context, b *bench) error {
	l, done, err := b.greeted(ctx)
	if err != nil {
		return err
	}
	defer done()
	line := l.hello.line
	parts := strings.Split(line, "|")
	switch {
	case len(parts) < 6 || parts[0] != "1" || parts[1] != strconv.Itoa(pluginpb.Protocol) || parts[4] != "grpc":
		return fmt.Errorf("%.200q", line)
	case strings.TrimSpace(line) != line:
		return fmt.Errorf("white space around %.200q", line)
	}
	return nil
}

func socketIsInside(ctx context.Context, b *bench) error {
	l, done, err := b.greeted(ctx)
	if err != nil {
		return err
	}
	defer done()
	parts := strings.Split(l.hello.line, "|")
	if len(parts) < 4 {
		return fmt.Errorf("a handshake without an address: %.200q", l.hello.line)
	}
	if parts[2] != "unix" || filepath.Dir(filepath.Clean(parts[3])) != l.dir {
		return fmt.Errorf("%s %s, where the folder is %s", parts[2], parts[3], l.dir)
	}
	return nil
}

func certificateFits(ctx context.Context, b *bench) error {
	l, done, err := b.greeted(ctx)
	if err != nil {
		return err
	}
	defer done()
	c := l.hello.certificate
	if c == nil {
		return fmt.Errorf("no certificate can be read from %.200q", l.hello.line)
	}
	var wrong []error
	if err := c.VerifyHostname("localhost"); err != nil {
		wrong = append(wrong, err)
	}
	if !c.IsCA {
		wrong = append(wrong, errors.New("it is no CA"))
	}
	for use, name := range map[x509.ExtKeyUsage]string{x509.ExtKeyUsageServerAuth: "server", x509.ExtKeyUsageClientAuth: "client"} {
		if !slices.Contains(c.ExtKeyUsage, use) {
			wrong = append(wrong, fmt.Errorf("it is not for a %s", name))
		}
	}
	if now := time.Now(); now.Before(c.NotBefore) || now.After(c.NotAfter) {
		wrong = append(wrong, fmt.Errorf("it is valid from %s to %s", c.NotBefore, c.NotAfter))
	}
	return errors.Join(wrong...)
}

func strangersAreRefused(ctx context.Context, b *bench) error {
	l, err := b.plugin(ctx)
	if err != nil {
		return err
	}
	other, err := newIdentity()
	if err != nil {
		return err
	}
	conn, err := l.dial(other)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err = l.health(ctx, conn)
	if code := status.Code(err); code != codes.Unavailable && code != codes.DeadlineExceeded {
		return fmt.Errorf("it answered a stranger (%s)", code)
	}
	return nil
}

func healthIsServing(ctx context.Context, b *bench) error {
	l, err := b.plugin(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	state, err := l.health(ctx, l.conn)
	if err == nil && state != grpc_health_v1.HealthCheckResponse_SERVING {
		err = errors.New(state.String())
	}
	return err
}

func firstHealthIsKnown(ctx context.Context, b *bench) error {
	l, err := b.plugin(ctx)
	if err != nil {
		return err
	}
	switch h := l.first; {
	case h.GetState() == pluginpb.Health_SERVING, h.GetState() == pluginpb.Health_DEGRADED && h.GetReason() != "":
		return nil
	default:
		return fmt.Errorf("state %s, reason %q", h.GetState(), h.GetReason())
	}
}
