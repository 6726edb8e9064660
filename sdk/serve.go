package sdk

import (
	"fmt"
	"os"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
)

// Serve is the main function of a plugin. It returns when the host has
// stopped the plugin, and ends the process when the host has gone, when the
// literal has a mistake, or when a person has started the program by hand.
//
// Whatever is printed, on standard output too, ends up in the host's log.
func Serve(p Plugin) {
	transport, err := NewTransport(p, func() { os.Exit(0) })
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if os.Getenv(pluginpb.CookieKey) != pluginpb.CookieValue {
		fmt.Fprintf(os.Stderr, `%s %s is a plugin of xrm and does nothing on its own.
Put this program and its plugin.yaml into a folder of their own in the plugin
directory, for example bin/plugins/%s/, and start: xrm serve --plugins bin/plugins
`, p.Name, p.Version, p.Name)
		os.Exit(2)
	}
	if err := yieldStdout(transport.server); err != nil {
		fmt.Fprintf(os.Stderr, "prepare standard output: %v\n", err)
		os.Exit(1)
	}
	go exitWithParent(os.Getppid())

	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion: pluginpb.Protocol, MagicCookieKey: pluginpb.CookieKey, MagicCookieValue: pluginpb.CookieValue,
		},
		Plugins: goplugin.PluginSet{pluginpb.Service: transport},
		Logger:  hclog.New(&hclog.LoggerOptions{Name: p.Name, Level: hclog.Error, Output: os.Stderr}),
		GRPCServer: func(options []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(options, grpc.MaxRecvMsgSize(pluginpb.MaxMessage))...)
		},
	})
}

// yieldStdout leaves file descriptor 1 to the handshake alone: a library that
// prints must not break it, nor fill a pipe that nobody reads. go-plugin
// replaces os.Stdout and os.Stderr when it serves; they come back, both as
// standard error, before the first handler runs.
func yieldStdout(s *server) error {
	handshake, err := unix.FcntlInt(1, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return err
	}
	if err := unix.Dup2(2, 1); err != nil {
		return err
	}
	stdout, stderr := os.Stdout, os.Stderr
	os.Stdout = os.NewFile(uintptr(handshake), "handshake")
	s.firstCall = func() { os.Stdout, os.Stderr = stdout, stderr }
	return nil
}

// exitWithParent covers the time before the host has opened Watch, and a host
// that was killed.
func exitWithParent(parent int) {
	for range time.Tick(time.Second) {
		if os.Getppid() != parent {
			os.Exit(0)
		}
	}
}
